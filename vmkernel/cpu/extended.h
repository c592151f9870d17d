/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * The extended state of the console's world: what the vmkernel normally never
 * changes on the console's processor, and so does not save at a crossing:
 * system-call and segment-base MSRs, PAT, debug registers, CR2, CR8, FPU and
 * everything else under XCR0. Whoever does want to change it (a test, VM
 * entry on that processor) saves it first and restores it before leaving.
 * Context: PCPU 0 during a hostcall.
 */
#ifndef CPU_EXTENDED_H
#define CPU_EXTENDED_H

#include "lib/types.h"

/* Size of the buffer that extended_init wants for this processor. */
size_t extended_bytes(void);

/* buffer: extended_bytes(), 64-byte aligned, stays. */
void extended_init(void *buffer);

void extended_save(void);
void extended_restore(void);

/* Overwrites all of it with values made from seed: for the test that it comes back. */
void extended_scramble(uint64_t seed);

#endif
