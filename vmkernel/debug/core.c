// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/* The beginning of a core. Nothing here takes a lock or allocates: the vmkernel dies. */
#include "debug/core.h"
#include "lib/types.h"

struct ws_core vmk_core = {
	.magic = WS_CORE_MAGIC,
	.struct_size = sizeof(vmk_core),
};

void core_note_cpu(uint32_t id, uint32_t apic_id, const struct panic_regs *r)
{
	struct ws_core_cpu *c;

	if (id >= ARRAY_SIZE(vmk_core.cpu) || vmk_core.cpu[id].valid)
		return;
	if (!vmk_core.stopped++)
		vmk_core.panicked = id;
	c = &vmk_core.cpu[id];
	*c = (struct ws_core_cpu){
		.apic_id = apic_id,
		.rax = r->rax,
		.rbx = r->rbx,
		.rcx = r->rcx,
		.rdx = r->rdx,
		.rsi = r->rsi,
		.rdi = r->rdi,
		.rbp = r->rbp,
		.rsp = r->rsp,
		.r8 = r->r8,
		.r9 = r->r9,
		.r10 = r->r10,
		.r11 = r->r11,
		.r12 = r->r12,
		.r13 = r->r13,
		.r14 = r->r14,
		.r15 = r->r15,
		.rip = r->rip,
		.rflags = r->rflags,
	};
	asm volatile("mov %%cr3, %0" : "=r"(c->cr3));
	c->valid = 1;
}
