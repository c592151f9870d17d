// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/* What /memory shows: the ledger of pages by owner, free blocks by order, the heap. */
#include "error.h"
#include "hostcall.h"
#include "lib/text.h"
#include "mm/fault.h"
#include "mm/heap.h"
#include "mm/pages.h"
#include "mm/private.h"
#include "vsi/vsi.h"

static int get_total(void *ctx, struct vsi_text *out)
{
	(void)ctx;
	vsi_printf(out, "%lu\n", pages_total_bytes());
	return VMK_OK;
}

static int get_free(void *ctx, struct vsi_text *out)
{
	(void)ctx;
	vsi_printf(out, "%lu\n", pages_free_bytes());
	return VMK_OK;
}

static int get_calls(void *ctx, struct vsi_text *out)
{
	struct pages_stats s;

	(void)ctx;
	pages_get_stats(&s);
	vsi_printf(out, "allocs %lu\nfrees %lu\nfailures %lu\n", s.allocs, s.frees, s.failures);
	return VMK_OK;
}

static int get_blocks(void *ctx, struct vsi_text *out)
{
	struct pages_stats s;

	(void)ctx;
	pages_get_stats(&s);
	for (unsigned int i = 0; i <= PAGES_ORDER_MAX; i++)
		vsi_printf(out, "%llu %lu\n", (PAGE_SIZE << i) / 1024, s.free_blocks[i]);
	return VMK_OK;
}

static int get_owner(void *ctx, struct vsi_text *out)
{
	struct pages_stats s;

	pages_get_stats(&s);
	vsi_printf(out, "%lu\n", s.owner[(uintptr_t)ctx]);
	return VMK_OK;
}

static int get_heap(void *ctx, struct vsi_text *out)
{
	struct heap_stats s;

	(void)ctx;
	heap_get_stats(&s);
	vsi_printf(out, "live %lu\nbytes %lu\nallocs %lu\nfrees %lu\nfailures %lu\n",
		   s.allocs - s.frees, s.bytes, s.allocs, s.frees, s.failures);
	vsi_printf(out, "slabs %lu\nlarge %lu\n", s.slabs, s.large);
	for (unsigned int i = 0; i < HEAP_CLASSES; i++)
		vsi_printf(out, "live%u %lu\n", 1u << (HEAP_CLASS_MIN_SHIFT + i), s.live[i]);
	return VMK_OK;
}

/* One line each: machine address and bytes; neighbours that were given are one. */
static int get_extents(void *ctx, struct vsi_text *out)
{
	struct extent e;
	uint32_t next;

	(void)ctx;
	for (uint32_t i = 0; i < pages_extent_count; i = next) {
		e = pages_extents[i];
		for (next = i + 1; next < pages_extent_count; next++) {
			const struct extent *n = &pages_extents[next];

			if (!e.piece || !n->piece || n->start != e.start + e.bytes)
				break;
			e.bytes += n->bytes;
		}
		vsi_printf(out, "0x%lx %lu%s\n", e.start, e.bytes, e.piece ? " given" : "");
	}
	return VMK_OK;
}

static int get_given(void *ctx, struct vsi_text *out)
{
	struct pages_given g;

	(void)ctx;
	pages_get_given(&g);
	vsi_printf(out, "%llu\n", g.pieces * HC_PIECE_BYTES);
	return VMK_OK;
}

static int get_leaving(void *ctx, struct vsi_text *out)
{
	struct pages_given g;

	(void)ctx;
	pages_get_given(&g);
	vsi_printf(out, "%llu\n", g.leaving * HC_PIECE_BYTES);
	return VMK_OK;
}

static const char *const owner_texts[] = {
#define PAGE_OWNER(NAME, name, text) [PAGES_##NAME] = (text),
	PAGE_OWNERS(PAGE_OWNER)
#undef PAGE_OWNER
};

/* KiB, and whose they are: what keeps memory from leaving. */
static int get_held(void *ctx, struct vsi_text *out)
{
	uint64_t owner[PAGES_OWNERS];

	(void)ctx;
	pages_get_held(owner);
	for (unsigned int i = 0; i < PAGES_LEAVING; i++)
		if (owner[i])
			vsi_printf(out, "%llu %s\n", owner[i] * (PAGE_SIZE / 1024), owner_texts[i]);
	return VMK_OK;
}

/* KiB: all, what is free, and below it who has how much. */
static int get_mem(void *ctx, struct vsi_text *out)
{
	struct pages_stats s;

	(void)ctx;
	pages_get_stats(&s);
	vsi_printf(out, "total: %lu KB\nfree: %llu KB\n", pages_total_bytes() / 1024,
		   s.owner[PAGES_FREE] * (PAGE_SIZE / 1024));
	for (unsigned int i = 0; i < ARRAY_SIZE(owner_texts); i++)
		vsi_printf(out, "  %10llu KB  %s\n", s.owner[i] * (PAGE_SIZE / 1024),
			   owner_texts[i]);
	return VMK_OK;
}

static struct vsi_node mem_node =
	VSI_TEXT("mem", "memory of the machine by owner, KiB", get_mem, NULL, NULL);

static int get_fail(void *ctx, struct vsi_text *out)
{
	(void)ctx;
	vsi_printf(out, "%lu\n", fault_left());
	return VMK_OK;
}

static int set_fail(void *ctx, const char *text)
{
	uint64_t n;
	int err = parse_u64(text, &n);

	(void)ctx;
	if (!err)
		fault_set(n);
	return err;
}

static struct vsi_node folder = VSI_FOLDER("memory", "memory of the vmkernel");
static struct vsi_node owners_folder = VSI_FOLDER("owners", "pages of 4 KiB by owner");

static struct vsi_node nodes[] = {
	VSI_TEXT("total", "bytes that the console has handed over", get_total, NULL, NULL),
	VSI_TEXT("free", "bytes not allocated", get_free, NULL, NULL),
	VSI_TEXT("extents",
		 "what the console has handed over: address, bytes, and if it came later",
		 get_extents, NULL, NULL),
	VSI_TEXT("given", "bytes of it that came after the load", get_given, NULL, NULL),
	VSI_TEXT("leaving", "bytes that the console waits for", get_leaving, NULL, NULL),
	VSI_TEXT("held", "what is still used of these: KiB, what for", get_held, NULL, NULL),
	VSI_TEXT("calls", "calls of the page allocator", get_calls, NULL, NULL),
	VSI_TEXT("blocks", "free blocks: KiB of one, how many", get_blocks, NULL, NULL),
	VSI_TEXT("fail", "for tests: which allocation from now fails, once; 0: none", get_fail,
		 set_fail, NULL),
	VSI_TEXT("heap", "objects of the heap; liveN: of size class N", get_heap, NULL, NULL),
};

static struct vsi_node owner_nodes[] = {
#define PAGE_OWNER(NAME, name, text) \
	VSI_TEXT(#name, text, get_owner, NULL, (void *)(uintptr_t)PAGES_##NAME),
	PAGE_OWNERS(PAGE_OWNER)
#undef PAGE_OWNER
};

int mm_vsi_init(void)
{
	int err = vsi_add(NULL, &folder);

	if (!err)
		err = vsi_add(NULL, &mem_node);
	if (!err)
		err = vsi_add_all(&folder, nodes, ARRAY_SIZE(nodes));
	if (!err)
		err = vsi_add(&folder, &owners_folder);
	return err ? err : vsi_add_all(&owners_folder, owner_nodes, ARRAY_SIZE(owner_nodes));
}
