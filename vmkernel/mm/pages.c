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
#include "lib/string.h"
#include "mm/fault.h"
#include "mm/private.h"

_Static_assert(PAGES_OWNERS <= 16, "an owner must fit into four bits");

/*
 * What was there at the load stays, what was given later may be wanted back: they are apart, and
 * what every VM needs besides its memory comes from the first as long as there is some.
 */
enum zone { ZONE_LOADED, ZONE_GIVEN, ZONES };
#define SMALL_THINGS ((16ull << 20) / PAGE_SIZE) /* pages that guest memory leaves, if it can */

uint64_t direct_map_base = WS_DIRECT_MAP;

struct spinlock pages_lock = SPINLOCK_INIT(RANK_PAGES);
struct extent pages_extents[WS_EXTENTS_MAX + HC_PIECES_MAX];
uint32_t pages_extent_count, pages_piece_count;
struct pages_stats pages_stats;
static struct list free_lists[ZONES][PAGES_ORDER_MAX + 1];
static uint64_t zone_free[ZONES]; /* pages */

struct extent *pages_find_extent(uint64_t addr)
{
	uint32_t lo = 0, hi = pages_extent_count;

	while (lo < hi) {
		uint32_t mid = (lo + hi) / 2;

		if (addr < pages_extents[mid].start)
			hi = mid;
		else if (addr - pages_extents[mid].start >= pages_extents[mid].bytes)
			lo = mid + 1;
		else
			return &pages_extents[mid];
	}
	return NULL;
}

/* The ledger's byte for a page, or NULL if it is not ours. */
static uint8_t *ledger_of(uint64_t addr)
{
	struct extent *e = pages_find_extent(addr);

	return e ? &e->ledger[(addr - e->start) >> PAGE_SHIFT] : NULL;
}

static enum zone zone_of(uint64_t addr)
{
	return pages_find_extent(addr)->piece ? ZONE_GIVEN : ZONE_LOADED;
}

void pages_link_free(uint64_t addr, unsigned int order)
{
	enum zone zone = zone_of(addr);

	*ledger_of(addr) = LEDGER(PAGES_FREE, order);
	list_add_head(&free_lists[zone][order], phys_to_virt(hpa(addr)));
	zone_free[zone] += 1ull << order;
	pages_stats.free_blocks[order]++;
}

void pages_unlink_free(uint64_t addr, unsigned int order)
{
	list_del(phys_to_virt(hpa(addr)));
	*ledger_of(addr) = LEDGER_TAIL;
	zone_free[zone_of(addr)] -= 1ull << order;
	pages_stats.free_blocks[order]--;
}

void pages_merge_free(uint64_t addr, unsigned int order)
{
	for (; order < PAGES_ORDER_MAX; order++) {
		uint64_t buddy = addr ^ (PAGE_SIZE << order);

		if (*ledger_of(buddy) != LEDGER(PAGES_FREE, order))
			break;
		pages_unlink_free(buddy, order);
		addr = MIN(addr, buddy);
	}
	pages_link_free(addr, order);
}

void pages_move(enum page_owner from, enum page_owner to, uint64_t pages)
{
	pages_stats.owner[from] -= pages;
	pages_stats.owner[to] += pages;
}

static bool extent_ok(const struct ws_extent *e)
{
	return e->hpa && e->bytes && IS_ALIGNED(e->hpa | e->bytes, LARGE_PAGE_SIZE) &&
	       e->hpa < DIRECT_MAP_MAX && e->bytes <= DIRECT_MAP_MAX - e->hpa;
}

/* Copies the extents, sorted. */
static int take_extents(const struct ws_extent *list, uint32_t count)
{
	pages_extent_count = pages_piece_count = 0;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t at = i;

		if (!extent_ok(&list[i]))
			return VMK_BAD_PARAM;
		for (; at && pages_extents[at - 1].start > list[i].hpa; at--)
			pages_extents[at] = pages_extents[at - 1];
		pages_extents[at] = (struct extent){ .start = list[i].hpa, .bytes = list[i].bytes };
	}
	for (uint32_t i = 1; i < count; i++)
		if (pages_extents[i].start - pages_extents[i - 1].start <
		    pages_extents[i - 1].bytes)
			return VMK_BAD_PARAM;
	pages_extent_count = count;
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

	for (uint32_t i = 0; i < pages_extent_count + count; i++) {
		bool after = i >= pages_extent_count;
		uint64_t start = after ? keep[i - pages_extent_count].start.v +
						 keep[i - pages_extent_count].bytes
				       : pages_extents[i].start;
		const struct extent *e = pages_find_extent(start);
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
	pages_find_extent(start)->used += (uint32_t)(bytes >> PAGE_SHIFT);
	pages_move(PAGES_FREE, owner, bytes >> PAGE_SHIFT);
}

void pages_free_rest(uint64_t start)
{
	const uint8_t *ledger = ledger_of(start);
	const uint32_t pages = LARGE_PAGE_SIZE / PAGE_SIZE;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < pages; i++)
		kept += ledger[i] != LEDGER_TAIL;
	if (!kept) {
		pages_link_free(start, PAGES_ORDER_MAX);
		return;
	}
	for (uint32_t i = 0; i < pages; i++)
		if (ledger[i] == LEDGER_TAIL)
			pages_merge_free(start + i * PAGE_SIZE, 0);
}

/* Spreads the ledger, which lies at addr, over the extents. */
static void place_ledger(uint64_t addr)
{
	uint8_t *next = phys_to_virt(hpa(addr));

	memset(next, LEDGER_TAIL, pages_stats.total);
	for (uint32_t i = 0; i < pages_extent_count; i++) {
		pages_extents[i].ledger = next;
		next += pages_extents[i].bytes >> PAGE_SHIFT;
	}
}

bool pages_core_extent(uint32_t i, struct ws_core_extent *extent)
{
	if (i >= pages_extent_count)
		return false;
	*extent = (struct ws_core_extent){
		.hpa = pages_extents[i].start,
		.bytes = pages_extents[i].bytes,
		.ledger_hpa = virt_to_phys(pages_extents[i].ledger).v,
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
	memset(&pages_stats, 0, sizeof(pages_stats));
	memset(zone_free, 0, sizeof(zone_free));
	for (uint32_t i = 0; i < ZONES * (PAGES_ORDER_MAX + 1); i++)
		list_init(&free_lists[i / (PAGES_ORDER_MAX + 1)][i % (PAGES_ORDER_MAX + 1)]);
	for (uint32_t i = 0; i < count; i++)
		pages_stats.total += pages_extents[i].bytes >> PAGE_SHIFT;
	pages_stats.owner[PAGES_FREE] = pages_stats.total;
	ledger_bytes = ALIGN_UP(pages_stats.total, PAGE_SIZE);
	ledger = find_gap(ledger_bytes, keep, keep_count);
	if (!ledger)
		return VMK_NO_MEMORY;
	place_ledger(ledger);
	mark_kept(ledger, ledger_bytes, PAGES_META);
	for (uint32_t i = 0; i < keep_count; i++)
		mark_kept(keep[i].start.v, keep[i].bytes, keep[i].owner);
	for (uint32_t i = 0; i < count; i++)
		for (uint64_t at = 0; at < pages_extents[i].bytes; at += LARGE_PAGE_SIZE)
			pages_free_rest(pages_extents[i].start + at);
	return VMK_OK;
}

/* Cuts a block of order out of the smallest free one that holds it. */
static hpa_t take_block(unsigned int order, enum zone zone)
{
	const struct list *lists = free_lists[zone];
	unsigned int from = order;
	uint64_t addr;

	while (from <= PAGES_ORDER_MAX && list_empty(&lists[from]))
		from++;
	if (from > PAGES_ORDER_MAX)
		return HPA_NONE;
	addr = virt_to_phys(lists[from].next).v;
	pages_unlink_free(addr, from);
	while (from > order) {
		from--;
		pages_link_free(addr + (PAGE_SIZE << from), from);
	}
	return hpa(addr);
}

/* Page tables and ledgers are for good: never where the console may want it back. */
static hpa_t take_for(unsigned int order, enum page_owner owner)
{
	bool stays = owner == PAGES_TABLES || owner == PAGES_META;
	bool given_first = owner == PAGES_GUEST && zone_free[ZONE_LOADED] <= SMALL_THINGS;
	hpa_t block = take_block(order, given_first ? ZONE_GIVEN : ZONE_LOADED);

	if (hpa_is_none(block) && !stays)
		block = take_block(order, given_first ? ZONE_LOADED : ZONE_GIVEN);
	return block;
}

int pages_alloc(unsigned int order, enum page_owner owner, hpa_t *block)
{
	*block = HPA_NONE;
	VMK_ASSERT(owner != PAGES_FREE && owner != PAGES_LEAVING && owner < PAGES_OWNERS);
	spin_lock(&pages_lock);
	if (order <= PAGES_ORDER_MAX && pages_extent_count && !fault_due())
		*block = take_for(order, owner);
	if (!hpa_is_none(*block)) {
		*ledger_of(block->v) = LEDGER(owner, order);
		pages_find_extent(block->v)->used += 1u << order;
		pages_move(PAGES_FREE, owner, 1ull << order);
		pages_stats.allocs++;
	} else {
		pages_stats.failures++;
	}
	spin_unlock(&pages_lock);
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
	struct extent *e = pages_find_extent(addr);
	uint8_t *entry = ledger_of(addr);

	if (!entry || !IS_ALIGNED(addr, PAGE_SIZE) || owner == PAGES_FREE ||
	    owner == PAGES_LEAVING || *entry != LEDGER(owner, order))
		vmk_panic("pages: bad free of 0x%lx, owner %u, order %u, ledger 0x%x", addr, owner,
			  order, entry ? *entry : 0x100u);
	e->used -= 1u << order;
	if (e->leaving) {
		*entry = LEDGER(PAGES_LEAVING, order);
	} else {
		*entry = LEDGER_TAIL;
		pages_merge_free(addr, order);
	}
	pages_move(owner, e->leaving ? PAGES_LEAVING : PAGES_FREE, 1ull << order);
}

void pages_free(hpa_t block, unsigned int order, enum page_owner owner)
{
	spin_lock(&pages_lock);
	free_locked(block.v, order, owner);
	pages_stats.frees++;
	spin_unlock(&pages_lock);
}

void pages_free_range(hpa_t start, uint64_t bytes, enum page_owner owner)
{
	for (uint64_t at = 0; at < bytes; at += PAGE_SIZE) {
		spin_lock(&pages_lock);
		free_locked(start.v + at, 0, owner);
		spin_unlock(&pages_lock);
	}
}

bool pages_lookup(hpa_t block, enum page_owner *owner, unsigned int *order)
{
	const uint8_t *entry;
	uint8_t value = 0;

	spin_lock(&pages_lock);
	entry = ledger_of(block.v);
	if (entry && IS_ALIGNED(block.v, PAGE_SIZE))
		value = *entry;
	spin_unlock(&pages_lock);
	*owner = LEDGER_OWNER(value);
	*order = LEDGER_ORDER(value);
	return *owner != PAGES_FREE;
}

bool pages_contains(hpa_t start, uint64_t bytes)
{
	const struct extent *e;
	bool is;

	spin_lock(&pages_lock);
	e = pages_find_extent(start.v);
	is = e && bytes <= e->start + e->bytes - start.v;
	spin_unlock(&pages_lock);
	return is;
}

void pages_get_stats(struct pages_stats *out)
{
	spin_lock(&pages_lock);
	*out = pages_stats;
	spin_unlock(&pages_lock);
}

uint64_t pages_total_bytes(void)
{
	return pages_stats.total << PAGE_SHIFT;
}

uint64_t pages_free_bytes(void)
{
	return __atomic_load_n(&pages_stats.owner[PAGES_FREE], __ATOMIC_RELAXED) << PAGE_SHIFT;
}

unsigned int pages_order(uint64_t bytes)
{
	unsigned int order = 0;

	while (order <= PAGES_ORDER_MAX && PAGE_SIZE << order < bytes)
		order++;
	return order;
}
