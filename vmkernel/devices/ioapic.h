/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * An I/O APIC with 24 pins (Intel 82093AA data sheet; version 20h, so with an EOI
 * register). One page of MMIO: index at 0, data at 10h, EOI at 40h.
 */
#ifndef DEVICES_IOAPIC_H
#define DEVICES_IOAPIC_H

#include "devices/device.h"
#include "devices/lapic.h"

struct state; /* lib/state.h */

#define IOAPIC_PINS 24u
#define IOAPIC_MMIO_LEN 4096u

struct ioapic {
	/* Where a pin's message goes (apic_bus_deliver). */
	void (*deliver)(void *opaque, const struct apic_msg *msg);
	void *opaque;
	uint8_t id;
	uint8_t index;
	uint32_t lines; /* input levels now */
	uint64_t entry[IOAPIC_PINS]; /* redirection table */
};

extern const struct dev_ops ioapic_mmio_ops;

void ioapic_init(struct ioapic *io, uint8_t id,
		 void (*deliver)(void *opaque, const struct apic_msg *msg), void *opaque);
void ioapic_reset(struct ioapic *io);
/* Level of an input pin. Other pins than 0..23 are ignored. */
void ioapic_set_irq(struct ioapic *io, unsigned int pin, int level);
/* A local APIC finished vector: level-triggered pins that still ask are sent again. */
void ioapic_eoi(struct ioapic *io, uint8_t vector);

uint32_t ioapic_read(struct ioapic *io, uint32_t offset);
void ioapic_write(struct ioapic *io, uint32_t offset, uint32_t val);

/* Saves or loads all but the wiring. */
void ioapic_state(struct ioapic *io, struct state *s);

#endif
