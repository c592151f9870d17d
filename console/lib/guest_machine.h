/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * The fixed resources of the virtual PC, as its tables tell a guest about them. The
 * models in the vmkernel (devices/chipset.h, devices/acpi_pm.h) are the other side;
 * tests/unit/test_acpi.c compares the two.
 */
#ifndef GUEST_MACHINE_H
#define GUEST_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#define GUEST_LAPIC_BASE 0xfee00000u
#define GUEST_IOAPIC_BASE 0xfec00000u
#define GUEST_IOAPIC_ID 0xfu
#define GUEST_PM_BASE 0x600u /* event block 4, control 2 at +4, timer 4 at +8 */
#define GUEST_PM_LEN 12u
#define GUEST_GPE0_BASE 0x620u
#define GUEST_GPE0_LEN 4u
#define GUEST_SMI_CMD 0xb2u
#define GUEST_ACPI_ENABLE 0xf1u
#define GUEST_ACPI_DISABLE 0xf0u
#define GUEST_RESET_PORT 0xcf9u
#define GUEST_RESET_VALUE 0x06u
#define GUEST_SLP_TYP_S5 7u
#define GUEST_IRQ_SCI 9u
#define GUEST_SCI_FLAGS 0x000du /* MADT: level, active high */
#define GUEST_COM1_PORT 0x3f8u
#define GUEST_COM1_IRQ 4u
#define GUEST_RTC_CENTURY 0x32u

/* RAM lies below the VGA window, above it up to 3 GiB, and from 4 GiB on. */
#define GUEST_VGA 0xa0000u
#define GUEST_VGA_END 0xc0000u
#define GUEST_LOW_RAM_MAX 0xc0000000ull
#define GUEST_HIGH_RAM 0x100000000ull
#define GUEST_PCI_WINDOW 0xe0000000u
#define GUEST_PCI_WINDOW_LAST 0xfebfffffu
#define GUEST_EBDA 0x9fc00u
#define GUEST_TABLES 0xe0000u /* ACPI tables, 64 KiB */
#define GUEST_SMBIOS 0xf0000u /* SMBIOS, 64 KiB */
#define GUEST_TABLES_LEN 0x10000u

/* What differs from one virtual machine to the next. */
struct guest_machine {
	uint64_t mem_bytes;
	uint32_t vcpus; /* local APIC ids from 0 */
	uint8_t uuid[16];
	bool has_com1, has_rtc, has_pci; /* devices the vmkernel was built with */
};

#endif
