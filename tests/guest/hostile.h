/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * The hostile guest: hostile.c is the program, hostile_ops.c its operations, hostile_code.c
 * makes instructions, hostile_low.S runs them and catches what they do.
 */
#ifndef HOSTILE_H
#define HOSTILE_H

#include "guest.h"

/* Memory above the image. USER is also seen at USER_ALIAS, by ring 0 alone. */
#define USER 0x800000ull
#define USER_ALIAS 0xa00000ull
#define SANDBOX 0xc00000ull /* 4 MiB that anything may be written to */
#define SANDBOX_SIZE 0x400000ull
#define MEMORY_END 0x1000000ull
#define LOW_CODE 0x8000ull /* what runs in 16- and 32-bit modes */
#define STRANGE 0x40000000ull /* whose page tables are noise */

/* What an instruction is given: in the order of the processor's numbers. */
struct regs {
	uint64_t rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi;
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
	uint64_t flags;
	uint64_t user; /* 1: in ring 3 */
};

/* hostile_low.S */
void execute(const void *code, const struct regs *r);
/* From 64-bit mode through others and back; kind: one TRIP_ bit for each. */
void trip(uint64_t kind, uint64_t address, uint64_t port, uint64_t value);
#define TRIP_NO_PAGING 1
#define TRIP_32_PAGING 2
#define TRIP_PAE 4
#define TRIP_REAL 8
#define TRIP_TASK 16
void execute_end(void);
extern const uint8_t real_start[], real_end[], real_handler[], gdtr2[];
extern uint8_t stack_top[];
void again(void) __attribute__((noreturn));
void machine_init(void);
extern uint8_t code_buffer[4096];
extern uint64_t pdpt_pae[], pd_32[];
extern volatile uint64_t caught[256], interrupts_left, steps_left;

/* hostile.c */
uint32_t rnd(void);
uint64_t rnd64(void);
void trace(const uint64_t *code, const struct regs *r);
static inline uint32_t below(uint32_t n)
{
	return (uint32_t)((uint64_t)rnd() * n >> 32);
}
static inline bool rarely(uint32_t n)
{
	return !below(n);
}

/* hostile_code.c: an instruction at p, with what is around it; the end jumps to execute_end. */
/* device: mostly what is emulated for devices; anything else ends the VM there. */
void make_memory_insn(uint8_t *p, bool device);
void make_noise(uint8_t *p);
void make_user(uint8_t *p);
void make_end(uint8_t *p);
void without_qemu_bugs(uint8_t *from, const uint8_t *to);

#define SELDOM 20000u /* one of so many, where the VM ends by it */

/* hostile_ops.c */
void operation(void);
uint64_t strange_address(void);
#define STRANGE_PLACES 18
extern const uint64_t places[STRANGE_PLACES];
extern struct regs regs; /* what run() gives the code */
void random_regs(void);
void run(void); /* code_buffer */
void run_bytes(uint32_t bytes, unsigned int n);

/* hostile_cpu.c */
void op_msr(void);
void op_efer(void);
void op_cpuid(void);
void op_cr(void);
void op_dr(void);
void op_segments(void);

#endif
