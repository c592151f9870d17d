/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * Start of a micro-guest: entered in 32-bit protected mode at its first byte
 * with a number in EBX, goes to 64-bit mode with the first 4 GiB mapped one to
 * one, calls main().
 */
	.section .text.start, "ax"
	.code32
	.globl _start
_start:
	cli
	mov	%ebx, boot_arg
	mov	$stack_top, %esp
	/* Tables: one PML4, one PDPT, four PDs of 2 MiB pages. */
	movl	$pdpt + 7, pml4
	mov	$pds + 7, %eax
	mov	$pdpt, %edi
	mov	$4, %ecx
1:	mov	%eax, (%edi)
	add	$4096, %eax
	add	$8, %edi
	loop	1b
	mov	$0x87, %eax
	mov	$pds, %edi
	mov	$2048, %ecx
2:	mov	%eax, (%edi)
	add	$0x200000, %eax
	add	$8, %edi
	loop	2b
	mov	$pml4, %eax
	mov	%eax, %cr3
	mov	$0x620, %eax			/* PAE, OSFXSR, OSXMMEXCPT */
	mov	%eax, %cr4
	mov	$0xc0000080, %ecx
	rdmsr
	or	$0x901, %eax			/* SCE, LME, NXE */
	wrmsr
	mov	$0x80010033, %eax		/* PG, WP, NE, ET, MP, PE */
	mov	%eax, %cr0
	lgdt	gdtr
	ljmp	$8, $3f
	.code64
3:	mov	$16, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	xor	%eax, %eax
	mov	%eax, %fs
	mov	%eax, %gs
	mov	$stack_top, %rsp
	/* The TSS has its base in three pieces. */
	mov	$tss, %rax
	mov	%ax, gdt + 24 + 2
	shr	$16, %rax
	mov	%al, gdt + 24 + 4
	mov	%ah, gdt + 24 + 7
	mov	$24, %eax
	ltr	%ax
	call	make_idt
	call	main
	call	power_off

/* 256 gates to stubs that are 16 bytes apart. */
make_idt:
	mov	$idt, %rdi
	mov	$stubs, %rax
	mov	$256, %ecx
4:	mov	%ax, (%rdi)
	movw	$8, 2(%rdi)
	movw	$0xee00, 4(%rdi)
	mov	%rax, %rdx
	shr	$16, %rdx
	mov	%dx, 6(%rdi)
	add	$16, %rdi
	add	$16, %rax
	loop	4b
	lidt	idtr
	ret

	.balign 16
stubs:
	.set	vec, 0
	.rept	256
	.balign 16
	.if !(vec == 8 || (vec >= 10 && vec <= 14) || vec == 17 || vec == 21 || vec == 29 || \
	      vec == 30)
	push	$0
	.endif
	push	$vec
	jmp	common
	.set	vec, vec + 1
	.endr

common:
	push	%rax
	push	%rcx
	push	%rdx
	push	%rsi
	push	%rdi
	push	%r8
	push	%r9
	push	%r10
	push	%r11
	mov	%rsp, %rdi
	cld
	call	trap
	pop	%r11
	pop	%r10
	pop	%r9
	pop	%r8
	pop	%rdi
	pop	%rsi
	pop	%rdx
	pop	%rcx
	pop	%rax
	add	$16, %rsp
	iretq

	.data
	.globl boot_arg
boot_arg:
	.long	0
	.balign 16
	.globl gdt
gdt:
	.quad	0
	.quad	0x00af9b000000ffff		/* 08: code, 64 bits */
	.quad	0x00cf93000000ffff		/* 10: data */
	.quad	0x0000890000000067, 0		/* 18: TSS */
	.quad	0x00aff3000000ffff		/* 28: data, ring 3 */
	.quad	0x00affb000000ffff		/* 30: code, ring 3 */
gdtr:
	.word	gdtr - gdt - 1
	.quad	gdt
idtr:
	.word	256 * 16 - 1
	.quad	idt
	.balign 16
	.globl tss
tss:
	.long	0
	.quad	trap_stack_top
	.fill	92, 1, 0
	.word	0, 104

	.bss
	.balign 4096
	.globl pml4, pdpt, pds, idt
pml4:	.skip	4096
pdpt:	.skip	4096
pds:	.skip	4 * 4096
idt:	.skip	4096
	.skip	16384
	.globl	stack_top
stack_top:
	.skip	16384
trap_stack_top:

	.section .note.GNU-stack, "", @progbits
