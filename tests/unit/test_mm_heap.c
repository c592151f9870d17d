/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* sources: vmkernel/mm/heap.c vmkernel/mm/pages.c vmkernel/mm/given.c vmkernel/mm/fault.c
 *	vmkernel/lib/spinlock.c
 *	tests/fake/panic.c tests/fake/memory.c */
/*
 * The heap: zeroed, aligned, never overlapping, everything returned in the
 * end; running dry; bad frees; two threads at once.
 */
#include "test_lib.h"
#include <pthread.h>
#include <string.h>

#include "lib/string.h"
#include "memory.h"
#include "mm/heap.h"
#include "mm/pages.h"
#include "panic.h"

#define MEMORY (16ull << 20)

static int setup(void **state)
{
	fake_memory_init(MEMORY);
	return seed_setup(state);
}

static uint64_t free_pages(void)
{
	struct pages_stats s;

	pages_get_stats(&s);
	return s.owner[PAGES_FREE] + s.owner[PAGES_SLAB];
}

static void test_limits(void **state)
{
	void *big;

	(void)state;
	assert_null(heap_alloc(0));
	assert_null(heap_alloc(HEAP_MAX + 1));
	assert_null(heap_alloc(SIZE_MAX));
	heap_free(NULL);
	big = heap_alloc(HEAP_MAX);
	assert_non_null(big);
	heap_free(big);
	assert_int_equal(heap_live(), 0);
}

struct object {
	uint8_t *ptr;
	size_t size;
	uint8_t mark;
};

static bool all_are(const struct object *o, uint8_t value)
{
	for (size_t i = 0; i < o->size; i++)
		if (o->ptr[i] != value)
			return false;
	return true;
}

/* Allocates or frees one object, checking what it holds. */
static void churn(struct object *o, uint64_t random)
{
	if (o->ptr) {
		assert_true(all_are(o, o->mark));
		heap_free(o->ptr);
		o->ptr = NULL;
		return;
	}
	o->size = random % (random & 0x1000000 ? 64 : random & 0x2000000 ? 3000 : 20000) + 1;
	o->mark = (uint8_t)(random >> 32);
	o->ptr = heap_alloc(o->size);
	if (!o->ptr)
		return;
	assert_true(all_are(o, 0));
	for (size_t align = 32; align <= 2048 && align / 2 < o->size; align *= 2)
		assert_int_equal((uintptr_t)o->ptr % align, 0);
	memset(o->ptr, o->mark, o->size);
}

#define OBJECTS 3000
static void test_random(void **state)
{
	static struct object objects[OBJECTS];
	uint64_t before = free_pages();
	struct heap_stats s;

	(void)state;
	for (int i = 0; i < 60000; i++)
		churn(&objects[rnd() % OBJECTS], rnd());
	heap_get_stats(&s);
	assert_true(s.slabs > 0 && s.allocs - s.frees > 0);
	for (int i = 0; i < OBJECTS; i++)
		if (objects[i].ptr)
			churn(&objects[i], 0);
	heap_get_stats(&s);
	assert_int_equal(s.bytes, 0);
	assert_int_equal(s.large, 0);
	assert_int_equal(heap_live(), 0);
	assert_true(s.slabs <= HEAP_CLASSES);
	assert_int_equal(free_pages(), before);
}

static void test_dry(void **state)
{
	static void *ptr[MEMORY / 1024];
	size_t n = 0;
	struct heap_stats s;

	(void)state;
	while ((ptr[n] = heap_alloc(2048)))
		n++;
	assert_true(n > MEMORY / 2048 * 3 / 4);
	heap_get_stats(&s);
	assert_true(s.failures > 0);
	while (n)
		heap_free(ptr[--n]);
	assert_int_equal(heap_live(), 0);
}

static void test_bad_free(void **state)
{
	char *small = heap_alloc(100), *large = heap_alloc(5000);

	(void)state;
	EXPECT_PANIC(heap_free(small + 1));
	EXPECT_PANIC(heap_free(small + 128)); /* its free neighbour */
	EXPECT_PANIC(heap_free((char *)((uintptr_t)small & ~0x3fffull)));
	EXPECT_PANIC(heap_free(large + PAGE_SIZE));
	heap_free(small);
	EXPECT_PANIC(heap_free(small));
	heap_free(large);
	EXPECT_PANIC(heap_free(large));
}

static void *thread(void *arg)
{
	struct object objects[100] = { { 0 } };
	uint64_t random = (uintptr_t)arg;

	for (int i = 0; i < 20000; i++) {
		random = random * 6364136223846793005ull + 1442695040888963407ull;
		churn(&objects[random >> 40 & 63], random >> 20);
	}
	for (int i = 0; i < 100; i++)
		if (objects[i].ptr)
			churn(&objects[i], 0);
	return NULL;
}

static void test_threads(void **state)
{
	pthread_t threads[2];

	(void)state;
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, thread, (void *)rnd()), 0);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(heap_live(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limits),	cmocka_unit_test(test_random),
		cmocka_unit_test(test_dry),	cmocka_unit_test(test_bad_free),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
