/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * The sealed console: Linux runs on top of the vmkernel, as the guest of one
 * VCPU on PCPU 0, with all devices but the local APIC, and all memory but the
 * vmkernel's. There is one console; all functions are for PCPU 0, interrupts off.
 */
#ifndef SEAL_SEAL_H
#define SEAL_SEAL_H

#include "boot_info.h"
#include "crossing.h"
#include "hostcall.h"
#include "lib/types.h"

/* What the sealed console asks of those above. */
struct seal_hooks {
	void (*call)(struct crossing *x); /* serve the call in x->call */
	void (*alone)(void); /* for the last time: nothing of this PCPU will run any more */
};

/*
 * Makes a world of the console that has just crossed, with its state as x has it, and PCPU 0 a
 * PCPU like the others: the caller goes into its loop, and never back through the crossing.
 * root: PCPU 0's page tables. Errors: VMK_NO_SVM and its like, VMK_EXISTS, VMK_NOT_SUPPORTED
 * (x2APIC, or not the first processor), VMK_BUSY (an interrupt is being served: try again),
 * VMK_BAD_PARAM (the ranges of a), VMK_NO_MEMORY. Nothing has changed then.
 */
int seal_console(struct crossing *x, const struct hc_seal *a, hpa_t root,
		 const struct seal_hooks *hooks);

/* True from then on. Any PCPU. */
bool sealed(void);

/*
 * All else of the vmkernel is down: when the call that is being served is done, the console
 * goes back onto the bare processor.
 */
void seal_leave_after_call(void);

/* From PCPU 0's loop: NMIs that have arrived are the console's. */
void seal_look(void);

/* A page that the console maps is free again: it must not reach it any more. */
void seal_unshare(hpa_t page);

/* Is all of it RAM that the console has told of? True if it is not sealed. */
bool seal_may_lose(hpa_t start, uint64_t bytes);

/*
 * Whole blocks of 2 MiB change hands: what maps them in the console's tables is gone, and made
 * anew when the console touches them and may.
 */
void seal_forget(hpa_t start, uint64_t bytes);

/* Registers /console. */
int seal_vsi_init(void);

#endif
