// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * What a sealed console exits for. Most of it is hidden SVM and the few things
 * by which it could take the machine from under the vmkernel: the rest of the
 * processor, and all devices, it uses as it did before.
 */
#include "cpu/x86.h"
#include "lib/string.h"
#include "mm/pages.h"
#include "seal/private.h"
#include "vmm/vmm.h"

#define OP_CPUID 0xa20fu
#define OP_RDMSR 0x320fu
#define OP_WRMSR 0x300fu
#define OP_MWAIT 0xc9010fu
#define OP_VMMCALL 0xd9010fu

#define IOPM_ORDER 2u
#define MSRPM_ORDER 1u
#define MSR_READ 1u /* bits of an MSR in the map */
#define MSR_WRITE 2u
#define MSR_BOTH 3u

#define CPUID1_ECX_OSXSAVE BIT(27)
#define CPUID1_ECX_MONITOR BIT(3)
#define CPUID81_ECX_SVM BIT(2)
#define CPUID81_ECX_SKINIT BIT(12)
#define CPUID_SVM_LEAF 0x8000000au

#define PORT_KBC 0x64u
#define PORT_A 0x92u
#define PORT_SMI 0xb2u
#define PORT_COM2 0x2f8u
#define PORT_PCI 0xcf8u
#define PORT_RESET 0xcf9u
#define KBC_IS_PULSE(val) ((val) >= 0xf0 && !((val)&1)) /* of the processor's reset line */
#define PORT_A_RESET 1u
#define RESET_NOW 4u
#define PM1_SLEEP BIT(13)

struct console console;

/* ---- the maps --------------------------------------------------------------------------- */

/* APM vol. 2, 15.11: two bits an MSR, for three ranges of 8192. */
static void guard_msr(uint8_t *map, uint32_t msr, uint8_t bits)
{
	uint32_t bit = (msr & 0x1fff) * 2;

	if (msr >= 0xc0010000u)
		bit += 2 * 0x4000;
	else if (msr >= 0xc0000000u)
		bit += 0x4000;
	map[bit / 8] |= (uint8_t)(bits << bit % 8);
}

struct guarded_msr {
	uint32_t first, count;
	uint8_t bits;
};

static const struct guarded_msr msrs[] = {
	{ 0x10, 1, MSR_WRITE }, /* TSC */
	{ MSR_APIC_BASE, 1, MSR_BOTH },
	{ 0x3b, 1, MSR_WRITE }, /* TSC_ADJUST */
	{ 0x200, 16, MSR_WRITE }, /* memory types */
	{ 0x250, 1, MSR_WRITE },
	{ 0x258, 2, MSR_WRITE },
	{ 0x268, 8, MSR_WRITE },
	{ 0x2ff, 1, MSR_WRITE },
	{ MSR_TSC_DEADLINE, 1, MSR_BOTH },
	{ MSR_X2APIC, 0x100, MSR_BOTH },
	{ MSR_EFER, 1, MSR_BOTH },
	{ MSR_TSC_AUX, 1, MSR_WRITE },
	{ 0xc0010010, 1, MSR_WRITE }, /* SYSCFG */
	{ 0xc0010015, 1, MSR_WRITE }, /* HWCR */
	{ 0xc0010016, 4, MSR_WRITE }, /* IORR */
	{ 0xc001001a, 1, MSR_WRITE }, /* TOP_MEM */
	{ 0xc001001d, 1, MSR_WRITE }, /* TOP_MEM2 */
	{ 0xc0010020, 1, MSR_WRITE }, /* microcode */
	{ 0xc0010058, 1, MSR_WRITE }, /* where PCI's configuration space is */
	{ 0xc0010111, 3, MSR_WRITE }, /* SMM's memory */
	{ MSR_VM_CR, 1, MSR_BOTH },
	{ 0xc0010115, 1, MSR_WRITE }, /* IGNNE */
	{ 0xc0010116, 1, MSR_WRITE }, /* SMM_CTL */
	{ MSR_VM_HSAVE_PA, 1, MSR_BOTH },
};

struct guarded_ports {
	uint16_t first, count;
};

static const struct guarded_ports ports[] = {
	{ PORT_KBC, 1 }, { PORT_A, 1 }, { PORT_SMI, 1 }, { PORT_COM2, 8 }, { PORT_RESET, 1 },
};

static void guard_port(uint8_t *map, uint32_t port)
{
	map[port / 8] |= (uint8_t)(1u << port % 8);
}

static int make_maps(void)
{
	int err = pages_alloc_zero(IOPM_ORDER, PAGES_VMM, &console.iopm);

	if (!err)
		err = pages_alloc_zero(MSRPM_ORDER, PAGES_VMM, &console.msrpm);
	if (err)
		return err;
	for (size_t i = 0; i < ARRAY_SIZE(msrs); i++)
		for (uint32_t n = 0; n < msrs[i].count; n++)
			guard_msr(phys_to_virt(console.msrpm), msrs[i].first + n, msrs[i].bits);
	for (size_t i = 0; i < ARRAY_SIZE(ports); i++)
		for (uint32_t n = 0; n < ports[i].count; n++)
			guard_port(phys_to_virt(console.iopm), ports[i].first + n);
	if (console.pm1_control) {
		guard_port(phys_to_virt(console.iopm), console.pm1_control);
		guard_port(phys_to_virt(console.iopm), console.pm1_control + 1);
	}
	return VMK_OK;
}

/* ---- CPUID and MSRs ------------------------------------------------------------------- */

static void exit_cpuid(struct vcpu *v)
{
	struct vmcb *c = v->vmcb;
	uint32_t leaf = (uint32_t)c->rax;
	struct cpuid_regs r = cpuid(leaf, (uint32_t)v->area.gpr[RCX]);

	if (!svm_skip(v, OP_CPUID, 2))
		return;
	if (leaf == 1)
		r.ecx = (uint32_t)((r.ecx & ~CPUID1_ECX_OSXSAVE) |
				   (c->cr4 & CR4_OSXSAVE ? CPUID1_ECX_OSXSAVE : 0));
	if (leaf == 0x80000001u)
		r.ecx &= (uint32_t) ~(CPUID81_ECX_SVM | CPUID81_ECX_SKINIT);
	if (leaf == CPUID_SVM_LEAF)
		r = (struct cpuid_regs){ 0 };
	c->rax = r.eax;
	v->area.gpr[RBX] = r.ebx;
	v->area.gpr[RCX] = r.ecx;
	v->area.gpr[RDX] = r.edx;
}

static bool read_msr(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	struct lapic *apic = &v->vm->chipset.lapic[0];

	switch (msr) {
	case MSR_EFER:
		*val = v->vmcb->efer & ~EFER_FIXED;
		return true;
	case MSR_APIC_BASE:
	case MSR_TSC_DEADLINE:
		return !lapic_msr_read(apic, msr, val);
	case MSR_VM_CR:
		*val = BIT(4); /* disabled by the firmware, as far as the console is concerned */
		return true;
	default:
		return false;
	}
}

static bool write_efer(struct vcpu *v, uint64_t val)
{
	struct vmcb *c = v->vmcb;

	if (val & EFER_SVME || ((val ^ c->efer) & EFER_LME && c->cr0 & CR0_PG))
		return false;
	c->efer = (val & ~EFER_LMA) | (c->efer & EFER_LMA) | EFER_FIXED;
	svm_dirty(v, CLEAN_CONTROL_REGS);
	return true;
}

static bool write_msr(struct vcpu *v, uint32_t msr, uint64_t val)
{
	struct lapic *apic = &v->vm->chipset.lapic[0];
	vmk_status st;

	switch (msr) {
	case MSR_EFER:
		return write_efer(v, val);
	case MSR_TSC_AUX:
		if (val >> 32)
			return false;
		v->tsc_aux = val;
		fpu_tsc_aux(v);
		return true;
	case MSR_APIC_BASE:
	case MSR_TSC_DEADLINE:
		spin_lock(&v->vm->lock);
		st = lapic_msr_write(apic, msr, val);
		vcpu_access_done(v);
		return !st;
	case MSR_VM_HSAVE_PA:
	case MSR_VM_CR:
		return false;
	default:
		seal_refuse(&console.refused_msrs, "write to MSR", msr);
		return msr - MSR_X2APIC >= 0x100;
	}
}

static void exit_msr(struct vcpu *v)
{
	struct vmcb *c = v->vmcb;
	uint32_t msr = (uint32_t)v->area.gpr[RCX];
	uint64_t val = v->area.gpr[RDX] << 32 | (uint32_t)c->rax;
	bool write = c->exit_info1 & 1;

	if (!(write ? write_msr(v, msr, val) : read_msr(v, msr, &val))) {
		vcpu_raise_gp(v);
		return;
	}
	if (!svm_skip(v, write ? OP_WRMSR : OP_RDMSR, 2) || write)
		return;
	c->rax = (uint32_t)val;
	v->area.gpr[RDX] = val >> 32;
}

/* ---- ports ---------------------------------------------------------------------------- */

/* The console wants the machine to begin anew, or to be off: not while VMs run on it. */
static bool lets_go(struct vcpu *v, const char *what)
{
	uint32_t vms, running;

	vmm_count(&vms, &running);
	if (!running)
		return true;
	seal_refuse(&console.refused_ports, what, running);
	spin_lock(&v->vm->lock);
	v->vm->wish = VM_WISH_RESET;
	spin_unlock(&v->vm->lock);
	vcpu_attend(v, ATT_STATE);
	return false;
}

static uint32_t port_in(uint16_t port, unsigned int size)
{
	if (port - PORT_COM2 < 8u)
		return UINT32_MAX;
	return size == 4 ? inl(port) : size == 2 ? inw(port) : inb(port);
}

static bool may_write(struct vcpu *v, uint16_t port, unsigned int size, uint32_t val)
{
	if (port == PORT_PCI && size == 4)
		return true;
	if (port == PORT_KBC)
		return !KBC_IS_PULSE(val & 0xff) || lets_go(v, "reset by port 0x64, VMs");
	if (port == PORT_A)
		return !(val & PORT_A_RESET) || lets_go(v, "reset by port 0x92, VMs");
	if (port == PORT_RESET)
		return !(val & RESET_NOW) || lets_go(v, "reset by port 0xcf9, VMs");
	if (port == console.pm1_control && size == 2)
		return !(val & PM1_SLEEP) || lets_go(v, "switching off, VMs");
	seal_refuse(&console.refused_ports, "write to port", port);
	return false;
}

static void port_out(uint16_t port, unsigned int size, uint32_t val)
{
	if (size == 4)
		outl(port, val);
	else if (size == 2)
		outw(port, (uint16_t)val);
	else
		outb(port, (uint8_t)val);
}

static void exit_port(struct vcpu *v)
{
	struct vmcb *c = v->vmcb;
	uint64_t info = c->exit_info1, next = c->exit_info2;
	uint16_t port = (uint16_t)(info >> 16);
	unsigned int size = info >> 4 & 7;
	uint32_t mask = size == 4 ? UINT32_MAX : (1u << 8 * size) - 1, val;

	if (info & BIT(2)) {
		seal_refuse(&console.refused_ports, "string instruction at port", port);
		vcpu_raise_gp(v);
		return;
	}
	if (info & BIT(0)) {
		val = port_in(port, size) & mask;
		c->rax = size == 4 ? val : (c->rax & ~(uint64_t)mask) | val;
	} else if (may_write(v, port, size, (uint32_t)c->rax & mask)) {
		port_out(port, size, (uint32_t)c->rax & mask);
	}
	svm_advance(v, next);
}

/* ---- the rest --------------------------------------------------------------------------- */

static void exit_nested_fault(struct vcpu *v)
{
	struct vmcb *c = v->vmcb;
	uint64_t gpa = c->exit_info2;
	bool delivering = c->exit_int_info & EVENT_VALID;
	int err;

	if ((gpa & ~(PAGE_SIZE - 1)) == APIC_BASE_ADDR && !delivering &&
	    !(c->exit_info1 & NPF_TABLE)) {
		vcpu_emulate(v);
		return;
	}
	err = seal_map(gpa);
	if (!err)
		return;
	if (err != VMK_NO_ACCESS)
		vm_crash(v->vm, "no memory to map 0x%llx", (unsigned long long)gpa);
	seal_refuse(&console.refused_memory, "memory of the vmkernel at", gpa);
	if (delivering)
		vm_crash(v->vm, "its tables or stack lie in memory of the vmkernel");
	else
		vcpu_raise_gp(v);
}

/* Linux idles by MWAIT where it can; what would end it is an interrupt, there is no other CPU. */
static void exit_mwait(struct vcpu *v)
{
	if (!svm_skip(v, OP_MWAIT, 3))
		return;
	v->halted = v->vmcb->rflags & RFLAGS_IF;
	vcpu_attend(v, ATT_EVENT);
}

static void exit_call(struct vcpu *v)
{
	if (v->vmcb->cpl) {
		vcpu_raise_ud(v);
		return;
	}
	if (!svm_skip(v, OP_VMMCALL, 3))
		return;
	console.calls++;
	vmm_ops->close(v);
	console.hooks->call(console.x);
	if (!console.leaving)
		return;
	seal_irq_give(v->vm);
	seal_state_out(v, console.x);
	console.x->sealed = 0;
	console.vm = NULL;
	console.hooks->alone();
}

int seal_exits_init(struct vcpu *v)
{
	static vcpu_exit_fn serve[SVM_SLOTS];
	struct vmcb *c = v->vmcb;
	int err = make_maps();

	if (err)
		return err;
	memcpy(serve, svm_serve, sizeof(serve));
	serve[SVM_EXIT_CPUID] = exit_cpuid;
	serve[SVM_EXIT_MSR] = exit_msr;
	serve[SVM_EXIT_IOIO] = exit_port;
	serve[SVM_EXIT_VMMCALL] = exit_call;
	serve[SVM_EXIT_MWAIT] = serve[SVM_EXIT_MWAIT_ARMED] = exit_mwait;
	serve[SLOT_NPF] = exit_nested_fault;
	v->serve = serve;
	c->exceptions = 1u << 1 | 1u << 17; /* #DB and #AC, which could come for ever */
	c->intercept1 = INT1_INTR | INT1_NMI | INT1_INIT | INT1_CPUID | INT1_HLT | INT1_INVD |
			INT1_INVLPGA | INT1_IOIO | INT1_MSR | INT1_TASK_SWITCH | INT1_SHUTDOWN;
	c->intercept2 = INT2_VMRUN | INT2_VMMCALL | INT2_VMLOAD | INT2_VMSAVE | INT2_STGI |
			INT2_CLGI | INT2_SKINIT | INT2_MWAIT | INT2_MWAIT_ARMED;
	c->intercept3 = INT3_INVLPGB | INT3_INVLPGB_ILLEGAL;
	c->iopm = console.iopm.v;
	c->msrpm = console.msrpm.v;
	c->int_ctl = VINT_MASKING;
	c->nested_ctl = NESTED_PAGING;
	c->nested_cr3 = v->vm->mem.nested_root.v;
	return VMK_OK;
}
