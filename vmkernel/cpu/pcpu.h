/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * What belongs to one processor of the vmkernel. Each PCPU has page tables
 * of its own, and finds its struct at the same fixed address in them: no
 * segment register is needed, and no other PCPU can write it by mistake.
 *
 * PCPU 0 is the console's processor, which is here only during hostcalls;
 * PCPUs 1..n are those that Linux has given away.
 */
#ifndef CPU_PCPU_H
#define CPU_PCPU_H

#include "lib/spinlock.h"
#include "lib/types.h"
#include "types.h"

#define PCPU_MAX 64u

/* The slot of the address space that differs between PCPUs: PML4 entry 255. */
#define PCPU_BASE 0x00007f8000000000ull
#define PCPU_STACKS (PCPU_BASE + 0x100000ull)
#define PCPU_STACK_SLOT 0x10000ull /* one stack each, at the top of its slot: the rest is guard */

enum pcpu_stack { /* with its size in pages; IST number = value (APM vol. 2, 8.9.4) */
		  PCPU_STACK_MAIN = 0,
		  PCPU_STACK_DF = 1,
		  PCPU_STACK_NMI = 2,
		  PCPU_STACK_MC = 3,
		  PCPU_STACKS_COUNT
};

enum pcpu_state {
	PCPU_ABSENT = 0,
	PCPU_STARTING, /* INIT was sent */
	PCPU_ARRIVED, /* has left the trampoline, by itself: INIT would come too late */
	PCPU_ONLINE, /* in its loop */
	PCPU_STOPPING, /* asked to leave */
	PCPU_STOPPED, /* halted, may be sent INIT */
};

/* 64-bit TSS (APM vol. 2, 12.2.5). */
struct tss64 {
	uint32_t reserved0;
	uint64_t rsp[3];
	uint64_t reserved1;
	uint64_t ist[7]; /* IST n is ist[n - 1] */
	uint64_t reserved2;
	uint16_t reserved3;
	uint16_t iomap;
} __attribute__((packed));

#define PCPU_GDT_ENTRIES 36

/* One page; each field is written by the PCPU itself unless it says otherwise. */
struct pcpu {
	uint32_t id;
	uint32_t apic_id;
	volatile uint32_t state; /* enum pcpu_state; PCPU 0 sets ABSENT, STARTING, STOPPING */
	volatile bool need_resched; /* set by its interrupt handlers */
	bool is_console;
	hpa_t self_hpa; /* where this page is in the machine */
	hpa_t root; /* its top page table */
	void *vmm; /* the monitor's per-PCPU data */
	void *current; /* struct world that runs, or NULL */
	uint64_t irqs, kicks, nmis; /* taken so far */
	volatile uint64_t passes; /* through its loop: a sign of life */
	volatile bool get_lost; /* set by a test: it shall spin for good */
	uint64_t timer_deadline_ns; /* what the local timer is armed for, UINT64_MAX: off */
	struct lock_track locks; /* that it holds, with CONFIG_ASSERTIONS */
	hpa_t stack_hpa[PCPU_STACKS_COUNT];
	struct tss64 tss;
	uint64_t gdt[PCPU_GDT_ENTRIES] __attribute__((aligned(16)));
};

/* The PCPU that runs this code. Context: any, on the vmkernel's page tables. */
static inline struct pcpu *this_pcpu(void)
{
	return (struct pcpu *)PCPU_BASE;
}

/* PCPU n through the direct map, or NULL if there is none. */
struct pcpu *pcpu_get(uint32_t id);

/* How many PCPU numbers are in use; PCPU 0 counts. */
uint32_t pcpu_count(void);

#endif
