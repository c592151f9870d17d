// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/* Numbers that boot's assembly needs, as crossing_offsets.c does it for the crossing. */
#include "cpu/pcpu.h"

#define DEFINE(name, val) __asm__ volatile("\n->" #name " %0" : : "i"(val))

void boot_asm_offsets(void);
void boot_asm_offsets(void)
{
	DEFINE(PCPU_STACK_TOP, PCPU_STACKS + PCPU_STACK_SLOT);
}
