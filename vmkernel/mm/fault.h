/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * Allocations that fail on purpose, for tests: the Nth call of pages_alloc or
 * heap_alloc from now finds no memory, once. Any PCPU may call these.
 */
#ifndef MM_FAULT_H
#define MM_FAULT_H

#include "lib/types.h"

/* n: which call from now fails, 1 is the next; 0: none. */
void fault_set(uint64_t n);
/* Calls until one fails, 0: none will. */
uint64_t fault_left(void);
/* For the allocators, once a call: true if it is to fail. */
bool fault_due(void);

#endif
