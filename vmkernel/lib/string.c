// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * The string functions of C. Bulk is moved in words of 8 bytes, four or
 * eight at a time: no vector registers are to be had here, and an emulator runs a plain
 * loop faster than REP. The compiler must not turn a loop in here back
 * into a call of the function that the loop is in.
 */
#include "lib/string.h"
#include <stdint.h>

#define NO_IDIOMS __attribute__((optimize("no-tree-loop-distribute-patterns")))

/* 8 bytes at any address, of any type. */
typedef uint64_t __attribute__((may_alias, aligned(1))) word_t;

#define WORD sizeof(word_t)

NO_IDIOMS void *memset(void *dst, int c, size_t len)
{
	uint64_t pattern = 0x0101010101010101ull * (uint8_t)c;
	uint8_t *d = dst;

	for (; len >= 8 * WORD; len -= 8 * WORD, d += 8 * WORD) {
		((word_t *)d)[0] = pattern;
		((word_t *)d)[1] = pattern;
		((word_t *)d)[2] = pattern;
		((word_t *)d)[3] = pattern;
		((word_t *)d)[4] = pattern;
		((word_t *)d)[5] = pattern;
		((word_t *)d)[6] = pattern;
		((word_t *)d)[7] = pattern;
	}
	for (; len >= WORD; len -= WORD, d += WORD)
		*(word_t *)d = pattern;
	for (; len; len--)
		*d++ = (uint8_t)c;
	return dst;
}

/* Low to high: right whenever dst lies below src or outside of it. */
NO_IDIOMS static void copy_up(uint8_t *d, const uint8_t *s, size_t len)
{
	for (; len >= 4 * WORD; len -= 4 * WORD, d += 4 * WORD, s += 4 * WORD) {
		uint64_t w0 = ((const word_t *)s)[0];
		uint64_t w1 = ((const word_t *)s)[1];
		uint64_t w2 = ((const word_t *)s)[2];
		uint64_t w3 = ((const word_t *)s)[3];

		((word_t *)d)[0] = w0;
		((word_t *)d)[1] = w1;
		((word_t *)d)[2] = w2;
		((word_t *)d)[3] = w3;
	}
	for (; len >= WORD; len -= WORD, d += WORD, s += WORD)
		*(word_t *)d = *(const word_t *)s;
	for (; len; len--)
		*d++ = *s++;
}

NO_IDIOMS static void copy_down(uint8_t *d, const uint8_t *s, size_t len)
{
	for (; len >= WORD; len -= WORD)
		*(word_t *)(d + len - WORD) = *(const word_t *)(s + len - WORD);
	for (; len; len--)
		d[len - 1] = s[len - 1];
}

void *memcpy(void *dst, const void *src, size_t len)
{
	copy_up(dst, src, len);
	return dst;
}

void *memmove(void *dst, const void *src, size_t len)
{
	if ((uintptr_t)dst - (uintptr_t)src >= len)
		copy_up(dst, src, len);
	else
		copy_down(dst, src, len);
	return dst;
}

int memcmp(const void *a, const void *b, size_t len)
{
	const uint8_t *x = a, *y = b;

	for (; len >= WORD && *(const word_t *)x == *(const word_t *)y; len -= WORD) {
		x += WORD;
		y += WORD;
	}
	for (; len; len--, x++, y++)
		if (*x != *y)
			return *x < *y ? -1 : 1;
	return 0;
}

NO_IDIOMS size_t strnlen(const char *s, size_t max)
{
	size_t len = 0;

	while (len < max && s[len])
		len++;
	return len;
}

size_t strlen(const char *s)
{
	return strnlen(s, SIZE_MAX);
}

int strncmp(const char *a, const char *b, size_t max)
{
	for (; max; max--, a++, b++) {
		if (*a != *b)
			return (uint8_t)*a < (uint8_t)*b ? -1 : 1;
		if (!*a)
			break;
	}
	return 0;
}

int strcmp(const char *a, const char *b)
{
	return strncmp(a, b, SIZE_MAX);
}
