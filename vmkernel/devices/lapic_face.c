/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * The two faces of a local APIC, and the switch between them. xAPIC: 32-bit registers
 * every 16 bytes of a page. x2APIC: the same registers as MSRs 800h + offset/16, with
 * a 64-bit ICR and faults for what does not exist. IA32_APIC_BASE chooses, and allows
 * only the transitions of the SDM's state diagram. Also power-on: lapic_init().
 */
#include "devices/lapic.h"
#include "lib/types.h"

#define MSR_ID 0x02
#define MSR_ICR 0x30
#define MSR_SELF_IPI 0x3f
#define REG_ICR_LOW 0x300
#define REG_ICR_HIGH 0x310
#define ICR_SELF (1u << 18)

/* x2APIC MSRs 800h-83fh that can be read, written; bit n is MSR 800h + n. */
#define MSRS_LVT (0x3full << 0x32)
#define MSRS_BITMAPS (0xffffffull << 0x10) /* ISR, TMR, IRR */
#define MSRS_BOTH \
	(BIT(0x08) | BIT(0x0f) | BIT(0x28) | BIT(MSR_ICR) | MSRS_LVT | BIT(0x38) | BIT(0x3e))
#define MSRS_READ \
	(MSRS_BOTH | BIT(MSR_ID) | BIT(0x03) | BIT(0x0a) | BIT(0x0d) | MSRS_BITMAPS | BIT(0x39))
#define MSRS_WRITE (MSRS_BOTH | BIT(0x0b) | BIT(MSR_SELF_IPI))
#define MSRS_ZERO_ONLY (BIT(0x0b) | BIT(0x28)) /* EOI, ESR: anything else faults */

uint64_t lapic_mmio_read(struct lapic *apic, uint64_t offset, unsigned int size)
{
	unsigned int byte = offset & 0xf;
	uint32_t val;

	if (!lapic_enabled(apic) || lapic_x2apic(apic) || byte + size > 4)
		return 0;
	val = lapic_read(apic, (uint32_t)offset & 0xff0) >> (8 * byte);
	return size >= 4 ? val : val & ((1u << (8 * size)) - 1);
}

void lapic_mmio_write(struct lapic *apic, uint64_t offset, unsigned int size, uint64_t val)
{
	if (!lapic_enabled(apic) || lapic_x2apic(apic) || size != 4 || offset & 0xf)
		return;
	lapic_write(apic, (uint32_t)offset & 0xff0, (uint32_t)val);
}

static vmk_status write_base(struct lapic *apic, uint64_t val)
{
	const uint64_t modes = APIC_BASE_ENABLE | APIC_BASE_X2APIC;
	uint64_t from = apic->base & modes, to = val & modes;

	if ((val & ~(modes | APIC_BASE_BSP)) != APIC_BASE_ADDR)
		return VMK_NOT_SUPPORTED; /* moving the page; reserved bits */
	if (to == APIC_BASE_X2APIC || (to == modes && !apic->x2apic_ok))
		return VMK_BAD_PARAM;
	if ((!from && to == modes) || (from == modes && to == APIC_BASE_ENABLE))
		return VMK_BAD_PARAM;
	apic->base = (apic->base & ~modes) | to;
	if (from && !to)
		lapic_init_reset(apic);
	return VMK_OK;
}

static vmk_status x2apic_read(struct lapic *apic, uint32_t reg, uint64_t *val)
{
	if (!lapic_x2apic(apic) || reg > 0x3f || !(MSRS_READ & BIT(reg)))
		return VMK_BAD_PARAM;
	*val = reg == MSR_ICR ? apic->icr : lapic_read(apic, reg << 4);
	return VMK_OK;
}

static vmk_status x2apic_write(struct lapic *apic, uint32_t reg, uint64_t val)
{
	if (!lapic_x2apic(apic) || reg > 0x3f || !(MSRS_WRITE & BIT(reg)))
		return VMK_BAD_PARAM;
	if (reg == MSR_ICR) {
		lapic_write(apic, REG_ICR_HIGH, (uint32_t)(val >> 32));
		lapic_write(apic, REG_ICR_LOW, (uint32_t)val);
		return VMK_OK;
	}
	if (val >> 32 || (val && (MSRS_ZERO_ONLY & BIT(reg))))
		return VMK_BAD_PARAM;
	if (reg == MSR_SELF_IPI)
		lapic_set_irq(apic, (uint8_t)val, false);
	else
		lapic_write(apic, reg << 4, (uint32_t)val);
	return VMK_OK;
}

vmk_status lapic_msr_read(struct lapic *apic, uint32_t msr, uint64_t *val)
{
	if (msr == LAPIC_MSR_BASE) {
		*val = apic->base;
		return VMK_OK;
	}
	if (msr == LAPIC_MSR_TSC_DEADLINE) {
		lapic_tick(apic, dev_now(&apic->clock));
		*val = apic->tsc_deadline;
		return VMK_OK;
	}
	return x2apic_read(apic, msr - LAPIC_MSR_X2APIC, val);
}

vmk_status lapic_msr_write(struct lapic *apic, uint32_t msr, uint64_t val)
{
	if (msr == LAPIC_MSR_BASE)
		return write_base(apic, val);
	if (msr == LAPIC_MSR_TSC_DEADLINE) {
		lapic_timer_write_deadline(apic, val);
		return VMK_OK;
	}
	return x2apic_write(apic, msr - LAPIC_MSR_X2APIC, val);
}

void lapic_reset(struct lapic *apic)
{
	apic->base = APIC_BASE_ADDR | APIC_BASE_ENABLE | (apic->base & APIC_BASE_BSP);
	lapic_init_reset(apic);
}

void lapic_init(struct lapic *apic, uint32_t id, bool bsp, bool x2apic_ok, uint64_t tsc_hz,
		const struct dev_clock *clock, const struct lapic_ops *ops, void *opaque)
{
	apic->clock = *clock;
	apic->ops = ops;
	apic->opaque = opaque;
	apic->tsc_hz = tsc_hz;
	apic->bus_hz = LAPIC_BUS_HZ;
	apic->id = id;
	apic->x2apic_ok = x2apic_ok;
	apic->lint = 0;
	apic->base = bsp ? APIC_BASE_BSP : 0;
	lapic_reset(apic);
}
