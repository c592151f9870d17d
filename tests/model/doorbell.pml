/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * The doorbell: two virtual machines put data for their processes, and ring the
 * one bell that both share; an interrupt that comes while another of its kind
 * waits is one with it, and comes late if the console is away. When all is
 * quiet nothing may lie there unseen. Comments as in the other models.
 */
#define EVENTS 2 /* that each machine has */
#define VMS 2

bool irr;        /* the local APIC's: the bell's interrupt waits */
bool away;       /* processor 0 is in the vmkernel, interrupts off */
bool data[VMS];  /* something lies in the machine's ring, unseen */
bool event[VMS]; /* its event bit */
byte rings, seen[VMS];

/* vmkernel/vmm/vm_channel.c:channel_serial_out; on any processor */
proctype vcpu(byte vm)
{
	byte n;
	bool old;

	do
	:: n < EVENTS ->
#ifndef BUG_RUNG_BEFORE_PUT
		data[vm] = true;
#endif
		/* vmkernel/vmm/vm_power.c:vm_event */
		atomic { old = event[vm]; event[vm] = true };
		if
		:: old /* has rung, and nobody has fetched it since */
		:: !old -> irr = true /* vmkernel/hostcall/calls.c:doorbell_ring */
		fi;
#ifdef BUG_RUNG_BEFORE_PUT
		data[vm] = true;
#endif
		n++
	:: else -> break
	od
}

/* vmnix/doorbell.c:doorbell_handler; the APIC takes the next while this one is served */
active proctype handler()
{
end:	do
	:: atomic { irr && !away -> irr = false };
#ifdef BUG_RING_NOT_COUNTED
		skip
#else
		rings++
#endif
	od
}

/* vmnix/cross.c:cross_here */
active proctype crossing()
{
	byte n;

	do
	:: n < 2 -> away = true; away = false; n++
	:: else -> break
	od
}

/* console/vmware-vmx/serve.c:check_events */
proctype vmx(byte vm)
{
	byte count;

end:	do
	:: rings != seen[vm] -> /* vmnix/dev.c:dev_read, dev_poll */
#ifdef BUG_SEEN_AFTER
		event[vm] = false;
		data[vm] = false;
		count = rings;
		seen[vm] = count
#else
		count = rings;
		seen[vm] = count;
#ifdef BUG_EMPTIED_BEFORE_FETCH
		data[vm] = false;
		event[vm] = false
#else
		event[vm] = false; /* vmkernel/hostcall/vm_calls.c:hc_call_events */
		data[vm] = false
#endif
#endif
	od
}

active proctype quiet()
{
	atomic { run vcpu(0); run vcpu(1); run vmx(0); run vmx(1) };
	timeout;
	assert(!irr && !data[0] && !data[1])
}
