// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * Serving what ends a guest's run. One table, made from svm_exits.def, leads
 * from the exit code to its handler; whatever a guest can cause ends in an
 * exception for the guest or in the end of its VM, never in an assertion.
 */
#include "cpu/x86.h"
#include "debug/log.h"
#include "devices/backdoor.h"
#include "vmm/svm/private.h"

/* Opcodes, lowest byte first. */
#define OP_CPUID 0xa20fu
#define OP_RDMSR 0x320fu
#define OP_WRMSR 0x300fu
#define OP_HLT 0xf4u
#define OP_INVD 0x080fu
#define OP_WBINVD 0x090fu
#define OP_XSETBV 0xd1010fu
#define OP_PAUSE 0x90f3u

#define CPUID_XSTATE_LEAF 0xdu
#define DR6_BS BIT(14)
#define MSR_WRITE 1u /* in exit_info1 */

_Static_assert(SVM_SLOTS <= EXIT_KINDS, "a counter for every exit");

/* ---- going on after an instruction ---------------------------------------------------- */

void svm_advance(struct vcpu *v, uint64_t next_rip)
{
	struct vmcb *c = v->vmcb;

	if (!(c->efer & EFER_LMA && c->cs.attr & SEG_ATTR_L))
		next_rip = (uint32_t)next_rip;
	c->rip = next_rip;
	c->int_state &= ~INT_SHADOW;
	c->rflags &= ~RFLAGS_RF;
	if (c->rflags & RFLAGS_TF) {
		c->dr6 |= DR6_BS;
		svm_dirty(v, CLEAN_DEBUG_REGS);
		vcpu_raise(v, (struct guest_fault){ 1, false, 0, 0 });
	}
}

/*
 * Where the instruction opcode, which has caused the exit, ends. 0: something else is
 * there now, because another VCPU has written it; the guest goes on with that.
 */
static inline uint64_t next_rip(struct vcpu *v, uint32_t opcode, unsigned int len)
{
	unsigned int length;

	if (svm_features.next_rip && v->vmcb->next_rip)
		return v->vmcb->next_rip;
	length = svm_insn_length(v, opcode, len);
	return length ? v->vmcb->rip + length : 0;
}

static inline bool skip(struct vcpu *v, uint32_t opcode, unsigned int len)
{
	uint64_t next = next_rip(v, opcode, len);

	if (next)
		svm_advance(v, next);
	return next;
}

bool svm_skip(struct vcpu *v, uint32_t opcode, unsigned int len)
{
	return skip(v, opcode, len);
}

/* The guest wrote its CR8, which is its local APIC's task priority. */
static void set_task_priority(struct vcpu *v, uint8_t cr8)
{
	spin_lock(&v->vm->lock);
	lapic_set_cr8(&v->vm->chipset.lapic[v->id], cr8);
	spin_unlock(&v->vm->lock);
	v->cr8 = cr8;
	v->vmcb->int_ctl = (v->vmcb->int_ctl & ~VINT_TPR) | cr8;
	vcpu_attend(v, ATT_EVENT);
}

/* ---- handlers --------------------------------------------------------------------------- */

static void exit_cpuid(struct vcpu *v)
{
	struct vmcb *c = v->vmcb;
	uint32_t leaf = (uint32_t)c->rax;
	const struct cpuid_regs *r = guest_cpuid_fixed(v->cpuid, leaf);
	struct cpuid_regs varying;

	if (!skip(v, OP_CPUID, 2))
		return;
	if (!r) {
		if (leaf == CPUID_XSTATE_LEAF)
			fpu_note_xcr0(v);
		guest_cpuid_get(v->cpuid, leaf, (uint32_t)v->area.gpr[RCX], c->cr4, v->xcr0,
				&varying);
		r = &varying;
	}
	c->rax = r->eax;
	v->area.gpr[RBX] = r->ebx;
	v->area.gpr[RCX] = r->ecx;
	v->area.gpr[RDX] = r->edx;
}

/* EFER.SVME stays set underneath: VMRUN wants it. LMA is the processor's to change. */
static bool write_efer(struct vcpu *v, uint64_t val)
{
	struct vmcb *c = v->vmcb;
	uint64_t old = c->efer & ~EFER_FIXED;

	if (val & ~v->cpuid->efer_mask)
		return false;
	if ((val ^ old) & EFER_LME && c->cr0 & CR0_PG)
		return false;
	c->efer = (val & ~EFER_LMA) | (old & EFER_LMA) | EFER_FIXED;
	svm_dirty(v, CLEAN_CONTROL_REGS);
	return true;
}

bool svm_pat_valid(uint64_t pat)
{
	for (unsigned int i = 0; i < 8; i++, pat >>= 8)
		if (pat & 0xf8 || (pat & 7) == 2 || (pat & 7) == 3)
			return false;
	return true;
}

static bool read_msr(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	switch (msr) {
	case MSR_EFER:
		*val = v->vmcb->efer & ~EFER_FIXED;
		return true;
	case MSR_PAT:
		*val = v->vmcb->pat;
		return true;
	default:
		return vcpu_rdmsr(v, msr, val);
	}
}

static bool write_msr(struct vcpu *v, uint32_t msr, uint64_t val)
{
	switch (msr) {
	case MSR_EFER:
		return write_efer(v, val);
	case MSR_PAT:
		if (!svm_pat_valid(val))
			return false;
		v->vmcb->pat = val;
		svm_dirty(v, CLEAN_NESTED);
		return true;
	default:
		if (!vcpu_wrmsr(v, msr, val))
			return false;
		if (v->vmcb->tsc_offset != v->vm->tsc_offset) {
			v->vmcb->tsc_offset = v->vm->tsc_offset;
			svm_dirty(v, CLEAN_INTERCEPTS);
		}
		return true;
	}
}

static void exit_msr(struct vcpu *v)
{
	struct vmcb *c = v->vmcb;
	uint32_t msr = (uint32_t)v->area.gpr[RCX];
	uint64_t val = v->area.gpr[RDX] << 32 | (uint32_t)c->rax;
	bool write = c->exit_info1 & MSR_WRITE;
	uint64_t next = next_rip(v, write ? OP_WRMSR : OP_RDMSR, 2);

	if (!next)
		return;
	if (!(write ? write_msr(v, msr, val) : read_msr(v, msr, &val))) {
		vcpu_raise_gp(v);
		return;
	}
	if (!write) {
		c->rax = (uint32_t)val;
		v->area.gpr[RDX] = val >> 32;
	}
	svm_advance(v, next);
}

/* The backdoor's registers are RAX to RDI; RSP is not among them. */
static bool serve_backdoor(struct vcpu *v, uint64_t next)
{
	enum backdoor_result result;

	v->area.gpr[RAX] = v->vmcb->rax;
	result = vcpu_backdoor(v, v->area.gpr);
	if (result == BACKDOOR_SERVED) {
		v->vmcb->rax = v->area.gpr[RAX];
		svm_advance(v, next);
	}
	return result != BACKDOOR_NO_CALL;
}

/* exit_info1: port, sizes and kind (APM vol. 2, 15.10.2); exit_info2: the next RIP. */
static void exit_port(struct vcpu *v)
{
	struct vmcb *c = v->vmcb;
	uint64_t info = c->exit_info1, next = c->exit_info2;
	uint16_t port = (uint16_t)(info >> 16);
	unsigned int size = info >> 4 & 7;
	uint32_t mask = size == 4 ? UINT32_MAX : (1u << 8 * size) - 1;

	if (info & BIT(2)) {
		vcpu_emulate(v);
		return;
	}
	if (info & BIT(0) && port == BACKDOOR_PORT && size == 4 && serve_backdoor(v, next))
		return;
	if (!(info & BIT(0))) {
		vcpu_port_write(v, port, size, (uint32_t)c->rax & mask);
	} else {
		uint32_t val = vcpu_port_read(v, port, size) & mask;

		c->rax = size == 4 ? val : (c->rax & ~(uint64_t)mask) | val;
	}
	svm_advance(v, next);
}

/*
 * Ring 3 may not use ports, so the backdoor's IN ends in a #GP there; it is
 * served all the same, as on VMware's machines. Any other #GP is the guest's.
 */
static bool is_backdoor_call(struct vcpu *v)
{
	uint8_t opcode;

	return (uint32_t)v->vmcb->rax == BACKDOOR_MAGIC &&
	       (uint16_t)v->area.gpr[RDX] == BACKDOOR_PORT && v->vmcb->exit_info1 == 0 &&
	       svm_fetch(v, &opcode, 1) && opcode == 0xed;
}

/*
 * VMRUN, VMLOAD and VMSAVE check the address in RAX before they are intercepted; where there
 * is no SVM they are #UD all the same.
 */
static bool is_svm_instruction(struct vcpu *v)
{
	uint8_t b[3];

	return v->vmcb->exit_info1 == 0 && svm_fetch(v, b, sizeof(b)) && b[0] == 0x0f &&
	       b[1] == 0x01 && (b[2] == 0xd8 || b[2] == 0xda || b[2] == 0xdb);
}

static void exit_gp(struct vcpu *v)
{
	if (is_backdoor_call(v) && serve_backdoor(v, v->vmcb->rip + 1))
		return;
	if (is_svm_instruction(v))
		vcpu_raise_ud(v);
	else
		vcpu_raise(v, (struct guest_fault){ 13, true, (uint32_t)v->vmcb->exit_info1, 0 });
}

/*
 * #DB and #AC are intercepted only so that a guest whose handler causes the
 * same again before its first instruction cannot keep the processor forever.
 */
static void exit_debug(struct vcpu *v)
{
	vcpu_raise(v, (struct guest_fault){ 1, false, 0, 0 });
}

static void exit_alignment(struct vcpu *v)
{
	vcpu_raise(v, (struct guest_fault){ 17, true, 0, 0 });
}

/* Only while an interrupt waits (inject.c): it may be able to come now. */
static void exit_cr8_write(struct vcpu *v)
{
	struct vmcb *c = v->vmcb;
	unsigned int gpr, length = svm_mov_to_cr8(v, &gpr);
	uint64_t val;

	if (!length)
		return;
	val = gpr == RAX ? c->rax : gpr == RSP ? c->rsp : v->area.gpr[gpr];
	if (val & ~VINT_TPR) {
		vcpu_raise_gp(v);
		return;
	}
	set_task_priority(v, (uint8_t)val);
	svm_advance(v, c->rip + length);
}

static void exit_debug_regs(struct vcpu *v)
{
	write_dr0(v->dr[0]);
	write_dr1(v->dr[1]);
	write_dr2(v->dr[2]);
	write_dr3(v->dr[3]);
	v->debug_loaded = true;
	svm_guard_debug_regs(v, false);
}

static void exit_physical(struct vcpu *v)
{
	svm_keep_shadow(v);
	vcpu_attend(v, ATT_IRQ);
}

static void exit_machine_check(struct vcpu *v)
{
	vm_crash(v->vm, "machine check while its code was running");
}

static void exit_window(struct vcpu *v)
{
	svm_window_open(v);
}

static void exit_iret(struct vcpu *v)
{
	svm_nmi_iret(v);
}

static void exit_hlt(struct vcpu *v)
{
	if (!skip(v, OP_HLT, 1))
		return;
	v->halted = true;
	vcpu_attend(v, ATT_EVENT);
}

/* Caches are coherent and shared: a guest need not flush them, and must not throw them away. */
static void exit_skip(struct vcpu *v)
{
	/* QEMU's SVM calls both WBINVD. */
	if (!skip(v, OP_WBINVD, 2))
		skip(v, OP_INVD, 2);
}

static void exit_pause(struct vcpu *v)
{
	skip(v, OP_PAUSE, 2);
}

static void exit_xsetbv(struct vcpu *v)
{
	struct vmcb *c = v->vmcb;
	uint64_t val = v->area.gpr[RDX] << 32 | (uint32_t)c->rax;

	uint64_t next = next_rip(v, OP_XSETBV, 3);

	if (!next)
		return;
	if (vcpu_set_xcr(v, (uint32_t)v->area.gpr[RCX], val, c->cpl, c->cr4))
		svm_advance(v, next);
	else
		vcpu_raise_gp(v);
}

static void exit_ud(struct vcpu *v)
{
	vcpu_raise_ud(v);
}

static void exit_gp_always(struct vcpu *v)
{
	vcpu_raise_gp(v);
}

static void exit_task_switch(struct vcpu *v)
{
	vm_crash(v->vm, "hardware task switch at 0x%llx", (unsigned long long)v->vmcb->rip);
}

/* A triple fault resets a PC. */
static void exit_shutdown(struct vcpu *v)
{
	LOG(INFO, "VMM", "%s: triple fault at 0x%llx", v->vm->label,
	    (unsigned long long)v->vmcb->rip);
	spin_lock(&v->vm->lock);
	v->vm->wish = VM_WISH_RESET;
	spin_unlock(&v->vm->lock);
	vcpu_attend(v, ATT_STATE);
}

static void exit_nested_fault(struct vcpu *v)
{
	uint64_t gpa = v->vmcb->exit_info2;

	/* TOUR(21): And back, mostly at once: sooner or later an instruction touches memory that
	 * nobody has touched before. A block is zeroed, mapped, and the instruction runs again.
	 * If no memory is there it was a device: the instruction is decoded and done for the
	 * guest. */
	if (guest_mem_touch(&v->vm->mem, gpa))
		return;
	if (v->vmcb->exit_int_info & EVENT_VALID)
		vm_crash(v->vm, "exception or interrupt with its table or stack at 0x%llx",
			 (unsigned long long)gpa);
	else if (v->vmcb->exit_info1 & NPF_TABLE)
		vm_crash(v->vm, "page table at 0x%llx, where no memory is",
			 (unsigned long long)gpa);
	else
		vcpu_emulate(v);
}

/* ---- dispatch --------------------------------------------------------------------------- */

#define SLOT(code) ((code) < CODE_SLOTS ? (code) : SLOT_NPF)
const vcpu_exit_fn svm_serve[SVM_SLOTS] = {
#define SVM_EXIT(code, NAME, name, handler) [SLOT(code)] = (handler),
#include "vmm/svm/svm_exits.def"
#undef SVM_EXIT
};

static const char *const exit_names[SVM_SLOTS] = {
#define SVM_EXIT(code, NAME, name, handler) [SLOT(code)] = #name,
#include "vmm/svm/svm_exits.def"
#undef SVM_EXIT
	[SLOT_OTHER] = "other",
};

const char *svm_exit_name(uint32_t i)
{
	return i < SVM_SLOTS ? exit_names[i] : NULL;
}

static void exit_unknown(struct vcpu *v, int code)
{
	if (code == SVM_ENTRY_INVALID)
		vm_crash(v->vm, "the processor refused its state (rip 0x%llx)",
			 (unsigned long long)v->vmcb->rip);
	else
		vm_crash(v->vm, "exit code 0x%x (rip 0x%llx)", (unsigned int)code,
			 (unsigned long long)v->vmcb->rip);
}

void svm_enter(struct vcpu *v)
{
	struct vmcb *c = v->vmcb;
	uint32_t slot, start;
	int code;

	if (!v->hidden_loaded) {
		svm_hidden_load(&v->area);
		v->hidden_loaded = true;
	}
	start = rdtsc_low();
	code = svm_run(&v->area);
	v->guest_tsc += rdtsc_low() - start;
	c->event_inj = 0;
	c->tlb_control = 0;
	c->clean = CLEAN_ALL & ~(CLEAN_INT_CTL | CLEAN_CR2);
	if (c->exit_int_info & EVENT_VALID)
		svm_save_interrupted_event(v);
	if ((c->int_ctl & VINT_TPR) != v->cr8)
		set_task_priority(v, c->int_ctl & VINT_TPR);
	slot = (uint32_t)code;
	if (slot >= CODE_SLOTS)
		slot = code == SVM_EXIT_NPF ? SLOT_NPF : SLOT_OTHER;
	v->exits[slot]++;
	if (v->serve[slot])
		v->serve[slot](v);
	else
		exit_unknown(v, code);
	/* Whoever entered the guest for an interrupt must think again (inject.c). */
	if (c->int_state & INT_SHADOW)
		vcpu_attend(v, ATT_EVENT);
}
