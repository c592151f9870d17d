/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * What the tests of device models share: a clock that moves when told, an interrupt
 * line that counts, and random numbers from a printed seed (set SEED to repeat a run).
 */
#ifndef TEST_DEV_H
#define TEST_DEV_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "devices/device.h"

#define MS 1000000ull
#define SEC 1000000000ull

struct fake_line {
	int level;
	unsigned int rises;
};

static uint64_t fake_ns;

static inline uint64_t fake_now(void *opaque)
{
	return fake_ns + (opaque ? *(uint64_t *)opaque : 0);
}

static const struct dev_clock fake_clock = { fake_now, NULL };

static inline void fake_line_set(void *opaque, int level)
{
	struct fake_line *line = opaque;

	line->rises += level && !line->level;
	line->level = !!level;
}

static inline struct dev_irq fake_irq(struct fake_line *line)
{
	*line = (struct fake_line){ 0 };
	return (struct dev_irq){ fake_line_set, line };
}

static uint64_t rnd_state;

static inline uint64_t rnd(void)
{
	rnd_state ^= rnd_state << 13;
	rnd_state ^= rnd_state >> 7;
	rnd_state ^= rnd_state << 17;
	return rnd_state;
}

/* A random value that is often an interesting one. */
static inline uint64_t rnd_value(void)
{
	switch (rnd() % 6) {
	case 0:
		return 0;
	case 1:
		return UINT64_MAX;
	case 2:
		return 1ull << rnd() % 64;
	case 3:
		return rnd() & 0xff;
	default:
		return rnd();
	}
}

static inline void rnd_seed(const char *test)
{
	const char *env = getenv("SEED");
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	rnd_state = env ? strtoull(env, NULL, 0) : (uint64_t)ts.tv_nsec << 20 ^ (uint64_t)ts.tv_sec;
	rnd_state |= 1;
	printf("%s: SEED=%#llx\n", test, (unsigned long long)rnd_state);
}

#endif
