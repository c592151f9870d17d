// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * What the vmkernel does with an exception or interrupt. The two vectors it
 * asked for only leave a mark that the PCPU's loop looks at; an NMI on the
 * console's processor is latched for the console; anything else is a bug.
 */
#include "cpu/traps.h"
#include "cpu/apic.h"
#include "cpu/pcpu.h"
#include "cpu/x86.h"
#include "debug/panic.h"
#include "types.h"
#include "crossing.h"

#define FIRST_IRQ 32u /* vectors below are exceptions */
#define GATE_INTERRUPT 0x8eull /* present, DPL 0, 64-bit interrupt gate */

uint64_t idt[IDT_ENTRIES][2] __attribute__((aligned(4096)));
volatile uint64_t *nmi_latch;
void (*trap_console_irq)(uint8_t vector);
/* Until traps_init: PCPU 0 has neither struct nor TSS. */
static bool early = true;
static const char *const trap_names[] = {
	"Divide Error",
	"Debug",
	"NMI",
	"Breakpoint",
	"Overflow",
	"Bound Range",
	"Invalid Opcode",
	"Device Not Available",
	"Double Fault",
	"Vector 9",
	"Invalid TSS",
	"Segment Not Present",
	"Stack Fault",
	"General Protection",
	"Page Fault",
	"Vector 15",
	"x87 FPU Error",
	"Alignment Check",
	"Machine Check",
	"SIMD Error",
	"Virtualization",
	"Control Protection",
};

static void set_gate(unsigned int vector, unsigned int ist)
{
	uint64_t handler = (uint64_t)&trap_stubs[vector * TRAP_STUB_BYTES];

	idt[vector][0] = (handler & 0xffff) | ((uint64_t)WS_SEL_VMK_CS << 16) |
			 ((uint64_t)ist << 32) | (GATE_INTERRUPT << 40) |
			 ((handler >> 16 & 0xffff) << 48);
	idt[vector][1] = handler >> 32;
}

void traps_init(void)
{
	for (unsigned int v = 0; v < IDT_ENTRIES; v++)
		set_gate(v, 0);
	set_gate(8, PCPU_STACK_DF);
	set_gate(2, PCPU_STACK_NMI);
	set_gate(18, PCPU_STACK_MC);
	early = false;
}

void traps_load(void)
{
	struct ws_dtr idtr = { .limit = sizeof(idt) - 1, .base = (uint64_t)idt };

	asm volatile("lidt %0" : : "m"(idtr.limit), "m"(idtr.base));
}

#define ULL(x) ((unsigned long long)(x))

static struct panic_regs regs_of(const struct trap_frame *f)
{
	return (struct panic_regs){
		.rax = f->rax,
		.rbx = f->rbx,
		.rcx = f->rcx,
		.rdx = f->rdx,
		.rsi = f->rsi,
		.rdi = f->rdi,
		.rbp = f->rbp,
		.rsp = f->rsp,
		.r8 = f->r8,
		.r9 = f->r9,
		.r10 = f->r10,
		.r11 = f->r11,
		.r12 = f->r12,
		.r13 = f->r13,
		.r14 = f->r14,
		.r15 = f->r15,
		.rip = f->rip,
		.rflags = f->rflags,
	};
}

static void print_frame(const struct trap_frame *f, const struct panic_regs *regs)
{
	panic_line("frame=%p cr2=0x%llx cr3=0x%llx cr4=0x%llx cs=0x%llx ss=0x%llx error=0x%llx",
		   (const void *)f, ULL(read_cr2()), ULL(read_cr3()), ULL(read_cr4()), ULL(f->cs),
		   ULL(f->ss), ULL(f->error));
	panic_print_regs(regs);
}

/* What is reported is taken away: the console would report it again (APM vol. 2, 9.3). */
static void print_machine_check(void)
{
	uint32_t banks = (uint32_t)rdmsr(MSR_MCG_CAP) & 0xff;

	panic_line("MCG_STATUS=0x%llx", ULL(rdmsr(MSR_MCG_STATUS)));
	for (uint32_t i = 0; i < banks; i++) {
		uint64_t status = rdmsr(MSR_MC0_STATUS + 4 * i);

		if (!(status & MC_STATUS_VAL))
			continue;
		panic_line("bank %u: status=0x%llx", i, ULL(status));
		wrmsr(MSR_MC0_STATUS + 4 * i, 0);
	}
	wrmsr(MSR_MCG_STATUS, 0);
}

static void __attribute__((noreturn)) trap_panic(const struct trap_frame *f)
{
	const char *name = f->vector < ARRAY_SIZE(trap_names) ? trap_names[f->vector] : "Interrupt";
	const struct panic_regs regs = regs_of(f);
	bool first;

	panic_note(&regs);
	first = panic_begin();
	if (first) {
		panic_reason("Exception %llu (%s) on PCPU %u", ULL(f->vector), name,
			     early ? 0 : this_pcpu()->id);
		print_frame(f, &regs);
		if (f->vector == 18)
			print_machine_check();
		panic_backtrace(f->rip, f->rbp);
	}
	panic_end(first);
}

static void __attribute__((noreturn)) stop_with_others(const struct trap_frame *f)
{
	const struct panic_regs regs = regs_of(f);

	panic_note(&regs);
	panic_end(false);
}

bool trap_dispatch(struct trap_frame *frame)
{
	struct pcpu *pcpu = this_pcpu();

	if (early && frame->vector == 2) {
		(*nmi_latch)++;
		return true;
	}
	switch (frame->vector) {
	case VEC_TIMER:
	case VEC_KICK:
		pcpu->irqs++;
		pcpu->kicks += frame->vector == VEC_KICK;
		pcpu->need_resched = true;
		apic_eoi();
		return false;
	case VEC_NOTHING:
		apic_eoi();
		return false;
	case VEC_SPURIOUS:
		return false;
	case 2:
		pcpu->nmis++;
		/* Nobody stops a console's processor by NMI, unless it is sealed: this is the
		 * console's, panic or not, and a report that is being written goes on. */
		if (panic_happened() && (!pcpu->is_console || trap_console_irq))
			stop_with_others(frame);
		if (!pcpu->is_console)
			return false;
		(*nmi_latch)++;
		/* Sealed, the PCPU's loop must look: also if it is just going to sleep. */
		if (trap_console_irq)
			pcpu_kick(pcpu->id);
		return !trap_console_irq;
	default:
		if (frame->vector < FIRST_IRQ || !trap_console_irq)
			trap_panic(frame);
		trap_console_irq((uint8_t)frame->vector);
		return false;
	}
}

void crossing_panic(const struct crossing *x)
{
	bool first = panic_begin();

	if (first) {
		panic_reason("Exception %llu inside the crossing, ip=0x%llx error=0x%llx",
			     ULL(x->fault_vector - 1), ULL(x->fault_rip), ULL(x->fault_code));
		if (x->fault_vector - 1 == 18)
			print_machine_check();
	}
	panic_end(first);
}
