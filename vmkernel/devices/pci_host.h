/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * The PCI host bridge: configuration mechanism 1 (PCI 3.0, 3.2.2.3.2) at ports
 * cf8h-cffh with one function, an Intel 440BX host bridge (8086:7190) at 00:00.0.
 * Every other function reads all ones. Port cf9h, in the middle, is the chipset's
 * reset control register.
 */
#ifndef DEVICES_PCI_HOST_H
#define DEVICES_PCI_HOST_H

#include "devices/device.h"

struct state; /* lib/state.h */

#define PCI_HOST_PORT 0xcf8u
#define PCI_HOST_PORTS 8u

struct pci_host {
	void (*reset)(void *opaque);
	void *opaque;
	uint32_t address;
	uint16_t command;
	uint8_t reset_control;
};

extern const struct dev_ops pci_host_ops;

void pci_host_init(struct pci_host *pci, void (*reset)(void *opaque), void *opaque);
void pci_host_reset(struct pci_host *pci);

/* Saves or loads the registers. */
void pci_host_state(struct pci_host *pci, struct state *s);

#endif
