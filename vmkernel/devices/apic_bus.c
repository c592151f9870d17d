/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * Delivery of interrupt messages. Fixed messages go to every receiver; lowest-priority
 * ones to the receiver with the least processor priority. SMI, remote read and ExtINT
 * messages are dropped: the machine has no SMM, and the PIC's INTR is a wire (LINT0).
 */
#include "devices/apic_bus.h"

static bool is_receiver(const struct apic_bus *bus, uint32_t i, const struct lapic *from,
			const struct apic_msg *msg)
{
	const struct lapic *apic = bus->apic[i];

	switch (msg->shorthand) {
	case APIC_SELF:
		return apic == from;
	case APIC_ALL:
		return lapic_enabled(apic);
	case APIC_OTHERS:
		return apic != from && lapic_enabled(apic);
	default:
		return lapic_is_dest(apic, msg->dest, msg->logical, msg->dest32);
	}
}

static void deliver_one(struct apic_bus *bus, uint32_t i, const struct apic_msg *msg)
{
	switch (msg->mode) {
	case APIC_FIXED:
	case APIC_LOWEST:
		lapic_set_irq(bus->apic[i], msg->vector, msg->level);
		break;
	case APIC_NMI:
		bus->nmi(bus->opaque, i);
		break;
	case APIC_INIT:
		if (msg->deassert)
			break;
		lapic_init_reset(bus->apic[i]);
		bus->init(bus->opaque, i);
		break;
	case APIC_STARTUP:
		bus->sipi(bus->opaque, i, msg->vector);
		break;
	default:
		break;
	}
}

void apic_bus_deliver(struct apic_bus *bus, const struct lapic *from, const struct apic_msg *msg)
{
	uint32_t i, lowest = bus->count;

	for (i = 0; i < bus->count; i++) {
		if (!is_receiver(bus, i, from, msg))
			continue;
		if (msg->mode != APIC_LOWEST)
			deliver_one(bus, i, msg);
		else if (lowest == bus->count ||
			 lapic_ppr(bus->apic[i]) < lapic_ppr(bus->apic[lowest]))
			lowest = i;
	}
	if (lowest < bus->count)
		deliver_one(bus, lowest, msg);
}
