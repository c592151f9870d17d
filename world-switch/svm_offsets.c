// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/* Field offsets for svm_entry.S, made like those of crossing_offsets.c. */
#include "svm_entry.h"

#define DEFINE(name, val) __asm__ volatile("\n->" #name " %0" : : "i"(val))
#define OFF(name, field) DEFINE(name, __builtin_offsetof(struct svm_vcpu_area, field))

void svm_offsets(void);
void svm_offsets(void)
{
	OFF(A_RCX, gpr[1]);
	OFF(A_RDX, gpr[2]);
	OFF(A_RBX, gpr[3]);
	OFF(A_RBP, gpr[5]);
	OFF(A_RSI, gpr[6]);
	OFF(A_RDI, gpr[7]);
	OFF(A_R8, gpr[8]);
	OFF(A_R9, gpr[9]);
	OFF(A_R10, gpr[10]);
	OFF(A_R11, gpr[11]);
	OFF(A_R12, gpr[12]);
	OFF(A_R13, gpr[13]);
	OFF(A_R14, gpr[14]);
	OFF(A_R15, gpr[15]);
	OFF(A_VMCB_HPA, vmcb_hpa);
	OFF(A_HOST_HPA, host_hpa);
	OFF(A_EXIT_CODE, exit_code);
	DEFINE(A_ENTRY_NONE, SVM_ENTRY_NONE);
}
