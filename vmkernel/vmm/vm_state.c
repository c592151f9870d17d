// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * All of a VM but its memory, as a row of bytes and back: the clocks, what its guest knows
 * of its processor, the devices, the VCPUs. It travels through the transfer window in one
 * piece, and is copied before it is looked at. Messages of the guest's tools are not part
 * of it: their channels are closed, and tools open new ones.
 */
#include "cpu/time.h"
#include "cpu/x86.h"
#include "lib/string.h"
#include "lib/text.h"
#include "mm/heap.h"
#include "vmm/vm.h"
#include "vmm/vmm.h"

#define STATE_MAX WS_VM_WINDOW_SIZE
#define TSC_TOLERANCE 1000u /* one part in so many: calibration differs from boot to boot */

/* Devices that a vmkernel may be built without. */
#define MACHINE_DEVICES                                                              \
	(IS_ENABLED(CONFIG_DEVICE_COM1) | IS_ENABLED(CONFIG_DEVICE_RTC) << 1 |       \
	 IS_ENABLED(CONFIG_DEVICE_PCI) << 2 | IS_ENABLED(CONFIG_DEVICE_I8042) << 3 | \
	 IS_ENABLED(CONFIG_DEVICE_BACKDOOR) << 4)

static bool tsc_fits(uint64_t khz)
{
	uint64_t diff = khz > tsc_khz ? khz - tsc_khz : tsc_khz - khz;

	return diff <= tsc_khz / TSC_TOLERANCE;
}

static void machine_state(struct vm *vm, struct state *s)
{
	uint32_t vcpus = vm->vcpus, devices = MACHINE_DEVICES;
	uint64_t bytes = vm->mem.bytes, khz = tsc_khz;
	uint8_t uuid[sizeof(vm->uuid)];

	memcpy(uuid, vm->uuid, sizeof(uuid));
	state_begin(s, "machine", 1);
	STATE(s, vcpus);
	STATE(s, devices);
	STATE(s, bytes);
	STATE(s, uuid);
	STATE(s, khz);
	STATE(s, vm->frozen_tsc);
	STATE(s, vm->frozen_ns);
	STATE(s, vm->wish);
	STATE(s, vm->resets);
	state_check(s, vcpus == vm->vcpus && devices == MACHINE_DEVICES && bytes == vm->mem.bytes &&
			       !memcmp(uuid, vm->uuid, sizeof(uuid)) && tsc_fits(khz) &&
			       !(vm->frozen_ns >> 61) && vm->wish <= VM_WISH_RESET);
	state_end(s);
}

static void vcpu_state(struct vcpu *v, struct state *s)
{
	guest_cpuid_state(v->cpuid, s);
	vmm_ops->vcpu_state(v, s);
	state_begin(s, "mtrr", 1);
	STATE(s, v->mtrrs);
	state_end(s);
	fpu_state(v, s);
}

static void vm_state(struct vm *vm, struct state *s)
{
	machine_state(vm, s);
	if (s->loading && !s->bad)
		vm->clock_offset = vm->frozen_ns - now_ns();
	for (uint32_t i = 0; i < vm->vcpus; i++)
		vcpu_state(vm->vcpu[i], s);
	chipset_state(&vm->chipset, s);
}

static int save(struct vm *vm, struct hc_vm_checkpoint *a, uint8_t *buf)
{
	struct state s;

	if (vm->state != HC_VM_SUSPENDED || !vm->frozen)
		return VMK_BAD_STATE;
	state_init(&s, buf, STATE_MAX, false);
	vm_state(vm, &s);
	if (!state_done(&s))
		return VMK_LIMIT_EXCEEDED;
	a->len = (uint32_t)s.pos;
	channel_window(vm, 0, buf, a->len, true);
	return VMK_OK;
}

static int load(struct vm *vm, struct hc_vm_checkpoint *a, uint8_t *buf)
{
	struct state s;

	if (vm->state != HC_VM_BUILDING)
		return VMK_BAD_STATE;
	channel_window(vm, 0, buf, a->len, false);
	state_init(&s, buf, a->len, true);
	for (uint32_t i = 0; i < vm->vcpus; i++)
		vmm_ops->vcpu_reset(vm->vcpu[i]);
	vm_state(vm, &s);
	if (!state_done(&s)) {
		strscpy(a->part, s.part, sizeof(a->part));
		vm_set_state(vm, HC_VM_OFF, "its saved state is damaged");
		return VMK_BAD_PARAM;
	}
	vm->frozen = true;
	/* A wish is part of the state. */
	vm->state = HC_VM_SUSPENDED;
	return VMK_OK;
}

int vmm_checkpoint(struct hc_vm_checkpoint *a)
{
	struct vm *vm = vm_find(a->vm);
	uint8_t *buf;
	int err;

	if (!vm)
		return VMK_NOT_FOUND;
	if (a->load > 1 || a->reserved || (a->load ? !a->len || a->len > STATE_MAX : a->len))
		return VMK_BAD_PARAM;
	memset(a->part, 0, sizeof(a->part));
	buf = heap_alloc(STATE_MAX);
	if (!buf)
		return VMK_NO_MEMORY;
	spin_lock(&vm->lock);
	err = a->load ? load(vm, a, buf) : save(vm, a, buf);
	spin_unlock(&vm->lock);
	heap_free(buf);
	return err;
}
