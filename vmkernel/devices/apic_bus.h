/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * The bus between the APICs of a VM: finds the receivers of an interrupt message,
 * whoever sent it (an ICR, an I/O APIC pin, a device's MSI).
 */
#ifndef DEVICES_APIC_BUS_H
#define DEVICES_APIC_BUS_H

#include "devices/lapic.h"

#define APIC_BUS_MAX 16u

struct apic_bus {
	uint32_t count;
	struct lapic *apic[APIC_BUS_MAX]; /* index = VCPU */
	/* Messages that go past the APIC's registers, to the processor itself. */
	void (*nmi)(void *opaque, uint32_t vcpu);
	void (*init)(void *opaque, uint32_t vcpu);
	void (*sipi)(void *opaque, uint32_t vcpu, uint8_t vector);
	void *opaque;
};

/* Deliver msg; from is the sending APIC (for shorthands), or NULL. */
void apic_bus_deliver(struct apic_bus *bus, const struct lapic *from, const struct apic_msg *msg);

#endif
