/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * The standard PC of a virtual machine: every model of this folder, put together.
 *
 * The run loop of a VCPU, with the VM's device lock held:
 *
 *	now = clock; if (now >= chipset_deadline(cs)) chipset_tick(cs, now);
 *	if (interrupt window open) vector = chipset_take_interrupt(cs, vcpu);
 *	enter the guest; on an exit call dev_pio_*, dev_mmio_*, dev_msr_* on cs->bus;
 *	in HLT without chipset_has_interrupt(): sleep until chipset_deadline() or kick.
 *
 * Fixed resources are named here; the ACPI tables must say the same.
 */
#ifndef DEVICES_CHIPSET_H
#define DEVICES_CHIPSET_H

#include "devices/acpi_pm.h"
#include "devices/apic_bus.h"
#include "devices/backdoor.h"
#include "devices/device.h"
#include "devices/i8042.h"
#include "devices/i8254.h"
#include "devices/i8259.h"
#include "devices/ioapic.h"
#include "devices/lapic.h"
#include "devices/pci_host.h"
#include "devices/rtc.h"
#include "devices/uart16550.h"

struct state; /* lib/state.h */

#define CHIPSET_MAX_VCPUS APIC_BUS_MAX
#define CHIPSET_MAX_LINES 32u /* interrupt lines handed out, all devices together */

#define CHIPSET_LAPIC_BASE 0xfee00000ull
#define CHIPSET_IOAPIC_BASE 0xfec00000ull
#define CHIPSET_IOAPIC_ID 0xfu /* above every LAPIC id */
#define CHIPSET_COM1_PORT 0x3f8u
#define CHIPSET_PM_BASE 0x600u /* PM1a event +0, control +4, PM timer +8 (acpi_pm.h) */
#define CHIPSET_GPE0_BASE 0x620u /* 4 bytes: status 2, enable 2 */
#define CHIPSET_SMI_CMD 0xb2u /* ACPI_PM_CMD_ENABLE, ACPI_PM_CMD_DISABLE */
#define CHIPSET_RESET_PORT 0xcf9u /* write CHIPSET_RESET_VALUE */
#define CHIPSET_RESET_VALUE 0x06u

#define CHIPSET_IRQ_PIT 0u /* I/O APIC pin 2: needs the usual MADT override */
#define CHIPSET_IRQ_COM1 4u
#define CHIPSET_IRQ_RTC 8u
#define CHIPSET_IRQ_SCI 9u /* level, active high: needs a MADT override (flags 0x000d) */

/*
 * What the chipset asks of the VM. All are called with the device lock held, from
 * inside any dev_ or chipset_ call, and must not call back into the chipset: they
 * note what is wanted, and the run loop does it. None may be NULL.
 */
struct chipset_callbacks {
	/*
	 * vcpu may have a new interrupt to take: wake it, or make it exit. Often called
	 * for nothing, and for the VCPU whose own access is being served.
	 */
	void (*kick)(void *opaque, uint32_t vcpu);
	/*
	 * Deliver an NMI, an INIT (its APIC is already reset; wait for a start-up IPI), or
	 * a start-up IPI (start at vector << 12 if it waits for one) to vcpu.
	 */
	void (*nmi)(void *opaque, uint32_t vcpu);
	void (*init)(void *opaque, uint32_t vcpu);
	void (*sipi)(void *opaque, uint32_t vcpu, uint8_t vector);
	/* The guest switched the machine off; asked for a reset (then chipset_reset()). */
	void (*power_off)(void *opaque);
	void (*reset)(void *opaque);
	/* The guest TSC of vcpu now; must run at tsc_hz. */
	uint64_t (*guest_tsc)(void *opaque, uint32_t vcpu);
};

struct chipset_config {
	uint32_t vcpus; /* 1 .. CHIPSET_MAX_VCPUS; LAPIC id = index */
	bool x2apic; /* CPUID offers x2APIC */
	uint64_t mem_bytes; /* guest RAM, for CMOS and backdoor */
	uint64_t tsc_hz; /* of the guest TSC, 1 MHz .. 18 GHz */
	uint8_t uuid[16];
	struct dev_clock clock; /* monotonic */
	struct dev_clock wall; /* ns since 1970-01-01 UTC */
	struct dev_char serial; /* COM1 output */
	struct chipset_callbacks cb;
	void *opaque; /* of cb */
};

struct chipset;

struct chipset_line {
	struct chipset *cs;
	uint8_t irq;
	bool level;
};

struct chipset {
	struct dev_bus bus;
	struct chipset_config cfg;
	struct apic_bus apics;
	struct lapic lapic[CHIPSET_MAX_VCPUS];
	struct ioapic ioapic;
	struct i8259 pic;
	struct i8254 pit;
	struct rtc rtc;
	struct uart16550 com1;
	struct acpi_pm pm;
	struct i8042 kbc;
	struct pci_host pci;
	struct backdoor backdoor;
	uint32_t line_count;
	struct chipset_line line[CHIPSET_MAX_LINES];
};

/*
 * Build the machine in *cs (any content) and bring it to power-on state, with the
 * boot processor in virtual-wire mode as firmware leaves it. *cs must not move
 * afterwards. VMK_BAD_PARAM for a config that is out of range or lacks a callback.
 */
vmk_status chipset_init(struct chipset *cs, const struct chipset_config *cfg);
/* Everything as after chipset_init, but CMOS content and clock stay. */
void chipset_reset(struct chipset *cs);

/* When chipset_tick wants to be called (ns of cfg.clock); may change with any other call. */
uint64_t chipset_deadline(const struct chipset *cs);
void chipset_tick(struct chipset *cs, uint64_t now);

/*
 * A new interrupt line on ISA IRQ 0..15 (not 2); several lines on one IRQ are ORed.
 * VMK_BAD_PARAM or VMK_LIMIT_EXCEEDED.
 */
vmk_status chipset_connect_irq(struct chipset *cs, uint8_t irq, struct dev_irq *out);

/* Whether the PIC wants its vector delivered to vcpu (ExtINT). */
bool chipset_pending_extint(const struct chipset *cs, uint32_t vcpu);
/* Whether vcpu has an interrupt it could take if RFLAGS.IF allows. */
bool chipset_has_interrupt(const struct chipset *cs, uint32_t vcpu);
/* Acknowledge and return the vector to inject into vcpu now, or -1. */
int chipset_take_interrupt(struct chipset *cs, uint32_t vcpu);

/* Press the ACPI power button. False: the guest has not enabled it, nothing will happen. */
bool chipset_power_button(struct chipset *cs);

/*
 * Saves or loads the machine, loading into one that chipset_init has just made. The clocks
 * handed to it must go on where those of the saved one stopped.
 */
void chipset_state(struct chipset *cs, struct state *s);

#endif
