/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * Where a processor wakes after SIPI: real mode, CS:IP = page:0 (APM vol. 2,
 * 14.1.3 and 16.5). These bytes are copied to a borrowed page below 1 MiB;
 * the page behind it holds a copy of the PCPU's top table, because CR3 can
 * be loaded with 32 bits only before long mode is on. Both pages are put back
 * as soon as the processor has left them.
 *
 * Finds: real mode, interrupts off. Leaves: 64-bit mode at pcpu_entry, RDI =
 * the PCPU's real CR3.
 */
#define T(label) (label - trampoline)

	.section .rodata
	.balign 16
	.globl trampoline, trampoline_end, trampoline_params
	.code16
	/* TOUR(13): A given processor wakes here, in real mode, with nothing. Thirty instructions
	 * later it is in 64-bit mode, with the address of its own page tables in hand. */
trampoline:
	cli
	xor	%ebx, %ebx
	mov	%cs, %bx
	mov	%bx, %ds
	shl	$4, %ebx			/* EBX = where we are */
	lea	T(tgdt)(%ebx), %eax
	mov	%eax, T(tgdtr) + 2
	lgdtl	T(tgdtr)
	mov	T(param_cr4), %eax
	mov	%eax, %cr4
	lea	4096(%ebx), %eax
	mov	%eax, %cr3
	mov	$0xc0000080, %ecx		/* EFER: LME and NXE */
	mov	$0x900, %eax
	xor	%edx, %edx
	wrmsr
	lea	T(long_mode)(%ebx), %eax
	mov	%eax, T(far_ptr)
	mov	$0x80010033, %eax		/* PG WP NE ET MP PE */
	mov	%eax, %cr0
	ljmpl	*T(far_ptr)

	.code64
long_mode:
	mov	T(param_cr3)(%rbx), %rdi
	mov	T(param_entry)(%rbx), %rax
	xor	%ecx, %ecx
	mov	%ecx, %ds
	mov	%ecx, %es
	mov	%ecx, %fs
	mov	%ecx, %gs
	mov	%ecx, %ss
	jmp	*%rax

	.balign 8
tgdt:	.quad	0
	.quad	0x00af9b000000ffff		/* 64-bit code */
tgdtr:	.word	15
	.long	0
	.balign 4
far_ptr: .long	0
	.word	8
	.balign 8
trampoline_params:
param_cr3:	.quad	0
param_entry:	.quad	0
param_cr4:	.quad	0
trampoline_end:

	.section .note.GNU-stack, "", @progbits
