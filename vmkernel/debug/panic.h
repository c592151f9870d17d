/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * The end of the vmkernel: an assertion that failed or a trap that nobody
 * expected. Everything is said on the vmkernel's own serial port, in the log
 * ring, on the screen, and kept for the core; then the processor stops. It
 * never resets the machine.
 */
#ifndef DEBUG_PANIC_H
#define DEBUG_PANIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One line of a report; any context, no lock that a stopped PCPU could hold. */
void panic_line(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The registers where it happened; rip is the instruction, or where vmk_panic would return to. */
struct panic_regs {
	uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp;
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
	uint64_t rip, rflags;
};
void panic_print_regs(const struct panic_regs *r);

/* The callers of the frame at rbp, while the chain stays on one stack. */
void panic_backtrace(uint64_t rip, uint64_t rbp);

/* First part of a report; false when another PCPU panicked before. */
bool panic_begin(void);

/* Then: why, in one line; it is kept for the core. */
void panic_reason(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * Last part: this PCPU stops; on the console's processor it goes back to the console. first,
 * what panic_begin said: stops the others before, and ends the report.
 */
void panic_end(bool first) __attribute__((noreturn));

/* For the core: where this PCPU was; the first note of each counts. Any context. */
void panic_note(const struct panic_regs *r);

/* Set by boot. */
struct panic_hooks {
	void (*note)(const struct panic_regs *r);
	/* A PCPU and the world that runs on it, in words. */
	void (*where)(uint32_t pcpu, char *buf, size_t size);
	/* Tells the others, and gives them time for their notes. */
	void (*stop_others)(void);
	void (*show)(const char *report, size_t len);
	void (*stop_self)(void) __attribute__((noreturn));
};
void panic_set_hooks(const struct panic_hooks *hooks);

bool panic_happened(void);

#endif
