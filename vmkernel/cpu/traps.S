/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * Entry points of all vectors. Each stub makes the frame alike: vectors
 * without an error code push a zero in its place (APM vol. 2, table 8-1).
 */
	.section .text.entry, "ax", @progbits
	.balign 16
	.globl trap_stubs
trap_stubs:
	.set	vec, 0
	.rept	256
	.balign 16
	.if !(vec == 8 || (vec >= 10 && vec <= 14) || vec == 17 || vec == 21 || \
	      vec == 29 || vec == 30)
	push	$0
	.endif
	push	$vec
	jmp	trap_common
	.set	vec, vec + 1
	.endr

/*
 * Finds: vector, error code and the processor's frame on the stack, any
 * general registers. Leaves: all as it was, through IRETQ; or without one, if
 * trap_dispatch says so: after an NMI of the console the next must wait for the
 * IRET of the console's handler, whose first instructions rely on that.
 */
	.balign 16
trap_common:
	push	%rax
	push	%rbx
	push	%rcx
	push	%rdx
	push	%rsi
	push	%rdi
	push	%rbp
	push	%r8
	push	%r9
	push	%r10
	push	%r11
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	mov	%rsp, %rdi
	/* C wants DF clear and the stack aligned; RBX keeps our place. */
	mov	%rsp, %rbx
	and	$-16, %rsp
	cld
	call	trap_dispatch
	mov	%rbx, %rsp
	test	%al, %al
	jnz	1f
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%r11
	pop	%r10
	pop	%r9
	pop	%r8
	pop	%rbp
	pop	%rdi
	pop	%rsi
	pop	%rdx
	pop	%rcx
	pop	%rbx
	pop	%rax
	add	$16, %rsp
	iretq

	/* RFLAGS, RIP, CS go below RSP as it was; that address to where RIP was. */
1:	mov	160(%rsp), %rax
	sub	$24, %rax
	mov	144(%rsp), %rcx
	mov	136(%rsp), %rdx
	mov	152(%rsp), %rsi
	mov	%rcx, 16(%rax)
	mov	%rdx, 8(%rax)
	mov	%rsi, (%rax)
	mov	%rax, 136(%rsp)
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%r11
	pop	%r10
	pop	%r9
	pop	%r8
	pop	%rbp
	pop	%rdi
	pop	%rsi
	pop	%rdx
	pop	%rcx
	pop	%rbx
	pop	%rax
	add	$16, %rsp
	pop	%rsp
	popfq
	lretq

	.section .note.GNU-stack, "", @progbits
