// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * What a VCPU does to its VM's devices, whatever kind of exit it came by. The
 * VM's lock is held around the device models, and only there.
 */
#include "cpu/x86.h"
#include "vmm/emulate.h"
#include "vmm/vm.h"

#define CR4_OSXSAVE_ON BIT(18)

/*
 * After any access: the models may have a new deadline, want to interrupt
 * (they called kick, which left ATT_EVENT, or one that waited for an EOI may
 * come now), or have a new task priority.
 */
void vcpu_access_done(struct vcpu *v)
{
	struct vm *vm = v->vm;
	const struct lapic *apic = &vm->chipset.lapic[v->id];

	if (vm_deadline(vm) != v->deadline_ns)
		vcpu_attend(v, ATT_TIME);
	if (apic->irr.any || lapic_get_cr8(apic) != v->cr8)
		vcpu_attend(v, ATT_EVENT);
	spin_unlock(&vm->lock);
}

static bool is_com1(uint16_t port)
{
	return port - CHIPSET_COM1_PORT < UART_PORTS;
}

uint32_t vcpu_port_read(struct vcpu *v, uint16_t port, unsigned int size)
{
	struct vm *vm = v->vm;
	uint32_t val;

	spin_lock(&vm->lock);
	vm->chipset.bus.vcpu = v->id;
	val = dev_pio_read(&vm->chipset.bus, port, size);
	/* The guest may have made room in the UART's FIFO. */
	if (is_com1(port))
		channel_serial_in(vm);
	vcpu_access_done(v);
	return val;
}

void vcpu_port_write(struct vcpu *v, uint16_t port, unsigned int size, uint32_t val)
{
	struct vm *vm = v->vm;

	spin_lock(&vm->lock);
	vm->chipset.bus.vcpu = v->id;
	dev_pio_write(&vm->chipset.bus, port, size, val);
	if (is_com1(port))
		channel_serial_in(vm);
	vcpu_access_done(v);
}

/* With vm->lock held. */
static enum backdoor_result call_backdoor(struct vcpu *v, struct backdoor_regs *r)
{
	if (!IS_ENABLED(CONFIG_DEVICE_BACKDOOR) || r->eax != BACKDOOR_MAGIC)
		return BACKDOOR_NO_CALL;
	if ((uint16_t)r->ecx != BACKDOOR_MESSAGE) {
		backdoor_call(&v->vm->chipset.backdoor, r);
		return BACKDOOR_SERVED;
	}
	v->rpc_until_ns = guest_rpc_call(&v->vm->rpc, r);
	if (!v->rpc_until_ns)
		return BACKDOOR_SERVED;
	vcpu_attend(v, ATT_EVENT);
	return BACKDOOR_WAITS;
}

enum backdoor_result vcpu_backdoor(struct vcpu *v, uint64_t *gpr)
{
	struct backdoor_regs r = {
		(uint32_t)gpr[RAX], (uint32_t)gpr[RBX], (uint32_t)gpr[RCX],
		(uint32_t)gpr[RDX], (uint32_t)gpr[RSI], (uint32_t)gpr[RDI],
	};
	enum backdoor_result result;

	spin_lock(&v->vm->lock);
	result = call_backdoor(v, &r);
	spin_unlock(&v->vm->lock);
	if (result != BACKDOOR_SERVED)
		return result;
	gpr[RAX] = r.eax;
	gpr[RBX] = r.ebx;
	gpr[RCX] = r.ecx;
	gpr[RDX] = r.edx;
	gpr[RSI] = r.esi;
	gpr[RDI] = r.edi;
	return BACKDOOR_SERVED;
}

/* APM vol. 3, XSETBV: x87 always, AVX wants SSE, AVX-512 wants AVX, whole. */
bool vcpu_xcr0_ok(const struct vcpu *v, uint64_t val)
{
	uint64_t avx512 = val & 0xe0;

	return !(val & ~(v->cpuid->xcr0_mask | 1)) && val & 1 && (!(val & 4) || val & 2) &&
	       (!avx512 || (avx512 == 0xe0 && val & 4));
}

bool vcpu_set_xcr(struct vcpu *v, uint32_t index, uint64_t val, uint8_t cpl, uint64_t cr4)
{
	if (index || cpl || !(cr4 & CR4_OSXSAVE_ON) || !v->cpuid->xcr0_mask ||
	    !vcpu_xcr0_ok(v, val))
		return false;
	v->xcr0 = val;
	xsetbv(0, val);
	return true;
}

/* ---- the emulator's surroundings ------------------------------------------------------- */

static uint8_t *view_ram(void *opaque, uint64_t gpa)
{
	struct vcpu *v = opaque;

	return guest_mem_ptr(&v->vm->mem, gpa);
}

static uint64_t view_mmio_read(void *opaque, uint64_t gpa, unsigned int size)
{
	struct vcpu *v = opaque;
	uint64_t val;

	spin_lock(&v->vm->lock);
	dev_mmio_read(&v->vm->chipset.bus, v->id, gpa, size, &val);
	vcpu_access_done(v);
	return val;
}

static void view_mmio_write(void *opaque, uint64_t gpa, unsigned int size, uint64_t val)
{
	struct vcpu *v = opaque;

	spin_lock(&v->vm->lock);
	dev_mmio_write(&v->vm->chipset.bus, v->id, gpa, size, val);
	vcpu_access_done(v);
}

static uint32_t view_port_read(void *opaque, uint16_t port, unsigned int size)
{
	return vcpu_port_read(opaque, port, size);
}

static void view_port_write(void *opaque, uint16_t port, unsigned int size, uint32_t val)
{
	vcpu_port_write(opaque, port, size, val);
}

void vcpu_emulate(struct vcpu *v)
{
	struct guest_view view; /* zeroing it would cost more than filling it */
	struct guest_fault fault;
	const char *reason;

	vmm_ops->get_view(v, &view);
	view.decoded = v->decoded;
	view.opaque = v;
	view.ram = view_ram;
	view.mmio_read = view_mmio_read;
	view.mmio_write = view_mmio_write;
	view.port_read = view_port_read;
	view.port_write = view_port_write;
	switch (emulate(&view, &fault, &reason)) {
	case EMULATE_DONE:
		vmm_ops->set_view(v, &view);
		break;
	case EMULATE_FAULT:
		/* A string instruction may have done a part of its work. */
		vmm_ops->set_view(v, &view);
		vcpu_raise(v, fault);
		break;
	case EMULATE_UNKNOWN:
		vm_crash(v->vm, "cannot emulate at 0x%llx: %s", (unsigned long long)view.rip,
			 reason);
	}
}
