/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * ACPI fixed hardware (ACPI 6.4, chapter 4.8): PM1a event and control block, PM timer,
 * a GPE block without events, and the SMI command port that hands the machine over to
 * the operating system. The FADT must say what is defined here.
 */
#ifndef DEVICES_ACPI_PM_H
#define DEVICES_ACPI_PM_H

#include "devices/device.h"

struct state; /* lib/state.h */

/* Offsets in the PM block; it is ACPI_PM_LEN ports long. */
#define ACPI_PM1_EVT 0u /* 4: status 2, enable 2 */
#define ACPI_PM1_CNT 4u /* 2 */
#define ACPI_PM_TMR 8u /* 4: 24 bits count (FADT without TMR_VAL_EXT) */
#define ACPI_PM_LEN 12u
#define ACPI_GPE0_LEN 4u
#define ACPI_PM_TIMER_HZ 3579545u

#define ACPI_SLP_TYP_S0 0u
#define ACPI_SLP_TYP_S5 7u /* for the DSDT's \_S5 */
#define ACPI_PM_CMD_ENABLE 0xf1u /* to SMI_CMD */
#define ACPI_PM_CMD_DISABLE 0xf0u

struct acpi_pm {
	struct dev_clock clock;
	struct dev_irq sci; /* level */
	void (*power_off)(void *opaque);
	void *opaque;
	uint16_t pm1_sts, pm1_en, pm1_cnt;
	uint16_t gpe_en;
	uint8_t apm_data;
	uint64_t carry_seen; /* toggles of the timer's top bit up to which TMR_STS is set */
};

extern const struct dev_ops acpi_pm_ops; /* ACPI_PM_LEN ports */
extern const struct dev_ops acpi_gpe_ops; /* ACPI_GPE0_LEN ports */
extern const struct dev_ops acpi_smi_ops; /* 2 ports: command, data */
extern const struct dev_tick_ops acpi_pm_tick_ops;

void acpi_pm_init(struct acpi_pm *pm, const struct dev_clock *clock, const struct dev_irq *sci,
		  void (*power_off)(void *opaque), void *opaque);
void acpi_pm_reset(struct acpi_pm *pm);
/* Press the power button. False if the guest has not enabled it. */
bool acpi_pm_power_button(struct acpi_pm *pm);

uint64_t acpi_pm_deadline(const struct acpi_pm *pm);
void acpi_pm_tick(struct acpi_pm *pm, uint64_t now);

/* Saves or loads all but what acpi_pm_init was given. */
void acpi_pm_state(struct acpi_pm *pm, struct state *s);

#endif
