// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * Purple screen, in its plain form: version, reason, backtrace with names,
 * on COM2 and in the log. The report goes past the log's lock, which a
 * stopped PCPU may hold.
 */
#include "debug/panic.h"
#include "debug/core.h"
#include "debug/log.h"
#include "debug/symbols.h"
#include "lib/assert.h"
#include "lib/format.h"
#include "lib/version.h"
#include <stdarg.h>
#include <stddef.h>

#define FRAMES_MAX 24
#define STACK_SPAN 0x10000u

static bool panicked;
static const struct panic_hooks *panic_hooks;

bool panic_happened(void)
{
	return __atomic_load_n(&panicked, __ATOMIC_ACQUIRE);
}

void panic_set_hooks(const struct panic_hooks *hooks)
{
	panic_hooks = hooks;
}

void panic_line(const char *fmt, ...)
{
	char buf[200];
	va_list args;
	int len;

	va_start(args, fmt);
	len = vmk_vsnprintf(buf, sizeof(buf) - 1, fmt, args);
	va_end(args);
	if (len > (int)sizeof(buf) - 2)
		len = (int)sizeof(buf) - 2;
	buf[len++] = '\n';
	log_raw(buf, (size_t)len);
}

void panic_backtrace(uint64_t rip, uint64_t rbp)
{
	uint64_t offset, top = rbp + STACK_SPAN;
	const char *name;

	for (int i = 0; i < FRAMES_MAX; i++) {
		name = symbol_find(rip, &offset);
		if (!name)
			return;
		panic_line("  [0x%llx] %s+0x%llx", (unsigned long long)rip, name,
			   (unsigned long long)offset);
		if (!rbp || rbp & 7 || rbp >= top)
			return;
		rip = ((const uint64_t *)rbp)[1];
		if (((const uint64_t *)rbp)[0] <= rbp)
			return;
		rbp = ((const uint64_t *)rbp)[0];
	}
}

bool panic_begin(void)
{
	if (__atomic_exchange_n(&panicked, true, __ATOMIC_ACQ_REL))
		return false;
	panic_line("vmnix vmkernel %s: stopped", VMK_RELEASE);
	return true;
}

void panic_reason(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vmk_vsnprintf(vmk_core.reason, sizeof(vmk_core.reason), fmt, args);
	va_end(args);
	panic_line("@BlueScreen: %s", vmk_core.reason);
}

void panic_note(const struct panic_regs *r)
{
	if (panic_hooks)
		panic_hooks->note(r);
}

void panic_end(void)
{
	/* One that has noted nothing yet stops because another did. A call that does not come
	 * back may be the last thing in a function: what follows it is another one's. */
	panic_note(&(const struct panic_regs){
		.rip = (uint64_t)__builtin_return_address(0) - 1,
		.rbp = *(uint64_t *)__builtin_frame_address(0),
		.rsp = (uint64_t)__builtin_frame_address(0) + 16,
	});
	if (panic_hooks)
		panic_hooks->stop_others();
	if (panic_hooks)
		panic_hooks->stop_self();
	for (;;)
		asm volatile("cli; hlt");
}

void panic_print_regs(const struct panic_regs *r)
{
#define ULL(x) ((unsigned long long)(x))
	panic_line("ip=0x%llx flags=0x%llx", ULL(r->rip), ULL(r->rflags));
	panic_line("rax=0x%llx rbx=0x%llx rcx=0x%llx rdx=0x%llx", ULL(r->rax), ULL(r->rbx),
		   ULL(r->rcx), ULL(r->rdx));
	panic_line("rsi=0x%llx rdi=0x%llx rbp=0x%llx rsp=0x%llx", ULL(r->rsi), ULL(r->rdi),
		   ULL(r->rbp), ULL(r->rsp));
	panic_line("r8=0x%llx r9=0x%llx r10=0x%llx r11=0x%llx", ULL(r->r8), ULL(r->r9), ULL(r->r10),
		   ULL(r->r11));
	panic_line("r12=0x%llx r13=0x%llx r14=0x%llx r15=0x%llx", ULL(r->r12), ULL(r->r13),
		   ULL(r->r14), ULL(r->r15));
#undef ULL
}

/* vmk_panic comes here, with the registers of its caller in panic_regs (panic_entry.S). */
struct panic_regs panic_regs;
void panic_noted(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

void panic_noted(const char *fmt, ...)
{
	struct panic_regs at_call = panic_regs;
	char reason[160];
	va_list args;

	va_start(args, fmt);
	vmk_vsnprintf(reason, sizeof(reason), fmt, args);
	va_end(args);
	at_call.rip--;
	panic_note(&at_call);
	if (panic_begin()) {
		panic_reason("%s", reason);
		panic_print_regs(&panic_regs);
		panic_backtrace((uint64_t)__builtin_return_address(0),
				*(uint64_t *)__builtin_frame_address(0));
	}
	panic_end();
}
