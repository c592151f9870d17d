/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
	.section .text, "ax", @progbits
/*
 * cpu_reload_segments(): after LGDT. Finds the PCPU's GDT loaded, its TSS
 * descriptor available. Leaves CS, SS and TR from it, the data segments null.
 */
	.globl cpu_reload_segments
	.type cpu_reload_segments, @function
cpu_reload_segments:
	mov	$0x108, %eax
	mov	%eax, %ss
	xor	%eax, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	$0x110, %eax
	ltr	%ax
	pop	%rax
	push	$0x100
	push	%rax
	lretq
	.size cpu_reload_segments, . - cpu_reload_segments

	.section .note.GNU-stack, "", @progbits
