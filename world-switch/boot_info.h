/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * What the loader tells the vmkernel at the first crossing: one page, mapped
 * read-only at the address that RSI holds at the entry point.
 *
 * State at the entry point: as after any crossing (crossing.h), on page
 * tables that the loader built in the handed-over memory: the image at its
 * link addresses with the rights of its segments, all extents as a direct
 * map at WS_DIRECT_MAP + machine address (writable, not executable), and the
 * crossing pages. The vmkernel builds its own tables before it returns.
 */
#ifndef WS_BOOT_INFO_H
#define WS_BOOT_INFO_H

#include "types.h"

#define WS_BOOT_MAGIC 0x31746f6f42584e56ull /* "VNXBoot1" */
#define WS_DIRECT_MAP 0x0000008000000000ull /* 512 GiB */
#define WS_EXTENTS_MAX 120u
#define WS_PCPUS_MAX 64u

struct ws_extent {
	uint64_t hpa; /* 2 MiB aligned */
	uint64_t bytes; /* multiple of 2 MiB */
};
WS_ASSERT_SIZE(ws_extent, 16);

struct ws_boot_info {
	uint64_t magic;
	uint32_t abi_major, abi_minor;
	uint32_t struct_size;
	uint32_t extents; /* used entries of extent[] */
	uint64_t image_hpa; /* where the image was put, contiguous */
	uint64_t image_bytes; /* incl. BSS, page multiple */
	uint64_t tables_hpa; /* the loader's page tables: free after the vmkernel has its own */
	uint64_t tables_bytes;
	uint64_t tsc_khz; /* the loader's calibration, 0: unknown */
	uint32_t console_apic_id;
	uint32_t x2apic; /* 1: the console runs its local APIC in x2APIC mode */
	uint32_t la57; /* 1: 5-level paging is on */
	uint32_t trampoline_hpa; /* a page below 1 MiB that may be borrowed and must be put back */
	uint32_t log_level;
	uint32_t svm_in_use; /* 1: another hypervisor of the console holds SVM */
	uint64_t wall_clock_ns; /* UTC at arrival, ns since 1970 */
	uint32_t com2_port; /* I/O port of the vmkernel's own serial port, 0: none */
	uint32_t pcpus; /* used entries of apic_id[] */
	uint32_t apic_id[WS_PCPUS_MAX]; /* processors that will be handed over */
	struct ws_extent extent[WS_EXTENTS_MAX];
};
WS_ASSERT_SIZE(ws_boot_info, 2280);
WS_STATIC_ASSERT(sizeof(struct ws_boot_info) <= WS_PAGE_SIZE);

/*
 * ELF note in the image: name "vmnix", type WS_NOTE_ABI. A loader refuses an
 * image whose note is missing or whose major number is not its own.
 */
#define WS_NOTE_NAME "vmnix"
#define WS_NOTE_ABI 1u
struct ws_abi_note {
	uint32_t abi_major, abi_minor;
	uint32_t boot_info_size;
	uint32_t crossing_size;
	uint32_t pcpus_max; /* processors it can use besides the console's, at least 1 */
};
WS_ASSERT_SIZE(ws_abi_note, 20);

#endif
