/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* sources: vmkernel/lib/text.c vmkernel/lib/format.c */
/* Formatting against libc's, bounded copies, and numbers from hostile text. */
#include "test_lib.h"
#include <limits.h>
#include <string.h>

#include "lib/format.h"
#include "lib/text.h"

/* The compiler sees that buffers are too small and arguments odd: they are meant to be. */
#pragma GCC diagnostic ignored "-Wformat-truncation"
#pragma GCC diagnostic ignored "-Wformat-overflow"

/* The same call of ours and of libc must give the same text and length, whatever the size. */
#define SAME(...)                                                                 \
	do {                                                                      \
		char ours[200], libcs[200];                                       \
		int n = vmk_snprintf(ours, sizeof(ours), __VA_ARGS__);            \
		assert_int_equal(n, snprintf(libcs, sizeof(libcs), __VA_ARGS__)); \
		assert_string_equal(ours, libcs);                                 \
		memset(ours, 'x', sizeof(ours));                                  \
		assert_int_equal(vmk_snprintf(ours, 5, __VA_ARGS__), n);          \
		snprintf(libcs, 5, __VA_ARGS__);                                  \
		assert_string_equal(ours, libcs);                                 \
		assert_int_equal(ours[5], 'x');                                   \
	} while (0)

static void test_format_fixed(void **state)
{
	(void)state;
	SAME("plain");
	SAME("%d|%i|%u", -5, 7, 3000000000u);
	SAME("%x %X %o %#x %#x", 0xbeefu, 0xbeefu, 8u, 255u, 0u);
	SAME("%lx %llx %llu %ld %lld", 0x123456789abcul, 0xfedcba9876543210ull, ULLONG_MAX,
	     LONG_MIN, LLONG_MAX);
	SAME("%zu %hhx %hx %hd %hhd", (size_t)42, 0x1ffu & 0xff, 0x1ffffu & 0xffff, (short)-2,
	     (signed char)-3);
	SAME("[%5d][%-5d][%05d][%+d][% d]", 42, 42, -42, 42, 42);
	SAME("[%8.3u][%-8.3u][%.0u]", 7u, 7u, 0u);
	SAME("[%02x%02x]", 1u, 0xabu);
	SAME("[%s][%10s][%-10s][%.2s][%*s]", "abc", "abc", "abc", "abc", 6, "abc");
	SAME("[%c][%3c][%-3c]%%", 'a', 'b', 'c');
	SAME("%p", (void *)0x1234);
	SAME("[%*d][%-*d]", -6, 1, 6, 2);
	SAME("%016lx", 0x1234ul);
}

static void test_format_odd(void **state)
{
	const char *unknown = "%y %", *null = NULL;
	char buf[32];

	(void)state;
	assert_int_equal(vmk_snprintf(buf, sizeof(buf), unknown, 1), 4);
	assert_string_equal(buf, "%y %");
	assert_int_equal(vmk_snprintf(NULL, 0, "%s", "abc"), 3);
	assert_int_equal(vmk_snprintf(buf, 1, "abc"), 3);
	assert_string_equal(buf, "");
	vmk_snprintf(buf, sizeof(buf), "%s", null);
	assert_string_equal(buf, "(null)");
}

static void test_format_random(void **state)
{
	static const char *const sizes[] = { "hh", "h", "", "l", "ll", "z" };
	static const char letters[] = "diuxXo";

	(void)state;
	for (int i = 0; i < 20000; i++) {
		char fmt[40], ours[100], libcs[100];
		const char *size = sizes[rnd() % 6];
		char letter = letters[rnd() % 6];
		uint64_t v = rnd() >> rnd() % 64;
		bool plus = letter <= 'i' && rnd() & 1;

		if (rnd() & 1)
			snprintf(fmt, sizeof(fmt), "%%%s%s%u%s%c", rnd() & 1 ? "-" : "0",
				 plus ? "+" : "", (unsigned int)rnd_between(1, 30), size, letter);
		else
			snprintf(fmt, sizeof(fmt), "%%%s%u.%u%s%c", plus ? "+" : "",
				 (unsigned int)rnd_between(1, 30), (unsigned int)rnd_between(0, 25),
				 size, letter);
		assert_int_equal(vmk_snprintf(ours, sizeof(ours), fmt, v),
				 snprintf(libcs, sizeof(libcs), fmt, v));
		assert_string_equal(ours, libcs);
	}
}

static void test_strscpy(void **state)
{
	char buf[4];

	(void)state;
	assert_int_equal(strscpy(buf, "abc", sizeof(buf)), VMK_OK);
	assert_string_equal(buf, "abc");
	assert_int_equal(strscpy(buf, "abcd", sizeof(buf)), VMK_LIMIT_EXCEEDED);
	assert_string_equal(buf, "abc");
	assert_int_equal(strscpy(buf, "x", 1), VMK_LIMIT_EXCEEDED);
	assert_string_equal(buf, "");
}

static void test_parse(void **state)
{
	static const char *const bad[] = {
		"",   "x",   "-1",  "+1",  " 1", "1 ",	 "1\n\n",
		"0x", "0xg", "12a", "1.5", "\n", "0x-1", "99999999999999999999z"
	};
	uint64_t v = 77;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(parse_u64(bad[i], &v), VMK_BAD_PARAM);
	assert_int_equal(parse_u64("18446744073709551616", &v), VMK_LIMIT_EXCEEDED);
	assert_int_equal(parse_u64("0x10000000000000000", &v), VMK_LIMIT_EXCEEDED);
	assert_int_equal(v, 77);
	assert_int_equal(parse_u64("18446744073709551615\n", &v), VMK_OK);
	assert_true(v == UINT64_MAX);
	assert_int_equal(parse_u64("0xAbC", &v), VMK_OK);
	assert_int_equal(v, 0xabc);
	assert_int_equal(parse_u64("007", &v), VMK_OK);
	assert_int_equal(v, 7);
	for (int i = 0; i < 1000; i++) {
		uint64_t want = rnd() >> rnd() % 64;
		char text[32];

		vmk_snprintf(text, sizeof(text), rnd() & 1 ? "%lu" : "%#lx", want);
		assert_int_equal(parse_u64(text, &v), VMK_OK);
		assert_true(v == want);
	}
}

static void test_plain(void **state)
{
	char word[8];

	(void)state;
	text_plain(word, "a b\"\n\x7f", sizeof(word), false);
	assert_string_equal(word, "a_b___");
	text_plain(word, "a b\tcdefg", sizeof(word), true);
	assert_string_equal(word, "a b_cde");
	text_plain(word, "\xc3\xa4", sizeof(word), false);
	assert_string_equal(word, "\xc3\xa4");
	text_plain(word, "ab", 1, true);
	assert_string_equal(word, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_format_fixed),  cmocka_unit_test(test_format_odd),
		cmocka_unit_test(test_format_random), cmocka_unit_test(test_strscpy),
		cmocka_unit_test(test_parse),	      cmocka_unit_test(test_plain),
	};

	return cmocka_run_group_tests(tests, seed_setup, NULL);
}
