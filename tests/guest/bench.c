// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * What an exit costs, in TSC units, which under QEMU's -icount are
 * instructions: prints "NAME FIGURE", the smallest of many tries, less the
 * two RDTSC around it. Wants 64 MiB.
 */
#include "guest.h"

#define TRIES 200
#define BLOCK 0x200000ull
#define FIRST_FREE 0xc00000ull
#define MEMORY 0x4000000ull
#define MSR_TSC_DEADLINE 0x6e0u
#define MSR_HWCR 0xc0010015u

static uint64_t empty;

#define MEASURE(name, insn)                         \
	do {                                        \
		uint64_t best = ~0ull;              \
		for (int i = 0; i < TRIES; i++) {   \
			uint64_t t = rdtsc();       \
			insn;                       \
			t = rdtsc() - t;            \
			best = t < best ? t : best; \
		}                                   \
		print(name " ");                    \
		print_dec(best - empty);            \
		print("\n");                        \
		if (!empty)                         \
			empty = best;               \
	} while (0)

/* From the moment the timer was set for to the first line of the handler, out of HLT. */
static void timer_wake(void)
{
	uint64_t best = ~0ull;

	mmio_write(LAPIC + 0xf0, 0x1ff);
	mmio_write(LAPIC + 0x320, 2u << 17 | 0x40); /* TSC deadline, vector 0x40 */
	trap_eoi = true;
	for (int i = 0; i < 20; i++) {
		uint64_t at = rdtsc() + 10000000, t;

		wrmsr(MSR_TSC_DEADLINE, at);
		__asm__ volatile("sti; hlt; cli");
		t = trap_tsc - at;
		best = t < best ? t : best;
	}
	trap_eoi = false;
	print("timer_wake ");
	print_dec(best);
	print("\n");
}

/* The first touch of 2 MiB of memory, the zeroing that it brings about included. */
static void nested_fault(void)
{
	uint64_t best = ~0ull;

	for (uint64_t at = FIRST_FREE; at < MEMORY; at += BLOCK) {
		uint64_t t = rdtsc();

		*(volatile uint64_t *)at = 1;
		t = rdtsc() - t;
		best = t < best ? t : best;
	}
	print("nested_fault ");
	print_dec(best - empty);
	print("\n");
}

int main(void)
{
	uint64_t far = rdtsc() + (1ull << 40);
	uint32_t r[4];

	MEASURE("empty", (void)0);
	MEASURE("cpuid", cpuid(0x80000000u, 0, r));
	MEASURE("cpuid_xstate", cpuid(0xd, 0, r));
	MEASURE("rdmsr", rdmsr(MSR_HWCR));
	MEASURE("wrmsr", wrmsr(MSR_HWCR, 0));
	mmio_write(LAPIC + 0x320, 2u << 17 | 0x40);
	MEASURE("wrmsr_timer", wrmsr(MSR_TSC_DEADLINE, far += 1000));
	wrmsr(MSR_TSC_DEADLINE, 0);
	MEASURE("port_pic", inb(0x21));
	MEASURE("port_pit", inb(0x40));
	MEASURE("port_unclaimed", inb(0x80));
	MEASURE("port_pm_timer", inl(0x608));
	MEASURE("port_uart", inb(0x3fd));
	MEASURE("mmio_lapic", mmio_read(LAPIC + 0x30));
	MEASURE("mmio_lapic_eoi", mmio_write(LAPIC + 0xb0, 0));
	MEASURE("mmio_ioapic", mmio_read(IOAPIC + 0x10));
	MEASURE("mmio_hole", mmio_read(0xd0000000));
	MEASURE("vmmcall_ud", FAULTS("vmmcall", , ));
	nested_fault();
	timer_wake();
	return 0;
}
