// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/* What micro-guests share: output, exceptions, the power switch. */
#include "guest.h"

#define COM1 0x3f8
#define PM1_CONTROL 0x604
#define SLEEP_S5 (7u << 10 | 1u << 13)

volatile uint64_t trap_count[256];
volatile uint64_t trap_error, trap_rip, trap_cr2, trap_tsc, resume_rip;
volatile bool trap_eoi;
void (*volatile trap_nmi)(void);

void putch(char c)
{
	while (!(inb(COM1 + 5) & 0x20))
		;
	outb(COM1, (uint8_t)c);
}

void print(const char *text)
{
	while (*text)
		putch(*text++);
}

void print_hex(uint64_t val)
{
	print("0x");
	for (int shift = 60; shift >= 0; shift -= 4)
		putch("0123456789abcdef"[val >> shift & 15]);
}

void print_dec(uint64_t val)
{
	char buf[24];
	int i = 24;

	buf[--i] = 0;
	do
		buf[--i] = (char)('0' + val % 10);
	while (val /= 10);
	print(buf + i);
}

void check(const char *name, bool good, uint64_t got)
{
	print(good ? "ok " : "not ok ");
	print(name);
	if (!good) {
		print(" (got ");
		print_hex(got);
		print(")");
	}
	print("\n");
}

void power_off(void)
{
	outw(PM1_CONTROL, SLEEP_S5);
	for (;;)
		__asm__ volatile("cli; hlt");
}

void trap(struct trap_frame *f)
{
	trap_tsc = rdtsc();
	trap_count[f->vector]++;
	trap_error = f->error;
	trap_rip = f->rip;
	__asm__ volatile("mov %%cr2, %0" : "=r"(trap_cr2));
	if (f->vector >= 32) {
		if (trap_eoi)
			mmio_write(LAPIC + 0xb0, 0);
		return;
	}
	if (f->vector == 2 && trap_nmi)
		trap_nmi();
	if (f->vector == 2 || f->vector == 1)
		return;
	if (resume_rip) {
		f->rip = resume_rip;
		/* Ring 3 ends that way. */
		f->cs = 8;
		f->ss = 0x10;
		resume_rip = 0;
		return;
	}
	print("not ok exception ");
	print_dec(f->vector);
	print(" error ");
	print_hex(f->error);
	print(" at ");
	print_hex(f->rip);
	print(" cr2 ");
	print_hex(trap_cr2);
	print("\n");
	power_off();
}

void triple_fault(void)
{
	static const struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) none = { 0, 0 };

	__asm__ volatile("lidt %0; ud2" : : "m"(none));
}
