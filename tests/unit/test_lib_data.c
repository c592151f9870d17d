/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* sources: vmkernel/lib/spinlock.c tests/fake/panic.c */
/* Lists, bitmaps, macros; spinlocks between threads, and the order of their ranks. */
#include "test_lib.h"
#include <pthread.h>

#define CONFIG_THING_ON 1

#include "lib/bitmap.h"
#include "lib/list.h"
#include "lib/spinlock.h"
#include "panic.h"

struct item {
	int value;
	struct list link;
};

static void test_macros(void **state)
{
	(void)state;
	assert_int_equal(IS_ENABLED(CONFIG_THING_ON), 1);
	assert_int_equal(IS_ENABLED(CONFIG_THING_OFF), 0);
	assert_true(ALIGN_UP(0x1001ull, PAGE_SIZE) == 0x2000);
	assert_true(ALIGN_UP(0x1000ull, PAGE_SIZE) == 0x1000);
	assert_true(ALIGN_DOWN(0x1fffull, PAGE_SIZE) == 0x1000);
	assert_true(hpa_is_none(HPA_NONE) && hpa_eq(hpa_add(hpa(1), 2), hpa(3)));
}

static void test_list(void **state)
{
	struct item items[5], *pos, *next;
	struct list head = LIST_INIT(head);
	int sum = 0;

	(void)state;
	assert_null(LIST_FIRST(&head, struct item, link));
	for (int i = 0; i < 5; i++) {
		items[i].value = i;
		list_add_tail(&head, &items[i].link);
	}
	list_del(&items[2].link);
	list_del(&items[2].link);
	list_add_head(&head, &items[2].link);
	list_insert_before(&items[4].link, &items[2].link);
	list_init(&head);
	for (int i = 0; i < 5; i++)
		list_add_head(&head, &items[i].link);
	assert_int_equal(LIST_FIRST(&head, struct item, link)->value, 4);
	LIST_FOR_EACH(pos, &head, struct item, link)
		sum = sum * 10 + pos->value;
	assert_int_equal(sum, 43210);
	LIST_FOR_EACH_SAFE(pos, next, &head, struct item, link)
		if (pos->value & 1)
			list_del(&pos->link);
	sum = 0;
	LIST_FOR_EACH(pos, &head, struct item, link)
		sum = sum * 10 + pos->value;
	assert_int_equal(sum, 420);
}

#define BITS 150
static void test_bitmap(void **state)
{
	uint64_t map[BITMAP_WORDS(BITS)] = { 0 };
	bool mirror[BITS] = { false };

	(void)state;
	for (int round = 0; round < 5000; round++) {
		uint32_t bit = (uint32_t)(rnd() % BITS), from = (uint32_t)(rnd() % (BITS + 3));
		uint32_t set = from, clear = from;

		mirror[bit] = rnd() & 1;
		if (mirror[bit])
			bitmap_set(map, bit);
		else
			bitmap_clear(map, bit);
		while (set < BITS && !mirror[set])
			set++;
		while (clear < BITS && mirror[clear])
			clear++;
		assert_int_equal(bitmap_test(map, bit), mirror[bit]);
		assert_int_equal(bitmap_next_set(map, BITS, from), from > BITS ? BITS : set);
		assert_int_equal(bitmap_next_clear(map, BITS, from), from > BITS ? BITS : clear);
	}
}

static struct spinlock counter_lock = SPINLOCK_INIT(RANK_NONE);
static uint64_t counter;

static void *count(void *arg)
{
	for (int i = 0; i < 20000; i++) {
		spin_lock(&counter_lock);
		counter++;
		spin_unlock(&counter_lock);
	}
	return arg;
}

static void test_spinlock_threads(void **state)
{
	pthread_t threads[2];

	(void)state;
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, count, NULL), 0);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(counter, 40000);
	assert_false(spin_is_locked(&counter_lock));
}

static void test_trylock(void **state)
{
	struct spinlock lock;

	(void)state;
	spin_init(&lock, RANK_NONE);
	lock.next = lock.serving = UINT32_MAX; /* tickets wrap */
	assert_true(spin_trylock(&lock));
	assert_true(spin_is_locked(&lock));
	assert_false(spin_trylock(&lock));
	spin_unlock(&lock);
	spin_lock(&lock);
	spin_unlock(&lock);
	assert_false(spin_is_locked(&lock));
}

static struct lock_track track;
static struct lock_track *track_here(void)
{
	return &track;
}

static void test_ranks(void **state)
{
	struct spinlock vm, sched, other;

	(void)state;
	spin_init(&vm, RANK_VM);
	spin_init(&sched, RANK_SCHED);
	spin_init(&other, RANK_SCHED);
	spin_set_track(track_here);
	spin_lock(&vm);
	spin_lock(&sched);
	spin_unlock(&vm); /* out of order is allowed */
	EXPECT_PANIC_SAYING("\"VM\" taken while one of rank \"sched\" is", spin_lock(&vm));
	EXPECT_PANIC_SAYING("\"sched\" taken while one of rank \"sched\"", spin_lock(&other));
	EXPECT_PANIC_SAYING("\"sched\" released where it was not", spin_unlock(&other));
	assert_true(spin_trylock(&other));
	spin_unlock(&other);
	spin_unlock(&sched);
	assert_int_equal(track.count, 0);
	spin_set_track(NULL);
}

static struct spinlock abandoned = SPINLOCK_INIT(RANK_NONE);
static int waited;

static void after_three_rounds(void)
{
	if (++waited == 3)
		_exit(FAKE_PANIC_EXIT);
}

/* The holder never comes back: the one who waits can still be told. */
static void test_waiting(void **state)
{
	(void)state;
	spin_set_waiting(after_three_rounds);
	spin_lock(&abandoned);
	assert_int_equal(waited, 0);
	EXPECT_PANIC(spin_lock(&abandoned));
	spin_set_waiting(NULL);
	spin_unlock(&abandoned);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_macros),	cmocka_unit_test(test_list),
		cmocka_unit_test(test_bitmap),	cmocka_unit_test(test_spinlock_threads),
		cmocka_unit_test(test_trylock), cmocka_unit_test(test_ranks),
		cmocka_unit_test(test_waiting),
	};

	return cmocka_run_group_tests(tests, seed_setup, NULL);
}
