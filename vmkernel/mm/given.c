// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * Memory that comes and goes while the vmkernel runs, in pieces of 4 MiB: each
 * is an extent of its own, with a ledger in a page of the memory that stays,
 * or, if there is none left, in its own first page. A piece that is to leave
 * is emptied by waiting: what is free in it, now or later, belongs to LEAVING.
 */
#include "error.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "mm/private.h"

#define PIECE_PAGES (HC_PIECE_BYTES / PAGE_SIZE)
#define PIECE_BLOCKS (HC_PIECE_BYTES / LARGE_PAGE_SIZE)

_Static_assert(PIECE_PAGES <= PAGE_SIZE, "the ledger of a piece is one page");

int pages_may_give(hpa_t piece)
{
	if (!piece.v || !IS_ALIGNED(piece.v, HC_PIECE_BYTES) || piece.v >= DIRECT_MAP_MAX)
		return VMK_BAD_PARAM;
	if (pages_piece_count == HC_PIECES_MAX)
		return VMK_LIMIT_EXCEEDED;
	/* Extents are multiples of 2 MiB. */
	for (uint64_t at = 0; at < HC_PIECE_BYTES; at += LARGE_PAGE_SIZE)
		if (pages_contains(hpa_add(piece, at), 1))
			return VMK_EXISTS;
	return VMK_OK;
}

static struct extent *insert(hpa_t piece)
{
	uint32_t i = pages_extent_count++;

	for (; i && pages_extents[i - 1].start > piece.v; i--)
		pages_extents[i] = pages_extents[i - 1];
	pages_extents[i] =
		(struct extent){ .start = piece.v, .bytes = HC_PIECE_BYTES, .piece = true };
	pages_piece_count++;
	return &pages_extents[i];
}

void pages_give(hpa_t piece)
{
	struct extent *e;
	hpa_t ledger;
	bool own = pages_alloc(0, PAGES_META, &ledger);

	spin_lock(&pages_lock);
	e = insert(piece);
	e->ledger = phys_to_virt(own ? piece : ledger);
	e->own = own;
	memset(e->ledger, LEDGER_TAIL, PIECE_PAGES);
	pages_stats.total += PIECE_PAGES;
	pages_stats.owner[PAGES_FREE] += PIECE_PAGES;
	if (own) {
		e->ledger[0] = LEDGER(PAGES_META, 0);
		e->used = 1;
		pages_move(PAGES_FREE, PAGES_META, 1);
	}
	for (uint64_t at = 0; at < HC_PIECE_BYTES; at += LARGE_PAGE_SIZE)
		pages_free_rest(piece.v + at);
	spin_unlock(&pages_lock);
}

/* The blocks of one owner in a piece go over to another, in rising order. */
static void sweep(struct extent *e, enum page_owner from)
{
	unsigned int order;

	for (uint64_t i = 0; i < PIECE_PAGES; i += 1ull << order) {
		uint64_t addr = e->start + i * PAGE_SIZE;

		order = LEDGER_ORDER(e->ledger[i]);
		if (LEDGER_OWNER(e->ledger[i]) != from)
			continue;
		if (from == PAGES_FREE) {
			pages_unlink_free(addr, order);
			e->ledger[i] = LEDGER(PAGES_LEAVING, order);
			pages_move(PAGES_FREE, PAGES_LEAVING, 1ull << order);
		} else {
			e->ledger[i] = LEDGER_TAIL;
			pages_merge_free(addr, order);
			pages_move(PAGES_LEAVING, PAGES_FREE, 1ull << order);
		}
	}
}

int pages_mark(void)
{
	struct extent *best = NULL;

	spin_lock(&pages_lock);
	for (uint32_t i = 0; i < pages_extent_count; i++) {
		struct extent *e = &pages_extents[i];

		if (e->piece && !e->leaving && (!best || e->used < best->used))
			best = e;
	}
	if (best) {
		best->leaving = true;
		best->clean = 0;
		sweep(best, PAGES_FREE);
	}
	spin_unlock(&pages_lock);
	return best ? VMK_OK : VMK_NOT_FOUND;
}

int pages_keep(void)
{
	struct extent *best = NULL;

	spin_lock(&pages_lock);
	for (uint32_t i = 0; i < pages_extent_count; i++) {
		struct extent *e = &pages_extents[i];

		if (e->leaving && (!best || e->used > best->used))
			best = e;
	}
	if (best) {
		best->leaving = false;
		sweep(best, PAGES_LEAVING);
	}
	spin_unlock(&pages_lock);
	return best ? VMK_OK : VMK_NOT_FOUND;
}

static struct extent *find_empty(void)
{
	struct extent *empty = NULL;

	spin_lock(&pages_lock);
	for (uint32_t i = 0; i < pages_extent_count && !empty; i++)
		if (pages_extents[i].leaving && pages_extents[i].used == pages_extents[i].own)
			empty = &pages_extents[i];
	spin_unlock(&pages_lock);
	return empty;
}

/* From here on it is not ours; its ledger, if that was elsewhere, is free again. */
static void drop(struct extent *e)
{
	hpa_t ledger = virt_to_phys(e->ledger);
	uint32_t own = e->own;

	spin_lock(&pages_lock);
	VMK_ASSERT(e->used == own);
	pages_stats.owner[PAGES_LEAVING] -= PIECE_PAGES - own;
	pages_stats.owner[PAGES_META] -= own;
	pages_stats.total -= PIECE_PAGES;
	pages_extent_count--;
	pages_piece_count--;
	for (; e < &pages_extents[pages_extent_count]; e++)
		*e = e[1];
	spin_unlock(&pages_lock);
	if (own)
		memset(phys_to_virt(ledger), 0, PAGE_SIZE);
	else
		pages_free(ledger, 0, PAGES_META);
}

/* Nobody else comes near an empty piece: it is zeroed without the lock. */
int pages_leave(hpa_t *piece)
{
	struct extent *e = find_empty();
	uint64_t kept;

	if (!e)
		return VMK_NOT_FOUND;
	if (e->clean < PIECE_BLOCKS) {
		kept = e->clean ? 0 : e->own * PAGE_SIZE;
		memset(phys_to_virt(hpa(e->start + e->clean * LARGE_PAGE_SIZE + kept)), 0,
		       LARGE_PAGE_SIZE - kept);
		e->clean++;
		return VMK_BUSY;
	}
	*piece = hpa(e->start);
	drop(e);
	return VMK_OK;
}

bool pages_is_leaving(hpa_t page)
{
	const struct extent *e;
	bool is;

	spin_lock(&pages_lock);
	e = pages_find_extent(page.v);
	is = e && e->leaving;
	spin_unlock(&pages_lock);
	return is;
}

static void add_owners(const struct extent *e, uint64_t *owner)
{
	unsigned int order;

	for (uint64_t i = 0; i < PIECE_PAGES; i += 1ull << order) {
		order = LEDGER_ORDER(e->ledger[i]);
		owner[LEDGER_OWNER(e->ledger[i])] += 1ull << order;
	}
}

void pages_get_given(struct pages_given *given)
{
	*given = (struct pages_given){ .pieces = pages_piece_count };
	for (uint32_t i = 0; i < pages_extent_count; i++)
		given->leaving += pages_extents[i].leaving;
}

void pages_get_held(uint64_t owner[PAGES_OWNERS])
{
	memset(owner, 0, PAGES_OWNERS * sizeof(*owner));
	for (uint32_t i = 0; i < pages_extent_count; i++) {
		if (!pages_extents[i].leaving)
			continue;
		spin_lock(&pages_lock);
		add_owners(&pages_extents[i], owner);
		spin_unlock(&pages_lock);
	}
}
