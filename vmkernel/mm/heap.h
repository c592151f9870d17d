/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * The heap: objects up to 2048 bytes come from slabs of one power-of-two size
 * class, larger ones (up to 2 MiB) are whole page blocks. Every object is
 * aligned to its size class, at least 32. Any PCPU. A bad or second free is our bug: panic.
 */
#ifndef MM_HEAP_H
#define MM_HEAP_H

#include "lib/types.h"

#define HEAP_CLASS_MIN_SHIFT 5u /* 32 bytes */
#define HEAP_CLASSES 7u /* 32 .. 2048 bytes */
#define HEAP_MAX LARGE_PAGE_SIZE

/* Zeroed memory, or NULL: none left, size 0 or beyond HEAP_MAX. */
void *heap_alloc(size_t size) __attribute__((malloc));

/* NULL is allowed. */
void heap_free(void *ptr);

/* Empty slabs, of which each class keeps one, go back to the pages. */
void heap_trim(void);

struct heap_stats {
	uint64_t allocs, frees, failures; /* calls so far; allocs - frees objects live */
	uint64_t bytes; /* in live objects, rounded up to what they occupy */
	uint64_t live[HEAP_CLASSES]; /* small objects by class */
	uint64_t slabs; /* slab blocks held, empty ones included */
	uint64_t large; /* large objects live */
};

void heap_get_stats(struct heap_stats *stats);

/* Live objects: what a leak test compares. */
uint64_t heap_live(void);

#endif
