/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * VMware's backdoor: an IN from port 5658h with a magic number in EAX is a call to the
 * hypervisor, arguments and results in registers. The run loop hands over the guest's
 * registers, because a port model cannot reach them; rights (ring 3 may call) are its
 * business too.
 */
#ifndef DEVICES_BACKDOOR_H
#define DEVICES_BACKDOOR_H

#include "devices/device.h"

#define BACKDOOR_PORT 0x5658u
#define BACKDOOR_MESSAGE 30u /* this command is guest_rpc.c's */
#define BACKDOOR_MAGIC 0x564d5868u /* "VMXh" */

/* Lower halves of the guest's registers; all are written back, zero-extended. */
struct backdoor_regs {
	uint32_t eax, ebx, ecx, edx, esi, edi;
};

struct backdoor {
	uint64_t tsc_hz;
	uint32_t bus_hz; /* of the local APIC's timer */
	uint64_t mem_bytes;
	uint8_t uuid[16]; /* in the order of its text form */
	struct dev_clock wall; /* ns since 1970-01-01 UTC */
};

/*
 * Serve a 32-bit IN from BACKDOOR_PORT. False, and no register changed, if it is no
 * backdoor call (EAX is not the magic): then the port reads like any unclaimed one. An
 * unknown command gets EAX = all ones and keeps every other register.
 */
bool backdoor_call(const struct backdoor *bd, struct backdoor_regs *regs);

#endif
