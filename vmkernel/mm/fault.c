// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * A countdown that allocations of all PCPUs share. What a machine without
 * memory would show only at some of them is so tried at each.
 */
#include "mm/fault.h"

static uint64_t countdown;

void fault_set(uint64_t n)
{
	__atomic_store_n(&countdown, n, __ATOMIC_RELAXED);
}

uint64_t fault_left(void)
{
	return __atomic_load_n(&countdown, __ATOMIC_RELAXED);
}

bool fault_due(void)
{
	uint64_t left = fault_left();

	while (left && !__atomic_compare_exchange_n(&countdown, &left, left - 1, true,
						    __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
	return left == 1;
}
