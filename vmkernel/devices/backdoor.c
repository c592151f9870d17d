/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * The backdoor commands that a Linux guest and its tools use to recognise VMware and to
 * take clock frequencies and the time from it. Numbers are those of open-vm-tools' public
 * list. All are functions of the VM's configuration and the time; there is nothing to hurt.
 */
#include "devices/backdoor.h"

#include "lib/types.h"

enum {
	GETMHZ = 1,
	GETVERSION = 10,
	GETUUID = 19,
	GETMEMSIZE = 20,
	GETTIME = 23,
	GETHZ = 45,
	GETTIMEFULL = 46,
	GETTIMEFULL_WITH_LAG = 55,
	GETVCPU_INFO = 68,
};

#define VERSION 6u
#define PRODUCT_ESX 2u /* "scalable server" */
#define US_PER_S 1000000u
#define MAX_LAG_US 1000000u
#define VCPU_LEGACY_X2APIC (1u << 3) /* x2APIC is fine without interrupt remapping */

static uint32_t load32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* Seconds and microseconds UTC, and by how much the guest's interrupts may be late. */
static void get_time(const struct backdoor *bd, struct backdoor_regs *regs)
{
	uint64_t us = dev_now(&bd->wall) / 1000, s = us / US_PER_S;
	uint32_t cmd = regs->ecx & 0xffff;

	regs->eax = cmd == GETTIME ? (uint32_t)s : BACKDOOR_MAGIC;
	regs->ebx = (uint32_t)(us % US_PER_S);
	regs->ecx = MAX_LAG_US;
	regs->edx = cmd == GETTIME ? 0 : (uint32_t)s; /* GETTIME: minutes west of Greenwich */
	if (cmd != GETTIME)
		regs->esi = (uint32_t)(s >> 32);
	if (cmd == GETTIMEFULL_WITH_LAG)
		regs->edi = 0;
}

bool backdoor_call(const struct backdoor *bd, struct backdoor_regs *regs)
{
	if (!IS_ENABLED(CONFIG_DEVICE_BACKDOOR) || regs->eax != BACKDOOR_MAGIC)
		return false;
	switch (regs->ecx & 0xffff) {
	case GETMHZ:
		regs->eax = (uint32_t)(bd->tsc_hz / 1000000);
		break;
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
	case GETTIME:
	case GETTIMEFULL:
	case GETTIMEFULL_WITH_LAG:
		get_time(bd, regs);
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
