/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * Entering and leaving a guest by AMD's SVM (APM vol. 2, chapter 15). The
 * state of a VCPU lies in three places: VMRUN itself switches what is in the
 * VMCB's first half, VMLOAD and VMSAVE the "hidden" rest (FS, GS, TR, LDTR,
 * system-call MSRs), svm_run() the general registers.
 *
 * The hidden state is not put back at every exit: as long as the guest's is
 * in the processor the global interrupt flag stays clear, so that no NMI can
 * come and look for its stack in the guest's TSS. svm_hidden_load() opens
 * that stretch, svm_hidden_store() ends it.
 */
#ifndef WS_SVM_ENTRY_H
#define WS_SVM_ENTRY_H

#include "types.h"

/* One VCPU as the entry code knows it. Registers in the order of their encoding. */
struct svm_vcpu_area {
	uint64_t gpr[16]; /* RAX (0) and RSP (4) live in the VMCB while the guest runs */
	uint64_t vmcb_hpa; /* of the guest's VMCB */
	uint64_t host_hpa; /* of a VMCB with this processor's own hidden state */
	volatile uint64_t *exit_code; /* the field EXITCODE in the guest's VMCB */
};
WS_ASSERT_SIZE(svm_vcpu_area, 152);

/* What svm_run() returns besides exit codes, which are 0 or more. */
enum svm_entry_error {
	SVM_ENTRY_INVALID = -1, /* VMEXIT_INVALID: the processor refused the VMCB */
	SVM_ENTRY_BUSY = -2, /* the VMCB is in use elsewhere */
	SVM_ENTRY_NONE = -0x7fff, /* no exit code was written: the guest never ran */
};

/* Context of all: the PCPU that runs the VCPU, EFER.SVME set, IF clear. */

/* Keeps this processor's hidden state in the page host_hpa. Once per PCPU. */
void svm_host_store(uint64_t host_hpa);

/* The opposite: what is in the page becomes this processor's; its TR must be the same. */
void svm_host_load(uint64_t host_hpa);

/* GIF off, the guest's hidden state into the processor. */
void svm_hidden_load(const struct svm_vcpu_area *area);

/* The guest's hidden state back into its VMCB, the processor's own into it, GIF on. */
void svm_hidden_store(const struct svm_vcpu_area *area);

/*
 * Runs the guest until its next exit; between svm_hidden_load() and
 * svm_hidden_store(). Returns the exit code or enum svm_entry_error. GIF
 * stays off. No register but the area's address and the host's stack, which
 * VMRUN itself keeps, is trusted after it.
 */
int svm_run(struct svm_vcpu_area *area);

#endif
