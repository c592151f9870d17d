// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * The end of the vmkernel, processor by processor: each notes where it was and
 * halts, but for the console's, which goes back to the console with the news.
 */
#include "boot/boot.h"
#include "cpu/apic.h"
#include "cpu/pcpu.h"
#include "cpu/time.h"
#include "cpu/vga.h"
#include "debug/core.h"
#include "debug/panic.h"
#include "error.h"
#include "hostcall/doorbell.h"
#include "lib/format.h"
#include "lib/types.h"
#include "mm/pages.h"
#include "sched/sched.h"
#include "seal/seal.h"

#define NOTES_MS 200u /* that the others have for their notes */

static void note(const struct panic_regs *r)
{
	if (!pcpu0_up)
		return;
	vmk_core.la57 = boot_info.la57;
	vmk_core.owner_free = PAGES_FREE;
	vmk_core.owner_guest = PAGES_GUEST;
	vmk_core.extents = 0;
	while (vmk_core.extents < ARRAY_SIZE(vmk_core.extent) &&
	       pages_core_extent(vmk_core.extents, &vmk_core.extent[vmk_core.extents]))
		vmk_core.extents++;
	core_note_cpu(this_pcpu()->id, this_pcpu()->apic_id, r);
}

static void where(uint32_t pcpu, char *buf, size_t size)
{
	const struct world *w = pcpu < SCHED_PCPU_MAX ? sched_current(pcpu) : NULL;

	vmk_snprintf(buf, size, "cpu%u: world %u (%s)", pcpu, sched_current_id(pcpu),
		     w	    ? w->name
		     : pcpu ? "idle"
			    : "console");
}

/* Sealed, the console's processor is one of ours. */
static uint32_t first_pcpu(void)
{
	return sealed() ? 0 : 1;
}

static bool all_noted(void)
{
	for (uint32_t i = first_pcpu(); i < pcpu_count(); i++)
		if (pcpu_runs(i) && !vmk_core.cpu[i].valid)
			return false;
	return true;
}

static void stop_others(void)
{
	for (uint32_t i = first_pcpu(); i < pcpu_count(); i++)
		if (pcpu_get(i)->apic_id != this_pcpu()->apic_id && pcpu_runs(i))
			apic_send_nmi(pcpu_get(i)->apic_id);
	for (uint32_t ms = 0; ms < NOTES_MS && !all_noted(); ms++)
		delay_us(1000);
}

static void __attribute__((noreturn)) leave_crossing(void)
{
	void (*leave)(struct crossing *) = (void (*)(struct crossing *))crossing->leave;

	leave(crossing);
	__builtin_unreachable();
}

/*
 * What the console asks from now on (how the vmkernel is, the farewell) must not write
 * over the stack that a core is to show: there are others that nobody needs any more.
 */
static void change_stack(void)
{
	uint64_t slot = ((uint64_t)__builtin_frame_address(0) - PCPU_STACKS) / PCPU_STACK_SLOT;
	uint64_t other = slot == PCPU_STACK_MC ? PCPU_STACK_DF : PCPU_STACK_MC;

	crossing->vmk.rsp = PCPU_STACKS + (other + 1) * PCPU_STACK_SLOT;
}

static void __attribute__((noreturn)) stop_self(void)
{
	bool to_console = !pcpu0_up || (this_pcpu()->is_console && !sealed());

	if (pcpu0_up && to_console)
		change_stack();
	if (to_console) {
		crossing->call.status = VMK_PANICKED;
		leave_crossing();
	}
	this_pcpu()->state = PCPU_STOPPED;
	for (;;)
		asm volatile("cli; hlt");
}

/* Before PCPU 0 has its own tables the screen is not mapped. */
static void show(const char *report, size_t len)
{
	if (pcpu0_up)
		vga_show(report, len);
	__atomic_store_n(&crossing->stopped, 1, __ATOMIC_RELEASE);
	doorbell_ring();
}

const struct panic_hooks stop_hooks = { note, where, stop_others, show, stop_self };
