// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * Machine memory for the vmkernel, in one of two ways: a region that the
 * boot line kept from Linux (mem=, memmap=), or page blocks borrowed from
 * Linux's allocator, which need no boot option.
 */
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include "compat.h"
#include "vmnix.h"

#define BLOCK_ORDER 10 /* 4 MiB, the largest that all supported kernels give */
#define BLOCK_BYTES ((u64)PAGE_SIZE << BLOCK_ORDER)
#define MEM_MIN (64ull << 20)
#define MEM_MAX (1ull << 40)
#define GRAIN (2ull << 20)
#define REFUSE(err, ...) return pr_err(__VA_ARGS__), err
static_assert(BLOCK_BYTES == HC_PIECE_BYTES);

static struct page **blocks; /* borrowed, sorted by address */
static u32 block_count;
static struct resource *region_res;
static struct ws_extent extent[WS_EXTENTS_MAX];
static u32 extent_count;
static LIST_HEAD(lent); /* blocks that a vmkernel got while it ran, by page->lru */
static u32 lent_count;

static struct page *new_block(void)
{
	/* TOUR(2): Memory for the vmkernel, 4 MiB at a time, from Linux's own
	 * allocator. To Linux these pages are in use; what by, it never asks. (With
	 * region= they are pages that the boot line kept from Linux, as on ESX.) */
	return alloc_pages(GFP_KERNEL | __GFP_NOWARN | __GFP_RETRY_MAYFAIL, BLOCK_ORDER);
}

/* Nothing of a VM is left in it. */
static void free_block(struct page *page)
{
	memset(page_address(page), 0, BLOCK_BYTES);
	__free_pages(page, BLOCK_ORDER);
}

static int by_pfn(const void *a, const void *b)
{
	unsigned long pa = page_to_pfn(*(struct page *const *)a),
		      pb = page_to_pfn(*(struct page *const *)b);

	return pa < pb ? -1 : pa > pb;
}

/* Neighbouring blocks become one extent. */
static int make_extents(void)
{
	u32 i;

	for (i = 0; i < block_count; i++) {
		u64 hpa = page_to_phys(blocks[i]);
		struct ws_extent *last = extent_count ? &extent[extent_count - 1] : NULL;

		if (last && last->hpa + last->bytes == hpa) {
			last->bytes += BLOCK_BYTES;
			continue;
		}
		if (extent_count == WS_EXTENTS_MAX)
			REFUSE(-ENOMEM, "memory is too fragmented: more than %u extents\n",
			       WS_EXTENTS_MAX);
		extent[extent_count++] = (struct ws_extent){ hpa, BLOCK_BYTES };
	}
	return 0;
}

static int borrow(u64 bytes)
{
	u32 want = DIV_ROUND_UP_ULL(bytes, BLOCK_BYTES);

	blocks = kvmalloc_array(want, sizeof(*blocks), GFP_KERNEL);
	if (!blocks)
		return -ENOMEM;
	while (block_count < want) {
		struct page *page = new_block();

		if (!page)
			REFUSE(-ENOMEM,
			       "only %u of %u blocks of 4 MiB are to be had: ask for less memory "
			       "(mem=)\n",
			       block_count, want);
		blocks[block_count++] = page;
	}
	sort(blocks, block_count, sizeof(*blocks), by_pfn, NULL);
	return make_extents();
}

/*
 * "SIZE@ADDRESS", or "SIZE$ADDRESS" as memmap= has it. What mem= leaves out
 * ends where the firmware's own memory begins, so the size is rounded down.
 */
static int take_region(const char *text)
{
	char *end;
	u64 bytes = memparse(text, &end), hpa;

	if (*end != '@' && *end != '$')
		REFUSE(-EINVAL, "region=%s: want SIZE@ADDRESS\n", text);
	bytes -= bytes % GRAIN;
	hpa = memparse(end + 1, &end);
	if (*end || !bytes || bytes > MEM_MAX || hpa > MEM_MAX || hpa % GRAIN)
		REFUSE(-EINVAL, "region=%s: want at least 2 MiB, at a multiple of 2 MiB\n", text);
	if (region_intersects(hpa, bytes, IORESOURCE_SYSTEM_RAM, IORES_DESC_NONE) !=
	    REGION_DISJOINT) {
		pr_err("region=%s: Linux uses this memory; leave it out with memmap= or mem=\n",
		       text);
		return -EBUSY;
	}
	region_res = request_mem_region(hpa, bytes, "vmkernel");
	if (!region_res)
		REFUSE(-EBUSY, "region=%s: in use by another driver\n", text);
	extent[0] = (struct ws_extent){ hpa, bytes };
	extent_count = 1;
	return 0;
}

int memory_take(const char *mem, const char *region)
{
	char *end;
	u64 bytes;
	int err;

	if (*region) {
		err = take_region(region);
	} else {
		bytes = memparse(mem, &end);
		if (*end || bytes > MEM_MAX)
			REFUSE(-EINVAL, "mem=%s: not a size\n", mem);
		err = bytes < MEM_MIN ? 0 : borrow(bytes);
	}
	if (!err && memory_bytes() < MEM_MIN) {
		pr_err("%s=%s: too little memory, the vmkernel wants at least 64M\n",
		       *region ? "region" : "mem", *region ? region : mem);
		err = -EINVAL;
	}
	if (err)
		memory_give_back();
	return err;
}

void memory_give_back(void)
{
	while (block_count)
		free_block(blocks[--block_count]);
	kvfree(blocks);
	blocks = NULL;
	if (region_res)
		release_mem_region(region_res->start, resource_size(region_res));
	region_res = NULL;
	extent_count = 0;
}

bool memory_borrowed(void)
{
	return blocks;
}

u64 memory_bytes(void)
{
	u64 sum = lent_count * BLOCK_BYTES;
	u32 i;

	for (i = 0; i < extent_count; i++)
		sum += extent[i].bytes;
	return sum;
}

const struct ws_extent *memory_extents(u32 *count)
{
	*count = extent_count;
	return extent;
}

static struct page *lent_block(u64 hpa)
{
	struct page *page;

	list_for_each_entry(page, &lent, lru)
		if (hpa - page_to_phys(page) < BLOCK_BYTES)
			return page;
	return NULL;
}

int memory_lend(struct hc_mem_give *g, u32 len)
{
	struct page *page = new_block();
	int status;

	if (!page)
		return VMK_NO_MEMORY;
	g->hpa = page_to_phys(page);
	status = hostcall(HC_MEM_GIVE, g, len);
	if (status) {
		__free_pages(page, BLOCK_ORDER);
		return status;
	}
	list_add(&page->lru, &lent);
	lent_count++;
	return 0;
}

int memory_return(struct hc_mem_take *t, u32 len)
{
	int status = hostcall(HC_MEM_TAKE, t, len);
	struct page *page;

	if (status || t->op != HC_TAKE_LEAVE)
		return status;
	page = lent_block(t->hpa);
	if (!page)
		REFUSE(VMK_BAD_ADDRESS, "the vmkernel returns what is not its own: 0x%llx\n",
		       t->hpa);
	list_del(&page->lru);
	lent_count--;
	__free_pages(page, BLOCK_ORDER);
	return 0;
}

void memory_collect(void)
{
	struct hc_mem_take t = { .op = HC_TAKE_LEAVE };
	int status = lent_count ? 0 : VMK_NOT_FOUND;

	while (!status || status == VMK_BUSY)
		status = memory_return(&t, sizeof(t));
}

void memory_unlend(void)
{
	struct page *page, *next;

	list_for_each_entry_safe(page, next, &lent, lru)
		free_block(page);
	INIT_LIST_HEAD(&lent);
	lent_count = 0;
}

bool memory_owns(u64 hpa, u64 bytes)
{
	u64 step = BLOCK_BYTES - hpa % BLOCK_BYTES;
	u32 i;

	for (i = 0; i < extent_count; i++)
		if (hpa >= extent[i].hpa && hpa - extent[i].hpa < extent[i].bytes &&
		    bytes <= extent[i].bytes - (hpa - extent[i].hpa))
			return true;
	/* Neighbours may have been lent one by one. */
	return lent_block(hpa) && (bytes <= step || memory_owns(hpa + step, bytes - step));
}
