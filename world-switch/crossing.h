/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * The crossing: how one processor changes from the console's world to the
 * vmkernel's and back. The code is one page (crossing.S), the data is one
 * page (struct crossing); both are mapped at the same virtual addresses in
 * both worlds. README.md in this folder explains every step.
 */
#ifndef WS_CROSSING_H
#define WS_CROSSING_H

#include "types.h"
#include "hostcall.h"

#define WS_CROSSING_MAGIC 0x474e4953534f5243ull /* "CROSSING" */

/* A descriptor-table register as LGDT/LIDT/SGDT/SIDT read and write it (APM vol. 2, 4.6.2). */
struct ws_dtr {
	uint16_t pad[3]; /* puts the base on an 8-byte boundary */
	uint16_t limit;
	uint64_t base;
};
WS_ASSERT_SIZE(ws_dtr, 16);

/* What crossing.S itself saves and restores of the console's world. */
struct world_state {
	uint64_t rsp; /* below it on the stack: RFLAGS, RBX, RBP, R12-R15, return address */
	uint64_t cr0, cr3, cr4;
	struct ws_dtr gdtr, idtr;
	uint64_t cs; /* as PUSH wants it */
	uint16_t ss, tr, ldtr, pad;
};
WS_ASSERT_SIZE(world_state, 80);

/* Where every crossing into the vmkernel arrives: the loader's word first, then the vmkernel's. */
struct ws_arrival {
	uint64_t rip;
	uint64_t cs; /* selector, in the vmkernel's own table and in the crossing GDT */
	uint64_t rsp;
	uint64_t rsi; /* handed over in RSI: boot_info at the first arrival */
	uint64_t cr0, cr3, cr4;
	struct ws_dtr gdtr, idtr;
	uint16_t ss, tr, pad[2];
};
WS_ASSERT_SIZE(ws_arrival, 96);

#define WS_XGDT_CONSOLE 32 /* entries copied from the console's GDT, at its own selectors */
#define WS_XGDT_ENTRIES 40 /* the vmkernel's follow: code, data, TSS (two entries) */
#define WS_SEL_VMK_CS 0x100u
#define WS_SEL_VMK_DS 0x108u
#define WS_SEL_VMK_TSS 0x110u
#define WS_XIDT_ENTRIES 32
#define WS_XSTACK_BYTES 1024

struct ws_call {
	uint64_t nr; /* enum hostcall_nr */
	int64_t status; /* enum vmk_error */
	uint8_t args[HC_ARGS_MAX];
};
WS_ASSERT_SIZE(ws_call, 1040);

/*
 * The data page. Only the processor that crosses touches it, with interrupts
 * off; nmi_latched is also written by NMI handlers of both sides on it.
 */
struct crossing {
	uint64_t magic;
	uint32_t abi_major, abi_minor;
	uint64_t enter; /* address of crossing_enter in both worlds */
	uint64_t leave; /* address of crossing_leave */
	uint64_t nmi_latched; /* NMIs that arrived away from the console and wait for it */
	uint64_t crossings; /* times entered */
	uint64_t fault_vector; /* first unexpected exception inside the crossing, plus one */
	uint64_t fault_rip;
	uint64_t fault_code;
	uint64_t panic_rip; /* in the vmkernel: where a fault inside the crossing goes */
	struct world_state console;
	struct ws_arrival vmk;
	struct ws_dtr xgdtr, xidtr;
	uint64_t xgdt[WS_XGDT_ENTRIES];
	uint64_t xidt[WS_XIDT_ENTRIES * 2];
	uint8_t xstack[WS_XSTACK_BYTES] __attribute__((aligned(16)));
	struct ws_call call;
	uint64_t core_hpa; /* of the vmkernel's struct ws_core (core_dump.h) */
	uint64_t stopped; /* 1: the vmkernel has died, and its report is written */
	uint64_t resume; /* address of crossing_resume: where a sealed console begins */
	uint64_t
		sealed; /* 1: the console runs on top of the vmkernel, and calls by crossing_call */
};
WS_STATIC_ASSERT(sizeof(struct crossing) <= WS_PAGE_SIZE);
WS_ASSERT_OFFSET(crossing, console, 80);
WS_ASSERT_OFFSET(crossing, vmk, 160);

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Console side: leave this world for the vmkernel; returns when the vmkernel
 * comes back. Context: CPU that owns x, interrupts off, no FPU section.
 * In: RDI = x. Everything else is as the C convention wants; RFLAGS, segment
 * bases and every control register come back as they were.
 */
void crossing_enter(struct crossing *x);

/* As crossing_enter, for a console that is sealed: VMMCALL instead of the crossing. */
void crossing_call(struct crossing *x);
extern const uint8_t crossing_resume[];

/*
 * vmkernel side, called through x->leave: restore the console's world.
 * Never returns; the next crossing arrives at x->vmk.rip anew.
 */
void crossing_leave(struct crossing *x) __attribute__((noreturn));

/* First byte and end of the code page, and the entry of the crossing's handler for a vector. */
extern const uint8_t crossing_page[], crossing_page_end[];
extern const uint8_t crossing_vectors[]; /* WS_XIDT_ENTRIES stubs of 16 bytes */

#ifdef __cplusplus
}
#endif

#endif
