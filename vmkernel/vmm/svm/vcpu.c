// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * A VCPU's control block: what is intercepted, the state at power on, and the
 * registers as the emulator wants them. Intercepted is what would reach
 * outside of the VM or tell the guest what it shall not know; paging, control
 * registers, FPU and time stamps run without us.
 */
#include "cpu/x86.h"
#include "lib/string.h"
#include "mm/direct_map.h"
#include "mm/pages.h"
#include "vmm/svm/private.h"

#define DR6_RESET 0xffff0ff0ull
#define DR7_RESET 0x400ull
#define PAT_RESET 0x0007040600070406ull
#define RFLAGS_FIXED BIT(1)
#define DEBUG_REGS 0x000fu /* DR0 to DR3 */

#define PAUSE_FILTER_COUNT 3000u
#define PAUSE_FILTER_THRESHOLD 128u

#define EXC_DB (1u << 1)
#define EXC_GP (1u << 13)
#define EXC_AC (1u << 17)
#define EXC_MC (1u << 18)

/* Flat segments of the Linux boot protocol: type, S, P, 32 bits, 4 KiB grain, packed. */
#define ATTR_CODE32 0xc9bu
#define ATTR_DATA32 0xc93u
#define ATTR_LDT 0x82u
#define ATTR_TSS32 0x8bu
#define BOOT_CS 0x10u
#define BOOT_DS 0x18u

int svm_vcpu_init(struct vcpu *v)
{
	int err = pages_alloc_zero(0, PAGES_VMM, &v->vmcb_hpa);

	if (err)
		return err;
	v->vmcb = phys_to_virt(v->vmcb_hpa);
	v->area.vmcb_hpa = v->vmcb_hpa.v;
	v->area.exit_code = &v->vmcb->exit_code;
	v->serve = svm_serve;
	return VMK_OK;
}

void svm_vcpu_free(struct vcpu *v)
{
	if (!hpa_is_none(v->vmcb_hpa))
		pages_free(v->vmcb_hpa, 0, PAGES_VMM);
	v->vmcb_hpa = HPA_NONE;
}

void svm_guard_debug_regs(struct vcpu *v, bool guard)
{
	v->vmcb->dr_read = v->vmcb->dr_write = guard ? DEBUG_REGS : 0;
	svm_dirty(v, CLEAN_INTERCEPTS);
}

static void set_controls(struct vcpu *v)
{
	struct vmcb *c = v->vmcb;

	c->exceptions = EXC_DB | EXC_GP | EXC_AC | EXC_MC;
	c->intercept1 = INT1_INTR | INT1_NMI | INT1_SMI | INT1_INIT | INT1_RDPMC | INT1_CPUID |
			INT1_INVD | INT1_HLT | INT1_INVLPGA | INT1_IOIO | INT1_MSR |
			INT1_TASK_SWITCH | INT1_SHUTDOWN;
	c->intercept2 = INT2_VMRUN | INT2_VMMCALL | INT2_VMLOAD | INT2_VMSAVE | INT2_STGI |
			INT2_CLGI | INT2_SKINIT | INT2_WBINVD | INT2_MONITOR | INT2_MWAIT |
			INT2_MWAIT_ARMED | INT2_XSETBV | INT2_RDPRU;
	c->intercept3 = INT3_INVLPGB | INT3_INVLPGB_ILLEGAL | INT3_MCOMMIT | INT3_TLBSYNC;
	if (svm_features.pause_filter) {
		c->intercept1 |= INT1_PAUSE;
		c->pause_count = PAUSE_FILTER_COUNT;
		c->pause_threshold = PAUSE_FILTER_THRESHOLD;
	}
	c->iopm = svm_features.iopm.v;
	c->msrpm = svm_features.msrpm.v;
	c->tsc_offset = v->vm->tsc_offset;
	c->int_ctl = VINT_MASKING;
	c->nested_ctl = NESTED_PAGING;
	c->nested_cr3 = v->vm->mem.nested_root.v;
}

static void set_segments(struct vmcb *s)
{
	const struct vmcb_seg data = { BOOT_DS, ATTR_DATA32, UINT32_MAX, 0 };

	s->es = s->ss = s->ds = s->fs = s->gs = data;
	s->cs = (struct vmcb_seg){ BOOT_CS, ATTR_CODE32, UINT32_MAX, 0 };
	s->gdtr = s->idtr = (struct vmcb_seg){ 0, 0, 0xffff, 0 };
	s->ldtr = (struct vmcb_seg){ 0, ATTR_LDT, 0xffff, 0 };
	s->tr = (struct vmcb_seg){ 0, ATTR_TSS32, 0xffff, 0 };
}

static void set_gprs(struct vcpu *v, const struct hc_vcpu_regs *r)
{
	uint64_t *gpr = v->area.gpr;

	memset(gpr, 0, sizeof(v->area.gpr));
	gpr[RBX] = r->ebx;
	gpr[RCX] = r->ecx;
	gpr[RDX] = r->edx;
	gpr[RSI] = r->esi;
	gpr[RDI] = r->edi;
	gpr[RBP] = r->ebp;
	v->vmcb->rax = r->eax;
	v->vmcb->rsp = r->esp;
	v->vmcb->rip = r->eip;
}

void svm_vcpu_reset(struct vcpu *v)
{
	struct vmcb *s = v->vmcb;
	uint32_t asid = s->asid;

	memset(s, 0, sizeof(*s));
	s->asid = asid;
	set_controls(v);
	svm_guard_debug_regs(v, true);
	/* TOUR(17): Where a guest begins: 32-bit protected mode, paging off, at the address that
	 * the console's loader has put into the registers. VM_POWER makes the VCPU a world that
	 * is ready to run, and processor 0 goes home to Linux. */
	set_segments(s);
	set_gprs(v, &v->vm->regs);
	s->cr0 = CR0_PE | CR0_ET;
	s->efer = EFER_SVME;
	s->rflags = RFLAGS_FIXED;
	s->dr6 = DR6_RESET;
	s->dr7 = DR7_RESET;
	s->pat = PAT_RESET;
	memset(v->dr, 0, sizeof(v->dr));
	v->debug_loaded = false;
	v->cr8 = 0;
}

void svm_debug_regs_put(struct vcpu *v)
{
	if (!v->debug_loaded)
		return;
	v->dr[0] = read_dr0();
	v->dr[1] = read_dr1();
	v->dr[2] = read_dr2();
	v->dr[3] = read_dr3();
	v->debug_loaded = false;
	svm_guard_debug_regs(v, true);
}

static struct guest_seg to_seg(const struct vmcb_seg *s)
{
	return (struct guest_seg){ s->base, s->limit, s->attr, s->sel };
}

void svm_get_view(struct vcpu *v, struct guest_view *view)
{
	const struct vmcb *s = v->vmcb;

	/* FS and GS are hidden state: only VMSAVE brings their bases into the VMCB. */
	vmm_ops->close(v);
	memcpy(view->gpr, v->area.gpr, sizeof(view->gpr));
	view->gpr[RAX] = s->rax;
	view->gpr[RSP] = s->rsp;
	view->rip = s->rip;
	view->rflags = s->rflags;
	view->cr0 = s->cr0;
	view->cr3 = s->cr3;
	view->cr4 = s->cr4;
	view->efer = s->efer;
	view->cpl = s->cpl;
	view->phys_bits = v->cpuid->phys_bits;
	view->seg[SEG_ES] = to_seg(&s->es);
	view->seg[SEG_CS] = to_seg(&s->cs);
	view->seg[SEG_SS] = to_seg(&s->ss);
	view->seg[SEG_DS] = to_seg(&s->ds);
	view->seg[SEG_FS] = to_seg(&s->fs);
	view->seg[SEG_GS] = to_seg(&s->gs);
	view->code = svm_code(v);
	view->hit = s->exit_code == SVM_EXIT_NPF && s->exit_info1 & NPF_FINAL;
	view->hit_gpa = s->exit_info2;
	view->hit_write = s->exit_info1 & NPF_WRITE;
}

void svm_set_view(struct vcpu *v, const struct guest_view *view)
{
	struct vmcb *s = v->vmcb;

	memcpy(v->area.gpr, view->gpr, sizeof(view->gpr));
	s->rax = view->gpr[RAX];
	s->rsp = view->gpr[RSP];
	s->rflags = view->rflags;
	if (view->rip != s->rip)
		svm_advance(v, view->rip);
}
