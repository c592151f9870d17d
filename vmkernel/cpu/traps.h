/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* The vmkernel's exceptions and interrupts: one IDT for all PCPUs, stacks by IST. */
#ifndef CPU_TRAPS_H
#define CPU_TRAPS_H

#include <stdbool.h>
#include <stdint.h>

/* What traps.S leaves on the stack (APM vol. 2, 8.9.3). */
struct trap_frame {
	uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
	uint64_t rbp, rdi, rsi, rdx, rcx, rbx, rax;
	uint64_t vector, error;
	uint64_t rip, cs, rflags, rsp, ss;
};

#define IDT_ENTRIES 256
#define TRAP_STUB_BYTES 16

extern uint64_t idt[IDT_ENTRIES][2];
extern const uint8_t trap_stubs[]; /* IDT_ENTRIES of TRAP_STUB_BYTES each */

/* All gates, with the interrupt stacks for #DF, NMI and #MC. Once, before any PCPU has its TSS. */
void traps_init(void);

/* Points the running PCPU's IDTR at the IDT. */
void traps_load(void);

/* After LGDT with the running PCPU's GDT: CS, SS and TR from it (cpu/segments.S). */
void cpu_reload_segments(void);

/*
 * Whose all other interrupts are, once the console is sealed: they come on PCPU 0, seldom
 * elsewhere. NULL: on PCPU 0 they do not come to us. Called with interrupts off, where no lock
 * is held; ends the interrupt.
 */
extern void (*trap_console_irq)(uint8_t vector);

/* Called by traps.S with interrupts off. True: it was an NMI of the console's, end without IRET. */
bool trap_dispatch(struct trap_frame *frame);

/*
 * The NMI latch of the crossing: NMIs on the console's processor are the console's. Set by
 * boot/entry.S before any NMI can come here.
 */
extern volatile uint64_t *nmi_latch;

struct crossing;

/* The crossing jumps here when it takes a fault, on the vmkernel's tables and stack. No return. */
void crossing_panic(const struct crossing *x);

#endif
