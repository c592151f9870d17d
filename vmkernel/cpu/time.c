// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * Time from the TSC: ns = (tsc - start) * mult >> 32, computed in 128 bits so
 * that it neither overflows nor drifts in any uptime a machine can reach.
 */
#include "cpu/time.h"
#include "cpu/x86.h"
#include "lib/types.h"

uint64_t tsc_khz;
static uint64_t tsc_start, wall_start;
static uint64_t mult_ns; /* ns per TSC unit, 32.32 */
static uint64_t mult_tsc; /* TSC units per ns, 32.32 */

void time_init(uint64_t khz, uint64_t wall_ns)
{
	tsc_khz = khz;
	tsc_start = rdtsc();
	wall_start = wall_ns;
	mult_ns = (NS_PER_MS << 32) / khz;
	mult_tsc = (khz << 32) / NS_PER_MS;
}

static inline uint64_t scale(uint64_t v, uint64_t mult)
{
	return (uint64_t)(((unsigned __int128)v * mult) >> 32);
}

uint64_t now_ns(void)
{
	return scale(rdtsc() - tsc_start, mult_ns);
}

uint64_t wall_clock_ns(void)
{
	return wall_start + now_ns();
}

uint64_t ns_to_tsc(uint64_t ns)
{
	return tsc_start + scale(ns, mult_tsc);
}

uint64_t tsc_to_ns(uint64_t tsc)
{
	return scale(tsc, mult_ns);
}

void delay_us(uint32_t us)
{
	uint64_t end = rdtsc() + (uint64_t)us * tsc_khz / 1000;

	while ((int64_t)(rdtsc() - end) < 0)
		cpu_relax();
}
