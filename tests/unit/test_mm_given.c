/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* sources: vmkernel/mm/pages.c vmkernel/mm/given.c vmkernel/mm/fault.c vmkernel/mm/heap.c
 *	vmkernel/mm/mm_vsi.c vmkernel/vsi/vsi.c
 *	vmkernel/lib/text.c vmkernel/lib/format.c vmkernel/lib/spinlock.c
 *	tests/fake/panic.c tests/fake/memory.c */
/*
 * Pieces that come and go while the allocator is in use: what is refused, where what is
 * allocated, that what leaves is empty and zero, and that nothing else is left of it.
 */
#include "test_lib.h"
#include <stdio.h>
#include <string.h>

#include "hostcall.h"
#include "memory.h"
#include "mm/fault.h"
#include "mm/heap.h"
#include "mm/pages.h"
#include "panic.h"
#include "vsi/vsi.h"

#define MIB 0x100000ull
#define BASE FAKE_MEMORY_HPA /* a multiple of 4 MiB */
#define LOADED (32 * MIB)
#define PIECE(n) (BASE + LOADED + (n)*HC_PIECE_BYTES)
#define PIECES 8u
#define PIECE_PAGES 1024u

static void set_up(void)
{
	const struct ws_extent extent = { BASE, LOADED };

	fake_memory_map(LOADED + PIECES * HC_PIECE_BYTES);
	assert_int_equal(pages_init(&extent, 1, NULL, 0), VMK_OK);
}

static struct pages_stats stats(void)
{
	struct pages_stats s;
	uint64_t sum = 0, free_pages = 0;

	pages_get_stats(&s);
	for (int i = 0; i < PAGES_OWNERS; i++)
		sum += s.owner[i];
	assert_int_equal(sum, s.total);
	for (unsigned int i = 0; i <= PAGES_ORDER_MAX; i++)
		free_pages += s.free_blocks[i] << i;
	assert_int_equal(free_pages, s.owner[PAGES_FREE]);
	return s;
}

static void give(uint64_t piece)
{
	assert_int_equal(pages_may_give(hpa(piece)), VMK_OK);
	pages_give(hpa(piece));
}

/* What leave gives in the end, and that it is zero. */
static int leave(uint64_t *piece)
{
	static const uint8_t zeros[4096];
	int err, calls = 0;
	hpa_t p = HPA_NONE;

	while ((err = pages_leave(&p)) == VMK_BUSY)
		calls++;
	*piece = p.v;
	if (err)
		return err;
	assert_true(calls <= 2);
	assert_false(pages_contains(p, 1));
	for (uint64_t at = 0; at < HC_PIECE_BYTES; at += sizeof(zeros))
		assert_memory_equal(phys_to_virt(hpa_add(p, at)), zeros, sizeof(zeros));
	return VMK_OK;
}

static uint32_t leaving(void)
{
	struct pages_given g;

	pages_get_given(&g);
	return g.leaving;
}

static bool in_piece(hpa_t block)
{
	return block.v >= BASE + LOADED;
}

static void test_refused(void **state)
{
	uint64_t piece;

	(void)state;
	set_up();
	assert_int_equal(pages_may_give(HPA_NONE), VMK_BAD_PARAM);
	assert_int_equal(pages_may_give(hpa(PIECE(0) + 2 * MIB)), VMK_BAD_PARAM);
	assert_int_equal(pages_may_give(hpa(PIECE(0) + 1)), VMK_BAD_PARAM);
	assert_int_equal(pages_may_give(hpa(DIRECT_MAP_MAX)), VMK_BAD_PARAM);
	assert_int_equal(pages_may_give(hpa(-4 * MIB)), VMK_BAD_PARAM);
	assert_int_equal(pages_may_give(hpa(BASE)), VMK_EXISTS);
	give(PIECE(0));
	assert_int_equal(pages_may_give(hpa(PIECE(0))), VMK_EXISTS);
	assert_int_equal(pages_keep(), VMK_NOT_FOUND);
	assert_int_equal(leave(&piece), VMK_NOT_FOUND);
	assert_int_equal(pages_mark(), VMK_OK);
	assert_int_equal(pages_mark(), VMK_NOT_FOUND);
}

/* The second half of a piece is the vmkernel's already. */
static void test_half(void **state)
{
	const struct ws_extent extents[] = { { BASE, LOADED }, { PIECE(1) + 2 * MIB, 2 * MIB } };

	(void)state;
	fake_memory_map(LOADED + PIECES * HC_PIECE_BYTES);
	assert_int_equal(pages_init(extents, 2, NULL, 0), VMK_OK);
	assert_int_equal(pages_may_give(hpa(PIECE(1))), VMK_EXISTS);
	assert_int_equal(pages_may_give(hpa(PIECE(0))), VMK_OK);
}

static void test_in_and_out(void **state)
{
	static const uint32_t order[PIECES] = { 5, 0, 7, 3, 1, 6, 2, 4 };
	struct pages_stats before, after;
	uint64_t piece, seen = 0;

	(void)state;
	set_up();
	before = stats();
	for (uint32_t round = 0; round < 100; round++) {
		for (uint32_t i = 0; i < PIECES; i++)
			give(PIECE(order[i]));
		after = stats();
		assert_int_equal(after.total, before.total + PIECES * PIECE_PAGES);
		assert_true(pages_contains(hpa(PIECE(3)), HC_PIECE_BYTES));
		for (uint32_t i = 0; i < PIECES; i++)
			assert_int_equal(pages_mark(), VMK_OK);
		assert_int_equal(leaving(), PIECES);
		assert_int_equal(pages_free_bytes() / PAGE_SIZE + PIECES, before.owner[PAGES_FREE]);
		for (uint32_t i = 0; i < PIECES; i++) {
			assert_int_equal(leave(&piece), VMK_OK);
			seen |= 1ull << (piece - PIECE(0)) / HC_PIECE_BYTES;
		}
		assert_int_equal(seen, (1u << PIECES) - 1);
		after = stats();
		assert_memory_equal(before.owner, after.owner, sizeof(before.owner));
		assert_memory_equal(before.free_blocks, after.free_blocks,
				    sizeof(before.free_blocks));
		assert_int_equal(before.total, after.total);
	}
}

/* What is in use stays until it is freed, and nothing is added to it. */
static void test_in_use(void **state)
{
	hpa_t blocks[PIECES * 2 + 20], one, list[4];
	uint64_t held[PAGES_OWNERS];
	uint32_t n = 0, given = 0;
	uint64_t piece;

	(void)state;
	set_up();
	give(PIECE(0));
	give(PIECE(1));
	while (!pages_alloc(ORDER_LARGE, PAGES_GUEST, &blocks[n])) {
		given += in_piece(blocks[n]);
		n++;
	}
	assert_int_equal(given, 4);
	for (uint32_t i = 0, k = 0; i < n; i++)
		if (in_piece(blocks[i]))
			list[k++] = blocks[i];
	assert_int_equal(pages_mark(), VMK_OK);
	assert_int_equal(pages_mark(), VMK_OK);
	assert_int_equal(leave(&piece), VMK_NOT_FOUND);
	pages_get_held(held);
	assert_int_equal(held[PAGES_GUEST], 2 * PIECE_PAGES);
	for (uint32_t i = 0; i < 4; i++) {
		assert_true(pages_is_leaving(list[i]));
		memset(phys_to_virt(list[i]), 0x5a, LARGE_PAGE_SIZE);
		pages_free(list[i], ORDER_LARGE, PAGES_GUEST);
		assert_int_equal(pages_alloc(ORDER_LARGE, PAGES_GUEST, &one), VMK_NO_MEMORY);
		stats();
	}
	EXPECT_PANIC(pages_free(list[0], ORDER_LARGE, PAGES_GUEST));
	EXPECT_PANIC(pages_free(list[0], ORDER_LARGE, PAGES_LEAVING));
	assert_int_equal(leave(&piece), VMK_OK);
	assert_int_equal(leave(&piece), VMK_OK);
	assert_int_equal(leave(&piece), VMK_NOT_FOUND);
	stats();
}

/* The one with least in use goes first, the one with most is kept. */
static void test_choice(void **state)
{
	hpa_t block, in[2] = { HPA_NONE, HPA_NONE };
	uint64_t piece;
	uint32_t n = 0;

	(void)state;
	set_up();
	/* Guest memory leaves the last 16 MiB that stay to what every VM needs too. */
	give(PIECE(0));
	while (n < 100 && !pages_alloc(ORDER_LARGE, PAGES_GUEST, &block) && !in_piece(block))
		n++;
	assert_true(in_piece(block));
	assert_true(pages_free_bytes() >= 16 * MIB);
	in[0] = block;
	assert_int_equal(pages_alloc(0, PAGES_NESTED, &block), VMK_OK);
	assert_false(in_piece(block));
	give(PIECE(1));
	assert_int_equal(pages_mark(), VMK_OK);
	assert_false(pages_is_leaving(in[0]));
	assert_int_equal(pages_mark(), VMK_OK);
	assert_true(pages_is_leaving(in[0]));
	assert_int_equal(pages_keep(), VMK_OK);
	assert_false(pages_is_leaving(in[0]));
	assert_int_equal(leaving(), 1);
	assert_int_equal(leave(&piece), VMK_OK);
	assert_int_equal(piece, PIECE(1));
	/* Kept, it is whole again. */
	pages_free(in[0], ORDER_LARGE, PAGES_GUEST);
	assert_int_equal(stats().owner[PAGES_LEAVING], 0);
	assert_int_equal(pages_mark(), VMK_OK);
	assert_int_equal(leave(&piece), VMK_OK);
	assert_int_equal(piece, PIECE(0));
}

/* Nothing is left for a ledger: it lies in the piece itself. Tables are never put there. */
static void test_full(void **state)
{
	struct pages_stats before, after;
	uint64_t piece;
	hpa_t block;

	(void)state;
	set_up();
	while (!pages_alloc(0, PAGES_GUEST, &block))
		;
	before = stats();
	give(PIECE(2));
	assert_int_equal(stats().owner[PAGES_META], before.owner[PAGES_META] + 1);
	assert_int_equal(pages_alloc(0, PAGES_TABLES, &block), VMK_NO_MEMORY);
	assert_int_equal(pages_alloc(ORDER_LARGE, PAGES_GUEST, &block), VMK_OK);
	pages_free(block, ORDER_LARGE, PAGES_GUEST);
	assert_int_equal(pages_mark(), VMK_OK);
	assert_int_equal(leave(&piece), VMK_OK);
	assert_int_equal(piece, PIECE(2));
	after = stats();
	assert_memory_equal(before.owner, after.owner, sizeof(before.owner));
	/* The same if an allocation fails on purpose. */
	fault_set(1);
	give(PIECE(2));
	assert_int_equal(pages_mark(), VMK_OK);
	assert_int_equal(leave(&piece), VMK_OK);
}

/* Slabs that are kept for later do not keep a piece. */
static void test_heap(void **state)
{
	void *first[20], *second[20];
	uint64_t piece;
	hpa_t block;

	(void)state;
	set_up();
	while (!pages_alloc(0, PAGES_GUEST, &block))
		;
	give(PIECE(0));
	for (uint32_t i = 0; i < 20; i++) {
		first[i] = heap_alloc(64u << i % 4);
		second[i] = heap_alloc(64u << i % 4);
		assert_non_null(first[i]);
		assert_true(in_piece(virt_to_phys(second[i])));
	}
	assert_int_equal(pages_mark(), VMK_OK);
	for (uint32_t i = 0; i < 20; i++)
		heap_free(first[i]);
	heap_trim();
	assert_int_equal(leave(&piece), VMK_NOT_FOUND);
	for (uint32_t i = 0; i < 20; i++)
		heap_free(second[i]);
	assert_int_equal(leave(&piece), VMK_NOT_FOUND);
	heap_trim();
	assert_int_equal(leave(&piece), VMK_OK);
	assert_int_equal(stats().owner[PAGES_SLAB], 0);
}

/* Anything in any order; in the end all is as at the beginning. */
static void test_random(void **state)
{
	static struct {
		hpa_t start;
		unsigned int order;
	} held[300];
	bool there[PIECES] = { false };
	struct pages_stats before, after;
	uint64_t piece;

	(void)state;
	set_up();
	memset(held, 0, sizeof(held));
	before = stats();
	for (int i = 0; i < 30000; i++) {
		uint32_t slot = (uint32_t)(rnd() % 300), n = (uint32_t)(rnd() % PIECES);

		if (i % 50 == 0 && !there[n] && !pages_may_give(hpa(PIECE(n)))) {
			pages_give(hpa(PIECE(n)));
			there[n] = true;
		} else if (i % 70 == 0) {
			pages_mark();
		} else if (i % 110 == 0) {
			pages_keep();
		} else if (i % 30 == 0) {
			/* Kept in the middle of its zeroing it is used again. */
			hpa_t p;

			if (!pages_leave(&p))
				there[(p.v - PIECE(0)) / HC_PIECE_BYTES] = false;
		} else if (hpa_is_none(held[slot].start)) {
			held[slot].order = (unsigned int)(rnd() % 10);
			pages_alloc(held[slot].order, rnd() % 2 ? PAGES_GUEST : PAGES_VMM,
				    &held[slot].start);
			if (!hpa_is_none(held[slot].start)) {
				enum page_owner owner;
				unsigned int order;

				assert_true(pages_lookup(held[slot].start, &owner, &order));
				assert_false(pages_is_leaving(held[slot].start));
				memset(phys_to_virt(held[slot].start), 0x77, 64);
			}
		} else {
			enum page_owner owner;
			unsigned int order;

			assert_true(pages_lookup(held[slot].start, &owner, &order));
			pages_free(held[slot].start, order, owner);
			held[slot].start = HPA_NONE;
		}
		if (i % 500 == 0)
			stats();
	}
	for (int i = 0; i < 300; i++) {
		enum page_owner owner;
		unsigned int order;

		if (pages_lookup(held[i].start, &owner, &order))
			pages_free(held[i].start, order, owner);
	}
	while (!pages_mark())
		;
	while (!leave(&piece))
		;
	after = stats();
	assert_memory_equal(before.owner, after.owner, sizeof(before.owner));
	assert_memory_equal(before.free_blocks, after.free_blocks, sizeof(before.free_blocks));
}

static void test_vsi(void **state)
{
	char text[400];
	uint32_t len, next;
	hpa_t block;

	(void)state;
	set_up();
	assert_int_equal(mm_vsi_init(), VMK_OK);
	give(PIECE(0));
	give(PIECE(1));
	assert_int_equal(vsi_get("/memory/given", 0, text, sizeof(text), &len, &next), VMK_OK);
	assert_memory_equal(text, "8388608\n", len);
	assert_int_equal(vsi_get("/memory/extents", 0, text, sizeof(text), &len, &next), VMK_OK);
	text[len] = 0;
	assert_string_equal(text, "0x10000000 33554432\n0x12000000 8388608 given\n");
	while (!pages_alloc(0, PAGES_SHARED, &block) && !in_piece(block))
		;
	pages_mark();
	pages_mark();
	assert_int_equal(vsi_get("/memory/leaving", 0, text, sizeof(text), &len, &next), VMK_OK);
	assert_memory_equal(text, "8388608\n", len);
	assert_int_equal(vsi_get("/memory/held", 0, text, sizeof(text), &len, &next), VMK_OK);
	text[len] = 0;
	assert_string_equal(text, "4 mapped by the console too\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),	   cmocka_unit_test(test_half),
		cmocka_unit_test(test_in_and_out), cmocka_unit_test(test_in_use),
		cmocka_unit_test(test_choice),	   cmocka_unit_test(test_full),
		cmocka_unit_test(test_heap),	   cmocka_unit_test(test_random),
		cmocka_unit_test(test_vsi),
	};

	return cmocka_run_group_tests(tests, seed_setup, NULL);
}
