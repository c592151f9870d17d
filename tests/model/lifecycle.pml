/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * A vmkernel's life: processors are taken, started, asked to leave, given back;
 * meanwhile a process calls and maps, the doorbell rings, and any processor may
 * panic at any step, once. At the end the module leaves. What may not be used
 * after it was given back asserts it at each step that needs it. Comments
 * FILE:FUNCTION name what a step stands for. BUG_… are planted.
 */
#ifndef PCPUS
#define PCPUS 2
#endif
#ifndef ROUNDS
#define ROUNDS 1 /* loads, one after another */
#endif
#ifndef CALLS
#define CALLS 2
#endif
#define PCPU0 9

/* Where a processor is, truly. */
mtype = { LINUX, DEAD, WAIT_SIPI, TRAMPOLINE, VMK, HALTED };
mtype where[PCPUS] = LINUX;
/* What the vmkernel believes: vmkernel/cpu/pcpu.h:pcpu_state */
mtype = { ABSENT, STARTING, ARRIVED, ONLINE, STOPPING, STOPPED };
mtype state[PCPUS] = ABSENT;

bool init_sent[PCPUS], nmi_sent[PCPUS], kicked[PCPUS], taken[PCPUS];
bool memory = true, data_page = true, vector = true; /* not given back yet */
bool borrowed;  /* the trampoline lies in low memory */
bool lock;      /* vmnix/vmnix.h:vmnix_lock */
bool loaded, mapped, in_use = true;
bool bell, irq, thread_wanted, thread_busy, away;
bool panicked, stopped;
byte panics_left = 1, work, vlock, ringing;

mtype = { FIRST, PINIT, PSIPI, BELL, CALL, BYE };
mtype = { OK, BUSY, REFUSED, PANICKED };
chan cross = [0] of { mtype, byte };
chan back = [0] of { mtype };

#define runs(i) (state[i] == ONLINE || state[i] == STOPPING || state[i] == ARRIVED)
#define all_left (!runs(0) && !runs(PCPUS - 1))
#define in_vmkernel(i) (where[i] == VMK || where[i] == TRAMPOLINE || where[i] == HALTED)
#define take_lock atomic { !lock -> lock = true }
#define drop_lock lock = false

/* One step of a processor of the vmkernel; an NMI comes first, and counts after a panic alone:
 * vmkernel/cpu/traps.c:trap_dispatch. */
#define V(e) atomic { assert(memory && where[i] == VMK); \
	if \
	:: nmi_sent[i] -> nmi_sent[i] = false; if :: panicked -> goto stop :: else fi \
	:: else \
	fi; e }
/* The same of one that has stopped to listen. */
#define P(e) atomic { assert(memory && where[i] == VMK); e }
/* vmkernel/lib/spinlock.c:spin_lock; vmkernel/boot/arrival.c:stop_waiting */
#define SPIN(me) if \
	:: atomic { vlock == 0 -> vlock = me } \
	:: atomic { panicked -> goto stop } \
	fi
/* vmkernel/hostcall/calls.c:doorbell_ring */
#define RING_READ if :: bell -> ringing++; known = true :: else -> known = false fi
#define RING_SEND if :: known -> assert(vector); irq = true; ringing--; known = false :: else fi
#define INIT(i) assert(where[i] != LINUX); init_sent[i] = true; where[i] = WAIT_SIPI

proctype pcpu(byte i)
{
	bool first, known;

end_off:{
		where[i] == TRAMPOLINE;
		/* vmkernel/boot/trampoline.S:trampoline */
		assert(borrowed && memory);
		/* vmkernel/boot/entry.S:pcpu_entry */
		atomic { assert(borrowed && memory); where[i] = VMK };
		/* vmkernel/boot/pcpus.c:pcpu_main */
#ifndef BUG_NO_CLAIM
		P(if :: state[i] == STARTING -> state[i] = ARRIVED :: else -> goto halt fi);
#endif
		/* vmkernel/sched/sched.c:sched_pcpu_online */
		SPIN(i + 1);
		V(skip);
		P(vlock = 0);
		V(state[i] = ONLINE);
#ifndef BUG_LATE_COMER
		V(if :: panicked -> goto stop :: else fi);
#endif
loop:		if
		:: atomic { state[i] == ONLINE && work > 0 -> work-- };
			/* vmkernel/sched/sched.c:sched_run_once */
			SPIN(i + 1);
			V(skip);
			P(vlock = 0);
			V(RING_READ);
			V(RING_SEND);
			goto loop
		:: atomic { panics_left > 0 -> panics_left-- }; goto panic
		:: state[i] == ONLINE && work == 0;
			/* vmkernel/cpu/x86.h:irq_wait */
			kicked[i] || nmi_sent[i];
			V(kicked[i] = false);
			goto loop
		:: state[i] != ONLINE
		fi;
		/* vmkernel/boot/pcpus.c:pcpu_leave */
		V(skip);
		V(state[i] = STOPPED);
		goto halt;
panic:		/* vmkernel/debug/panic.c:panic_begin */
		P(first = !panicked; panicked = true; if :: known -> ringing--; known = false :: else fi);
		if
		:: !first -> goto stop
		:: else
		fi;
		/* vmkernel/boot/stop.c:stop_others */
		P(if :: runs(PCPUS - 1 - i) && PCPUS > 1 -> nmi_sent[PCPUS - 1 - i] = true :: else fi);
		/* vmkernel/boot/stop.c:show */
		P(assert(data_page); stopped = true);
		P(RING_READ);
		P(RING_SEND);
stop:		/* vmkernel/boot/stop.c:stop_self */
		P(if :: known -> ringing--; known = false :: else fi);
		P(state[i] = STOPPED);
halt:		atomic { assert(memory); where[i] = HALTED };
end_halted:	false
	} unless { init_sent[i] };
	atomic { init_sent[i] = false; if :: known -> ringing--; known = false :: else fi };
	goto end_off
}

/* One step of the vmkernel on the console's processor, and one that may be its last. */
#define Z(e) atomic { assert(memory && data_page); e }
#define WHEN(c, e) atomic { c -> assert(memory && data_page); e }
#define MAY_PANIC if :: atomic { panics_left > 0 -> panics_left-- }; goto panic :: true fi

active proctype pcpu0()
{
	byte i, n;
	mtype status;

end_idle:
	do
	:: cross?FIRST(n) -> /* vmkernel/boot/arrival.c:arrival */
		Z(away = true; status = OK);
		if :: true :: status = REFUSED fi;
		goto leave
	:: atomic { cross?PINIT(n) -> away = true };
		if :: panicked -> goto gone :: else fi; /* vmkernel/hostcall/dispatch.c:hostcall_dispatch */
		/* vmkernel/boot/pcpus.c:phase_init */
		if
		:: state[n] == ONLINE -> status = REFUSED; goto leave
		:: else
		fi;
		Z(state[n] = STARTING);
		Z(INIT(n); status = OK);
		goto leave
	:: atomic { cross?PSIPI(n) -> away = true };
		if :: panicked -> goto gone :: else fi;
		/* vmkernel/boot/pcpus.c:phase_sipi */
		if
		:: state[n] != STARTING -> status = REFUSED; goto leave
		:: else
		fi;
		Z(borrowed = true); /* vmkernel/boot/pcpus.c:lay_trampoline */
		Z(if :: where[n] == WAIT_SIPI -> where[n] = TRAMPOLINE :: else fi);
		if
		:: state[n] == ONLINE
		:: true /* it takes too long */
		fi;
#ifdef BUG_NO_CLAIM
		if
		:: WHEN(state[n] != ONLINE, skip); Z(INIT(n)); status = BUSY
#else
		if
		:: WHEN(state[n] == STARTING, state[n] = ABSENT);
#ifndef BUG_TRAMPOLINE_PULLED
			Z(INIT(n));
#endif
			status = BUSY
		:: WHEN(state[n] == ARRIVED, skip); state[n] != ARRIVED; status = OK
#endif
		:: WHEN(state[n] == ONLINE || state[n] == STOPPED, status = OK)
		fi;
		Z(borrowed = false);
		goto leave
	:: atomic { cross?BELL(n) -> away = true };
		if :: panicked -> goto gone :: else fi;
		Z(bell = true; status = OK); /* vmkernel/hostcall/calls.c:doorbell_invoke */
		goto leave
	:: atomic { cross?CALL(n) -> away = true };
		if :: panicked -> goto gone :: else fi;
		/* vmkernel/hostcall/vm_calls.c:hc_call_vm_power */
		SPIN(PCPU0);
		MAY_PANIC;
		Z(vlock = 0; work++);
		n = 0;
		do /* vmkernel/cpu/apic.c:pcpu_kick */
		:: n < PCPUS -> Z(kicked[n] = true; n++)
		:: else -> break
		od;
		status = OK;
		goto leave
	:: atomic { cross?BYE(n) -> away = true };
		if
		:: panicked -> /* vmkernel/boot/arrival.c:farewell_stopped */
			status = OK;
			n = 0;
			do
			:: n < PCPUS ->
				Z(if :: runs(n) -> status = BUSY :: else fi);
				n++
			:: else -> break
			od;
			if :: status == BUSY -> goto leave :: else fi
		:: else -> /* vmkernel/boot/pcpus.c:pcpus_stop_all */
			SPIN(PCPU0); /* vmkernel/vmm/vm.c:vmm_shutdown */
			MAY_PANIC;
			Z(vlock = 0; status = OK);
			n = 0;
			do
			:: n < PCPUS ->
				if
#ifdef BUG_STATE_OVERWRITTEN
				:: WHEN(state[n] == ONLINE, skip); Z(state[n] = STOPPING)
#else
				:: WHEN(state[n] == ONLINE, state[n] = STOPPING)
#endif
				:: WHEN(state[n] != ONLINE, skip)
				fi;
#ifndef BUG_NOT_KICKED
				Z(kicked[n] = true);
#endif
				Z(if :: state[n] == STOPPING || state[n] == ARRIVED -> status = BUSY
				  :: else fi);
				n++
			:: else -> break
			od;
			if :: status == BUSY -> goto leave :: else fi;
			status = OK;
			MAY_PANIC
		fi;
		n = 0;
		do /* vmkernel/boot/pcpus.c:pcpus_reset */
		:: n < PCPUS ->
#ifndef BUG_NOT_RESET
			Z(if :: state[n] != ABSENT -> INIT(n) :: else fi);
#endif
			n++
		:: else -> break
		od;
		goto leave
	od;

panic:	/* vmkernel/debug/panic.c:panic_begin; vmkernel/boot/stop.c:stop_others */
	if
	:: atomic { !panicked -> panicked = true };
		i = 0;
		do
		:: i < PCPUS -> Z(if :: runs(i) -> nmi_sent[i] = true :: else fi; i++)
		:: else -> break
		od;
		Z(stopped = true; if :: bell -> irq = true :: else fi)
	:: panicked
	fi;
stop:	/* vmkernel/boot/stop.c:stop_self */
gone:	status = PANICKED;
leave:	/* world-switch/crossing.S:crossing_leave */
	Z(away = false);
	back!status;
	status = OK;
	n = 0;
	goto end_idle
}

/* vmnix/doorbell.c:doorbell_handler, doorbell_thread */
active proctype doorbell()
{
end_quiet:
	do
	:: atomic { irq && !away && vector -> irq = false;
		if :: stopped -> thread_wanted = true :: else fi }
	:: atomic { thread_wanted -> thread_wanted = false; thread_busy = true };
		take_lock;
		if
		:: loaded -> assert(data_page && memory) /* vmnix/cross.c:cross_tell */
		:: else
		fi;
		drop_lock;
		thread_busy = false
	od
}

/* A process with /dev/vmnix open; the module cannot leave before it closes. */
active proctype process()
{
	byte n;

	do
	:: n < CALLS -> n++; /* vmnix/dev.c:dev_ioctl, ioc_call */
		take_lock;
		if :: loaded -> cross!CALL(0); back?_ :: else fi;
		drop_lock
	:: n < CALLS -> n++; /* vmnix/region.c:region_fault */
		take_lock;
		if :: loaded -> mapped = true :: else fi;
		drop_lock
	:: break
	od;
	mapped = false; /* vmnix/dev.c:dev_release */
	in_use = false
}

/* vmnix/cpus.c:cpus_give_back */
inline give_back()
{
	n = 0;
	do
	:: n < PCPUS ->
		atomic { if
		:: taken[n] -> taken[n] = false;
			assert(!in_vmkernel(n));
			where[n] = LINUX; state[n] = ABSENT;
			kicked[n] = false; nmi_sent[n] = false
		:: else
		fi };
		n++
	:: else -> break
	od
}

/* vmnix/load.c:farewell. It asks until all have left; if it is HASTY, it may give up before. */
inline farewell()
{
	do
	:: cross!BYE(0); back?status;
		if
		:: status == OK -> break
#ifdef BUG_PANIC_ENDS_FAREWELL
		:: status == PANICKED -> break
#endif
#ifdef HASTY
		:: status != OK -> break
#endif
		:: status != OK -> all_left
		fi
	od
}

active proctype admin()
{
	byte n, tries, round;
	mtype status;

	atomic { run pcpu(0); if :: PCPUS > 1 -> run pcpu(1) :: else fi };
load:	take_lock;
	atomic { panicked = false; stopped = false; bell = false; vlock = 0; work = 0 };
	n = 0;
	do /* vmnix/cpus.c:cpus_take */
	:: n < PCPUS ->
		if
		:: atomic { where[n] = DEAD; taken[n] = true }
		:: give_back(); goto failed
		fi;
		n++
	:: else -> break
	od;
	/* vmnix/load.c:arrive */
	cross!FIRST(0); back?status;
	if
	:: status != OK -> give_back(); goto failed
	:: else
	fi;
	round++;
	tries = 0; n = 0;
	do /* vmnix/load.c:start_pcpu */
	:: n < PCPUS && tries < 2 -> tries++;
		cross!PINIT(n); back?status;
		if :: status == OK -> cross!PSIPI(n); back?status :: else fi;
		if
		:: status == OK -> n++; tries = 0
		:: status == BUSY
		:: else -> break
		fi
	:: else -> break
	od;
	if
	:: n == PCPUS -> cross!BELL(0); back?status /* vmnix/load.c:tell_doorbell */
	:: else -> status = REFUSED
	fi;
	n = 0;
	if
	:: status != OK -> /* vmnix/load.c:load_checked */
		farewell();
#ifndef BUG_LOAD_GIVES_BACK
		if :: status != OK -> loaded = true; goto failed :: else fi;
#endif
		give_back();
		goto failed
	:: else
	fi;
	loaded = true;
failed:	drop_lock;
	n = 0;
	if
	:: true -> goto leave
	:: loaded
	fi;

	/* vmnix/load.c:vmkernel_unload */
	take_lock;
#ifndef BUG_NOT_ZAPPED
	mapped = false; /* vmnix/dev.c:dev_zap_all */
#endif
	farewell();
	if
	:: status != OK -> drop_lock; goto leave
	:: else
	fi;
	loaded = false;
	assert(!mapped);
	give_back();
	drop_lock;
	if
	:: round < ROUNDS -> goto load
	:: true
	fi;

leave:	/* vmnix/main.c:vmnix_exit */
	!in_use;
	take_lock;
	n = 0;
	status = OK;
	if
	:: loaded ->
		farewell();
		if :: status == OK -> loaded = false; give_back() :: else fi
	:: else
	fi;
#ifdef BUG_LOCK_HELD_AT_FREE_IRQ
#else
	drop_lock;
#endif
	/* vmnix/doorbell.c:doorbell_exit */
	!thread_wanted && !thread_busy;
	irq = false;
#ifndef HASTY
	assert(status == OK); /* who is patient gets all back */
#endif
	if
	:: status != OK -> /* vmnix/load.c:vmkernel_abandon */
#ifndef BUG_BELL_NOT_MUTED
		bell = false;
#endif
		ringing == 0; /* to free an interrupt takes longer than to send one */
		vector = false;
#ifndef BUG_RMMOD_GIVES_BACK
		goto kept
#endif
	:: else
	fi;
	vector = false;
	data_page = false; /* vmnix/cross.c:cross_exit */
	memory = false;    /* vmnix/memory.c:memory_give_back */
	n = 0;
	do
	:: n < PCPUS -> assert(where[n] == LINUX); n++
	:: else -> break
	od;
kept:	skip
}
