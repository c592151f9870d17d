/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* sources: */
/*
 * The vmkernel's string functions against libc's, with random lengths and
 * alignments. They are compiled in here under other names.
 */
#include "test_lib.h"
#include <string.h>

#define memset vmk_memset
#define memcpy vmk_memcpy
#define memmove vmk_memmove
#define memcmp vmk_memcmp
#define strlen vmk_strlen
#define strnlen vmk_strnlen
#define strcmp vmk_strcmp
#define strncmp vmk_strncmp
#include "vmkernel/lib/string.h"
#include "vmkernel/lib/string.c"
#undef memset
#undef memcpy
#undef memmove
#undef memcmp
#undef strlen
#undef strnlen
#undef strcmp
#undef strncmp

#define SIZE 400
#define ROUNDS 20000

static uint8_t a[SIZE], b[SIZE], c[SIZE];

static void fill(void)
{
	for (int i = 0; i < SIZE; i++)
		a[i] = b[i] = c[i] = (uint8_t)rnd();
}

static int sign(int v)
{
	return (v > 0) - (v < 0);
}

static void test_set_and_copy(void **state)
{
	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		size_t len = rnd() % (rnd() & 1 ? 20 : SIZE / 2), from = rnd() % (SIZE / 2);
		size_t to = rnd() % (SIZE / 2);
		int byte = (int)rnd();

		fill();
		assert_ptr_equal(vmk_memset(a + to, byte, len), a + to);
		memset(b + to, byte, len);
		assert_memory_equal(a, b, SIZE);
		assert_ptr_equal(vmk_memmove(a + to, a + from, len), a + to);
		memmove(b + to, b + from, len);
		assert_memory_equal(a, b, SIZE);
		assert_ptr_equal(vmk_memcpy(a + to, c + from, len), a + to);
		memcpy(b + to, c + from, len);
		assert_memory_equal(a, b, SIZE);
	}
}

static void test_compare(void **state)
{
	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		size_t len = rnd() % SIZE, from = rnd() % 16;

		len -= len > from ? from : len;
		fill();
		if (rnd() & 1)
			b[rnd() % SIZE] = (uint8_t)rnd();
		assert_int_equal(sign(vmk_memcmp(a + from, b + from, len)),
				 sign(memcmp(a + from, b + from, len)));
	}
}

static void test_strings(void **state)
{
	char s[40], t[40];

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		size_t n = rnd() % 40;

		for (int j = 0; j < 40; j++)
			s[j] = t[j] = (char)rnd();
		t[rnd() % 40] = (char)rnd();
		s[rnd() % 40] = s[39] = t[39] = '\0';
		assert_int_equal(vmk_strlen(s), strlen(s));
		assert_int_equal(vmk_strnlen(s, n), strnlen(s, n));
		assert_int_equal(sign(vmk_strcmp(s, t)), sign(strcmp(s, t)));
		assert_int_equal(sign(vmk_strncmp(s, t, n)), sign(strncmp(s, t, n)));
	}
	assert_int_equal(vmk_strnlen("abc", 0), 0);
	assert_int_equal(vmk_strncmp("a", "b", 0), 0);
	assert_true(vmk_strcmp("a\x80", "a\x7f") > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set_and_copy),
		cmocka_unit_test(test_compare),
		cmocka_unit_test(test_strings),
	};

	return cmocka_run_group_tests(tests, seed_setup, NULL);
}
