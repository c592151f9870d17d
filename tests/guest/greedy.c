// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * Guests that want all the time that they can get: the low byte of boot_arg says how, the rest is
 * the length of the scheduler's slice in us. Each does the same units of work, as fast as it can,
 * and tells every PER_LINE how many it has done since its start. The thief sleeps a moment before
 * each end of its slice, so that no tick ever finds it running.
 */
#include "guest.h"

#define UNIT_ROUNDS 1000u
#define PER_LINE 1000u
#define VECTOR 0x40

#define BEFORE_NS 100000u /* so long before the end of its slice the thief goes to sleep */
#define SLEEP_NS 20000u

enum way {
	SPINS, /* with interrupts off */
	THIEF, /* sleeps before the slice is over */
	EXITS, /* as fast as can be */
	FAULTS_AT_ONCE, /* triple faults, which are resets */
	FAULTS_LATE, /* works nearly a slice before each of them */
};

static uint64_t units, tsc_khz;

/* The same instructions for everybody. */
static void work(void)
{
	uint32_t n = UNIT_ROUNDS;

	__asm__ volatile("1: dec %0; jnz 1b" : "+r"(n));
	if (++units % PER_LINE)
		return;
	print("units ");
	print_dec(units);
	print("\n");
}

static void work_until(uint64_t tsc)
{
	while ((int64_t)(rdtsc() - tsc) < 0)
		work();
}

/* Until just before the end of a slice that begins now. */
static void work_nearly_a_slice(void)
{
	uint64_t ns = (boot_arg >> 8) * 1000ull - BEFORE_NS;

	work_until(rdtsc() + ns * tsc_khz / 1000000);
}

/* VMware's leaf of the TSC's rate. */
static void find_tsc_khz(void)
{
	uint32_t r[4];

	cpuid(0x40000010, 0, r);
	tsc_khz = r[0];
}

/* Woken, it runs: a slice begins about then. */
static void thief(void)
{
	uint64_t wakes;

	trap_eoi = true;
	mmio_write(LAPIC + 0xf0, 0x1ff);
	mmio_write(LAPIC + 0x3e0, 0xb);
	mmio_write(LAPIC + 0x320, VECTOR);
	for (;;) {
		wakes = trap_count[VECTOR];
		mmio_write(LAPIC + 0x380, SLEEP_NS);
		/* The timer may come only once the processor sleeps. */
		while (trap_count[VECTOR] == wakes)
			__asm__ volatile("sti; hlt; cli");
		work_nearly_a_slice();
	}
}

static void exits(void)
{
	for (;;)
		inb(0x80);
}

int main(void)
{
	find_tsc_khz();
	switch (boot_arg & 0xff) {
	case THIEF:
		thief();
		break;
	case EXITS:
		exits();
		break;
	case FAULTS_LATE:
		work_nearly_a_slice();
		triple_fault();
		break;
	case FAULTS_AT_ONCE:
		triple_fault();
		break;
	default: /* SPINS */
		for (;;)
			work();
	}
	return 0;
}
