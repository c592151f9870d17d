/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* sources: */
/*
 * Bugs on purpose, behind a word that only coverage leads to: scripts/fuzz replay looks
 * whether each is found, and by a search, too.
 */
#include <limits.h>

#include "fuzz.h"

static volatile int sink;

static int kind_of(const uint8_t *data, size_t size)
{
	if (size < 4 || data[0] != 'V' || data[1] != 'M' || data[2] != 'X')
		return 0;
	return data[3];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = fuzz_copy(data, size);
	volatile size_t beyond = size;
	volatile int big = INT_MAX;

	switch (kind_of(copy, size)) {
	case '1': /* ASan */
		sink = copy[beyond];
		break;
	case '2': /* UBSan */
		sink = big + 1;
		break;
	case '3': /* a requirement of the fuzzer's own */
		fuzz_require(size == 0);
		break;
	default:
		break;
	}
	free(copy);
	return 0;
}
