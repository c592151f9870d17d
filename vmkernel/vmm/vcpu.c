// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * Running a VCPU. The loop is as short as can be: enter the guest, serve the
 * exit, enter again, until some bit of v->attention says that there is more
 * to do. Whoever wants something of the VCPU sets a bit and, if it may run
 * elsewhere, has its PCPU interrupted: which ends the guest's run.
 *
 * No time is looked at on the way: the PCPU's timer is armed for the end of
 * the slice or the next device deadline, whichever comes first.
 */
#include "cpu/apic.h"
#include "cpu/pcpu.h"
#include "cpu/time.h"
#include "cpu/x86.h"
#include "vmm/vm.h"

/* Physical interrupts are taken where the processor is all ours. True: leave the PCPU. */
static bool take_interrupts(struct vcpu *v)
{
	vmm_ops->close(v);
	irq_window();
	return this_pcpu()->need_resched;
}

/* Device work that is due; then the deadline for the next. vm->lock is held. */
static void run_devices(struct vcpu *v)
{
	struct vm *vm = v->vm;

	v->deadline_ns = vm_deadline(vm);
	if (now_ns() >= v->deadline_ns) {
		chipset_tick(&vm->chipset, vm_clock(vm));
		v->deadline_ns = vm_deadline(vm);
	}
}

/* The timer comes for whom it comes first: the scheduler or the devices. */
static void arm_timer(const struct vcpu *v)
{
	uint64_t want = MIN(v->deadline_ns, v->timer_ns);

	if (this_pcpu()->timer_deadline_ns != want)
		timer_arm(want);
}

/* In HLT, or before an answer to its tools: true if the guest goes on. */
static bool leave_halt(struct vcpu *v)
{
	bool waits = v->halted || (v->rpc_until_ns && now_ns() < v->rpc_until_ns);

	if (waits && !vmm_ops->wakes(v) && !v->fault_pending)
		return false;
	v->halted = false;
	v->rpc_until_ns = 0;
	return true;
}

/* With vm->lock held: what there is to do before the guest goes on, if it does. */
static bool prepare(struct vcpu *v, uint32_t attention, enum run_result *why)
{
	struct vm *vm = v->vm;

	if (attention & ATT_STATE)
		vm_grant_wish(vm);
	if (vm->state != HC_VM_ON) {
		*why = RUN_STOP;
		return false;
	}
	if (attention & ATT_TIME)
		run_devices(v);
	if (!leave_halt(v)) {
		*why = RUN_WAIT;
		v->world.wait_until = v->deadline_ns;
		if (v->rpc_until_ns)
			v->world.wait_until = MIN(v->deadline_ns, v->rpc_until_ns);
		return false;
	}
	vmm_ops->inject(v);
	return true;
}

/* What v->attention asks for. False: the VCPU leaves the PCPU, *why says how. */
static bool attend(struct vcpu *v, enum run_result *why)
{
	uint32_t attention = __atomic_exchange_n(&v->attention, 0, __ATOMIC_ACQUIRE);
	bool go_on;

	if (attention & ATT_IRQ && take_interrupts(v)) {
		vcpu_attend(v, attention & ~ATT_IRQ);
		*why = RUN_PREEMPTED;
		return false;
	}
	spin_lock(&v->vm->lock);
	go_on = prepare(v, attention, why);
	spin_unlock(&v->vm->lock);
	if (go_on)
		arm_timer(v);
	return go_on;
}

enum run_result vcpu_run(struct world *w, uint64_t until_ns)
{
	struct vcpu *v = w->ctx;
	struct vmm_pcpu *p = this_pcpu()->vmm;
	enum run_result why = RUN_STOP;
	uint64_t start = rdtsc();

	if (!p) {
		vm_crash(v->vm, "PCPU %u had no memory for VMs", this_pcpu()->id);
		return RUN_STOP;
	}
	v->runs++;
	v->guest_tsc = 0;
	/* The scheduler has armed the timer for the slice or for somebody who waits. */
	v->timer_ns = MIN(until_ns, this_pcpu()->timer_deadline_ns);
	vmm_ops->load(v, p);
	fpu_load(v, p);
	vcpu_attend(v, ATT_ALL);
	/* TOUR(19): The innermost loop of the whole: enter the guest, serve its exit, enter again,
	 * until a bit of attention says that there is more to do. */
	while (!v->attention || attend(v, &why))
		vmm_ops->enter(v);
	vmm_ops->put(v);
	fpu_put(v, p);
	world_charge_sys(w, tsc_to_ns(rdtsc() - start - v->guest_tsc));
	return why;
}

void vcpu_raise(struct vcpu *v, struct guest_fault fault)
{
	v->fault = fault;
	v->fault_pending = true;
	vcpu_attend(v, ATT_EVENT);
}
