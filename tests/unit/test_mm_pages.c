/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* sources: vmkernel/mm/pages.c vmkernel/mm/given.c vmkernel/mm/fault.c vmkernel/mm/heap.c
 *	vmkernel/mm/mm_vsi.c
 *	vmkernel/vsi/vsi.c
 *	vmkernel/lib/text.c vmkernel/lib/format.c vmkernel/lib/spinlock.c
 *	tests/fake/panic.c tests/fake/memory.c */
/*
 * The page allocator: what it refuses at start, that nothing overlaps, that
 * the ledger always adds up and everything merges again, bad frees.
 */
#include "test_lib.h"
#include <string.h>

#include "lib/string.h"
#include "memory.h"
#include "mm/pages.h"
#include "panic.h"
#include "vsi/vsi.h"

#define MIB 0x100000ull
#define BASE FAKE_MEMORY_HPA

static struct pages_stats stats;

static const struct pages_stats *get_stats(void)
{
	uint64_t sum = 0, free_pages = 0;

	pages_get_stats(&stats);
	for (int i = 0; i < PAGES_OWNERS; i++)
		sum += stats.owner[i];
	assert_true(sum == stats.total);
	for (unsigned int i = 0; i <= PAGES_ORDER_MAX; i++)
		free_pages += stats.free_blocks[i] << i;
	assert_true(free_pages == stats.owner[PAGES_FREE]);
	assert_true(pages_free_bytes() == free_pages * PAGE_SIZE);
	return &stats;
}

static int init(uint64_t hpa1, uint64_t bytes1, uint64_t hpa2, uint64_t bytes2)
{
	const struct ws_extent extents[] = { { hpa1, bytes1 }, { hpa2, bytes2 } };

	return pages_init(extents, 2, NULL, 0);
}

static void test_bad_extents(void **state)
{
	static struct ws_extent many[WS_EXTENTS_MAX + 1];

	(void)state;
	fake_memory_map(16 * MIB);
	assert_int_equal(init(BASE, 2 * MIB, BASE + 2 * MIB, 4 * MIB), VMK_OK);
	assert_int_equal(init(BASE + 8 * MIB, 2 * MIB, BASE, 4 * MIB), VMK_OK);
	assert_true(pages_contains(hpa(BASE + 8 * MIB), 2 * MIB));
	assert_false(pages_contains(hpa(BASE + 8 * MIB), 2 * MIB + 1));
	assert_false(pages_contains(hpa(BASE + 4 * MIB), 1));
	assert_false(pages_contains(hpa(BASE - 1), 1));
	assert_int_equal(init(BASE, 2 * MIB, 0, 2 * MIB), VMK_BAD_PARAM);
	assert_int_equal(init(BASE, 2 * MIB, BASE + 2 * MIB, 0), VMK_BAD_PARAM);
	assert_int_equal(init(BASE, 2 * MIB, BASE + 2 * MIB, MIB), VMK_BAD_PARAM);
	assert_int_equal(init(BASE, 2 * MIB, BASE + 3 * MIB, 2 * MIB), VMK_BAD_PARAM);
	assert_int_equal(init(BASE, 4 * MIB, BASE + 2 * MIB, 2 * MIB), VMK_BAD_PARAM);
	assert_int_equal(init(BASE, 2 * MIB, BASE, 2 * MIB), VMK_BAD_PARAM);
	assert_int_equal(init(BASE, 2 * MIB, -2 * MIB, 4 * MIB), VMK_BAD_PARAM);
	assert_int_equal(init(BASE, 2 * MIB, 1ull << 46, 2 * MIB), VMK_BAD_PARAM);
	assert_int_equal(init(BASE, 2 * MIB, BASE + 2 * MIB, -2 * MIB), VMK_BAD_PARAM);
	assert_int_equal(pages_init(many, WS_EXTENTS_MAX + 1, NULL, 0), VMK_LIMIT_EXCEEDED);
	assert_int_equal(pages_init(many, 0, NULL, 0), VMK_NO_MEMORY);
}

static int init_keep(uint64_t start1, uint64_t bytes1, uint64_t start2, uint64_t bytes2)
{
	const struct ws_extent extents[] = { { BASE, 4 * MIB }, { BASE + 4 * MIB, 4 * MIB } };
	const struct page_range keep[] = { { hpa(start1), bytes1, PAGES_IMAGE },
					   { hpa(start2), bytes2, PAGES_LOADER } };

	return pages_init(extents, 2, keep, 2);
}

static void test_keep(void **state)
{
	hpa_t block;

	(void)state;
	fake_memory_map(8 * MIB);
	assert_int_equal(init_keep(BASE, MIB, BASE + MIB / 2, MIB), VMK_BAD_PARAM);
	assert_int_equal(init_keep(BASE, MIB, BASE + 3 * MIB, 2 * MIB), VMK_BAD_PARAM);
	assert_int_equal(init_keep(BASE, MIB, BASE - MIB, MIB), VMK_BAD_PARAM);
	assert_int_equal(init_keep(BASE, MIB, BASE + MIB, 0), VMK_BAD_PARAM);
	assert_int_equal(init_keep(BASE, MIB + 1, BASE + 2 * MIB, MIB), VMK_BAD_PARAM);
	assert_int_equal(init_keep(BASE, 4 * MIB, BASE + 4 * MIB, 4 * MIB), VMK_NO_MEMORY);
	assert_int_equal(init_keep(BASE, MIB, BASE + MIB + 0x3000, 0x5000), VMK_OK);
	assert_int_equal(get_stats()->owner[PAGES_IMAGE], 256);
	assert_int_equal(stats.owner[PAGES_LOADER], 5);
	assert_int_equal(stats.owner[PAGES_META], 1);
	assert_int_equal(stats.free_blocks[PAGES_ORDER_MAX], 3);
	while (!pages_alloc_zero(0, PAGES_GUEST, &block)) {
		assert_true(block.v >= BASE + MIB);
		assert_false(block.v >= BASE + MIB + 0x3000 && block.v < BASE + MIB + 0x8000);
	}
	assert_true(hpa_is_none(block));
	assert_int_equal(get_stats()->owner[PAGES_FREE], 0);
	pages_free_range(hpa(BASE + MIB + 0x3000), 0x5000, PAGES_LOADER);
	assert_int_equal(get_stats()->owner[PAGES_FREE], 5);
	EXPECT_PANIC(pages_free_range(hpa(BASE + MIB + 0x3000), 0x1000, PAGES_LOADER));
}

struct block {
	hpa_t start;
	unsigned int order;
	enum page_owner owner;
};

static void test_bad_free(void **state)
{
	enum page_owner owner;
	unsigned int order;
	hpa_t block, last;

	(void)state;
	fake_memory_init(4 * MIB);
	assert_int_equal(pages_alloc(PAGES_ORDER_MAX + 1, PAGES_GUEST, &block), VMK_NO_MEMORY);
	assert_int_equal(pages_alloc(3, PAGES_GUEST, &block), VMK_OK);
	EXPECT_PANIC(pages_free(block, 2, PAGES_GUEST));
	EXPECT_PANIC(pages_free(block, 3, PAGES_TABLES));
	EXPECT_PANIC(pages_free(block, 3, PAGES_FREE));
	EXPECT_PANIC(pages_free(hpa_add(block, PAGE_SIZE), 0, PAGES_GUEST));
	EXPECT_PANIC(pages_free(hpa_add(block, 8), 3, PAGES_GUEST));
	EXPECT_PANIC(pages_free(hpa(BASE + 4 * MIB), 0, PAGES_GUEST));
	EXPECT_PANIC(pages_free(HPA_NONE, 0, PAGES_GUEST));
	EXPECT_PANIC(pages_alloc(0, PAGES_FREE, &last));
	pages_free(block, 3, PAGES_GUEST);
	EXPECT_PANIC(pages_free(block, 3, PAGES_GUEST));
	assert_false(pages_lookup(block, &owner, &order));
}

#define BLOCKS 600
static void test_random(void **state)
{
	static struct block blocks[BLOCKS];
	struct pages_stats before;
	enum page_owner owner;
	unsigned int order;

	(void)state;
	memset(blocks, 0, sizeof(blocks));
	fake_memory_init(32 * MIB);
	before = *get_stats();
	for (int i = 0; i < 60000; i++) {
		struct block *b = &blocks[rnd() % BLOCKS];
		uint64_t *mark;

		if (hpa_is_none(b->start)) {
			b->order = (unsigned int)(rnd() % 10 ? rnd() % 4 : rnd() % 10);
			b->owner = (enum page_owner)rnd_between(PAGES_TABLES, PAGES_OTHER);
			if (pages_alloc(b->order, b->owner, &b->start))
				continue;
			assert_true(b->start.v % (PAGE_SIZE << b->order) == 0);
			assert_true(pages_contains(b->start, PAGE_SIZE << b->order));
		} else {
			mark = phys_to_virt(b->start);
			assert_true(mark[0] == b->start.v && mark[511] == b->order);
			assert_true(pages_lookup(b->start, &owner, &order));
			assert_true(owner == b->owner && order == b->order);
			assert_false(pages_lookup(hpa(b->start.v + 8), &owner, &order));
			pages_free(b->start, b->order, b->owner);
			b->start = HPA_NONE;
			continue;
		}
		for (uint64_t page = 0; page < 1ull << b->order; page++) {
			mark = phys_to_virt(hpa_add(b->start, page * PAGE_SIZE));
			mark[0] = b->start.v;
			mark[511] = b->order;
		}
		if (i % 500 == 0)
			get_stats();
	}
	for (int i = 0; i < BLOCKS; i++)
		if (!hpa_is_none(blocks[i].start))
			pages_free(blocks[i].start, blocks[i].order, blocks[i].owner);
	get_stats();
	assert_memory_equal(stats.owner, before.owner, sizeof(before.owner));
	assert_memory_equal(stats.free_blocks, before.free_blocks, sizeof(before.free_blocks));
}

static void test_zero_and_order(void **state)
{
	static const uint8_t zeros[0x2000];
	hpa_t block;

	(void)state;
	fake_memory_init(4 * MIB);
	assert_int_equal(pages_alloc_zero(1, PAGES_GUEST, &block), VMK_OK);
	assert_memory_equal(phys_to_virt(block), zeros, sizeof(zeros));
	assert_true(hpa_eq(virt_to_phys(phys_to_virt(block)), block));
	assert_int_equal(pages_order(0), 0);
	assert_int_equal(pages_order(4096), 0);
	assert_int_equal(pages_order(4097), 1);
	assert_int_equal(pages_order(2 * MIB), 9);
	assert_int_equal(pages_order(2 * MIB + 1), 10);
	assert_int_equal(pages_total_bytes(), 4 * MIB);
}

static void test_vsi(void **state)
{
	char text[200];
	uint32_t len, next;

	(void)state;
	fake_memory_init(4 * MIB);
	assert_int_equal(mm_vsi_init(), VMK_OK);
	assert_int_equal(vsi_get("/memory/total", 0, text, sizeof(text), &len, &next), VMK_OK);
	assert_int_equal(strncmp(text, "4194304\n", len), 0);
	assert_int_equal(vsi_get("/memory/owners/meta", 0, text, sizeof(text), &len, &next),
			 VMK_OK);
	assert_int_equal(strncmp(text, "1\n", len), 0);
	assert_int_equal(vsi_get("/memory/heap", 0, text, sizeof(text), &len, &next), VMK_OK);
	assert_int_equal(vsi_get("/memory/blocks", 0, text, sizeof(text), &len, &next), VMK_OK);
	assert_int_equal(vsi_get("/memory/calls", 0, text, sizeof(text), &len, &next), VMK_OK);
	assert_int_equal(vsi_get("/memory/free", 0, text, sizeof(text), &len, &next), VMK_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_extents),    cmocka_unit_test(test_random),
		cmocka_unit_test(test_zero_and_order), cmocka_unit_test(test_vsi),
		cmocka_unit_test(test_keep),	       cmocka_unit_test(test_bad_free),
	};

	return cmocka_run_group_tests(tests, seed_setup, NULL);
}
