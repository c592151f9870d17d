// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/* What the console may ask about a VM, or have done to its memory and rings. */
#include "cpu/time.h"
#include "lib/string.h"
#include "lib/text.h"
#include "vmm/vm.h"
#include "vmm/vmm.h"

enum mem_op { MEM_READ, MEM_WRITE, MEM_ZERO, MEM_READ_USED };

static uint64_t used_ns(const struct vm *vm)
{
	struct world_times t;
	uint64_t sum = 0;

	for (uint32_t i = 0; i < vm->vcpus; i++) {
		world_get_times(&vm->vcpu[i]->world, now_ns(), &t);
		sum += t.used_ns;
	}
	return sum;
}

void vmm_list(struct hc_vm_list *a)
{
	struct vm *vm;

	for (a->count = 0; (vm = vm_by_index(a->count)); a->count++)
		a->vm[a->count] = vm->id;
}

int vmm_info(struct hc_vm_info *a)
{
	struct vm *vm = vm_find(a->vm);

	if (!vm)
		return VMK_NOT_FOUND;
	memset(a, 0, sizeof(*a));
	a->vm = vm->id;
	a->vcpus = vm->vcpus;
	a->attached = vm->owner_pid != 0;
	a->owner_pid = vm->owner_pid;
	a->mem_bytes = vm->mem.bytes;
	a->used_ns = used_ns(vm);
	strscpy(a->label, vm->label, sizeof(a->label));
	spin_lock(&vm->lock);
	a->state = vm->state;
	a->uptime_ns = vm->on_since_ns ? now_ns() - vm->on_since_ns : 0;
	strscpy(a->reason, vm->reason, sizeof(a->reason));
	spin_unlock(&vm->lock);
	return VMK_OK;
}

int vmm_name(struct hc_vm_name *a)
{
	struct vm *vm = vm_find(a->vm);

	if (!vm)
		return VMK_NOT_FOUND;
	memset(a->name, 0, sizeof(a->name));
	strscpy(a->name, vm->name, sizeof(a->name));
	return VMK_OK;
}

/* One process serves a VM: another cannot take it away. */
int vmm_attach(uint32_t id, uint32_t pid)
{
	struct vm *vm = vm_find(id);

	if (!vm)
		return VMK_NOT_FOUND;
	if (pid && vm->owner_pid)
		return VMK_BUSY;
	vm->owner_pid = pid;
	/* Whatever the last one did not fetch is news to the next. */
	if (pid)
		vm_event(vm, HC_EV_SERIAL_OUT | HC_EV_STATE | HC_EV_GUEST_RPC);
	return VMK_OK;
}

static bool all_ram(struct vm *vm, uint64_t gpa, uint32_t len)
{
	for (uint64_t p = gpa & ~(PAGE_SIZE - 1); p < gpa + len; p += PAGE_SIZE)
		if (!guest_mem_is_ram(&vm->mem, p))
			return false;
	return true;
}

/* Within one guest page. */
static void copy_page(struct vm *vm, const struct hc_vm_mem *a, uint32_t done, uint32_t len)
{
	uint8_t *p = guest_mem_ptr(&vm->mem, a->gpa + done);

	if (a->write == MEM_ZERO)
		memset(p, 0, len);
	else
		channel_window(vm, a->offset + done, p, len, a->write != MEM_WRITE);
}

int vmm_mem(const struct hc_vm_mem *a)
{
	struct vm *vm = vm_find(a->vm);
	uint32_t done = 0, n;

	if (!vm)
		return VMK_NOT_FOUND;
	if (a->write > MEM_READ_USED || !a->len || a->len > WS_VM_WINDOW_SIZE ||
	    a->offset > WS_VM_WINDOW_SIZE - a->len)
		return VMK_BAD_PARAM;
	if (a->gpa > UINT64_MAX / 2 || !all_ram(vm, a->gpa, a->len))
		return VMK_BAD_ADDRESS;
	if (a->write == MEM_READ_USED && !guest_mem_touched(&vm->mem, a->gpa))
		return VMK_NOT_FOUND;
	for (; done < a->len; done += n) {
		n = (uint32_t)(PAGE_SIZE - (a->gpa + done) % PAGE_SIZE);
		n = MIN(n, a->len - done);
		if (a->write != MEM_ZERO || guest_mem_touched(&vm->mem, a->gpa + done))
			copy_page(vm, a, done, n);
	}
	return VMK_OK;
}

int vmm_vcpu_regs(const struct hc_vcpu_regs *a)
{
	struct vm *vm = vm_find(a->vm);

	if (!vm)
		return VMK_NOT_FOUND;
	if (a->reserved || a->pad)
		return VMK_BAD_PARAM;
	if (vm->state != HC_VM_BUILDING && vm->state != HC_VM_RESETTING)
		return VMK_BAD_STATE;
	vm->regs = *a;
	vm->regs_set = true;
	return VMK_OK;
}

int vmm_kick(uint32_t id)
{
	struct vm *vm = vm_find(id);
	struct vcpu *v;

	if (!vm)
		return VMK_NOT_FOUND;
	v = vm->vcpu[0];
	spin_lock(&vm->lock);
	if (vm->state == HC_VM_ON) {
		channel_serial_in(vm);
		/* What the guest's tools wait for may be there. */
		v->rpc_until_ns = 0;
		/* The UART may want to be called at another time now. */
		vcpu_attend(v, ATT_TIME);
		sched_wake(&v->world, now_ns());
	}
	spin_unlock(&vm->lock);
	return VMK_OK;
}

int vmm_sched(struct hc_vm_sched *a)
{
	struct vm *vm = vm_find(a->vm);
	int err = VMK_OK;

	if (!vm)
		return VMK_NOT_FOUND;
	if (a->set > 1 || a->reserved)
		return VMK_BAD_PARAM;
	if (a->set)
		err = world_set_shares(&vm->vcpu[0]->world, a->shares, a->min_pct, a->max_pct,
				       now_ns());
	a->shares = vm->vcpu[0]->world.shares;
	a->min_pct = vm->vcpu[0]->world.min_pct;
	a->max_pct = vm->vcpu[0]->world.max_pct;
	return err;
}

int vmm_events(uint32_t id, uint32_t *events)
{
	struct vm *vm = vm_find(id);

	if (!vm)
		return VMK_NOT_FOUND;
	*events = __atomic_exchange_n(&vm->events, 0, __ATOMIC_ACQUIRE);
	return VMK_OK;
}

int vmm_shared_page(struct hc_shared_page *a)
{
	struct vm *vm = vm_find(a->vm);

	if (!vm)
		return VMK_NOT_FOUND;
	if (a->page >= WS_VM_CHANNEL_PAGES)
		return VMK_BAD_PARAM;
	a->hpa = vm->channel[a->page].v;
	a->pages = WS_VM_CHANNEL_PAGES;
	a->writable = 1;
	return VMK_OK;
}
