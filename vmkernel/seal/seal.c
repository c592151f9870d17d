// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * Sealing the console, and letting it go again. Whatever can fail comes
 * first; from the moment the local APIC changes hands there is no way back
 * but that of the farewell.
 */
#include "cpu/apic.h"
#include "cpu/pcpu.h"
#include "cpu/time.h"
#include "cpu/traps.h"
#include "cpu/x86.h"
#include "debug/log.h"
#include "lib/string.h"
#include "lib/text.h"
#include "mm/heap.h"
#include "mm/pages.h"
#include "seal/private.h"
#include "vmm/vmm.h"
#include "vsi/vsi.h"

/* As on ESX: shares of two VMs, and 8 percent of a processor whatever happens. */
#define CONSOLE_SHARES (2 * SCHED_SHARES_DEFAULT)
#define CONSOLE_MIN_PCT 8u

bool sealed(void)
{
	return console.vm;
}

static void nobody(void)
{
}

static int make_vm(void)
{
	const struct hc_vm_create a = { .vcpus = 1,
					.shares = CONSOLE_SHARES,
					.min_pct = CONSOLE_MIN_PCT };
	struct vm *vm = heap_alloc(sizeof(*vm));
	int err;

	if (!vm)
		return VMK_NO_MEMORY;
	console.vm = vm;
	spin_init(&vm->lock, RANK_VM);
	spin_init(&vm->mem.lock, RANK_VMM);
	vm->state = HC_VM_ON;
	vm->vcpus = 1;
	vm->notify = nobody;
	vm->mem.foreign = seal_ram;
	strscpy(vm->label, "console", sizeof(vm->label));
	err = npt_init(&vm->mem);
	if (!err)
		err = vm_make_vcpu(vm, 0, &a);
	console.vcpu = vm->vcpu[0];
	if (!err)
		err = seal_irq_init(vm);
	return err;
}

static void undo(void)
{
	if (console.vm) {
		npt_free(&console.vm->mem);
		vm_free(console.vm);
	}
	if (!hpa_is_none(console.iopm))
		pages_free(console.iopm, 2, PAGES_VMM);
	if (!hpa_is_none(console.msrpm))
		pages_free(console.msrpm, 1, PAGES_VMM);
	console.vm = NULL;
	sched_pcpu_offline(0, now_ns());
	vmm_pcpu_exit();
}

/* The registers that are switched with VCPUs still hold what is the console's. */
static void take_fpu(struct vcpu *v)
{
	struct vmm_pcpu *p = this_pcpu()->vmm;

	v->xcr0_all = true;
	v->fpu_pcpu = SCHED_NO_PCPU;
	if (p->xcr0_all)
		v->xcr0 = xgetbv(0);
	if (cpuid(0x80000001u, 0).edx & BIT(27))
		v->tsc_aux = rdmsr(MSR_TSC_AUX);
	fpu_put(v, p);
}

static int check(const struct crossing *x, const struct hc_seal *a)
{
	int err = vmm_status();

	if (sealed())
		return VMK_EXISTS;
	if (err && err != VMK_NO_PCPU)
		return err;
	if (a->ranges > HC_RAM_MAX || a->pm1_control > 0xfffe)
		return VMK_BAD_PARAM;
	err = seal_irq_check();
	return err ? err : seal_check_state(x);
}

/* From here on nothing fails, and nothing is as it was. */
static void take_over(struct vcpu *v, struct crossing *x)
{
	seal_state_in(v, x);
	take_fpu(v);
	write_cr4(read_cr4() & ~CR4_PCIDE);
	seal_irq_take(v->vm);
	channel_unshared = seal_unshare;
	world_set_console(&v->world);
	world_start(&v->world, now_ns());
	x->sealed = 1;
}

int seal_console(struct crossing *x, const struct hc_seal *a, hpa_t root,
		 const struct seal_hooks *hooks)
{
	int err = check(x, a);
	uint64_t hsave;

	if (err)
		return err;
	hsave = rdmsr(MSR_VM_HSAVE_PA);
	memset(&console, 0, sizeof(console));
	console.iopm = console.msrpm = HPA_NONE;
	console.x = x;
	console.hooks = hooks;
	console.root = root;
	console.hsave_before = hsave;
	console.pm1_control = a->pm1_control;
	console.ranges = a->ranges;
	memcpy(console.ram, a->ram, sizeof(console.ram));
	vmm_pcpu_init();
	if (!this_pcpu()->vmm)
		return VMK_NO_MEMORY;
	sched_pcpu_online(0, now_ns());
	err = make_vm();
	if (!err)
		err = seal_memory_init();
	if (!err)
		err = seal_exits_init(console.vcpu);
	if (err) {
		undo();
		return err;
	}
	take_over(console.vcpu, x);
	LOG(INFO, "Seal", "the console is sealed: world %u on PCPU 0", console.vcpu->world.id);
	return VMK_OK;
}

void seal_leave_after_call(void)
{
	console.leaving = sealed();
}

void seal_look(void)
{
	struct vcpu *v = console.vcpu;

	if (!sealed())
		return;
	console.nmis_due += __atomic_exchange_n(nmi_latch, 0, __ATOMIC_RELAXED);
	if (!console.nmis_due || v->nmi_pending)
		return;
	console.nmis_due--;
	console.nmis++;
	v->nmi_pending = true;
	vcpu_attend(v, ATT_EVENT);
	sched_wake(&v->world, now_ns());
	/* One at a time is what a processor keeps: look again when it has been delivered. */
	if (console.nmis_due)
		pcpu_kick(0);
}

/* ---- /console -------------------------------------------------------------------------- */

static int get_form(void *ctx, struct vsi_text *out)
{
	(void)ctx;
	vsi_printf(out, "%s\n", sealed() ? "sealed" : "native");
	return VMK_OK;
}

static int get_exits(void *ctx, struct vsi_text *out)
{
	(void)ctx;
	for (uint32_t i = 0; sealed() && i < EXIT_KINDS; i++)
		if (console.vcpu->exits[i] && vmm_ops->exit_name(i))
			vsi_printf(out, "%s %llu\n", vmm_ops->exit_name(i),
				   (unsigned long long)console.vcpu->exits[i]);
	return VMK_OK;
}

static struct vsi_node folder = VSI_FOLDER("console", "the service console");
static struct vsi_node nodes[] = {
	VSI_TEXT("form", "native: on the bare processor; sealed: a world of the vmkernel", get_form,
		 NULL, NULL),
	VSI_TEXT("exits", "why the console has stopped running, and how often", get_exits, NULL,
		 NULL),
	VSI_U64("irqs", "physical interrupts taken for it", &console.irqs),
	VSI_U64("levels", "of these, level-triggered", &console.levels),
	VSI_U64("strays", "messages that were for no processor of its", &console.strays),
	VSI_U64("nmis", "delivered to it", &console.nmis),
	VSI_U64("calls", "hostcalls by VMMCALL", &console.calls),
	VSI_U64("refused_memory", "accesses to memory that is not its", &console.refused_memory),
	VSI_U64("refused_ports", "accesses to ports that it may not use", &console.refused_ports),
	VSI_U64("refused_msrs", "writes to MSRs that it may not change", &console.refused_msrs),
};

int seal_vsi_init(void)
{
	int err = vsi_add(NULL, &folder);

	return err ? err : vsi_add_all(&folder, nodes, ARRAY_SIZE(nodes));
}
