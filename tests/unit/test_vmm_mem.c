/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* Guest RAM: its layout, that it is zero and mapped when used, that nothing is lost. */
/* sources: vmkernel/vmm/guest_mem.c vmkernel/mm/pages.c vmkernel/mm/given.c vmkernel/mm/heap.c
 * vmkernel/mm/fault.c
 * vmkernel/lib/spinlock.c tests/fake/memory.c tests/fake/panic.c */
#include "test_lib.h"

#include <string.h>

#include "memory.h"
#include "mm/heap.h"
#include "mm/pages.h"
#include "vmm/vm.h"

#define MIB (1024 * 1024ull)
#define GIB (1024 * MIB)

static struct guest_mem mem;
static unsigned int maps_small, maps_large, prepared, inits;
static uint64_t last_gpa;

static int nested_init(struct guest_mem *m)
{
	(void)m;
	inits++;
	return VMK_OK;
}

static int nested_prepare(struct guest_mem *m, uint64_t gpa, bool large)
{
	(void)m;
	(void)large;
	last_gpa = gpa;
	prepared++;
	return VMK_OK;
}

/* Nothing is mapped before it is zero. */
static void nested_map(struct guest_mem *m, uint64_t gpa, hpa_t hpa, bool large)
{
	const uint8_t *p = phys_to_virt(hpa);
	size_t bytes = large ? LARGE_PAGE_SIZE : PAGE_SIZE;

	(void)m;
	assert_true(IS_ALIGNED(gpa, bytes) && IS_ALIGNED(hpa.v, bytes));
	assert_true(p[0] == 0 && !memcmp(p, p + 1, bytes - 1));
	last_gpa = gpa;
	if (large)
		maps_large++;
	else
		maps_small++;
}

static void nested_free(struct guest_mem *m)
{
	(void)m;
	inits--;
}

static const struct vmm_ops fake_ops = {
	.nested_init = nested_init,
	.nested_prepare = nested_prepare,
	.nested_map = nested_map,
	.nested_free = nested_free,
};
const struct vmm_ops *vmm_ops = &fake_ops;

static int setup(void **state)
{
	(void)state;
	maps_small = maps_large = prepared = 0;
	return 0;
}

static void test_first_block(void **state)
{
	uint8_t *p;

	(void)state;
	assert_int_equal(guest_mem_init(&mem, 8 * MIB), VMK_OK);
	assert_int_equal(prepared, 4);
	assert_false(guest_mem_touched(&mem, 0));
	p = guest_mem_ptr(&mem, 0x9ffff);
	assert_non_null(p);
	*p = 7;
	/* All of it but the 32 pages of the VGA window. */
	assert_int_equal(maps_small, 512 - 32);
	assert_int_equal(maps_large, 0);
	assert_null(guest_mem_ptr(&mem, 0xa0000));
	assert_null(guest_mem_ptr(&mem, 0xbffff));
	assert_non_null(guest_mem_ptr(&mem, 0xc0000));
	assert_int_equal(*guest_mem_ptr(&mem, 0x9ffff), 7);
	guest_mem_free(&mem);
}

static void test_end_and_holes(void **state)
{
	(void)state;
	assert_int_equal(guest_mem_init(&mem, 8 * MIB), VMK_OK);
	assert_non_null(guest_mem_ptr(&mem, 8 * MIB - 1));
	assert_int_equal(maps_large, 1);
	assert_null(guest_mem_ptr(&mem, 8 * MIB));
	assert_null(guest_mem_ptr(&mem, 3 * GIB));
	assert_null(guest_mem_ptr(&mem, 0xfee00000));
	assert_null(guest_mem_ptr(&mem, 4 * GIB));
	assert_null(guest_mem_ptr(&mem, UINT64_MAX));
	assert_false(guest_mem_touched(&mem, UINT64_MAX));
	guest_mem_free(&mem);
}

/* More than 3 GiB goes on at 4 GiB. Only the layout: this host has no such memory. */
static void test_above_four_gib(void **state)
{
	(void)state;
	mem = (struct guest_mem){ .bytes = 4 * GIB, .blocks = 2048 };
	assert_true(guest_mem_is_ram(&mem, 3 * GIB - 1));
	assert_false(guest_mem_is_ram(&mem, 3 * GIB));
	assert_false(guest_mem_is_ram(&mem, 4 * GIB - 1));
	assert_true(guest_mem_is_ram(&mem, 4 * GIB));
	assert_true(guest_mem_is_ram(&mem, 5 * GIB - 1));
	assert_false(guest_mem_is_ram(&mem, 5 * GIB));
}

static void test_every_byte_is_its_own(void **state)
{
	(void)state;
	assert_int_equal(guest_mem_init(&mem, 6 * MIB), VMK_OK);
	for (uint64_t gpa = MIB; gpa < 6 * MIB; gpa += PAGE_SIZE)
		memcpy(guest_mem_ptr(&mem, gpa), &gpa, sizeof(gpa));
	for (uint64_t gpa = MIB; gpa < 6 * MIB; gpa += PAGE_SIZE)
		assert_memory_equal(guest_mem_ptr(&mem, gpa), &gpa, sizeof(gpa));
	assert_int_equal(mem.ready, 3);
	guest_mem_free(&mem);
}

/* No block of 2 MiB is left in one piece: small pages do as well. */
static void test_scattered(void **state)
{
	static hpa_t hold[64 * 512];
	struct guest_mem big;
	unsigned int n = 0;

	(void)state;
	/* Take everything in single pages, give back all but one of each 2 MiB. */
	while (pages_alloc(0, PAGES_OTHER, &hold[n]) == VMK_OK)
		n++;
	for (unsigned int i = 0; i < n; i++)
		if (hold[i].v % LARGE_PAGE_SIZE)
			pages_free(hold[i], 0, PAGES_OTHER);
	assert_int_equal(guest_mem_init(&big, 8 * MIB), VMK_OK);
	for (uint64_t gpa = MIB; gpa < 8 * MIB; gpa += PAGE_SIZE)
		memcpy(guest_mem_ptr(&big, gpa), &gpa, sizeof(gpa));
	for (uint64_t gpa = MIB; gpa < 8 * MIB; gpa += PAGE_SIZE)
		assert_memory_equal(guest_mem_ptr(&big, gpa), &gpa, sizeof(gpa));
	assert_int_equal(maps_large, 0);
	guest_mem_free(&big);
	for (unsigned int i = 0; i < n; i++)
		if (hold[i].v % LARGE_PAGE_SIZE == 0)
			pages_free(hold[i], 0, PAGES_OTHER);
}

static void test_nothing_is_lost(void **state)
{
	uint64_t before = pages_free_bytes();

	(void)state;
	for (int i = 0; i < 20; i++) {
		assert_int_equal(guest_mem_init(&mem, 16 * MIB), VMK_OK);
		guest_mem_ptr(&mem, 5 * MIB);
		guest_mem_free(&mem);
		/* Too much: refused, and given back. */
		assert_int_equal(guest_mem_init(&mem, 128 * MIB), VMK_NO_MEMORY);
	}
	assert_int_equal(heap_live(), 0);
	assert_int_equal(inits, 0);
	/* The heap keeps an empty slab of a class. */
	assert_in_range(before - pages_free_bytes(), 0, 64 * 1024);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_first_block, setup),
		cmocka_unit_test_setup(test_end_and_holes, setup),
		cmocka_unit_test_setup(test_above_four_gib, setup),
		cmocka_unit_test_setup(test_every_byte_is_its_own, setup),
		cmocka_unit_test_setup(test_scattered, setup),
		cmocka_unit_test_setup(test_nothing_is_lost, setup),
	};

	/* Once: the heap keeps slabs in it. */
	fake_memory_init(64 * MIB);
	return cmocka_run_group_tests(tests, seed_setup, NULL);
}
