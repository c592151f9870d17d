/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * The host bridge. It is here because a PC kernel that finds no way at all to reach
 * PCI configuration space complains; with mechanism 1 and one host bridge to vouch for
 * it, and no PCI root in the ACPI tables, the kernel is content and finds no device.
 * Configured without CONFIG_DEVICE_PCI, only the reset control register is left.
 */
#include "devices/pci_host.h"

#include "lib/types.h"
#include "lib/state.h"

#define ADDRESS_ENABLE 0x80000000u
#define ADDRESS_KEPT 0x80fffffcu
#define RESET_FULL 0x0e /* what of cf9h is stored: type and kind of reset */
#define RESET_TRIGGER 0x04
#define CONFIG_ID 0x00
#define CONFIG_COMMAND 0x04
#define CONFIG_CLASS 0x08
#define BRIDGE_ID 0x71908086u /* 440BX with AGP disabled keeps this id */
#define BRIDGE_CLASS 0x06000003u /* host bridge, revision 3 */
#define BRIDGE_STATUS 0x0200u /* medium DEVSEL timing */
#define COMMAND_KEPT 0x0106 /* memory always; bus master, SERR as written */
#define COMMAND_RESET 0x0006

static uint32_t config_read(const struct pci_host *pci)
{
	if (!IS_ENABLED(CONFIG_DEVICE_PCI) || !(pci->address & ADDRESS_ENABLE) ||
	    pci->address & 0x00ffff00)
		return UINT32_MAX; /* only bus 0, device 0, function 0 */
	switch (pci->address & 0xfc) {
	case CONFIG_ID:
		return BRIDGE_ID;
	case CONFIG_COMMAND:
		return BRIDGE_STATUS << 16 | pci->command;
	case CONFIG_CLASS:
		return BRIDGE_CLASS;
	default:
		return 0;
	}
}

/* Only the command register is writable, and only its low half exists. */
static void config_write(struct pci_host *pci, unsigned int byte, uint8_t val)
{
	if (pci->address != (ADDRESS_ENABLE | CONFIG_COMMAND) || byte > 1)
		return;
	pci->command = (uint16_t)(byte ? (pci->command & 0x00ff) | val << 8
				       : (pci->command & 0xff00) | val);
	pci->command = (pci->command & COMMAND_KEPT) | 0x0002;
}

static void write_reset_control(struct pci_host *pci, uint8_t val)
{
	bool rises = val & ~pci->reset_control & RESET_TRIGGER;

	pci->reset_control = val & RESET_FULL;
	if (rises)
		pci->reset(pci->opaque);
}

static vmk_status pio_read(void *opaque, uint64_t offset, unsigned int size, uint64_t *val)
{
	struct pci_host *pci = opaque;

	if (offset == 0 && size == 4 && IS_ENABLED(CONFIG_DEVICE_PCI))
		*val = pci->address;
	else if (offset == 1 && size == 1)
		*val = pci->reset_control;
	else if (offset >= 4)
		*val = config_read(pci) >> (8 * (offset - 4));
	else
		*val = UINT32_MAX;
	return VMK_OK;
}

static vmk_status pio_write(void *opaque, uint64_t offset, unsigned int size, uint64_t val)
{
	struct pci_host *pci = opaque;
	unsigned int i;

	if (offset == 0 && size == 4)
		pci->address = (uint32_t)val & ADDRESS_KEPT;
	else if (offset == 1 && size == 1)
		write_reset_control(pci, (uint8_t)val);
	for (i = 0; offset >= 4 && i < size; i++)
		config_write(pci, (unsigned int)offset - 4 + i, (uint8_t)(val >> (8 * i)));
	return VMK_OK;
}

void pci_host_state(struct pci_host *pci, struct state *s)
{
	state_begin(s, "pci", 1);
	STATE(s, pci->address);
	STATE(s, pci->command);
	STATE(s, pci->reset_control);
	state_check(s, !(pci->address & ~ADDRESS_KEPT) && !(pci->command & ~COMMAND_KEPT) &&
			       !(pci->reset_control & ~RESET_FULL));
	state_end(s);
}

void pci_host_reset(struct pci_host *pci)
{
	pci->address = 0;
	pci->command = COMMAND_RESET;
	pci->reset_control = 0;
}

void pci_host_init(struct pci_host *pci, void (*reset)(void *opaque), void *opaque)
{
	pci->reset = reset;
	pci->opaque = opaque;
	pci_host_reset(pci);
}

const struct dev_ops pci_host_ops = { pio_read, pio_write, 4 };
