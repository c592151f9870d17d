/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * vmk_panic(fmt, ...): notes the registers that its caller had, before any C
 * changes them. Finds: a C call with variable arguments. Leaves: the same
 * registers and stack in panic_noted, which never returns. If two PCPUs panic
 * at once the registers may be the other's.
 */
	.macro	note reg, index
	mov	%\reg, panic_regs + 8 * \index(%rip)
	.endm

	.text
	.globl vmk_panic
	.type vmk_panic, @function
vmk_panic:
	/* In the order of struct panic_regs (debug/panic.h). */
	note	rax, 0
	note	rbx, 1
	note	rcx, 2
	note	rdx, 3
	note	rsi, 4
	note	rdi, 5
	note	rbp, 6
	note	r8, 8
	note	r9, 9
	note	r10, 10
	note	r11, 11
	note	r12, 12
	note	r13, 13
	note	r14, 14
	note	r15, 15
	lea	8(%rsp), %rax
	note	rax, 7
	mov	(%rsp), %rax
	note	rax, 16
	pushfq
	popq	panic_regs + 8 * 17(%rip)
	jmp	panic_noted
	.size vmk_panic, . - vmk_panic

	.section .note.GNU-stack, "", @progbits
