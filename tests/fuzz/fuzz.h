/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* What the fuzzers share: an input taken piece by piece, and what must hold. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the run with this input as the culprit. */
#define fuzz_require(cond)                                                                 \
	do {                                                                               \
		if (!(cond)) {                                                             \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #cond); \
			abort();                                                           \
		}                                                                          \
	} while (0)

struct fuzz {
	const uint8_t *at;
	size_t left;
};

/* The next bytes (at most 8) as a number; what is not there reads as zero. */
static inline uint64_t fuzz_take(struct fuzz *f, unsigned int bytes)
{
	uint64_t val = 0;

	for (unsigned int i = 0; i < bytes && f->left; i++, f->at++, f->left--)
		val |= (uint64_t)*f->at << 8 * i;
	return val;
}

/* The next len bytes, or fewer, into buf; the rest of it becomes zero. */
static inline void fuzz_fill(struct fuzz *f, void *buf, size_t len)
{
	size_t n = f->left < len ? f->left : len;

	memset(buf, 0, len);
	if (n)
		memcpy(buf, f->at, n);
	f->at += n;
	f->left -= n;
}

/* A block of exactly len bytes, so that the sanitizer sees the first one beyond it. */
static inline void *fuzz_copy(const void *data, size_t len)
{
	void *copy = malloc(len ? len : 1);

	if (len)
		memcpy(copy, data, len);
	return copy;
}

/* The same, with a NUL after it. */
static inline char *fuzz_text(const void *data, size_t len)
{
	char *copy = malloc(len + 1);

	if (len)
		memcpy(copy, data, len);
	copy[len] = 0;
	return copy;
}

#endif
