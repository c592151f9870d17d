/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * ACPI fixed hardware. Registers are handled byte by byte (the bus cuts wider
 * accesses), except for the PM timer, which must be read whole. The SCI is a level:
 * up exactly while ACPI mode is on and a status bit is set whose enable bit is set.
 */
#include "devices/acpi_pm.h"

#include "devices/ticks.h"
#include "lib/state.h"

#define PM1_TMR 0x0001
#define PM1_GBL 0x0020
#define PM1_PWRBTN 0x0100
#define PM1_STS_KEPT 0x8731 /* timer, bus master, global, buttons, RTC, wake */
#define PM1_EN_KEPT 0x0721
#define CNT_SCI_EN 0x0001
#define CNT_KEPT 0x1c03 /* SCI_EN, BM_RLD, SLP_TYP */
#define CNT_SLP_EN 0x2000
#define CNT_SLP_TYP(val) ((val) >> 10 & 7)
#define TIMER_BITS 24

static void update_sci(struct acpi_pm *pm)
{
	dev_irq_set(&pm->sci, (pm->pm1_cnt & CNT_SCI_EN) && (pm->pm1_sts & pm->pm1_en));
}

static uint64_t ticks_now(const struct acpi_pm *pm)
{
	return ns_to_ticks(dev_now(&pm->clock), ACPI_PM_TIMER_HZ);
}

/* TMR_STS is set each time the timer's top bit changes. */
static void catch_up(struct acpi_pm *pm)
{
	uint64_t carry = ticks_now(pm) >> (TIMER_BITS - 1);

	if (carry != pm->carry_seen)
		pm->pm1_sts |= PM1_TMR;
	pm->carry_seen = carry;
	update_sci(pm);
}

static uint8_t byte_of(uint32_t reg, uint64_t offset)
{
	return (uint8_t)(reg >> (8 * (offset & 3)));
}

static void set_byte(uint16_t *reg, bool high, uint8_t val, uint16_t kept)
{
	*reg = (uint16_t)(high ? (*reg & 0x00ff) | val << 8 : (*reg & 0xff00) | val) & kept;
}

static void write_cnt(struct acpi_pm *pm, bool high, uint8_t val)
{
	uint16_t sci_en = pm->pm1_cnt & CNT_SCI_EN;

	set_byte(&pm->pm1_cnt, high, val, CNT_KEPT);
	/* SCI_EN belongs to the SMI command port; BIOS_RLS (GBL_RLS) has nobody to hear it. */
	pm->pm1_cnt = (uint16_t)((pm->pm1_cnt & ~CNT_SCI_EN) | sci_en);
	if (high && (val << 8 & CNT_SLP_EN) && CNT_SLP_TYP(pm->pm1_cnt) == ACPI_SLP_TYP_S5)
		pm->power_off(pm->opaque);
}

static vmk_status pm_read(void *opaque, uint64_t offset, unsigned int size, uint64_t *val)
{
	struct acpi_pm *pm = opaque;
	uint32_t timer = (uint32_t)ticks_now(pm) & ((1u << TIMER_BITS) - 1);
	unsigned int i;

	catch_up(pm);
	for (i = 0; i < size; i++, offset++) {
		uint8_t byte = 0;

		if (offset < ACPI_PM1_CNT)
			byte = byte_of(pm->pm1_sts | (uint32_t)pm->pm1_en << 16, offset);
		else if (offset < ACPI_PM_TMR)
			byte = byte_of(pm->pm1_cnt, offset);
		else
			byte = byte_of(timer, offset);
		*val |= (uint64_t)byte << (8 * i);
	}
	return VMK_OK;
}

static void pm_write_byte(struct acpi_pm *pm, uint64_t offset, uint8_t val)
{
	if (offset < ACPI_PM1_EVT + 2)
		pm->pm1_sts &= (uint16_t) ~(val << (8 * offset)); /* write one to clear */
	else if (offset < ACPI_PM1_CNT)
		set_byte(&pm->pm1_en, offset & 1, val, PM1_EN_KEPT);
	else if (offset < ACPI_PM1_CNT + 2)
		write_cnt(pm, offset & 1, val);
}

static vmk_status pm_write(void *opaque, uint64_t offset, unsigned int size, uint64_t val)
{
	struct acpi_pm *pm = opaque;
	unsigned int i;

	catch_up(pm);
	for (i = 0; i < size; i++)
		pm_write_byte(pm, offset + i, (uint8_t)(val >> (8 * i)));
	update_sci(pm);
	return VMK_OK;
}

static vmk_status gpe_read(void *opaque, uint64_t offset, unsigned int size, uint64_t *val)
{
	struct acpi_pm *pm = opaque;

	(void)size;
	*val = byte_of((uint32_t)pm->gpe_en << 16, offset); /* no event ever happens */
	return VMK_OK;
}

static vmk_status gpe_write(void *opaque, uint64_t offset, unsigned int size, uint64_t val)
{
	struct acpi_pm *pm = opaque;

	(void)size;
	if (offset >= 2)
		set_byte(&pm->gpe_en, offset & 1, (uint8_t)val, 0xffff);
	return VMK_OK;
}

static vmk_status smi_read(void *opaque, uint64_t offset, unsigned int size, uint64_t *val)
{
	struct acpi_pm *pm = opaque;

	(void)size;
	*val = offset ? pm->apm_data : 0;
	return VMK_OK;
}

static vmk_status smi_write(void *opaque, uint64_t offset, unsigned int size, uint64_t val)
{
	struct acpi_pm *pm = opaque;

	(void)size;
	if (offset)
		pm->apm_data = (uint8_t)val;
	else if (val == ACPI_PM_CMD_ENABLE)
		pm->pm1_cnt |= CNT_SCI_EN;
	else if (val == ACPI_PM_CMD_DISABLE)
		pm->pm1_cnt &= ~CNT_SCI_EN;
	update_sci(pm);
	return VMK_OK;
}

bool acpi_pm_power_button(struct acpi_pm *pm)
{
	pm->pm1_sts |= PM1_PWRBTN;
	update_sci(pm);
	return (pm->pm1_cnt & CNT_SCI_EN) && (pm->pm1_en & PM1_PWRBTN);
}

uint64_t acpi_pm_deadline(const struct acpi_pm *pm)
{
	if (!(pm->pm1_en & PM1_TMR) || (pm->pm1_sts & PM1_TMR) || !(pm->pm1_cnt & CNT_SCI_EN))
		return DEV_NEVER;
	return ticks_to_ns((pm->carry_seen + 1) << (TIMER_BITS - 1), ACPI_PM_TIMER_HZ);
}

void acpi_pm_tick(struct acpi_pm *pm, uint64_t now)
{
	if (now >= acpi_pm_deadline(pm))
		catch_up(pm);
}

void acpi_pm_reset(struct acpi_pm *pm)
{
	pm->pm1_sts = pm->pm1_en = pm->pm1_cnt = pm->gpe_en = 0;
	pm->apm_data = 0;
	pm->carry_seen = ticks_now(pm) >> (TIMER_BITS - 1);
	update_sci(pm);
}

void acpi_pm_init(struct acpi_pm *pm, const struct dev_clock *clock, const struct dev_irq *sci,
		  void (*power_off)(void *opaque), void *opaque)
{
	*pm = (struct acpi_pm){
		.clock = *clock,
		.sci = *sci,
		.power_off = power_off,
		.opaque = opaque,
	};
	acpi_pm_reset(pm);
}

void acpi_pm_state(struct acpi_pm *pm, struct state *s)
{
	state_begin(s, "acpi", 1);
	STATE(s, pm->pm1_sts);
	STATE(s, pm->pm1_en);
	STATE(s, pm->pm1_cnt);
	STATE(s, pm->gpe_en);
	STATE(s, pm->apm_data);
	STATE(s, pm->carry_seen);
	state_check(s, !(pm->pm1_sts & ~PM1_STS_KEPT) && !(pm->pm1_en & ~PM1_EN_KEPT) &&
			       !(pm->pm1_cnt & ~CNT_KEPT));
	state_end(s);
}

static uint64_t tick_deadline(void *opaque)
{
	return acpi_pm_deadline(opaque);
}

static void tick(void *opaque, uint64_t now)
{
	acpi_pm_tick(opaque, now);
}

const struct dev_ops acpi_pm_ops = { pm_read, pm_write, 4 };
const struct dev_ops acpi_gpe_ops = { gpe_read, gpe_write, 1 };
const struct dev_ops acpi_smi_ops = { smi_read, smi_write, 1 };
const struct dev_tick_ops acpi_pm_tick_ops = { tick_deadline, tick };
