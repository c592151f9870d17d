// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * The console's processor state, from the crossing into the control block and
 * back. What the crossing itself saved is in struct world_state; all that the
 * vmkernel never changes on this processor is still in its registers.
 */
#include "cpu/pcpu.h"
#include "cpu/x86.h"
#include "mm/direct_map.h"
#include "seal/private.h"

#define SEL_TI 4u /* in a selector: of the local table */
#define ATTR_CODE64 0xa9bu
#define ATTR_DATA 0xc93u
#define ATTR_DATA_USER 0xcf3u
#define ATTR_TSS_BUSY 0x8bu

static uint16_t read_ds(void)
{
	uint16_t sel;

	asm volatile("mov %%ds, %0" : "=r"(sel));
	return sel;
}

static uint16_t read_es(void)
{
	uint16_t sel;

	asm volatile("mov %%es, %0" : "=r"(sel));
	return sel;
}

/* In 64-bit mode what is in DS and ES counts only for a 32-bit process, which loads them anew. */
int seal_check_state(const struct crossing *x)
{
	if ((read_ds() | read_es()) & SEL_TI || x->console.tr % 8 || x->console.tr < 8 ||
	    x->console.tr / 8 + 1 >= WS_XGDT_CONSOLE)
		return VMK_BAD_STATE;
	return VMK_OK;
}

static struct vmcb_seg data_segment(uint16_t sel)
{
	return (struct vmcb_seg){ sel, sel & ~3u ? ATTR_DATA_USER : 0, sel & ~3u ? UINT32_MAX : 0,
				  0 };
}

/* APM vol. 2, 4.8.3: a descriptor of a TSS in 64-bit mode. */
static struct vmcb_seg task_segment(const struct crossing *x)
{
	uint64_t low = x->xgdt[x->console.tr / 8], high = x->xgdt[x->console.tr / 8 + 1];

	return (struct vmcb_seg){
		.sel = x->console.tr,
		.attr = ATTR_TSS_BUSY,
		.limit = (uint32_t)((low & 0xffff) | (low >> 32 & 0xf0000)),
		.base = (low >> 16 & 0xffffff) | (low >> 32 & 0xff000000) | high << 32,
	};
}

static void segments_in(struct vmcb *c, const struct crossing *x)
{
	const struct world_state *w = &x->console;

	c->cs = (struct vmcb_seg){ (uint16_t)w->cs, ATTR_CODE64, UINT32_MAX, 0 };
	c->ss = (struct vmcb_seg){ w->ss, ATTR_DATA, UINT32_MAX, 0 };
	c->ds = data_segment(read_ds());
	c->es = data_segment(read_es());
	c->tr = task_segment(x);
	c->gdtr = (struct vmcb_seg){ 0, 0, w->gdtr.limit, w->gdtr.base };
	c->idtr = (struct vmcb_seg){ 0, 0, w->idtr.limit, w->idtr.base };
}

void seal_state_in(struct vcpu *v, const struct crossing *x)
{
	struct vmcb *c = v->vmcb;

	/* FS, GS, LDTR and the system-call MSRs, as VMSAVE puts them down. */
	svm_host_store(v->vmcb_hpa.v);
	segments_in(c, x);
	c->cr0 = x->console.cr0;
	c->cr3 = x->console.cr3;
	c->cr4 = x->console.cr4;
	c->cr2 = read_cr2();
	c->dr6 = read_dr6();
	c->dr7 = read_dr7();
	c->efer = rdmsr(MSR_EFER) | EFER_SVME;
	c->pat = rdmsr(MSR_PAT);
	c->rflags = BIT(1);
	c->rip = x->resume;
	c->rsp = x->console.rsp;
	v->dr[0] = read_dr0();
	v->dr[1] = read_dr1();
	v->dr[2] = read_dr2();
	v->dr[3] = read_dr3();
	svm_guard_debug_regs(v, true);
}

/* What VMSAVE put down goes back with a VMLOAD, but TR, which the crossing wants as it is. */
static void hidden_out(const struct vmcb *c, hpa_t host)
{
	struct vmcb *h = phys_to_virt(host);
	struct vmcb_seg tr = h->tr;

	h->fs = c->fs;
	h->gs = c->gs;
	h->ldtr = c->ldtr;
	h->tr = tr;
	h->kernel_gs_base = c->kernel_gs_base;
	h->star = c->star;
	h->lstar = c->lstar;
	h->cstar = c->cstar;
	h->sfmask = c->sfmask;
	h->sysenter_cs = c->sysenter_cs;
	h->sysenter_esp = c->sysenter_esp;
	h->sysenter_eip = c->sysenter_eip;
	svm_host_load(host.v);
}

/* Context: the console's VCPU is on the PCPU, its hidden state in the control block. */
void seal_state_out(struct vcpu *v, struct crossing *x)
{
	struct vmm_pcpu *p = this_pcpu()->vmm;
	const struct vmcb *c = v->vmcb;
	struct world_state *w = &x->console;

	hidden_out(c, p->host);
	w->rsp = c->rsp;
	w->cr0 = c->cr0;
	w->cr3 = c->cr3;
	w->cr4 = c->cr4;
	w->cs = c->cs.sel;
	w->ss = c->ss.sel;
	w->tr = c->tr.sel;
	w->ldtr = c->ldtr.sel;
	w->gdtr.limit = (uint16_t)c->gdtr.limit;
	w->gdtr.base = c->gdtr.base;
	w->idtr.limit = (uint16_t)c->idtr.limit;
	w->idtr.base = c->idtr.base;
	if (!v->debug_loaded) {
		write_dr0(v->dr[0]);
		write_dr1(v->dr[1]);
		write_dr2(v->dr[2]);
		write_dr3(v->dr[3]);
	}
	write_dr6(c->dr6);
	write_dr7(c->dr7);
	write_cr2(c->cr2);
	wrmsr(MSR_PAT, c->pat);
	wrmsr(MSR_VM_HSAVE_PA, console.hsave_before);
	wrmsr(MSR_EFER, c->efer & ~EFER_SVME);
}
