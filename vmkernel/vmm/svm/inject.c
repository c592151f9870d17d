// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * What the guest gets at the next entry: an exception that its last
 * instruction caused, an event whose delivery an exit cut off, an NMI, an
 * interrupt; one at a time and in this order (APM vol. 2, 8.5 and 15.20).
 * What has to wait for the guest makes it exit when it is ready: a dummy
 * virtual interrupt does that for interrupts, the IRET intercept for NMIs.
 */
#include "cpu/apic.h"
#include "cpu/pcpu.h"
#include "cpu/time.h"
#include "vmm/svm/private.h"

#define DOUBLE_FAULT 8u
#define PAGE_FAULT 14u
#define SHADOW_NS 200000u /* longer than entry and one instruction, emulated ones too */
#define SHADOW_TRIES 8u
#define CR8_BIT (1u << 8)

static bool is_contributory(uint8_t vector)
{
	return vector == 0 || (vector >= 10 && vector <= 13);
}

/* Two exceptions that do not go one after the other (APM vol. 2, table 8-3). */
static bool makes_double(uint8_t first, uint8_t second)
{
	return (is_contributory(first) && is_contributory(second)) ||
	       (first == PAGE_FAULT && (is_contributory(second) || second == PAGE_FAULT));
}

void svm_save_interrupted_event(struct vcpu *v)
{
	uint64_t event = v->vmcb->exit_int_info;
	uint8_t vector = (uint8_t)event;

	vcpu_attend(v, ATT_EVENT);
	/* Instructions that raise events, INT n, INT3, INTO: RIP still points to them. */
	if (EVENT_TYPE(event) == EVENT_SOFT ||
	    (EVENT_TYPE(event) == EVENT_EXCEPTION && (vector == 3 || vector == 4)))
		return;
	v->reinject = event;
}

static bool may_interrupt(const struct vcpu *v)
{
	return v->vmcb->rflags & RFLAGS_IF && !(v->vmcb->int_state & INT_SHADOW);
}

static void put_event(struct vcpu *v, uint64_t type, uint8_t vector)
{
	v->vmcb->event_inj = EVENT_VALID | type << 8 | vector;
	v->injected++;
}

/* An exception, alone or on top of one that was being delivered. */
static void inject_fault(struct vcpu *v)
{
	struct guest_fault f = v->fault;
	bool on_exception = v->reinject && EVENT_TYPE(v->reinject) == EVENT_EXCEPTION;
	uint8_t first = (uint8_t)v->reinject;

	v->fault_pending = false;
	if (on_exception && first == DOUBLE_FAULT) {
		v->reinject = 0;
		v->vm->wish = VM_WISH_RESET;
		vcpu_attend(v, ATT_STATE);
		return;
	}
	if (on_exception && makes_double(first, f.vector))
		f = (struct guest_fault){ DOUBLE_FAULT, true, 0, 0 };
	if (on_exception)
		v->reinject = 0;
	if (f.vector == PAGE_FAULT) {
		v->vmcb->cr2 = f.cr2;
		svm_dirty(v, CLEAN_CR2);
	}
	put_event(v, EVENT_EXCEPTION, f.vector);
	if (f.has_code)
		v->vmcb->event_inj |= EVENT_CODE_VALID | (uint64_t)f.code << 32;
}

/*
 * QEMU's VMRUN (TCG, 7.2) delivers an injected interrupt, but leaves it noted as an exception still
 * to come. If the emulation has to look up before the next exit it delivers it once more, IF or no
 * IF, and Linux spins in a lock that it has interrupted itself in. An exit makes it forget: so
 * there is one as soon as the interrupt is delivered, because a physical one is pending.
 */
static void forget_event(void)
{
	if (svm_features.keeps_events)
		apic_send_fixed(this_pcpu()->apic_id, VEC_NOTHING);
}

static bool reinject(struct vcpu *v)
{
	if (EVENT_TYPE(v->reinject) == EVENT_INTR && !may_interrupt(v))
		return false;
	v->vmcb->event_inj = v->reinject;
	if (EVENT_TYPE(v->reinject) == EVENT_INTR)
		forget_event();
	v->reinject = 0;
	return true;
}

static bool nmi_due(struct vcpu *v)
{
	if (v->nmi_masked && v->nmi_iret_rip != NO_RIP && v->nmi_iret_rip != v->vmcb->rip)
		v->nmi_masked = false;
	return v->nmi_pending && !v->nmi_masked && !(v->vmcb->int_state & INT_SHADOW);
}

static void inject_nmi(struct vcpu *v)
{
	v->nmi_pending = false;
	v->nmi_masked = true;
	v->nmi_iret_rip = NO_RIP;
	v->nmis++;
	v->vmcb->intercept1 |= INT1_IRET;
	svm_dirty(v, CLEAN_INTERCEPTS);
	put_event(v, EVENT_NMI, 2);
}

void svm_nmi_iret(struct vcpu *v)
{
	v->nmi_iret_rip = v->vmcb->rip;
	v->vmcb->intercept1 &= ~INT1_IRET;
	svm_dirty(v, CLEAN_INTERCEPTS);
	vcpu_attend(v, ATT_EVENT);
}

/*
 * irq: exit as soon as the guest can take an interrupt. priority: exit when it changes its CR8;
 * also with irq, because QEMU's SVM cannot bear a CR8 write while a virtual interrupt waits.
 */
static void request_window(struct vcpu *v, bool irq, bool priority)
{
	struct vmcb *c = v->vmcb;
	uint32_t intercept1 = (c->intercept1 & ~INT1_VINTR) | (irq ? INT1_VINTR : 0);
	uint16_t cr_write = irq || priority ? CR8_BIT : 0;

	c->int_ctl = (c->int_ctl & ~VINT_REQUEST) | (irq ? VINT_IRQ | VINT_IGN_TPR : 0);
	if (c->intercept1 == intercept1 && c->cr_write == cr_write)
		return;
	c->intercept1 = intercept1;
	c->cr_write = cr_write;
	svm_dirty(v, CLEAN_INTERCEPTS);
}

void svm_window_open(struct vcpu *v)
{
	request_window(v, false, false);
	vcpu_attend(v, ATT_EVENT);
}

/* May there be an interrupt that only the task priority holds back? */
static bool held_by_priority(const struct vcpu *v)
{
	const struct lapic *apic = &v->vm->chipset.lapic[v->id];

	return lapic_get_cr8(apic) && apic->irr.any;
}

/*
 * After all else: must the guest exit as soon as something changes? QEMU's VMRUN forgets the
 * interrupt shadow, and so would deliver between STI and HLT, and the guest would sleep on: in
 * the shadow no window is asked for, but an exit soon after it.
 */
static void set_window(struct vcpu *v)
{
	bool irq = v->reinject || (v->nmi_pending && !v->nmi_masked) ||
		   chipset_has_interrupt(&v->vm->chipset, v->id);

	if (irq && v->vmcb->int_state & INT_SHADOW) {
		v->deadline_ns = MIN(v->deadline_ns, now_ns() + SHADOW_NS);
		irq = false;
	}
	if (!(v->vmcb->int_state & INT_SHADOW))
		v->shadow_left = SHADOW_TRIES;
	v->shadow_rip = v->vmcb->int_state & INT_SHADOW ? v->vmcb->rip : NO_RIP;
	request_window(v, irq, held_by_priority(v));
}

static void sync_task_priority(struct vcpu *v)
{
	v->cr8 = lapic_get_cr8(&v->vm->chipset.lapic[v->id]);
	v->vmcb->int_ctl = (v->vmcb->int_ctl & ~VINT_TPR) | v->cr8;
}

void svm_inject(struct vcpu *v)
{
	int vector;

	if (v->fault_pending) {
		inject_fault(v);
	} else if (v->reinject && reinject(v)) {
		/* done */
	} else if (nmi_due(v)) {
		inject_nmi(v);
	} else if (may_interrupt(v)) {
		vector = chipset_take_interrupt(&v->vm->chipset, v->id);
		if (vector >= 0) {
			put_event(v, EVENT_INTR, (uint8_t)vector);
			forget_event();
		}
	}
	sync_task_priority(v);
	set_window(v);
}

/*
 * A physical interrupt came at once after VMRUN: the shadow that VMRUN forgot is still due. But
 * not for ever, for the instruction may be a jump to itself.
 */
void svm_keep_shadow(struct vcpu *v)
{
	if (v->vmcb->rip != v->shadow_rip || !v->shadow_left)
		return;
	v->shadow_left--;
	v->vmcb->int_state |= INT_SHADOW;
}

bool svm_wakes(struct vcpu *v)
{
	return (v->nmi_pending && !v->nmi_masked) ||
	       (v->vmcb->rflags & RFLAGS_IF && chipset_has_interrupt(&v->vm->chipset, v->id));
}
