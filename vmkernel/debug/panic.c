// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * Purple screen: version, reason, world, registers, backtrace with names,
 * where the other PCPUs were, the last of the log. The report goes past the
 * log's lock, which a stopped PCPU may hold.
 */
#include "debug/panic.h"
#include "debug/core.h"
#include "debug/log.h"
#include "debug/symbols.h"
#include "lib/assert.h"
#include "lib/format.h"
#include "lib/string.h"
#include "lib/types.h"
#include "lib/version.h"
#include <stdarg.h>
#include <stddef.h>

#define FRAMES_MAX 24
#define STACK_SPAN 0x10000u
#define LOG_TAIL 400u /* bytes of the log that the report ends with */

static bool panicked;
static const struct panic_hooks *panic_hooks;
static char log_end[LOG_TAIL]; /* as it was before the report */
static size_t log_end_bytes;

bool panic_happened(void)
{
	return __atomic_load_n(&panicked, __ATOMIC_ACQUIRE);
}

void panic_set_hooks(const struct panic_hooks *hooks)
{
	panic_hooks = hooks;
}

static void keep(const char *text, size_t len)
{
	uint32_t at = vmk_core.report_bytes;

	len = MIN(len, sizeof(vmk_core.report) - at);
	memcpy(vmk_core.report + at, text, len);
	vmk_core.report_bytes = at + (uint32_t)len;
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
	keep(buf, (size_t)len);
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
	log_end_bytes = log_tail(log_end, sizeof(log_end));
	panic_line("vmnix vmkernel %s: stopped", VMK_RELEASE);
	return true;
}

/* cpu1: world 1030 (vmm0:a) [0x40002424] irq_wait+0x2 */
static void line_of_cpu(uint32_t id, bool with_place)
{
	char where[64] = "";
	uint64_t offset = 0, rip = vmk_core.cpu[id].rip;
	const char *name = with_place ? symbol_find(rip, &offset) : NULL;

	if (panic_hooks)
		panic_hooks->where(id, where, sizeof(where));
	if (name)
		panic_line("%s [0x%llx] %s+0x%llx", where, (unsigned long long)rip, name,
			   (unsigned long long)offset);
	else
		panic_line("%s", where);
}

void panic_reason(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vmk_vsnprintf(vmk_core.reason, sizeof(vmk_core.reason), fmt, args);
	va_end(args);
	panic_line("@BlueScreen: %s", vmk_core.reason);
	if (vmk_core.stopped)
		line_of_cpu(vmk_core.panicked, false);
}

/* What only who has stopped the others can say: where they were, and what was said before. */
static void finish_report(void)
{
	static const char heading[] = "the last of the log:\n";
	size_t from = 0;

	for (uint32_t i = 0; i < ARRAY_SIZE(vmk_core.cpu); i++)
		if (vmk_core.cpu[i].valid && i != vmk_core.panicked)
			line_of_cpu(i, true);
	/* On the serial port and in the log this stands above already. */
	while (from < log_end_bytes && log_end[from] != '\n')
		from++;
	if (from >= log_end_bytes)
		return;
	keep(heading, sizeof(heading) - 1);
	keep(log_end + from + 1, log_end_bytes - from - 1);
}

void panic_note(const struct panic_regs *r)
{
	if (panic_hooks)
		panic_hooks->note(r);
}

void panic_end(bool first)
{
	/* One that has noted nothing yet stops because another did. A call that does not come
	 * back may be the last thing in a function: what follows it is another one's. */
	panic_note(&(const struct panic_regs){
		.rip = (uint64_t)__builtin_return_address(0) - 1,
		.rbp = *(uint64_t *)__builtin_frame_address(0),
		.rsp = (uint64_t)__builtin_frame_address(0) + 16,
	});
	if (panic_hooks && first) {
		panic_hooks->stop_others();
		finish_report();
		panic_hooks->show(vmk_core.report, vmk_core.report_bytes);
	}
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
	bool first;

	va_start(args, fmt);
	vmk_vsnprintf(reason, sizeof(reason), fmt, args);
	va_end(args);
	at_call.rip--;
	panic_note(&at_call);
	first = panic_begin();
	if (first) {
		panic_reason("%s", reason);
		panic_print_regs(&panic_regs);
		panic_backtrace((uint64_t)__builtin_return_address(0),
				*(uint64_t *)__builtin_frame_address(0));
	}
	panic_end(first);
}
