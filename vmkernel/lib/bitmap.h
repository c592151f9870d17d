/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* Bitmaps in arrays of 64-bit words. Not atomic: the caller locks. */
#ifndef LIB_BITMAP_H
#define LIB_BITMAP_H

#include "lib/types.h"

#define BITMAP_WORDS(bits) (((bits) + 63u) / 64u)

static inline void bitmap_set(uint64_t *map, uint32_t bit)
{
	map[bit / 64] |= BIT(bit % 64);
}

static inline void bitmap_clear(uint64_t *map, uint32_t bit)
{
	map[bit / 64] &= ~BIT(bit % 64);
}

static inline bool bitmap_test(const uint64_t *map, uint32_t bit)
{
	return map[bit / 64] >> (bit % 64) & 1;
}

/* The lowest set bit at or after from, or bits if there is none. */
static inline uint32_t bitmap_next_set(const uint64_t *map, uint32_t bits, uint32_t from)
{
	while (from < bits) {
		uint64_t word = map[from / 64] >> (from % 64);

		if (word) {
			from += (uint32_t)__builtin_ctzll(word);
			return MIN(from, bits);
		}
		from = (from / 64 + 1) * 64;
	}
	return bits;
}

/* The lowest clear bit at or after from, or bits if there is none. */
static inline uint32_t bitmap_next_clear(const uint64_t *map, uint32_t bits, uint32_t from)
{
	while (from < bits) {
		uint64_t word = ~map[from / 64] >> (from % 64);

		if (word) {
			from += (uint32_t)__builtin_ctzll(word);
			return MIN(from, bits);
		}
		from = (from / 64 + 1) * 64;
	}
	return bits;
}

/* The lowest set (clear) bit, or bits. */
static inline uint32_t bitmap_first_set(const uint64_t *map, uint32_t bits)
{
	return bitmap_next_set(map, bits, 0);
}

static inline uint32_t bitmap_first_clear(const uint64_t *map, uint32_t bits)
{
	return bitmap_next_clear(map, bits, 0);
}

#endif
