/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * What micro-guests share: they run in a VM without any operating system,
 * in ring 0 of 64-bit mode, and report through the serial port.
 */
#ifndef GUEST_H
#define GUEST_H

#include <stdbool.h>
#include <stdint.h>

int main(void);
extern uint32_t boot_arg; /* what micro_guest was told */

/* guest.c */
void putch(char c);
void print(const char *text);
void print_hex(uint64_t val);
void print_dec(uint64_t val);
/* "ok NAME" or "not ok NAME (got VAL)". */
void check(const char *name, bool good, uint64_t got);
void power_off(void) __attribute__((noreturn));

/* The last exception, and what to do with the next: */
struct trap_frame {
	uint64_t r11, r10, r9, r8, rdi, rsi, rdx, rcx, rax;
	uint64_t vector, error, rip, cs, rflags, rsp, ss;
};
extern volatile uint64_t trap_count[256];
extern volatile uint64_t trap_error, trap_rip, trap_cr2, trap_tsc;
extern volatile uint64_t resume_rip; /* go on here; 0: an exception is the end */
extern volatile bool trap_eoi; /* tell the local APIC after an interrupt */
extern void (*volatile trap_nmi)(void); /* called in the handler, if set */
void trap(struct trap_frame *f);

extern uint64_t pml4[], pdpt[], pds[], idt[], gdt[];

/* Runs one instruction that may fault; true if it did. outputs, inputs: asm operands. */
#define FAULTS(insn, outputs, inputs)                                                \
	({                                                                           \
		uint64_t before_ = 0, after_ = 0;                                    \
		for (int i_ = 0; i_ < 32; i_++)                                      \
			before_ += trap_count[i_];                                   \
		__asm__ volatile("movabs $1f, %%r10; mov %%r10, resume_rip\n\t" insn \
				 "\n1: movq $0, resume_rip"                          \
				 : outputs:inputs                                    \
				 : "r10", "memory", "cc");                           \
		for (int i_ = 0; i_ < 32; i_++)                                      \
			after_ += trap_count[i_];                                    \
		after_ != before_;                                                   \
	})
#define LIST(...) __VA_ARGS__

static inline void outb(uint16_t port, uint8_t v)
{
	__asm__ volatile("outb %0, %1" : : "a"(v), "Nd"(port));
}

static inline uint8_t inb(uint16_t port)
{
	uint8_t v;

	__asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

static inline void outw(uint16_t port, uint16_t v)
{
	__asm__ volatile("outw %0, %1" : : "a"(v), "Nd"(port));
}

static inline uint32_t inl(uint16_t port)
{
	uint32_t v;

	__asm__ volatile("inl %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

static inline uint64_t rdtsc(void)
{
	uint32_t lo, hi;

	__asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi));
	return (uint64_t)hi << 32 | lo;
}

static inline uint64_t rdmsr(uint32_t msr)
{
	uint32_t lo, hi;

	__asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
	return (uint64_t)hi << 32 | lo;
}

static inline void wrmsr(uint32_t msr, uint64_t v)
{
	__asm__ volatile("wrmsr" : : "c"(msr), "a"((uint32_t)v), "d"((uint32_t)(v >> 32)));
}

static inline void cpuid(uint32_t leaf, uint32_t sub, uint32_t r[4])
{
	__asm__ volatile("cpuid"
			 : "=a"(r[0]), "=b"(r[1]), "=c"(r[2]), "=d"(r[3])
			 : "a"(leaf), "c"(sub));
}

static inline uint32_t mmio_read(uint64_t addr)
{
	return *(volatile uint32_t *)addr;
}

static inline void mmio_write(uint64_t addr, uint32_t v)
{
	*(volatile uint32_t *)addr = v;
}

#define LAPIC 0xfee00000ull
#define IOAPIC 0xfec00000ull

/* Ends the machine: an exception without a table to take it from. */
void triple_fault(void);

#endif
