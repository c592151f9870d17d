// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * Between a VM's device models and its VCPUs: what the models ask for is only
 * noted here, with vm->lock held; the VCPU finds the note before it enters
 * the guest again.
 */
#include "cpu/pcpu.h"
#include "cpu/time.h"
#include "cpu/x86.h"
#include "vmm/vm.h"

uint64_t vm_clock(const struct vm *vm)
{
	return now_ns() + vm->clock_offset;
}

uint64_t vm_deadline(const struct vm *vm)
{
	uint64_t at = chipset_deadline(&vm->chipset);
	int64_t ns = (int64_t)(at - vm->clock_offset);

	if (at >> 62)
		return DEV_NEVER;
	return ns < 0 ? 0 : (uint64_t)ns;
}

static uint64_t clock_now(void *opaque)
{
	return vm_clock(opaque);
}

static uint64_t clock_wall(void *opaque)
{
	(void)opaque;
	return wall_clock_ns();
}

/* A VCPU that runs right here looks by itself; any other is woken or interrupted. */
static void poke(struct vcpu *v, uint32_t why)
{
	vcpu_attend(v, why);
	if (sched_current(this_pcpu()->id) != &v->world)
		sched_wake(&v->world, now_ns());
}

static void cb_kick(void *opaque, uint32_t vcpu)
{
	struct vm *vm = opaque;

	poke(vm->vcpu[vcpu], ATT_EVENT);
}

static void cb_nmi(void *opaque, uint32_t vcpu)
{
	struct vm *vm = opaque;

	vm->vcpu[vcpu]->nmi_pending = true;
	poke(vm->vcpu[vcpu], ATT_EVENT);
}

/* An INIT to the one VCPU there is: on a PC it restarts at the firmware, so it is a reset. */
static void cb_init(void *opaque, uint32_t vcpu)
{
	struct vm *vm = opaque;

	vm->wish = VM_WISH_RESET;
	poke(vm->vcpu[vcpu], ATT_STATE);
}

/* Nobody waits for a start-up message. */
static void cb_sipi(void *opaque, uint32_t vcpu, uint8_t vector)
{
	(void)opaque;
	(void)vcpu;
	(void)vector;
}

static void cb_power_off(void *opaque)
{
	struct vm *vm = opaque;

	vm->wish = VM_WISH_OFF;
	poke(vm->vcpu[0], ATT_STATE);
}

static void cb_reset(void *opaque)
{
	struct vm *vm = opaque;

	vm->wish = VM_WISH_RESET;
	poke(vm->vcpu[0], ATT_STATE);
}

static uint64_t cb_guest_tsc(void *opaque, uint32_t vcpu)
{
	const struct vm *vm = opaque;

	(void)vcpu;
	return rdtsc() + vm->tsc_offset;
}

int vm_init_chipset(struct vm *vm)
{
	struct chipset_config cfg = {
		.vcpus = vm->vcpus,
		.x2apic = true,
		.mem_bytes = vm->mem.bytes,
		.tsc_hz = tsc_khz * 1000,
		.clock = { clock_now, vm },
		.wall = { clock_wall, NULL },
		.serial = { channel_serial_out, vm },
		.cb = { cb_kick, cb_nmi, cb_init, cb_sipi, cb_power_off, cb_reset, cb_guest_tsc },
		.opaque = vm,
	};

	for (size_t i = 0; i < sizeof(cfg.uuid); i++)
		cfg.uuid[i] = vm->uuid[i];
	return chipset_init(&vm->chipset, &cfg);
}
