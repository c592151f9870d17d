/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * The backdoor commands that a Linux guest uses to recognise VMware and to take its
 * clock frequencies from it. Numbers are those of open-vm-tools' public list. All
 * commands are pure functions of the VM's configuration; there is nothing to hurt.
 */
#include "devices/backdoor.h"

#include "lib/types.h"

enum {
	GETVERSION = 10,
	GETUUID = 19,
	GETMEMSIZE = 20,
	GETHZ = 45,
	GETVCPU_INFO = 68,
};

#define VERSION 6u
#define PRODUCT_ESX 2u /* "scalable server" */
#define VCPU_LEGACY_X2APIC (1u << 3) /* x2APIC is fine without interrupt remapping */

static uint32_t load32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

bool backdoor_call(const struct backdoor *bd, struct backdoor_regs *regs)
{
	if (!IS_ENABLED(CONFIG_DEVICE_BACKDOOR) || regs->eax != BACKDOOR_MAGIC)
		return false;
	switch (regs->ecx & 0xffff) {
	case GETVERSION:
		regs->eax = VERSION;
		regs->ebx = BACKDOOR_MAGIC;
		regs->ecx = PRODUCT_ESX;
		break;
	case GETUUID:
		regs->eax = load32(bd->uuid);
		regs->ebx = load32(bd->uuid + 4);
		regs->ecx = load32(bd->uuid + 8);
		regs->edx = load32(bd->uuid + 12);
		break;
	case GETMEMSIZE:
		regs->eax = bd->mem_bytes < UINT32_MAX ? (uint32_t)bd->mem_bytes : UINT32_MAX;
		break;
	case GETHZ:
		regs->eax = (uint32_t)bd->tsc_hz;
		regs->ebx = (uint32_t)(bd->tsc_hz >> 32);
		regs->ecx = bd->bus_hz;
		break;
	case GETVCPU_INFO:
		regs->eax = VCPU_LEGACY_X2APIC;
		break;
	default:
		regs->eax = UINT32_MAX;
		break;
	}
	return true;
}
