/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * Runs what the hostile guest has made up, and gets out of it again: whatever
 * exception comes ends in execute_end, with the registers, segments and stack of the
 * caller. Handlers have a stack of their own (IST), as RSP may be anything.
 */
	.set	TSS32, 0x48
	.text
	.code64

/* void execute(const void *code, const struct regs *r) */
	.globl	execute
execute:
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	mov	%rsp, saved_rsp
	movq	$1, executing
	mov	%rsi, %rsp
	cmpq	$0, 136(%rsi)
	jne	2f
	/* RFLAGS go with IRET, so that TF counts from the first instruction on. */
	mov	$iret_stack_top, %rax
	movq	$0x10, -8(%rax)
	mov	32(%rsi), %rcx
	mov	%rcx, -16(%rax)
	movq	$8, -32(%rax)
	jmp	3f
2:	mov	$iret_stack_top, %rax
	movq	$0x2b, -8(%rax)
	mov	32(%rsi), %rcx
	mov	%rcx, -16(%rax)
	movq	$0x33, -32(%rax)
3:	mov	128(%rsi), %rcx
	mov	%rcx, -24(%rax)
	mov	%rdi, -40(%rax)
	mov	0(%rsi), %rax
	mov	8(%rsi), %rcx
	mov	16(%rsi), %rdx
	mov	24(%rsi), %rbx
	mov	40(%rsi), %rbp
	mov	56(%rsi), %rdi
	mov	64(%rsi), %r8
	mov	72(%rsi), %r9
	mov	80(%rsi), %r10
	mov	88(%rsi), %r11
	mov	96(%rsi), %r12
	mov	104(%rsi), %r13
	mov	112(%rsi), %r14
	mov	120(%rsi), %r15
	mov	48(%rsi), %rsi
	mov	$iret_stack_top - 40, %rsp
	iretq

	.globl	execute_end
execute_end:
	cli
	cld
	mov	saved_rsp, %rsp
	movq	$0, executing
	movl	$0x10, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	push	$2
	popf
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	ret

	.balign	16
stubs:
	.set	vec, 0
	.rept	256
	.balign	16
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
	push	%rbx
	mov	16(%rsp), %rax
	incq	caught(, %rax, 8)
	cmp	$2, %eax
	je	resume
	cmp	$1, %eax
	je	step
	cmp	$32, %eax
	jb	leave
	mov	$0xfee000b0, %ebx		/* wherever the APIC is: memory, or nothing */
	movl	$0, (%rbx)
	decq	interrupts_left
	jns	resume
	andq	$~0x200, 48(%rsp)		/* enough of them */
resume:
	pop	%rbx
	pop	%rax
	add	$16, %rsp
	iretq
step:
	decq	steps_left
	jns	resume
leave:
	cmpq	$0, executing
	je	restart
	mov	$execute_end, %rax
	mov	saved_rsp, %rbx
	jmp	out
restart:						/* the interpreter itself was hit */
	mov	$again, %rax
	mov	$stack_top, %rbx
out:	mov	%rax, 32(%rsp)
	movq	$8, 40(%rsp)
	movq	$2, 48(%rsp)
	mov	%rbx, 56(%rsp)
	movq	$0x10, 64(%rsp)
	jmp	resume

/* Everything that a program may have bent: descriptors, segments, control registers. */
	.globl	machine_init
machine_init:
	cli
	cld
	lgdt	gdtr2
	mov	$idt2, %rdi
	mov	$stubs, %rax
	mov	$256, %ecx
1:	mov	%ax, (%rdi)
	movw	$8, 2(%rdi)
	movw	$0x8e01, 4(%rdi)
	mov	%rax, %rdx
	shr	$16, %rdx
	mov	%edx, 6(%rdi)
	movw	$0, 10(%rdi)
	movl	$0, 12(%rdi)
	add	$16, %rdi
	add	$16, %rax
	loop	1b
	lidt	idtr2
	movl	$ist_top, tss2 + 36
	movl	$0, tss2 + 40
	movl	$ist_top, tss2 + 4
	mov	$tss2, %eax
	mov	%ax, gdt2 + 24 + 2
	shr	$16, %eax
	mov	%al, gdt2 + 24 + 4
	movb	$0x89, gdt2 + 24 + 5
	mov	%ah, gdt2 + 24 + 7
	mov	$24, %eax
	ltr	%ax
	mov	$tss32, %eax
	mov	%ax, gdt2 + TSS32 + 2
	shr	$16, %eax
	mov	%al, gdt2 + TSS32 + 4
	movb	$0x89, gdt2 + TSS32 + 5
	mov	%ah, gdt2 + TSS32 + 7
	xor	%eax, %eax
	lldt	%ax
	mov	%rax, %dr7
	mov	%rax, %cr8
	mov	%eax, %fs
	mov	%eax, %gs
	mov	$16, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	mov	$0x80010033, %eax
	mov	%rax, %cr0
	mov	$0x620, %eax
	mov	%rax, %cr4
	mov	$pml4, %rax
	mov	%rax, %cr3
	mov	$0xc0000080, %ecx
	rdmsr
	and	$0x500, %eax
	or	$0x901, %eax
	xor	%edx, %edx
	wrmsr
	ret

/* void trip(kind, address, port, value): code of LOW_CODE runs in each mode on the way. */
	.globl	trip
trip:
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	mov	%rsp, saved_rsp
	mov	%edi, trip_kind
	mov	%esi, trip_address
	mov	%edx, trip_port
	mov	%ecx, trip_value
	cli
	mov	$idt32, %rdi
	mov	$stubs32, %rax
	mov	$256, %ecx
1:	mov	%ax, (%rdi)
	movw	$0x38, 2(%rdi)
	movw	$0x8e00, 4(%rdi)
	mov	%rax, %rdx
	shr	$16, %rdx
	mov	%dx, 6(%rdi)
	add	$8, %rdi
	loop	1b
	lidt	idtr32
	mov	$0x10, %eax
	mov	%eax, %ss
	mov	$stack32_top, %esp
	ljmp	*far32

	.code32
to_32:
	mov	$0x10, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	mov	%cr0, %eax
	and	$0x7fffffff, %eax
	mov	%eax, %cr0
	mov	$0xc0000080, %ecx
	rdmsr
	and	$~0x100, %eax
	wrmsr
	mov	$0, %eax
	mov	%eax, %cr4
	testb	$1, trip_kind
	jz	1f
	call	hammer32
1:	testb	$2, trip_kind
	jz	2f
	mov	$0x10, %eax			/* PSE */
	mov	%eax, %cr4
	mov	$pd_32, %eax
	mov	%eax, %cr3
	mov	%cr0, %eax
	or	$0x80000000, %eax
	mov	%eax, %cr0
	call	hammer32
2:	call	unpage
	testb	$4, trip_kind
	jz	3f
	mov	$0x20, %eax			/* PAE */
	mov	%eax, %cr4
	mov	$pdpt_pae, %eax
	mov	%eax, %cr3
	mov	%cr0, %eax
	or	$0x80000000, %eax
	mov	%eax, %cr0
	call	hammer32
3:	call	unpage
	testb	$16, trip_kind
	jz	4f
	mov	$TSS32, %eax
	ltr	%ax
	ljmp	$TSS32 + 8, $0
4:	testb	$8, trip_kind
	jz	trip_back
	mov	$stack_low, %esp
	mov	$real_ivt, %eax
	lidt	(%eax)
	ljmp	$0x40, $real_entry - real_start + 0x7000

/* Whatever mode of 32 bits this is: back to 64. */
trip_back:
	cli
	call	unpage
	mov	$0x620, %eax
	mov	%eax, %cr4
	mov	$pml4, %eax
	mov	%eax, %cr3
	mov	$0xc0000080, %ecx
	rdmsr
	or	$0x901, %eax
	wrmsr
	mov	$0x80010033, %eax
	mov	%eax, %cr0
	lidt	idtr2
	ljmp	$8, $execute_end

unpage:
	mov	%cr0, %eax
	and	$0x7fffffff, %eax
	mov	%eax, %cr0
	xor	%eax, %eax
	mov	%eax, %cr4
	ret

hammer32:
	movl	$1f, fault_to
	mov	trip_address, %ebx
	mov	trip_address, %esi
	mov	trip_address, %edi
	mov	trip_port, %edx
	mov	trip_value, %eax
	mov	$3, %ecx
	mov	%esp, fault_esp
	mov	$0x8000, %ebp
	call	*%ebp
1:	mov	fault_esp, %esp
	mov	$0x10, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	cld
	ret

stubs32:
	cli
	mov	$0x10, %eax
	mov	%eax, %ds
	mov	%eax, %ss
	jmp	*fault_to

/* Copied to 0x7000. */
	.globl	real_start, real_end
	.code16
real_start:
real_entry:
	mov	%cr0, %eax
	and	$0xfe, %al
	mov	%eax, %cr0
	ljmp	$0, $1f - real_start + 0x7000
1:	xor	%eax, %eax
	mov	%ax, %ds
	mov	%ax, %ss
	mov	$0x7ff0, %sp
	mov	0x7e00, %dx			/* port, value: set by trip's caller */
	mov	0x7e04, %eax
	mov	0x7e08, %bx
	mov	0x7e0a, %es
	mov	%bx, %si
	mov	%bx, %di
	mov	$3, %cx
	mov	$0x8000, %bp
	call	*%bp
real_back:
	cli
	cld
	xor	%ax, %ax
	mov	%ax, %ds
	mov	%ax, %ss
	mov	$0x7ff0, %sp
	lgdtl	0x7e10
	mov	%cr0, %eax
	or	$1, %al
	mov	%eax, %cr0
	ljmpl	$0x38, $from_real
	.balign	4
	.globl	real_handler
real_handler:
	jmp	real_back
real_end:
	.code32
from_real:
	mov	$0x10, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	mov	$stack32_top, %esp
	jmp	trip_back
	.code64

	.data
	.balign	16
	.globl	gdt2, gdtr2
gdt2:
	.quad	0
	.quad	0x00af9b000000ffff		/* 08: code, 64 bits */
	.quad	0x00cf93000000ffff		/* 10: data */
	.quad	0x0000890000000067, 0		/* 18: TSS */
	.quad	0x00cff3000000ffff		/* 28: data, ring 3 */
	.quad	0x00affb000000ffff		/* 30: code, ring 3 */
	.quad	0x00cf9b000000ffff		/* 38: code, 32 bits */
	.quad	0x00009b000000ffff		/* 40: code, 16 bits */
	.quad	0x0000890000000067		/* 48: TSS, 32 bits */
	.quad	0x0000890000000067		/* 50: the other one */
gdtr2:
	.word	gdtr2 - gdt2 - 1
	.quad	gdt2
idtr2:
	.word	256 * 16 - 1
	.quad	idt2
idtr32:
	.word	256 * 8 - 1
	.quad	idt32
real_ivt:
	.word	0x3ff
	.long	0
far32:
	.long	to_32
	.word	0x38
	.balign	8
	.globl	interrupts_left, steps_left
saved_rsp:	.quad	0
executing:	.quad	0
interrupts_left: .quad	0
steps_left:	.quad	0
trip_kind:	.long	0
trip_address:	.long	0
trip_port:	.long	0
trip_value:	.long	0
fault_to:	.long	0
fault_esp:	.long	0

	.bss
	.balign	4096
	.globl	pdpt_pae, pd_32, code_buffer, caught
pdpt_pae:	.skip	4096
pd_32:		.skip	4096
idt2:		.skip	4096
idt32:		.skip	4096
code_buffer:	.skip	4096
caught:		.skip	2048
tss2:		.skip	128
tss32:		.skip	128
	.skip	1024
	.balign	16
iret_stack_top:
	.skip	8192
ist_top:
	.skip	4096
stack32_top:
	.set	stack_low, 0x7ff0

	.section .note.GNU-stack, "", @progbits
