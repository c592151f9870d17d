// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * The life of a VM: BUILDING, ON, RESETTING, SUSPENDED, OFF, CRASHED. The state changes
 * under vm->lock, at once; the VCPUs follow when they look next, and a VM
 * goes on only after all of them have stopped.
 */
#include "cpu/time.h"
#include "cpu/x86.h"
#include "debug/log.h"
#include "lib/format.h"
#include "lib/text.h"
#include "vmm/vm.h"
#include "vmm/vmm.h"

#define STOP_WAIT_US 500u
#define STOP_STEP_US 10u

void vm_event(struct vm *vm, uint32_t events)
{
	uint32_t old = __atomic_fetch_or(&vm->events, events, __ATOMIC_RELEASE);

	/* Bits that the console has not fetched yet have rung already. */
	if (events & ~old)
		vm->notify();
}

void vm_set_state(struct vm *vm, uint32_t state, const char *reason)
{
	vm->state = state;
	vm->wish = VM_WISH_NONE;
	vm->on_since_ns = state == HC_VM_ON ? now_ns() : 0;
	strscpy(vm->reason, reason, sizeof(vm->reason));
	for (uint32_t i = 0; i < vm->vcpus; i++)
		vcpu_attend(vm->vcpu[i], ATT_STATE);
	vm_event(vm, HC_EV_STATE);
}

void vm_crash(struct vm *vm, const char *fmt, ...)
{
	char reason[VM_REASON_MAX];
	va_list args;

	va_start(args, fmt);
	vmk_vsnprintf(reason, sizeof(reason), fmt, args);
	va_end(args);
	LOG(WARNING, "VMM", "VM %u \"%s\" crashed: %s", vm->id, vm->label, reason);
	spin_lock(&vm->lock);
	if (vm->state == HC_VM_ON)
		vm_set_state(vm, HC_VM_CRASHED, reason);
	spin_unlock(&vm->lock);
}

void vm_grant_wish(struct vm *vm)
{
	uint32_t wish = vm->wish;

	if (vm->state != HC_VM_ON || wish == VM_WISH_NONE)
		return;
	if (wish == VM_WISH_OFF) {
		LOG(INFO, "VMM", "VM %u \"%s\" has switched itself off", vm->id, vm->label);
		vm_set_state(vm, HC_VM_OFF, "powered off by the guest");
	} else {
		LOG(INFO, "VMM", "VM %u \"%s\" resets", vm->id, vm->label);
		vm->resets++;
		vm_set_state(vm, HC_VM_RESETTING, "reset by the guest");
	}
}

static bool stopped(const struct vm *vm)
{
	for (uint32_t i = 0; i < vm->vcpus; i++)
		if (vm->vcpu[i]->world.state != WORLD_STOPPED)
			return false;
	return true;
}

static void stop_soon(struct vm *vm)
{
	for (uint32_t i = 0; i < vm->vcpus; i++)
		world_stop(&vm->vcpu[i]->world, now_ns());
}

int vm_stop_worlds(struct vm *vm)
{
	stop_soon(vm);
	/* They are on their way out: seldom is there a reason to call again. */
	for (uint32_t us = 0; us < STOP_WAIT_US && !stopped(vm); us += STOP_STEP_US)
		delay_us(STOP_STEP_US);
	return stopped(vm) ? VMK_OK : VMK_BUSY;
}

void vcpu_settle(struct vcpu *v)
{
	v->rpc_until_ns = 0;
	v->fetch = (struct fetch_cache){ .page = FETCH_NOTHING };
	v->attention = ATT_ALL;
}

/* Nothing runs the VCPU: all of it may be set. */
static void reset_vcpu(struct vcpu *v)
{
	v->halted = v->fault_pending = v->nmi_pending = v->nmi_masked = false;
	v->nmi_iret_rip = 1;
	v->reinject = 0;
	vcpu_settle(v);
	fpu_reset(v);
	msr_reset(v);
	vmm_ops->vcpu_reset(v);
}

static void begin(struct vm *vm, bool reset)
{
	vm->tsc_offset = 0 - rdtsc();
	if (reset)
		chipset_reset(&vm->chipset);
	guest_rpc_reset(&vm->rpc);
	for (uint32_t i = 0; i < vm->vcpus; i++)
		reset_vcpu(vm->vcpu[i]);
}

/* The VM's clocks go on from where they stood, and so does all that hangs on them. */
static void go_on(struct vm *vm)
{
	vm->frozen = false;
	vm->tsc_offset = vm->frozen_tsc - rdtsc();
	vm->clock_offset = vm->frozen_ns - now_ns();
	for (uint32_t i = 0; i < vm->vcpus; i++)
		vcpu_settle(vm->vcpu[i]);
}

static bool can_be_switched_on(const struct vm *vm)
{
	if (vm->state == HC_VM_SUSPENDED)
		return vm->frozen;
	return (vm->state == HC_VM_BUILDING || vm->state == HC_VM_RESETTING) && vm->regs_set;
}

static int power_on(struct vm *vm)
{
	uint32_t from = vm->state, wish = vm->wish;

	if (!can_be_switched_on(vm))
		return VMK_BAD_STATE;
	if (vm_stop_worlds(vm))
		return VMK_BUSY;
	if (!sched_pcpus_online())
		return VMK_NO_PCPU;
	spin_lock(&vm->lock);
	if (from == HC_VM_SUSPENDED)
		go_on(vm);
	else
		begin(vm, from == HC_VM_RESETTING);
	vm_set_state(vm, HC_VM_ON, "");
	/* What the guest asked for at the very end of its time. */
	vm->wish = from == HC_VM_SUSPENDED ? wish : VM_WISH_NONE;
	spin_unlock(&vm->lock);
	for (uint32_t i = 0; i < vm->vcpus; i++)
		world_start(&vm->vcpu[i]->world, now_ns());
	return VMK_OK;
}

static int power_off(struct vm *vm)
{
	spin_lock(&vm->lock);
	if (vm->state != HC_VM_OFF)
		vm_set_state(vm, HC_VM_OFF, "powered off by the console");
	spin_unlock(&vm->lock);
	stop_soon(vm);
	return VMK_OK;
}

static int power_reset(struct vm *vm)
{
	bool was_on;

	spin_lock(&vm->lock);
	was_on = vm->state == HC_VM_ON;
	if (was_on) {
		vm->resets++;
		vm_set_state(vm, HC_VM_RESETTING, "reset by the console");
	}
	spin_unlock(&vm->lock);
	if (!was_on)
		return VMK_BAD_STATE;
	stop_soon(vm);
	return VMK_OK;
}

static int power_suspend(struct vm *vm)
{
	uint32_t state;

	spin_lock(&vm->lock);
	vm_grant_wish(vm);
	if (vm->state == HC_VM_ON) {
		vm->frozen = false;
		vm_set_state(vm, HC_VM_SUSPENDED, "suspended by the console");
	}
	state = vm->state;
	spin_unlock(&vm->lock);
	if (state != HC_VM_SUSPENDED)
		return VMK_BAD_STATE;
	if (vm_stop_worlds(vm))
		return VMK_BUSY;
	if (!vm->frozen) {
		vm->frozen_tsc = rdtsc() + vm->tsc_offset;
		vm->frozen_ns = vm_clock(vm);
		vm->frozen = true;
	}
	return VMK_OK;
}

/* VMK_NOT_SUPPORTED: the guest does not listen to it. */
static int power_button(struct vm *vm)
{
	bool pressed = false;

	if (vm->state != HC_VM_ON)
		return VMK_BAD_STATE;
	spin_lock(&vm->lock);
	pressed = chipset_power_button(&vm->chipset);
	spin_unlock(&vm->lock);
	return pressed ? VMK_OK : VMK_NOT_SUPPORTED;
}

int vmm_power(uint32_t id, uint32_t op)
{
	struct vm *vm = vm_find(id);

	if (!vm)
		return VMK_NOT_FOUND;
	switch (op) {
	case HC_POWER_ON:
		return power_on(vm);
	case HC_POWER_OFF:
		return power_off(vm);
	case HC_POWER_RESET:
		return power_reset(vm);
	case HC_POWER_BUTTON:
		return power_button(vm);
	case HC_POWER_SUSPEND:
		return power_suspend(vm);
	default:
		return VMK_BAD_PARAM;
	}
}
