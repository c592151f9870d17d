// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * A piece of the console's memory becomes the vmkernel's, and the console's
 * again: the direct map, the page allocator and, sealed, the console's own
 * tables, in the order in which nobody ever reaches what is not his.
 */
#include "boot/boot.h"
#include "cpu/pcpu.h"
#include "cpu/x86.h"
#include "error.h"
#include "mm/heap.h"
#include "mm/pages.h"
#include "mm/space.h"
#include "seal/seal.h"

/* What both worlds map, and the page that processors start from, are the console's for good. */
static bool is_needed(hpa_t piece)
{
	const uint64_t needed[] = { (uint64_t)crossing, crossing->enter & ~(PAGE_SIZE - 1) };
	hpa_t page;

	for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
		if (!space_translate(kernel_root, needed[i], &page) &&
		    page.v - piece.v < HC_PIECE_BYTES)
			return true;
	return boot_info.trampoline_hpa - piece.v < HC_PIECE_BYTES;
}

int given_add(hpa_t piece)
{
	uint64_t va = WS_DIRECT_MAP + piece.v;
	int err = pages_may_give(piece);

	if (!err && (is_needed(piece) || !seal_may_lose(piece, HC_PIECE_BYTES)))
		err = VMK_BAD_ADDRESS;
	if (!err)
		err = space_grow(kernel_root, va, piece, HC_PIECE_BYTES, MAP_RW);
	if (err)
		return err;
	for (uint32_t i = 0; i < pcpu_count(); i++)
		space_share(kernel_root, pcpu_get(i)->root, va);
	seal_forget(piece, HC_PIECE_BYTES);
	pages_give(piece);
	return VMK_OK;
}

static int leave(hpa_t *piece)
{
	int err;

	heap_trim();
	err = pages_leave(piece);
	if (err)
		return err;
	space_unmap_large(kernel_root, WS_DIRECT_MAP + piece->v, HC_PIECE_BYTES);
	/* Pages in it that were shared had small entries in the console's tables. */
	seal_forget(*piece, HC_PIECE_BYTES);
	return VMK_OK;
}

int given_take(struct hc_mem_take *a)
{
	struct pages_given given;
	hpa_t piece = HPA_NONE;
	int err = VMK_BAD_PARAM;

	if (a->op == HC_TAKE_MARK)
		err = pages_mark();
	else if (a->op == HC_TAKE_KEEP)
		err = pages_keep();
	else if (a->op == HC_TAKE_LEAVE)
		err = leave(&piece);
	pages_get_given(&given);
	a->leaving = given.leaving;
	a->hpa = piece.v;
	return err;
}
