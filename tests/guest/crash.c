// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * Ways for a guest to end, one for each number: boot_arg says which. Whoever
 * gets to the end of main() has survived and switches itself off.
 */
#include "guest.h"

#define NOWHERE 0xd0000000ull /* no memory is there */

/* A new top table entry behind which nothing is. */
static void table_nowhere(void)
{
	pml4[1] = NOWHERE | 7;
	mmio_read(1ull << 39);
}

static void interrupt_with_stack_nowhere(void)
{
	__asm__ volatile("mov %0, %%rsp; ud2" : : "r"(NOWHERE + 0x800));
}

static void jump_nowhere(void)
{
	uint64_t n = trap_count[6];

	FAULTS("mov $0xd0000000, %%eax; jmp *%%rax", , );
	check("code from nowhere is #UD", trap_count[6] == n + 1, trap_rip);
}

static void sse_to_nowhere(void)
{
	__asm__ volatile("movups (%0), %%xmm0" : : "r"(NOWHERE));
}

static void push_to_nowhere(void)
{
	__asm__ volatile("mov %0, %%rsp; push %%rax" : : "r"(NOWHERE + 0x800));
}

static void hlt_for_ever(void)
{
	__asm__ volatile("cli; hlt");
}

static void spin_for_ever(void)
{
	for (;;)
		__asm__ volatile("cli");
}

static void reset_by_port(void)
{
	outb(0xcf9, 6);
	hlt_for_ever();
}

static void reset_by_keyboard(void)
{
	outb(0x64, 0xfe);
	hlt_for_ever();
}

static void init_to_itself(void)
{
	mmio_write(LAPIC + 0xf0, 0x1ff);
	mmio_write(LAPIC + 0x300, 0x44500);
	hlt_for_ever();
}

/* Exits as fast as can be. */
static void exits_for_ever(void)
{
	for (;;)
		inb(0x80);
}

int main(void)
{
	static void (*const ways[])(void) = {
		table_nowhere,	 interrupt_with_stack_nowhere,
		jump_nowhere,	 sse_to_nowhere,
		push_to_nowhere, triple_fault,
		hlt_for_ever,	 spin_for_ever,
		reset_by_port,	 reset_by_keyboard,
		init_to_itself,	 exits_for_ever,
	};

	if (boot_arg < sizeof(ways) / sizeof(ways[0]))
		ways[boot_arg]();
	return 0;
}
