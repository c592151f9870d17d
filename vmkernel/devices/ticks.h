/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * Conversion between nanoseconds and ticks of a device clock, in 64-bit integers
 * only (no libgcc). Results that would not fit saturate. hz is 1 .. 18 GHz.
 */
#ifndef DEVICES_TICKS_H
#define DEVICES_TICKS_H

#include <stdint.h>

#define NS_PER_SEC 1000000000ull

/* Ticks that have wholly passed after ns. */
static inline uint64_t ns_to_ticks(uint64_t ns, uint64_t hz)
{
	return ns / NS_PER_SEC * hz + ns % NS_PER_SEC * hz / NS_PER_SEC;
}

/* The first ns at which that many ticks have passed: ns_to_ticks() of it is >= ticks. */
static inline uint64_t ticks_to_ns(uint64_t ticks, uint64_t hz)
{
	uint64_t sec = ticks / hz;
	uint64_t rest = ticks % hz;

	if (sec >= UINT64_MAX / NS_PER_SEC)
		return UINT64_MAX;
	return sec * NS_PER_SEC + (rest * NS_PER_SEC + hz - 1) / hz;
}

/* a + b, or UINT64_MAX where that would wrap. */
static inline uint64_t add_sat(uint64_t a, uint64_t b)
{
	return a + b < a ? UINT64_MAX : a + b;
}

#endif
