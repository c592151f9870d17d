/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * The two places where the crossing arrives. Both find: RDI = struct
 * crossing, interrupts off, an empty stack in RSP, CS = the vmkernel's.
 * Neither returns: they leave through the crossing.
 */
#include "asm_offsets.h"
#include "crossing_offsets.h"

	.section .text.entry, "ax", @progbits

/*
 * First arrival, on the loader's page tables. RSI = struct ws_boot_info.
 * Until the vmkernel has an IDT an NMI would run with the crossing's gates,
 * which want RDI: so the gates are made here, with RDI untouched, and the
 * handler told where to count.
 */
	/* TOUR(9): The first instruction of the vmkernel. Nothing of Linux is mapped any
	 * more but the crossing; the stack, the page tables and this code lie in memory
	 * that Linux gave away. */
	.globl vmkernel_entry
	.type vmkernel_entry, @function
vmkernel_entry:
	mov	$idt, %edx
	mov	$trap_stubs, %eax
	mov	$256, %ecx
1:	movw	%ax, (%rdx)
	movw	%cs, 2(%rdx)
	movw	$0x8e00, 4(%rdx)
	mov	%eax, %ebx
	shr	$16, %ebx
	movw	%bx, 6(%rdx)
	movq	$0, 8(%rdx)
	add	$16, %eax
	add	$16, %edx
	dec	%ecx
	jnz	1b
	lea	X_NMI_LATCHED(%rdi), %rax
	mov	%rax, nmi_latch(%rip)
	lidt	boot_idtr(%rip)
	push	%rdi
	sub	$8, %rsp
	call	arrival
	mov	8(%rsp), %rdi
	cmpq	$0, X_CALL_STATUS(%rdi)
	jne	2f
	/* All is well: PCPU 0's own stack is mapped, the loader's may go. */
	movabs	$PCPU_STACK_TOP, %rsp
	push	%rdi
	sub	$8, %rsp
	call	arrival_done
	mov	8(%rsp), %rdi
2:	jmp	*X_LEAVE(%rdi)

/* Every later arrival, on PCPU 0's page tables and main stack. */
	.globl hostcall_entry
	.type hostcall_entry, @function
hostcall_entry:
	push	%rdi
	sub	$8, %rsp
	call	hostcall_dispatch
	add	$8, %rsp
	pop	%rdi
	jmp	*X_LEAVE(%rdi)

/*
 * scramble_and_leave(RDI = struct crossing *, RSI = seed): the test's way back
 * to the console, with nonsense in every register that the crossing restores.
 */
	.globl scramble_and_leave
	.type scramble_and_leave, @function
scramble_and_leave:
	mov	%rsi, %rax
	mov	%rsi, %rbx
	not	%rbx
	mov	%rsi, %rcx
	mov	%rsi, %rdx
	lea	1(%rbx), %rbp
	lea	2(%rbx), %r8
	lea	3(%rbx), %r9
	lea	4(%rbx), %r10
	lea	5(%rbx), %r11
	lea	6(%rbx), %r12
	lea	7(%rbx), %r13
	lea	8(%rbx), %r14
	lea	9(%rbx), %r15
	cmp	%rbx, %rcx
	jmp	*X_LEAVE(%rdi)

/*
 * A processor coming from the trampoline: 64-bit mode, its final page tables
 * in RDI still to be loaded, interrupts off, no stack.
 */
	.globl pcpu_entry
	.type pcpu_entry, @function
pcpu_entry:
	mov	%rdi, %cr3
	movabs	$PCPU_STACK_TOP, %rsp
	xor	%ebp, %ebp
	call	pcpu_main
	ud2

	.section .rodata
	.balign 8
boot_idtr:
	.word	256 * 16 - 1
	.quad	idt

	.section .note.GNU-stack, "", @progbits
