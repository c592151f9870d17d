/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * What a vmkernel that has stopped leaves for whoever saves its memory: which
 * processors stopped where, and which page is whose. It lies in the image;
 * crossing.core_hpa says where. All of it may be garbage: the vmkernel died.
 */
#ifndef WS_CORE_DUMP_H
#define WS_CORE_DUMP_H

#include "boot_info.h"
#include "hostcall.h"
#include "types.h"

#define WS_CORE_MAGIC 0x32706d444558584eull /* "NXXEDmp2" */
#define WS_CORE_EXTENTS_MAX (WS_EXTENTS_MAX + HC_PIECES_MAX)
#define WS_CORE_REASON_MAX 96u
#define WS_CORE_REPORT_MAX 6144u

/* A processor at the moment when it stopped. */
struct ws_core_cpu {
	uint32_t valid; /* 1: it has stopped in the vmkernel, the rest is filled in */
	uint32_t apic_id;
	uint64_t cr3;
	uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp;
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
	uint64_t rip, rflags;
};
WS_ASSERT_SIZE(ws_core_cpu, 160);

/*
 * An extent's ledger has one byte a page: owner << 4 | order at the first of a
 * block of 2^order pages, WS_CORE_TAIL at the others.
 */
struct ws_core_extent {
	uint64_t hpa, bytes;
	uint64_t ledger_hpa;
};
WS_ASSERT_SIZE(ws_core_extent, 24);
#define WS_CORE_TAIL 0x0fu

struct ws_core {
	uint64_t magic;
	uint32_t struct_size;
	uint32_t la57; /* 1: page tables have five levels */
	uint32_t panicked; /* index in cpu[] of the one that began it */
	uint32_t stopped; /* processors that have filled in theirs */
	uint32_t owner_free, owner_guest; /* of blocks not allocated, and of guest memory */
	uint32_t extents;
	uint32_t report_bytes;
	char reason[WS_CORE_REASON_MAX];
	struct ws_core_cpu cpu[WS_PCPUS_MAX + 1];
	struct ws_core_extent extent[WS_CORE_EXTENTS_MAX];
	char report[WS_CORE_REPORT_MAX]; /* the purple screen: lines of text */
};
WS_ASSERT_SIZE(ws_core, 117864);

#endif
