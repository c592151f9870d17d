// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * A VCPU's control block to be saved, and back. What the guest could not have set is
 * refused by name; whatever else may be wrong is VMRUN's to refuse, which ends that VM.
 */
#include "vmm/svm/private.h"

#define RFLAGS_KEPT 0x3f7fd7ull
#define RFLAGS_ONE BIT(1)
/* VME to OSXMMEXCPT, UMIP, LA57, FSGSBASE, PCIDE, OSXSAVE, SMEP, SMAP, PKE */
#define CR4_KEPT 0x771fffull
#define SEG_ATTRS 0xfffu
#define EVENT_KEPT (EVENT_VALID | EVENT_CODE_VALID | 0x7ffull | 0xffffffffull << 32)

static bool is_canonical(const struct vmcb *c, uint64_t address)
{
	unsigned int shift = c->cr4 & CR4_LA57 ? 7 : 16;

	return (uint64_t)((int64_t)(address << shift) >> shift) == address;
}

static bool bases_ok(const struct vmcb *c)
{
	return is_canonical(c, c->fs.base) && is_canonical(c, c->gs.base) &&
	       is_canonical(c, c->tr.base) && is_canonical(c, c->ldtr.base) &&
	       is_canonical(c, c->gdtr.base) && is_canonical(c, c->idtr.base) &&
	       is_canonical(c, c->kernel_gs_base) && is_canonical(c, c->lstar) &&
	       is_canonical(c, c->cstar) && is_canonical(c, c->sysenter_esp) &&
	       is_canonical(c, c->sysenter_eip);
}

static void segments_state(struct vmcb *c, struct state *s)
{
	struct vmcb_seg *seg[] = { &c->es, &c->cs,   &c->ss,   &c->ds,	 &c->fs,
				   &c->gs, &c->gdtr, &c->ldtr, &c->idtr, &c->tr };

	for (size_t i = 0; i < ARRAY_SIZE(seg); i++) {
		STATE(s, *seg[i]);
		state_check(s, !(seg[i]->attr & ~SEG_ATTRS));
	}
}

/* APM vol. 2, 15.5.1: what VMRUN checks, so that we can say what is wrong. */
static bool control_ok(const struct vcpu *v)
{
	const struct vmcb *c = v->vmcb;
	bool paging = c->cr0 & CR0_PG, is_long = paging && c->efer & EFER_LME;

	return !(c->cr0 >> 32) && !(c->cr4 & ~CR4_KEPT) && !(c->dr6 >> 32) && !(c->dr7 >> 32) &&
	       !(c->efer & ~(v->cpuid->efer_mask | EFER_FIXED)) &&
	       !(c->cr0 & CR0_NW && !(c->cr0 & CR0_CD)) && !(paging && !(c->cr0 & CR0_PE)) &&
	       !(is_long && !(c->cr4 & CR4_PAE)) && c->cpl <= 3 && svm_pat_valid(c->pat) &&
	       !(c->rflags & ~RFLAGS_KEPT) && c->rflags & RFLAGS_ONE;
}

static bool event_ok(uint64_t event)
{
	uint8_t vector = (uint8_t)event;

	if (!event)
		return true;
	if (event & ~EVENT_KEPT || !(event & EVENT_VALID))
		return false;
	return EVENT_TYPE(event) == EVENT_INTR || EVENT_TYPE(event) == EVENT_NMI ||
	       (EVENT_TYPE(event) == EVENT_EXCEPTION && vector < 32 && vector != 2);
}

static void events_state(struct vcpu *v, struct state *s)
{
	state_begin(s, "events", 1);
	state_flag(s, &v->halted);
	state_flag(s, &v->fault_pending);
	STATE(s, v->fault.vector);
	state_flag(s, &v->fault.has_code);
	STATE(s, v->fault.code);
	STATE(s, v->fault.cr2);
	STATE(s, v->reinject);
	state_flag(s, &v->nmi_pending);
	state_flag(s, &v->nmi_masked);
	STATE(s, v->nmi_iret_rip);
	STATE(s, v->shadow_left);
	STATE(s, v->vmcb->int_state);
	state_check(s, v->fault.vector < 32 && v->fault.vector != 2 && event_ok(v->reinject) &&
			       v->shadow_left <= UINT8_MAX && !(v->vmcb->int_state & ~INT_SHADOW));
	state_end(s);
}

void svm_vcpu_state(struct vcpu *v, struct state *s)
{
	struct vmcb *c = v->vmcb;

	state_begin(s, "registers", 1);
	STATE(s, v->area.gpr);
	segments_state(c, s);
	STATE(s, c->cpl);
	STATE(s, c->efer);
	STATE(s, c->cr0);
	STATE(s, c->cr2);
	STATE(s, c->cr3);
	STATE(s, c->cr4);
	STATE(s, c->dr6);
	STATE(s, c->dr7);
	STATE(s, v->dr);
	STATE(s, c->rflags);
	STATE(s, c->rip);
	STATE(s, c->rsp);
	STATE(s, c->rax);
	STATE(s, c->star);
	STATE(s, c->lstar);
	STATE(s, c->cstar);
	STATE(s, c->sfmask);
	STATE(s, c->kernel_gs_base);
	STATE(s, c->sysenter_cs);
	STATE(s, c->sysenter_esp);
	STATE(s, c->sysenter_eip);
	STATE(s, c->pat);
	state_check(s, control_ok(v) && bases_ok(c));
	state_end(s);
	events_state(v, s);
	if (!s->loading || s->bad)
		return;
	c->efer |= EFER_FIXED;
	if (v->nmi_masked && v->nmi_iret_rip == NO_RIP)
		c->intercept1 |= INT1_IRET;
}
