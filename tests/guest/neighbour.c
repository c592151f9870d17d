// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * A guest that minds its own business, beside those that do not: 8 MiB of memory, the registers
 * of SSE, debug registers, MSRs and the local APIC's timer are what it made them, or it says
 * "not ok". Each round it sums all of its memory, says so, and fills the memory anew.
 */
#include "guest.h"

#define MEMORY ((volatile uint64_t *)0x400000)
#define MEMORY_WORDS (1u << 20)
#define VECTOR 0x40

static const uint32_t msrs[] = {
	0x174,	    0x175,	0x176,	    0x277,	0xc0000081, 0xc0000082,
	0xc0000083, 0xc0000084, 0xc0000100, 0xc0000101, 0xc0000102, 0xc0000103,
};
#define MSRS (sizeof(msrs) / sizeof(msrs[0]))

static uint64_t round_nr;

static void must(const char *what, bool good, uint64_t got)
{
	if (!good)
		check(what, false, got);
}

/* Addresses for those that take nothing else; PAT takes types of memory, SYSENTER_CS 16 bits. */
static uint64_t msr_value(unsigned int i)
{
	if (msrs[i] == 0x277)
		return 0x0007040600070406ull ^ (round_nr & 1);
	return (uint32_t)((round_nr + i + 1) * 0x9e3779b1u) &
	       (msrs[i] == 0x174 ? 0xffff : 0x7fffffff);
}

static uint64_t fill(uint64_t key)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < MEMORY_WORDS; i++) {
		key = key * 6364136223846793005ull + 1442695040888963407ull;
		MEMORY[i] = key;
		sum += key;
	}
	return sum;
}

static uint64_t sum_up(void)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < MEMORY_WORDS; i++)
		sum += MEMORY[i];
	return sum;
}

static void set_registers(void)
{
	for (unsigned int i = 0; i < MSRS; i++)
		wrmsr(msrs[i], msr_value(i));
	__asm__ volatile("movq %0, %%xmm0; movq %0, %%xmm7; movq %0, %%xmm15; mov %1, %%dr0; "
			 "mov %1, %%dr3"
			 :
			 : "r"(round_nr * 3), "r"(round_nr * 5));
}

static void check_registers(void)
{
	uint64_t xmm[3], dr[2], val;

	for (unsigned int i = 0; i < MSRS; i++) {
		val = rdmsr(msrs[i]);
		must("an MSR is what it was", val == msr_value(i), val);
	}
	__asm__ volatile("movq %%xmm0, %0; movq %%xmm7, %1; movq %%xmm15, %2; mov %%dr0, %3; "
			 "mov %%dr3, %4"
			 : "=r"(xmm[0]), "=r"(xmm[1]), "=r"(xmm[2]), "=r"(dr[0]), "=r"(dr[1]));
	for (int i = 0; i < 3; i++)
		must("an XMM register is what it was", xmm[i] == round_nr * 3, xmm[i]);
	must("DR0 is what it was", dr[0] == round_nr * 5, dr[0]);
	must("DR3 is what it was", dr[1] == round_nr * 5, dr[1]);
}

/* The sum, the time of the processor and ticks of its timer: one line a round. */
static void tell(uint64_t sum)
{
	print("round ");
	print_dec(round_nr);
	print(" sum ");
	print_hex(sum);
	print(" ticks ");
	print_dec(trap_count[VECTOR]);
	print("\n");
}

int main(void)
{
	uint64_t sum, now, before = rdtsc(), ticks, stray = 0;

	trap_eoi = true;
	mmio_write(LAPIC + 0xf0, 0x1ff);
	mmio_write(LAPIC + 0x3e0, 0xb);
	mmio_write(LAPIC + 0x320, 0x20000 | VECTOR);
	mmio_write(LAPIC + 0x380, 1000000);
	__asm__ volatile("sti");
	for (round_nr = 1;; round_nr++) {
		ticks = trap_count[VECTOR];
		set_registers();
		sum = fill(round_nr);
		must("memory is what it was", sum_up() == sum, sum);
		check_registers();
		now = rdtsc();
		must("time goes on", (int64_t)(now - before) > 0, before - now);
		before = now;
		/* It sleeps, too: what wakes it is its own timer. */
		while (trap_count[VECTOR] == ticks)
			__asm__ volatile("hlt");
		for (int i = 0; i < 256; i++)
			stray += i != VECTOR ? trap_count[i] : 0;
		must("no interrupt but its own", stray == 0, stray);
		tell(sum);
	}
}
