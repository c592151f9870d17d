// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/* The hostcalls that concern VMs: what is wrong in form is refused here, the rest is the VMM's. */
#include "hostcall/calls.h"
#include "hostcall/doorbell.h"
#include "vmm/vmm.h"

int hc_call_events(struct hc_events *a)
{
	return vmm_events(a->vm, &a->events);
}

int hc_call_vm_create(struct hc_vm_create *a)
{
	if (!hostcall_string_ok(a->name, sizeof(a->name)) ||
	    !hostcall_string_ok(a->label, sizeof(a->label)))
		return VMK_BAD_PARAM;
	return vmm_create(a, doorbell_ring);
}

int hc_call_vm_destroy(struct hc_vm *a)
{
	return a->reserved ? VMK_BAD_PARAM : vmm_destroy(a->vm);
}

int hc_call_vm_list(struct hc_vm_list *a)
{
	if (a->reserved)
		return VMK_BAD_PARAM;
	vmm_list(a);
	return VMK_OK;
}

int hc_call_vm_info(struct hc_vm_info *a)
{
	return a->reserved ? VMK_BAD_PARAM : vmm_info(a);
}

int hc_call_vm_power(struct hc_vm_power *a)
{
	return vmm_power(a->vm, a->op);
}

int hc_call_vm_attach(struct hc_vm_attach *a)
{
	return vmm_attach(a->vm, a->pid);
}

int hc_call_vm_mem(struct hc_vm_mem *a)
{
	return vmm_mem(a);
}

int hc_call_vm_vcpu_regs(struct hc_vcpu_regs *a)
{
	return vmm_vcpu_regs(a);
}

int hc_call_vm_kick(struct hc_vm *a)
{
	return a->reserved ? VMK_BAD_PARAM : vmm_kick(a->vm);
}

int hc_call_vm_sched(struct hc_vm_sched *a)
{
	return vmm_sched(a);
}

int hc_call_vm_name(struct hc_vm_name *a)
{
	return a->reserved ? VMK_BAD_PARAM : vmm_name(a);
}

int hc_call_vm_checkpoint(struct hc_vm_checkpoint *a)
{
	return vmm_checkpoint(a);
}
