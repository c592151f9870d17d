/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * Guest entry and exit on AMD processors; svm_entry.h has the contracts.
 * VMRUN saves what the host needs to go on (RIP, RSP, RAX, RFLAGS, control
 * registers, segments) in the page of VM_HSAVE_PA, and #VMEXIT restores it
 * (APM vol. 2, 15.5 and 15.6). All else is the business of this file.
 */
#include "svm_offsets.h"

	.section .text, "ax", @progbits

/* svm_host_store(RDI = machine address of a page). Clobbers RAX. */
	.balign 16
	.globl svm_host_store
	.type svm_host_store, @function
svm_host_store:
	mov	%rdi, %rax
	vmsave	%rax
	ret
	.size svm_host_store, . - svm_host_store

/* svm_host_load(RDI = machine address of a page). Clobbers RAX. */
	.balign 16
	.globl svm_host_load
	.type svm_host_load, @function
svm_host_load:
	mov	%rdi, %rax
	vmload	%rax
	ret
	.size svm_host_load, . - svm_host_load

/* svm_hidden_load(RDI = area). Clobbers RAX. Leaves: GIF 0. */
	.balign 16
	.globl svm_hidden_load
	.type svm_hidden_load, @function
svm_hidden_load:
	/* GIF first: an NMI must not meet the guest's TR. */
	clgi
	mov	A_VMCB_HPA(%rdi), %rax
	vmload	%rax
	ret
	.size svm_hidden_load, . - svm_hidden_load

/* svm_hidden_store(RDI = area). Clobbers RAX. Leaves: GIF 1. */
	.balign 16
	.globl svm_hidden_store
	.type svm_hidden_store, @function
svm_hidden_store:
	mov	A_VMCB_HPA(%rdi), %rax
	vmsave	%rax
	mov	A_HOST_HPA(%rdi), %rax
	vmload	%rax
	/* TR and all it leads to are ours again: NMIs may come. */
	stgi
	ret
	.size svm_hidden_store, . - svm_hidden_store

/*
 * svm_run(RDI = area), returns EAX. In: GIF 0, IF 0. Out: the same.
 * Clobbers what the C convention allows; all of that is zeroed.
 */
	.balign 16
	.globl svm_run
	.type svm_run, @function
svm_run:
	/* What C wants back, and the area's address on top: #VMEXIT restores RSP. */
	push	%rbp
	push	%rbx
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	push	%rdi

	/* A code that no exit has: if it is still there afterwards, VMRUN did nothing. */
	mov	A_EXIT_CODE(%rdi), %rax
	movq	$A_ENTRY_NONE, (%rax)

	/* The guest's registers; RDI last, because it shows where they are. */
	mov	A_VMCB_HPA(%rdi), %rax
	mov	A_RCX(%rdi), %rcx
	mov	A_RDX(%rdi), %rdx
	mov	A_RBX(%rdi), %rbx
	mov	A_RBP(%rdi), %rbp
	mov	A_RSI(%rdi), %rsi
	mov	A_R8(%rdi), %r8
	mov	A_R9(%rdi), %r9
	mov	A_R10(%rdi), %r10
	mov	A_R11(%rdi), %r11
	mov	A_R12(%rdi), %r12
	mov	A_R13(%rdi), %r13
	mov	A_R14(%rdi), %r14
	mov	A_R15(%rdi), %r15
	mov	A_RDI(%rdi), %rdi

	/* TOUR(20): VMRUN. Behind this instruction lies the guest's first one; the host's next is
	 * CLI, and it may come in a microsecond or at the end of the slice. */
	/* With V_INTR_MASKING the host's IF decides whether physical interrupts
	 * end the guest's run. While GIF is 0 STI lets none in here. */
	sti
	vmrun	%rax
	cli

	/* All but RAX and RSP is the guest's. Its RDI makes room for the area. */
	push	%rdi
	mov	8(%rsp), %rdi
	mov	%rcx, A_RCX(%rdi)
	mov	%rdx, A_RDX(%rdi)
	mov	%rbx, A_RBX(%rdi)
	mov	%rbp, A_RBP(%rdi)
	mov	%rsi, A_RSI(%rdi)
	mov	%r8, A_R8(%rdi)
	mov	%r9, A_R9(%rdi)
	mov	%r10, A_R10(%rdi)
	mov	%r11, A_R11(%rdi)
	mov	%r12, A_R12(%rdi)
	mov	%r13, A_R13(%rdi)
	mov	%r14, A_R14(%rdi)
	mov	%r15, A_R15(%rdi)
	pop	A_RDI(%rdi)

	/* The result, then nothing of the guest stays in a register. */
	mov	A_EXIT_CODE(%rdi), %rax
	mov	(%rax), %eax
	xor	%ecx, %ecx
	xor	%edx, %edx
	xor	%esi, %esi
	xor	%r8d, %r8d
	xor	%r9d, %r9d
	xor	%r10d, %r10d
	xor	%r11d, %r11d

	pop	%rdi
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbx
	pop	%rbp
	ret
	.size svm_run, . - svm_run

	.section .note.GNU-stack, "", @progbits
