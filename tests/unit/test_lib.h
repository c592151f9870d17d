/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* What the tests of the vmkernel's lower layers share: headers, random numbers. */
#ifndef TEST_LIB_H
#define TEST_LIB_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "error.h"

static uint64_t random_state = 1;

/* splitmix64 */
static inline uint64_t rnd(void)
{
	uint64_t z = random_state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

/* lo .. hi */
static inline uint64_t rnd_between(uint64_t lo, uint64_t hi)
{
	return lo + rnd() % (hi - lo + 1);
}

/* A new seed, or that of the environment's SEED; printed to repeat a run. */
static inline int seed_setup(void **state)
{
	const char *env = getenv("SEED");
	struct timespec ts;

	(void)state;
	clock_gettime(CLOCK_REALTIME, &ts);
	random_state = env ? strtoull(env, NULL, 0)
			   : (uint64_t)ts.tv_sec << 30 ^ (uint64_t)ts.tv_nsec;
	printf("# SEED=%#llx\n", (unsigned long long)random_state);
	return 0;
}

#endif
