// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * A guest that means harm. From a seed (boot_arg) follow operations without end: ports,
 * device memory by instructions of any form, MSRs, CPUID, control and debug registers, modes,
 * page tables, interrupts, calls of the backdoor, instructions of SVM, noise. What it does to
 * itself is put right after each program of PROGRAM operations. A line for each program
 * says how far it has come; what nobody puts right (a triple fault) is the end of this seed.
 */
#include "hostile.h"

#define PROGRAM 64u
#define TRACE 0x80000000u /* in the seed: name each operation */

static uint64_t random_state;
static uint64_t done;
static uint32_t seed, restarts;

uint32_t rnd(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)(random_state >> 16);
}

uint64_t rnd64(void)
{
	return (uint64_t)rnd() << 32 | rnd();
}

/* Each program has a seed of its own, whatever befell the one before. */
static void reseed(void)
{
	random_state = (uint64_t)seed << 32 | (done / PROGRAM + 1);
	random_state *= 0x9e3779b97f4a7c15ull;
	for (int i = 0; i < 8; i++)
		rnd();
}

static void tables_init(void)
{
	for (unsigned int i = 0; i < 512; i++)
		pml4[i] = 0;
	pml4[0] = (uint64_t)pdpt | 3 | 4;
	for (unsigned int i = 0; i < 512; i++)
		pdpt[i] = i < 4 ? ((uint64_t)pds + i * 4096) | 7 : 0;
	/* Of what is beyond memory only what strange_address() knows: noise finds nothing there. */
	for (unsigned int i = 0; i < 2048; i++)
		pds[i] = i <= MEMORY_END >> 21 ? (uint64_t)i << 21 | 0x83 : 0;
	for (unsigned int i = 0; i < STRANGE_PLACES; i++)
		if (places[i] != STRANGE)
			pds[places[i] >> 21] = (places[i] & ~0x1fffffull) | 0x83;
	pds[USER >> 21] |= 4;
	pds[USER_ALIAS >> 21] = USER | 0x83;
	for (unsigned int i = 0; i < 512; i++) {
		pdpt_pae[i] = i < 4 ? ((uint64_t)pds + i * 4096) | 1 : 0;
		((uint32_t *)pd_32)[i] = i << 22 | 0x83;
		((uint32_t *)pd_32)[i + 512] = (i + 512) << 22 | 0x83;
	}
}

static void low_memory_init(void)
{
	const uint32_t handler = 0x7000u + (uint32_t)(real_handler - real_start);
	volatile uint8_t *low = (volatile uint8_t *)(uintptr_t)0x7000;

	for (unsigned int i = 0; i < 256; i++)
		((volatile uint32_t *)(uintptr_t)0x1000)[i] = 0;
	/* The vectors of real mode; address 0 is one that the compiler would rather not write. */
	for (uint64_t i = 0; i < 256; i++)
		__asm__ volatile("movl %0, (%1)" : : "r"(handler), "r"(i * 4) : "memory");
	for (unsigned int i = 0; i < (unsigned int)(real_end - real_start); i++)
		low[i] = real_start[i];
	for (unsigned int i = 0; i < 6; i++)
		low[0xe10 + i] = gdtr2[i];
}

static void devices_init(void)
{
	wrmsr(0x1b, LAPIC);
	wrmsr(0x1b, LAPIC | 0x800);
	mmio_write(LAPIC + 0xf0, 0x1ff);
	mmio_write(LAPIC + 0x80, 0);
	mmio_write(LAPIC + 0x380, 0);
	for (uint32_t lvt = 0x320; lvt <= 0x370; lvt += 0x10)
		mmio_write(LAPIC + lvt, 0x10000);
	for (int i = 0; i < 256; i++)
		mmio_write(LAPIC + 0xb0, 0);
	for (uint32_t pin = 0; pin < 24; pin++) {
		mmio_write(IOAPIC, 0x10 + 2 * pin);
		mmio_write(IOAPIC + 0x10, 0x10000);
	}
	outb(0x21, 0xff), outb(0xa1, 0xff);
	outb(0x3f8 + 3, 3), outb(0x3f8 + 1, 0), outb(0x3f8 + 2, 1), outb(0x3f8 + 4, 3);
}

static void set_right(void)
{
	machine_init();
	tables_init();
	low_memory_init();
	devices_init();
	/* All pages, the global ones, too. */
	__asm__ volatile("mov %0, %%cr4; mov %1, %%cr4; mov %2, %%cr3"
			 :
			 : "r"(0x6a0ull), "r"(0x620ull), "r"((uint64_t)pml4)
			 : "memory");
}

static void tell(void)
{
	uint64_t sum = 0;

	for (int i = 0; i < 32; i++)
		sum += caught[i];
	print("\nhostile ");
	print_dec(seed);
	print(" at ");
	print_dec(done);
	print(" exceptions ");
	print_dec(sum);
	print(" restarts ");
	print_dec(restarts);
	print("\n");
}

/* With TRACE: what runs next. The line may be anything's by now: it is for people to look at. */
void trace(const uint64_t *code, const struct regs *r)
{
	if (!(boot_arg & TRACE))
		return;
	print_dec(done);
	print(" ");
	if ((uint64_t)code < MEMORY_END - 8)
		print_hex(__builtin_bswap64(*code));
	print(" rax ");
	print_hex(r->rax);
	print(" rbx ");
	print_hex(r->rbx);
	print(" rcx ");
	print_hex(r->rcx);
	print(" rdx ");
	print_hex(r->rdx);
	print("\n");
}

static void programs(void) __attribute__((noreturn));
static void programs(void)
{
	for (;;) {
		set_right();
		tell();
		reseed();
		for (unsigned int i = 0; i < PROGRAM; i++) {
			interrupts_left = 100;
			steps_left = 64;
			operation();
		}
		done += PROGRAM;
	}
}

/* The interpreter was hit by an exception: the next program. */
void again(void)
{
	restarts++;
	done += PROGRAM;
	programs();
}

int main(void)
{
	seed = boot_arg & ~TRACE;
	programs();
}
