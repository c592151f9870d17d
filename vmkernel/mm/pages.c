// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * A buddy allocator with a ledger of one byte for each page, which says to
 * whom the block belongs that begins there, and its order. The ledger lies in
 * the memory itself, in the smallest gap that holds it. Blocks never reach
 * beyond 2 MiB, so a buddy is always in the same extent. Free blocks are
 * linked through their own first bytes.
 */
#include "mm/pages.h"
#include "error.h"
#include "lib/assert.h"
#include "lib/list.h"
#include "lib/spinlock.h"
#include "lib/string.h"
#include "mm/fault.h"

#define LEDGER(owner, order) ((uint8_t)((owner) << 4 | (order)))
#define TAIL 0x0f /* inside a block, not its first page */

_Static_assert(PAGES_OWNERS <= 16, "an owner must fit into four bits");

struct extent {
	uint64_t start, bytes;
	uint8_t *ledger; /* of its first page */
};

uint64_t direct_map_base = WS_DIRECT_MAP;

static struct spinlock lock = SPINLOCK_INIT(RANK_PAGES);
static struct extent extents[WS_EXTENTS_MAX]; /* sorted by start */
static uint32_t extent_count;
static struct list free_lists[PAGES_ORDER_MAX + 1];
static struct pages_stats stats;

static struct extent *find_extent(uint64_t addr)
{
	uint32_t lo = 0, hi = extent_count;

	while (lo < hi) {
		uint32_t mid = (lo + hi) / 2;

		if (addr < extents[mid].start)
			hi = mid;
		else if (addr - extents[mid].start >= extents[mid].bytes)
			lo = mid + 1;
		else
			return &extents[mid];
	}
	return NULL;
}

/* The ledger's byte for a page, or NULL if it is not ours. */
static uint8_t *ledger_of(uint64_t addr)
{
	struct extent *e = find_extent(addr);

	return e ? &e->ledger[(addr - e->start) >> PAGE_SHIFT] : NULL;
}

static void link_free(uint64_t addr, unsigned int order)
{
	*ledger_of(addr) = LEDGER(PAGES_FREE, order);
	list_add_head(&free_lists[order], phys_to_virt(hpa(addr)));
	stats.free_blocks[order]++;
}

static void unlink_free(uint64_t addr, unsigned int order)
{
	list_del(phys_to_virt(hpa(addr)));
	*ledger_of(addr) = TAIL;
	stats.free_blocks[order]--;
}

/* A block whose ledger bytes are all TAIL becomes free, with its buddies. */
static void merge_free(uint64_t addr, unsigned int order)
{
	for (; order < PAGES_ORDER_MAX; order++) {
		uint64_t buddy = addr ^ (PAGE_SIZE << order);

		if (*ledger_of(buddy) != LEDGER(PAGES_FREE, order))
			break;
		unlink_free(buddy, order);
		addr = MIN(addr, buddy);
	}
	link_free(addr, order);
}

static void move_pages(enum page_owner from, enum page_owner to, uint64_t pages)
{
	stats.owner[from] -= pages;
	stats.owner[to] += pages;
}

static bool extent_ok(const struct ws_extent *e)
{
	return e->hpa && e->bytes && IS_ALIGNED(e->hpa | e->bytes, LARGE_PAGE_SIZE) &&
	       e->hpa < DIRECT_MAP_MAX && e->bytes <= DIRECT_MAP_MAX - e->hpa;
}

/* Copies the extents, sorted. */
static int take_extents(const struct ws_extent *list, uint32_t count)
{
	extent_count = 0;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t at = i;

		if (!extent_ok(&list[i]))
			return VMK_BAD_PARAM;
		for (; at && extents[at - 1].start > list[i].hpa; at--)
			extents[at] = extents[at - 1];
		extents[at] = (struct extent){ .start = list[i].hpa, .bytes = list[i].bytes };
	}
	for (uint32_t i = 1; i < count; i++)
		if (extents[i].start - extents[i - 1].start < extents[i - 1].bytes)
			return VMK_BAD_PARAM;
	extent_count = count;
	return VMK_OK;
}

static bool ranges_overlap(uint64_t a, uint64_t a_bytes, uint64_t b, uint64_t b_bytes)
{
	return a < b + b_bytes && b < a + a_bytes;
}

static int check_keep(const struct page_range *keep, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		uint64_t start = keep[i].start.v, bytes = keep[i].bytes;

		if (!IS_ALIGNED(start | bytes, PAGE_SIZE) || keep[i].owner == PAGES_FREE ||
		    keep[i].owner >= PAGES_OWNERS || !bytes || !pages_contains(hpa(start), bytes))
			return VMK_BAD_PARAM;
		for (uint32_t j = 0; j < i; j++)
			if (ranges_overlap(start, bytes, keep[j].start.v, keep[j].bytes))
				return VMK_BAD_PARAM;
	}
	return VMK_OK;
}

/* Bytes from start up to the next keep range or the end of e; 0 if start is kept. */
static uint64_t gap_at(const struct extent *e, uint64_t start, const struct page_range *keep,
		       uint32_t count)
{
	uint64_t end = e->start + e->bytes;

	for (uint32_t i = 0; i < count; i++) {
		uint64_t first = keep[i].start.v;

		if (start >= first && start - first < keep[i].bytes)
			return 0;
		if (first >= start)
			end = MIN(end, first);
	}
	return end - start;
}

/* The smallest gap of at least bytes: it begins where an extent begins or a keep range ends. */
static uint64_t find_gap(uint64_t bytes, const struct page_range *keep, uint32_t count)
{
	uint64_t best = 0, best_bytes = UINT64_MAX;

	for (uint32_t i = 0; i < extent_count + count; i++) {
		bool after = i >= extent_count;
		uint64_t start =
			after ? keep[i - extent_count].start.v + keep[i - extent_count].bytes
			      : extents[i].start;
		const struct extent *e = find_extent(start);
		uint64_t gap = e ? gap_at(e, start, keep, count) : 0;

		if (gap >= bytes && gap < best_bytes) {
			best = start;
			best_bytes = gap;
		}
	}
	return best;
}

static void mark_kept(uint64_t start, uint64_t bytes, enum page_owner owner)
{
	memset(ledger_of(start), LEDGER(owner, 0), bytes >> PAGE_SHIFT);
	move_pages(PAGES_FREE, owner, bytes >> PAGE_SHIFT);
}

/* Frees what is not kept of the 2 MiB at start. */
static void free_rest(uint64_t start)
{
	const uint8_t *ledger = ledger_of(start);
	const uint32_t pages = LARGE_PAGE_SIZE / PAGE_SIZE;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < pages; i++)
		kept += ledger[i] != TAIL;
	if (!kept) {
		link_free(start, PAGES_ORDER_MAX);
		return;
	}
	for (uint32_t i = 0; i < pages; i++)
		if (ledger[i] == TAIL)
			merge_free(start + i * PAGE_SIZE, 0);
}

/* Spreads the ledger, which lies at addr, over the extents. */
static void place_ledger(uint64_t addr)
{
	uint8_t *next = phys_to_virt(hpa(addr));

	memset(next, TAIL, stats.total);
	for (uint32_t i = 0; i < extent_count; i++) {
		extents[i].ledger = next;
		next += extents[i].bytes >> PAGE_SHIFT;
	}
}

bool pages_core_extent(uint32_t i, struct ws_core_extent *extent)
{
	if (i >= extent_count)
		return false;
	*extent = (struct ws_core_extent){
		.hpa = extents[i].start,
		.bytes = extents[i].bytes,
		.ledger_hpa = virt_to_phys(extents[i].ledger).v,
	};
	return true;
}

int pages_init(const struct ws_extent *list, uint32_t count, const struct page_range *keep,
	       uint32_t keep_count)
{
	uint64_t ledger, ledger_bytes;
	int err;

	if (count > WS_EXTENTS_MAX)
		return VMK_LIMIT_EXCEEDED;
	err = take_extents(list, count);
	if (!err)
		err = check_keep(keep, keep_count);
	if (err)
		return err;
	memset(&stats, 0, sizeof(stats));
	for (uint32_t i = 0; i <= PAGES_ORDER_MAX; i++)
		list_init(&free_lists[i]);
	for (uint32_t i = 0; i < count; i++)
		stats.total += extents[i].bytes >> PAGE_SHIFT;
	stats.owner[PAGES_FREE] = stats.total;
	ledger_bytes = ALIGN_UP(stats.total, PAGE_SIZE);
	ledger = find_gap(ledger_bytes, keep, keep_count);
	if (!ledger)
		return VMK_NO_MEMORY;
	place_ledger(ledger);
	mark_kept(ledger, ledger_bytes, PAGES_META);
	for (uint32_t i = 0; i < keep_count; i++)
		mark_kept(keep[i].start.v, keep[i].bytes, keep[i].owner);
	for (uint32_t i = 0; i < count; i++)
		for (uint64_t at = 0; at < extents[i].bytes; at += LARGE_PAGE_SIZE)
			free_rest(extents[i].start + at);
	return VMK_OK;
}

/* Cuts a block of order out of the smallest free one that holds it. */
static hpa_t take_block(unsigned int order)
{
	unsigned int from = order;
	uint64_t addr;

	while (from <= PAGES_ORDER_MAX && list_empty(&free_lists[from]))
		from++;
	if (from > PAGES_ORDER_MAX)
		return HPA_NONE;
	addr = virt_to_phys(free_lists[from].next).v;
	unlink_free(addr, from);
	while (from > order) {
		from--;
		link_free(addr + (PAGE_SIZE << from), from);
	}
	return hpa(addr);
}

int pages_alloc(unsigned int order, enum page_owner owner, hpa_t *block)
{
	*block = HPA_NONE;
	VMK_ASSERT(owner != PAGES_FREE && owner < PAGES_OWNERS);
	spin_lock(&lock);
	if (order <= PAGES_ORDER_MAX && extent_count && !fault_due())
		*block = take_block(order);
	if (!hpa_is_none(*block)) {
		*ledger_of(block->v) = LEDGER(owner, order);
		move_pages(PAGES_FREE, owner, 1ull << order);
		stats.allocs++;
	} else {
		stats.failures++;
	}
	spin_unlock(&lock);
	return hpa_is_none(*block) ? VMK_NO_MEMORY : VMK_OK;
}

int pages_alloc_zero(unsigned int order, enum page_owner owner, hpa_t *block)
{
	int err = pages_alloc(order, owner, block);

	if (!err)
		memset(phys_to_virt(*block), 0, PAGE_SIZE << order);
	return err;
}

static void free_locked(uint64_t addr, unsigned int order, enum page_owner owner)
{
	uint8_t *entry = ledger_of(addr);

	if (entry && IS_ALIGNED(addr, PAGE_SIZE) && owner != PAGES_FREE &&
	    *entry == LEDGER(owner, order)) {
		*entry = TAIL;
		merge_free(addr, order);
		move_pages(owner, PAGES_FREE, 1ull << order);
		return;
	}
	vmk_panic("pages: bad free of 0x%lx, owner %u, order %u, ledger 0x%x", addr, owner, order,
		  entry ? *entry : 0x100u);
}

void pages_free(hpa_t block, unsigned int order, enum page_owner owner)
{
	spin_lock(&lock);
	free_locked(block.v, order, owner);
	stats.frees++;
	spin_unlock(&lock);
}

void pages_free_range(hpa_t start, uint64_t bytes, enum page_owner owner)
{
	for (uint64_t at = 0; at < bytes; at += PAGE_SIZE) {
		spin_lock(&lock);
		free_locked(start.v + at, 0, owner);
		spin_unlock(&lock);
	}
}

bool pages_lookup(hpa_t block, enum page_owner *owner, unsigned int *order)
{
	const uint8_t *entry = ledger_of(block.v);
	uint8_t value;

	if (!entry || !IS_ALIGNED(block.v, PAGE_SIZE))
		return false;
	value = __atomic_load_n(entry, __ATOMIC_RELAXED);
	*owner = value >> 4;
	*order = value & 0xf;
	return *owner != PAGES_FREE;
}

bool pages_contains(hpa_t start, uint64_t bytes)
{
	const struct extent *e = find_extent(start.v);

	return e && bytes <= e->start + e->bytes - start.v;
}

void pages_get_stats(struct pages_stats *out)
{
	spin_lock(&lock);
	*out = stats;
	spin_unlock(&lock);
}

uint64_t pages_total_bytes(void)
{
	return stats.total << PAGE_SHIFT;
}

uint64_t pages_free_bytes(void)
{
	return __atomic_load_n(&stats.owner[PAGES_FREE], __ATOMIC_RELAXED) << PAGE_SHIFT;
}

unsigned int pages_order(uint64_t bytes)
{
	unsigned int order = 0;

	while (order <= PAGES_ORDER_MAX && PAGE_SIZE << order < bytes)
		order++;
	return order;
}
