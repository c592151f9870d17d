// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * Making, finding and freeing VMs. Everything that a VM will ever need of the
 * vmkernel is allocated here, so that running it cannot fail for lack of
 * memory. A part that was not made yet is zero, and freeing it does nothing.
 */
#include "cpu/time.h"
#include "cpu/x86.h"
#include "debug/log.h"
#include "lib/format.h"
#include "lib/string.h"
#include "lib/text.h"
#include "mm/heap.h"
#include "vmm/emulate.h"
#include "vmm/vm.h"
#include "vmm/vmm.h"

#define MEM_MIN (2 * LARGE_PAGE_SIZE)
#define NO_PCPU UINT32_MAX

/* By age; hostcalls only, one at a time. */
static struct vm *vms[HC_VM_MAX];
static uint32_t vm_total, last_id;

struct vm *vm_by_index(uint32_t index)
{
	return index < vm_total ? vms[index] : NULL;
}

struct vm *vm_find(uint32_t id)
{
	for (uint32_t i = 0; i < vm_total; i++)
		if (vms[i]->id == id)
			return vms[i];
	return NULL;
}

/* It has a guest that would be lost. */
static bool is_alive(const struct vm *vm)
{
	return vm->state == HC_VM_ON || vm->state == HC_VM_RESETTING ||
	       vm->state == HC_VM_SUSPENDED;
}

void vmm_count(uint32_t *total, uint32_t *running)
{
	*total = vm_total;
	*running = 0;
	for (uint32_t i = 0; i < vm_total; i++)
		*running += is_alive(vms[i]);
}

/* ---- making ---------------------------------------------------------------------------- */

static int init_cpuid(struct vcpu *v)
{
	const struct cpuid_policy policy = {
		.vcpus = v->vm->vcpus,
		.id = v->id,
		.tsc_khz = tsc_khz,
		.apic_khz = LAPIC_BUS_HZ / 1000,
		.hypervisor = IS_ENABLED(CONFIG_DEVICE_BACKDOOR),
		.host = cpuid,
	};

	v->cpuid = heap_alloc(sizeof(*v->cpuid));
	if (!v->cpuid)
		return VMK_NO_MEMORY;
	guest_cpuid_build(v->cpuid, &policy);
	return VMK_OK;
}

int vm_make_vcpu(struct vm *vm, uint32_t id, const struct hc_vm_create *a)
{
	struct vcpu *v = heap_alloc(sizeof(*v));
	char name[WORLD_NAME_MAX];
	int err;

	if (!v)
		return VMK_NO_MEMORY;
	v->vm = vm;
	v->id = id;
	v->asid_pcpu = NO_PCPU;
	vmk_snprintf(name, sizeof(name), "vmm%u:%s", id, vm->label);
	world_init(&v->world, WORLD_VCPU, name, vcpu_run, v, now_ns());
	vm->vcpu[id] = v;
	v->decoded = heap_alloc(decode_cache_bytes());
	if (!v->decoded)
		return VMK_NO_MEMORY;
	err = world_set_shares(&v->world, a->shares, a->min_pct, a->max_pct, now_ns());
	if (!err)
		err = init_cpuid(v);
	if (!err)
		err = fpu_init(v);
	if (!err)
		err = vmm_ops->vcpu_init(v);
	return err;
}

static void free_vcpu(struct vcpu *v)
{
	world_destroy(&v->world);
	vmm_ops->vcpu_free(v);
	fpu_free(v);
	heap_free(v->cpuid);
	heap_free(v->decoded);
	heap_free(v);
}

void vm_free(struct vm *vm)
{
	for (uint32_t i = 0; i < HC_VCPU_MAX; i++)
		if (vm->vcpu[i])
			free_vcpu(vm->vcpu[i]);
	if (vm->mem.block)
		guest_mem_free(&vm->mem);
	channel_free(vm);
	heap_free(vm);
}

static int make_parts(struct vm *vm, const struct hc_vm_create *a)
{
	int err = channel_init(vm);

	for (uint32_t i = 0; i < vm->vcpus && !err; i++)
		err = vm_make_vcpu(vm, i, a);
	if (!err)
		err = guest_mem_init(&vm->mem, a->mem_bytes);
	if (!err)
		err = vm_init_chipset(vm);
	vm_init_rpc(vm);
	return err;
}

static int check_create(const struct hc_vm_create *a)
{
	if (a->reserved || !a->vcpus || a->vcpus > HC_VCPU_MAX || a->name[0] != '/' ||
	    a->mem_bytes < MEM_MIN || !IS_ALIGNED(a->mem_bytes, LARGE_PAGE_SIZE) ||
	    a->mem_bytes > HEAP_MAX / sizeof(uint64_t) * LARGE_PAGE_SIZE)
		return VMK_BAD_PARAM;
	for (uint32_t i = 0; i < vm_total; i++)
		if (!strcmp(vms[i]->name, a->name))
			return VMK_EXISTS;
	if (vm_total == HC_VM_MAX)
		return VMK_LIMIT_EXCEEDED;
	if (a->vcpus > 1)
		return VMK_NOT_SUPPORTED;
	return vmm_status();
}

/* Round the whole range, so that whoever still holds the id of one that has gone finds none. */
static uint32_t new_id(void)
{
	do
		last_id = last_id % (HC_VM_IDS - 1) + 1;
	while (vm_find(last_id));
	return last_id;
}

int vmm_create(struct hc_vm_create *a, void (*notify)(void))
{
	int err = check_create(a);
	struct vm *vm;

	if (err)
		return err;
	vm = heap_alloc(sizeof(*vm));
	if (!vm)
		return VMK_NO_MEMORY;
	spin_init(&vm->lock, RANK_VM);
	/* TOUR(16): A virtual machine is made of memory that was taken from Linux long ago:
	 * control blocks, nested page tables, devices, and 2 MiB blocks that stay unused until
	 * somebody touches them. The console fills in kernel and initrd, a window at a time. */
	vm->state = HC_VM_BUILDING;
	vm->vcpus = a->vcpus;
	vm->notify = notify;
	memcpy(vm->uuid, a->uuid, sizeof(vm->uuid));
	strscpy(vm->name, a->name, sizeof(vm->name));
	strscpy(vm->label, a->label, sizeof(vm->label));
	err = make_parts(vm, a);
	if (err) {
		vm_free(vm);
		return err;
	}
	a->vm = vm->id = new_id();
	for (uint32_t i = 0; i < vm->vcpus; i++)
		world_set_group(&vm->vcpu[i]->world, vm->id);
	vms[vm_total++] = vm;
	LOG(INFO, "VMM", "VM %u \"%s\" made, %llu MiB", vm->id, vm->label,
	    (unsigned long long)(a->mem_bytes >> 20));
	return VMK_OK;
}

int vmm_destroy(uint32_t id)
{
	struct vm *vm = vm_find(id);
	uint32_t i = 0;

	if (!vm)
		return VMK_NOT_FOUND;
	if (is_alive(vm))
		return VMK_BAD_STATE;
	if (vm_stop_worlds(vm))
		return VMK_BUSY;
	/* Nobody runs it and nobody can look it up; but its last PCPU may still hold the lock. */
	spin_lock(&vm->lock);
	spin_unlock(&vm->lock);
	while (vms[i] != vm)
		i++;
	for (vm_total--; i < vm_total; i++)
		vms[i] = vms[i + 1];
	LOG(INFO, "VMM", "VM %u \"%s\" freed", vm->id, vm->label);
	vm_free(vm);
	return VMK_OK;
}

int vmm_shutdown(bool force)
{
	uint32_t total, running;
	int err = VMK_OK;

	vmm_count(&total, &running);
	if (running && !force)
		return VMK_BUSY;
	for (uint32_t i = vm_total; i-- > 0;) {
		uint32_t id = vms[i]->id;

		if (vms[i]->state != HC_VM_OFF)
			vmm_power(id, HC_POWER_OFF);
		if (vmm_destroy(id))
			err = VMK_BUSY;
	}
	return err;
}
