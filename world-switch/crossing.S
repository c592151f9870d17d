/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * The crossing page: everything that runs while a processor belongs to
 * neither world for sure. It is linked into the console's module, lies alone
 * on one page, is position-independent, and both worlds map it at the same
 * address. RDI points to the data page (struct crossing) from the first
 * instruction to the last, in both directions: the fault handlers below rely
 * on that and on nothing else.
 *
 * Interrupts are off throughout. An NMI that arrives while the descriptor
 * tables are in flux finds either a complete table of one world with all it
 * refers to still mapped, or the crossing's own: README.md has the proof,
 * instruction by instruction.
 */
#include "crossing_offsets.h"

	.section .text.crossing, "ax", @progbits
	.balign 4096
	.globl crossing_page
crossing_page:

/*
 * crossing_enter(RDI = struct crossing *): console to vmkernel.
 * Finds: the console's world, interrupts off. Leaves: the vmkernel's world at
 * vmk.rip, RDI unchanged, RSI = vmk.rsi, every other general register dead.
 */
	/* TOUR(7): The console calls crossing_enter as any C function. What the C convention
	 * lets a callee destroy is lost by design; the rest goes on the console's own stack. */
	.globl crossing_enter
	.type crossing_enter, @function
crossing_enter:
	pushfq
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	mov	%rsp, X_CON_RSP(%rdi)

	/* The registers that make the console's address space and protection. */
	mov	%cr0, %rax
	mov	%rax, X_CON_CR0(%rdi)
	mov	%cr3, %rax
	mov	%rax, X_CON_CR3(%rdi)
	mov	%cr4, %rax
	mov	%rax, X_CON_CR4(%rdi)
	sgdt	X_CON_GDTR(%rdi)
	sidt	X_CON_IDTR(%rdi)
	str	X_CON_TR(%rdi)
	sldt	X_CON_LDTR(%rdi)
	mov	%cs, X_CON_CS(%rdi)
	mov	%ss, X_CON_SS(%rdi)

	/* Common ground: a stack, a GDT and an IDT that both worlds map. The
	 * crossing GDT holds the console's entries at the console's selectors,
	 * so the console's IDT still works between these two loads. */
	lea	X_XSTACK_TOP(%rdi), %rsp
	lgdt	X_XGDTR(%rdi)
	lidt	X_XIDTR(%rdi)

	/* TOUR(8): One instruction, MOV to CR3, and Linux is gone: the address space behind the
	 * next instruction is the vmkernel's; only this page and its data page are the same. */
	mov	X_VMK_CR3(%rdi), %rax
	mov	%rax, %cr3
	/* CR4 after CR3: the vmkernel's root has PCID 0, so PCIDE may change either way. */
	mov	X_VMK_CR4(%rdi), %rax
	mov	%rax, %cr4
	mov	X_VMK_CR0(%rdi), %rax
	mov	%rax, %cr0

	/* Task register for the vmkernel's interrupt stacks. LTR wants an
	 * available TSS and marks it busy: undo the mark of the last time. */
	movb	$0x89, X_XGDT_VMK_TSS + 5(%rdi)
	ltr	X_VMK_TR(%rdi)
	/* CS and SS change while the GDT that knows old and new is loaded: an
	 * NMI's IRET reloads both selectors from it. */
	mov	X_VMK_SS(%rdi), %ss
	push	X_VMK_CS(%rdi)
	lea	1f(%rip), %rax
	push	%rax
	lretq
1:
	/* IDT before GDT: each IDT's gates name a code selector that the
	 * crossing GDT has, but not the GDT of the other world. */
	lidt	X_VMK_IDTR(%rdi)
	lgdt	X_VMK_GDTR(%rdi)
	mov	X_VMK_RSP(%rdi), %rsp
	mov	X_VMK_RSI(%rdi), %rsi
	jmp	*X_VMK_RIP(%rdi)
	.size crossing_enter, . - crossing_enter

/*
 * crossing_leave(RDI = struct crossing *): vmkernel to console.
 * Finds: the vmkernel's world, interrupts off, its stack empty of anything
 * worth keeping. Leaves: the console's world, returned from crossing_enter.
 */
	/* TOUR(11): The way back saves nothing: the vmkernel starts afresh at every call, so only
	 * the console's world has to be put back, in the opposite order. */
	.globl crossing_leave
	.type crossing_leave, @function
crossing_leave:
	lea	X_XSTACK_TOP(%rdi), %rsp
	lgdt	X_XGDTR(%rdi)
	lidt	X_XIDTR(%rdi)
	/* CR4 before CR3: CR4.PCIDE must be on before a CR3 with PCID bits,
	 * and may be switched on only while the PCID in CR3 is 0. */
	mov	X_CON_CR4(%rdi), %rax
	mov	%rax, %cr4
	mov	X_CON_CR3(%rdi), %rax
	mov	%rax, %cr3
	mov	X_CON_CR0(%rdi), %rax
	mov	%rax, %cr0
	/* The console's TSS descriptor is marked busy in its own, read-only GDT;
	 * LTR takes the copy at the same selector, so that GDT is not written. */
	movzwl	X_CON_TR(%rdi), %eax
	movb	$0x89, X_XGDT + 5(%rdi, %rax)
	ltr	%ax
	mov	X_CON_SS(%rdi), %ss
	push	X_CON_CS(%rdi)
	lea	1f(%rip), %rax
	push	%rax
	lretq
1:
	lidt	X_CON_IDTR(%rdi)
	lgdt	X_CON_GDTR(%rdi)
	lldt	X_CON_LDTR(%rdi)
	mov	X_CON_RSP(%rdi), %rsp
	/* A console that is sealed begins here, and comes back here: all that the instructions
	 * above do by hand, VMRUN has done. */
	.globl crossing_resume
crossing_resume:
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	popfq
	ret
	.size crossing_leave, . - crossing_leave
	.globl crossing_code_end
crossing_code_end:

/*
 * crossing_call(RDI = struct crossing *): a sealed console's way to the vmkernel,
 * which sits beneath it. Finds and leaves what crossing_enter does; whether the
 * vmkernel goes on behind VMMCALL or, having unsealed the console, by
 * crossing_leave, is all the same from here.
 */
	.globl crossing_call
	.type crossing_call, @function
crossing_call:
	pushfq
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	mov	%rsp, X_CON_RSP(%rdi)
	vmmcall
	jmp	crossing_resume
	.size crossing_call, . - crossing_call

/*
 * Handlers of the crossing IDT, 16 bytes apart so that the loader can compute
 * their addresses. Finds: RDI = struct crossing, RSP on the crossing stack.
 */
	.balign 16
	.globl crossing_vectors
crossing_vectors:
	.set	vec, 0
	.rept	32
	.balign 16
	.if vec == 2
	jmp	crossing_nmi
	.else
	/* Vectors without an error code push a zero in its place (APM vol. 2, table 8-1). */
	.if !(vec == 8 || (vec >= 10 && vec <= 14) || vec == 17 || vec == 21 || \
	      vec == 29 || vec == 30)
	push	$0
	.endif
	push	$vec
	jmp	crossing_fault
	.endif
	.set	vec, vec + 1
	.endr

/*
 * NMI: belongs to neither world yet. It is counted, and the console delivers it
 * to itself as soon as it is back, by INT 2. Until the IRET of the console's
 * handler the processor must hold the next one back, for that handler's first
 * instructions rely on it: so there is no IRET here. Finds: the processor's
 * frame on the crossing stack. Leaves: all as it was, NMIs blocked.
 */
	.balign 16
crossing_nmi:
	incq	X_NMI_LATCHED(%rdi)
	push	%rax
	push	%rbx
	push	%rcx
	push	%rdx
	mov	56(%rsp), %rax		/* RSP as it was; below it go RFLAGS, RIP, CS */
	mov	48(%rsp), %rbx
	mov	40(%rsp), %rcx
	mov	32(%rsp), %rdx
	sub	$24, %rax
	mov	%rcx, 16(%rax)
	mov	%rdx, 8(%rax)
	mov	%rbx, (%rax)
	/* They may lie over the frame from its RFLAGS on, but not over its RIP. */
	mov	%rax, 32(%rsp)
	pop	%rdx
	pop	%rcx
	pop	%rbx
	pop	%rax
	pop	%rsp
	popfq
	lretq

/*
 * Any other exception here is a bug or broken hardware. Finds: vector, error
 * code, RIP on the stack. Leaves: the vmkernel's world at panic_rip, which
 * reports and stops; nothing is reset silently. CR4 stays as it is: writing
 * it may be what failed. A second fault has nowhere to go, and halts.
 */
	.balign 16
crossing_fault:
	cmpq	$0, X_FAULT_VECTOR(%rdi)
	jne	2f
	pop	%rax
	inc	%rax
	mov	%rax, X_FAULT_VECTOR(%rdi)
	pop	X_FAULT_CODE(%rdi)
	mov	(%rsp), %rax
	mov	%rax, X_FAULT_RIP(%rdi)
	mov	X_VMK_CR3(%rdi), %rax
	mov	%rax, %cr3
	/* An NMI during the report needs the stacks of the vmkernel's TSS. */
	movb	$0x89, X_XGDT_VMK_TSS + 5(%rdi)
	ltr	X_VMK_TR(%rdi)
	lidt	X_VMK_IDTR(%rdi)
	mov	X_VMK_RSP(%rdi), %rsp
	jmp	*X_PANIC_RIP(%rdi)
2:	hlt
	jmp	2b

	.balign 4096
	.globl crossing_page_end
crossing_page_end:

	.section .note.GNU-stack, "", @progbits
