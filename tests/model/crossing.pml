/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * Processor 0 goes to the vmkernel and comes back, instruction by instruction,
 * while NMIs and one machine check arrive between any two of them, and the
 * vmkernel panics there or elsewhere. Comments FILE:FUNCTION name what a step
 * stands for; "enter:", "leave:" and "fault:" quote world-switch/crossing.S, and
 * check compares them with it. BUG_… are planted: check must find each.
 */
#define NMIS 3  /* that arrive, at any time */
#define TRIPS 3 /* the first arrival, and two hostcalls */

mtype = { LINUX, CROSS, VMK };

/* What an NMI needs of the processor. */
mtype idt = LINUX, gdt = LINUX, cr3 = LINUX, tr = LINUX, cs = LINUX, rsp = LINUX;
bool ist;       /* the vmkernel's gates name stacks of its TSS */
bool rdi;       /* RDI is the data page */
bool blocked;   /* the processor holds NMIs back until an IRET */
bool hw_pending;
bool vmk_busy, con_busy; /* TSS descriptors in the crossing's GDT */

/* The data page. */
byte latched;
mtype arrive_idt = CROSS, arrive_gdt = CROSS, arrive_tr = LINUX;
bool panic_rip;     /* is crossing_panic, and not crossing_leave */

byte sent, handled; /* NMIs */
bool in_nmi;        /* the handler runs, what it interrupted does not */
bool fragile;       /* the first instructions of Linux's handler, on its IST stack */
bool mc_left = true;
bool early = true, latch_known, panicked, panicked_here, others_stopped, abandon;

#define has(table, sel) (table == CROSS || table == sel)
#define stack_mapped (rsp == CROSS || rsp == cr3)

/* One instruction, or what has no instruction of interest to an NMI. A machine
 * check may come before it, once: by the crossing's IDT or by the vmkernel's. */
#define S(e) atomic { !in_nmi -> \
	if \
	:: mc_left && idt == CROSS -> mc_left = false; \
		assert(rdi && has(gdt, VMK) && stack_mapped); cs = VMK; goto fault \
	:: mc_left && idt == VMK -> mc_left = false; \
		assert(cr3 == VMK && (tr == VMK || !ist)); goto panic \
	:: abandon -> abandon = false; goto stop \
	:: true -> e \
	fi }

#define LTR_VMK assert(!vmk_busy); tr = arrive_tr; vmk_busy = true

/* The handlers, and the way in and out that the processor takes. */
active proctype nmi()
{
	do
	:: atomic { sent < NMIS && !hw_pending -> hw_pending = true; sent++ }
	:: atomic { hw_pending && !blocked && !in_nmi ->
		hw_pending = false; blocked = true; in_nmi = true };
		if
		:: atomic { idt == LINUX -> /* Linux's own handler */
			assert(cr3 == LINUX && tr == LINUX && has(gdt, LINUX));
			assert(!fragile);
			fragile = true };
			fragile = false;
			handled++;
			atomic { assert(has(gdt, cs)); blocked = false; in_nmi = false } /* IRET */
		:: atomic { idt == CROSS -> /* world-switch/crossing.S:crossing_nmi */
			assert(rdi && has(gdt, VMK) && stack_mapped);
			latched++ };
			atomic { assert(has(gdt, cs));
#ifdef BUG_IRET_IN_CROSSING
				blocked = false;
#endif
				in_nmi = false }
		:: atomic { idt == VMK -> /* vmkernel/cpu/traps.S:trap_common */
			assert(cr3 == VMK && has(gdt, VMK));
			assert(tr == VMK || !ist);
			assert(!early || latch_known) };
			if /* vmkernel/cpu/traps.c:trap_dispatch */
#ifdef BUG_NMI_ENDS_PANIC
			:: panicked && !early -> abandon = true
			:: !panicked || early -> latched++
#else
			:: latched++
#endif
			fi;
			atomic { assert(has(gdt, cs));
#ifdef BUG_IRET_IN_VMKERNEL
				blocked = false;
#endif
				in_nmi = false }
		fi
	:: atomic { sent == NMIS && !hw_pending && !in_nmi -> break }
	od
}

/* Another processor panics: vmkernel/debug/panic.c:panic_begin */
active proctype other_pcpu()
{
	if
	:: atomic { !panicked && !early -> panicked = true }
	:: true
	fi
}

active proctype cpu0()
{
	byte trips, count;
	bool first = true;

again:	/* vmnix/cross.c:cross_here */
	rdi = true;
	/* enter: lea X_XSTACK_TOP(%rdi), %rsp */
	S(rsp = CROSS);
	/* enter: lgdt X_XGDTR(%rdi) */
	S(gdt = CROSS);
	/* enter: lidt X_XIDTR(%rdi) */
	S(idt = CROSS);
	/* enter: mov %rax, %cr3 */
	S(cr3 = VMK);
	/* enter: mov %rax, %cr4 */
	S(skip);
	/* enter: mov %rax, %cr0 */
	S(skip);
	/* enter: movb $0x89, X_XGDT_VMK_TSS + 5(%rdi) */
#ifndef BUG_TSS_BUSY
	S(vmk_busy = false);
#endif
	/* enter: ltr X_VMK_TR(%rdi) */
	S(LTR_VMK);
	/* enter: mov X_VMK_SS(%rdi), %ss */
	S(skip);
	/* enter: lretq */
	S(cs = VMK);
	/* enter: lidt X_VMK_IDTR(%rdi) */
	S(idt = arrive_idt);
	/* enter: lgdt X_VMK_GDTR(%rdi) */
	S(gdt = arrive_gdt);
	/* enter: mov X_VMK_RSP(%rdi), %rsp */
	S(rsp = VMK);
	/* enter: jmp *X_VMK_RIP(%rdi) */
	if
	:: !first
	:: first -> /* vmkernel/boot/entry.S:vmkernel_entry */
#ifdef BUG_RDI_LOST
		S(rdi = false);
#endif
#ifndef BUG_LATCH_UNKNOWN
		S(latch_known = true);
#endif
		S(idt = VMK);
		S(rdi = false); /* vmkernel/boot/arrival.c:arrival */
#ifdef BUG_GATES_FIRST
		S(ist = true; early = false);
#endif
		S(cr3 = VMK);   /* vmkernel/boot/arrival.c:step_pcpu0 */
		S(gdt = VMK);
		S(tr = VMK);
		S(ist = true);  /* vmkernel/cpu/traps.c:traps_init */
		S(early = false);
		S(panic_rip = true); /* vmkernel/boot/arrival.c:step_crossing */
		/* Nobody crosses meanwhile: the order among these is of no importance. */
		S(arrive_tr = VMK; arrive_gdt = VMK; arrive_idt = VMK);
		first = false
	fi;
	/* vmkernel/hostcall/dispatch.c:hostcall_dispatch */
	rdi = false;
	S(skip);
	if
	:: true -> goto leave
	:: true -> goto panic /* vmkernel/lib/assert.h:vmk_panic */
	fi;

fault:	/* world-switch/crossing.S:crossing_fault; fault: is in force on the crossing's IDT alone */
	/* fault: mov %rax, %cr3 */
	S(cr3 = VMK);
#ifndef BUG_FAULT_KEEPS_TASK
	/* fault: movb $0x89, X_XGDT_VMK_TSS + 5(%rdi) */
	S(vmk_busy = false);
	/* fault: ltr X_VMK_TR(%rdi) */
	S(LTR_VMK);
#endif
	/* fault: lidt X_VMK_IDTR(%rdi) */
	S(idt = arrive_idt);
	/* fault: mov X_VMK_RSP(%rdi), %rsp */
	S(rsp = VMK);
	/* fault: jmp *X_PANIC_RIP(%rdi) */
	if
	:: !panic_rip -> goto leave
	:: else /* vmkernel/cpu/traps.c:crossing_panic */
	fi;

panic:	/* vmkernel/debug/panic.c:panic_begin */
	S(panicked_here = !panicked; panicked = true);
	rdi = false;
	/* vmkernel/debug/panic.c:panic_end */
	S(skip);
	if
	:: panicked_here -> S(others_stopped = true) /* vmkernel/boot/stop.c:stop_others */
	:: else
	fi;
stop:	/* vmkernel/boot/stop.c:stop_self */
	S(rdi = true);

leave:	/* world-switch/crossing.S:crossing_leave */
	rdi = true;
	/* leave: lea X_XSTACK_TOP(%rdi), %rsp */
	S(rsp = CROSS);
	/* leave: lgdt X_XGDTR(%rdi) */
	S(gdt = CROSS);
	/* leave: lidt X_XIDTR(%rdi) */
	S(idt = CROSS);
	/* leave: mov %rax, %cr4 */
	S(skip);
	/* leave: mov %rax, %cr3 */
	S(cr3 = LINUX);
	/* leave: mov %rax, %cr0 */
	S(skip);
	/* leave: movb $0x89, X_XGDT + 5(%rdi, %rax) */
	S(con_busy = false);
	/* leave: ltr %ax */
	S(assert(!con_busy); tr = LINUX; con_busy = true);
	/* leave: mov X_CON_SS(%rdi), %ss */
	S(skip);
	/* leave: lretq */
	S(cs = LINUX);
#ifdef BUG_GDT_BEFORE_IDT
	S(gdt = LINUX);
#endif
	/* leave: lidt X_CON_IDTR(%rdi) */
	S(idt = LINUX);
	/* leave: lgdt X_CON_GDTR(%rdi) */
	S(gdt = LINUX);
	/* leave: lldt X_CON_LDTR(%rdi) */
	S(skip);
	/* leave: mov X_CON_RSP(%rdi), %rsp */
	S(rsp = LINUX);
	/* leave: ret */
	rdi = false;
#ifndef BUG_NOT_DELIVERED
	/* vmnix/cross.c:cross_deliver_nmis */
	atomic { !in_nmi -> count = latched; latched = 0 };
	assert(count <= 1);
	do
	:: count > 0 ->
		/* INT 2 enters Linux's handler, whatever the processor holds back. */
		atomic { !in_nmi -> assert(!fragile); fragile = true };
		atomic { !in_nmi -> fragile = false };
		atomic { !in_nmi -> handled++; blocked = false }; /* its IRET */
		count--
	:: else -> break
	od;
#endif
	assert(!panicked_here || others_stopped);
	trips++;
	/* A load whose first arrival failed is not followed by a hostcall: vmnix/load.c:arrive */
	if
	:: trips < TRIPS && !first -> goto again
	:: else
	fi;
	/* What has arrived is what Linux has handled, once each. */
	atomic { !in_nmi && !hw_pending && sent == NMIS -> assert(handled == NMIS && latched == 0) }
}
