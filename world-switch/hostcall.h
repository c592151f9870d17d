/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * Hostcalls: console to vmkernel. A call is a number and one struct of
 * arguments in the call block of the crossing data page (crossing.h); the
 * struct carries the results back. The same numbers and structs serve the
 * software crossing and VMMCALL.
 *
 * Every field is checked by the vmkernel before anything is done
 * (x_decode), and reserved fields must be zero. Strings are NUL-terminated
 * within their array.
 */
#ifndef WS_HOSTCALL_H
#define WS_HOSTCALL_H

#include "types.h"

#define HOSTCALL(nr, NAME, fn, args, text) HC_##NAME = (nr),
enum hostcall_nr {
#include "hostcall.def"
	HC_COUNT
};
#undef HOSTCALL

#define HC_ARGS_MAX 1024u /* bytes of the call block's argument area */
#define HC_NAME_MAX 256u /* config path of a VM, with its NUL */
#define HC_LABEL_MAX 64u /* display name of a VM, with its NUL */
#define HC_VM_MAX 64u /* VMs at once */
#define HC_VM_IDS 1024u /* a VM's id is 1..HC_VM_IDS - 1; one that is free again comes last */
#define HC_VCPU_MAX 8u /* VCPUs of one VM */

struct hc_none {
	uint64_t reserved;
};

struct hc_version {
	uint32_t abi_major; /* in: the caller's, out: the vmkernel's */
	uint32_t abi_minor;
	uint32_t pcpus; /* PCPUs that the vmkernel owns */
	uint32_t vms; /* VMs that exist */
	uint32_t vms_running; /* VMs powered on */
	uint32_t panicked; /* 1 after a purple screen */
	uint32_t svm_status; /* VMK_OK or why VMs cannot run, as a positive number */
	uint32_t reserved;
	uint64_t uptime_ns; /* since the arrival */
	uint64_t mem_total; /* bytes handed over */
	uint64_t mem_free;
	uint64_t tsc_khz;
	char release[32];
	uint8_t build_id[20];
	uint8_t pad[4];
};

struct hc_pcpu {
	uint32_t apic_id;
	uint32_t phase; /* enum hc_pcpu_phase */
	uint32_t pcpu; /* out: PCPU number given */
	uint32_t reserved;
};

/* A processor is started by three short calls, so that Linux is never away for long. */
enum hc_pcpu_phase {
	HC_PCPU_INIT = 0, /* prepare and send INIT */
	HC_PCPU_SIPI = 1, /* send SIPI, wait at most 1 ms; VMK_BUSY: call again */
};

struct hc_farewell {
	uint32_t force; /* 0: VMK_BUSY while VMs are powered on */
	uint32_t reserved;
};

struct hc_doorbell {
	uint32_t apic_id;
	uint32_t vector; /* 0x20..0xff, or 0: none */
};

struct hc_scramble {
	uint64_t seed;
	uint64_t extended; /* 1: save, scramble and restore the extended state too */
};

/* Regions that the console may map: the log ring (VM id 0), or a VM's channel region. */
struct hc_shared_page {
	uint32_t vm; /* 0: the vmkernel's log ring */
	uint32_t page; /* page index in the region */
	uint64_t hpa; /* out */
	uint32_t pages; /* out: pages in the region */
	uint32_t writable; /* out: the console may write it */
};

struct hc_events {
	uint32_t vm;
	uint32_t events; /* out: HC_EV_*; fetching clears them */
};

#define HC_EV_SERIAL_OUT 0x1u /* bytes were added to the serial output ring */
#define HC_EV_STATE 0x2u /* the power state changed: see VM_INFO */
#define HC_EV_SERIAL_IN 0x4u /* room in the serial input ring again */
#define HC_EV_GUEST_RPC 0x8u /* a slot of rpc_slots.h wants an answer */

enum hc_vm_state {
	HC_VM_BUILDING = 0, /* memory is being filled by the console */
	HC_VM_ON = 1,
	HC_VM_OFF = 2, /* stopped for good: destroy it */
	HC_VM_RESETTING = 3, /* stopped, wants its boot image again, then VM_POWER on */
	HC_VM_CRASHED = 4, /* the guest did what it cannot live with: see reason */
	HC_VM_SUSPENDED = 5, /* stands still, and can go on: VM_CHECKPOINT, VM_POWER on or off */
};

struct hc_vm {
	uint32_t vm;
	uint32_t reserved;
};

struct hc_vm_create {
	uint32_t vm; /* out */
	uint32_t vcpus; /* 1..HC_VCPU_MAX */
	uint64_t mem_bytes; /* multiple of 2 MiB */
	uint32_t shares; /* 1..100000 */
	uint32_t min_pct; /* percent of one PCPU */
	uint32_t max_pct; /* percent of one PCPU, 0: no limit */
	uint32_t reserved;
	uint8_t uuid[16];
	char name[HC_NAME_MAX]; /* absolute config path: unique */
	char label[HC_LABEL_MAX]; /* display name */
};

struct hc_vm_list {
	uint32_t count; /* out */
	uint32_t reserved;
	uint32_t vm[HC_VM_MAX]; /* out */
};

struct hc_vm_info {
	uint32_t vm;
	uint32_t state; /* enum hc_vm_state */
	uint32_t vcpus;
	uint32_t attached; /* 1: a console process serves it */
	uint64_t mem_bytes;
	uint64_t uptime_ns; /* since power on, 0 when off */
	uint64_t used_ns; /* PCPU time used by all VCPUs */
	uint32_t owner_pid; /* what VM_ATTACH said, 0: none */
	uint32_t reserved;
	char label[HC_LABEL_MAX];
	char reason[64]; /* why it is OFF or CRASHED, for the log */
};

enum hc_power_op {
	HC_POWER_ON = 0, /* BUILDING, RESETTING or SUSPENDED to ON */
	HC_POWER_OFF = 1, /* any to OFF */
	HC_POWER_RESET = 2, /* ON to RESETTING */
	HC_POWER_BUTTON = 3, /* press the ACPI power button */
	HC_POWER_SUSPEND = 4, /* ON to SUSPENDED; VMK_BUSY: not all VCPUs stand still, call again */
};

struct hc_vm_power {
	uint32_t vm;
	uint32_t op;
};

struct hc_vm_attach {
	uint32_t vm;
	uint32_t pid; /* 0: detach */
};

/*
 * write is 1: window to guest, 0: guest to window, 2: zero guest memory, 3: as 0, but
 * VMK_NOT_FOUND if all 2 MiB around gpa were never used: they are zero.
 */
struct hc_vm_mem {
	uint32_t vm;
	uint32_t write;
	uint64_t gpa;
	uint32_t offset; /* in the window */
	uint32_t len; /* 1..window size */
};

/* 32-bit protected mode entry of VCPU 0 (flat segments, paging off): what a loader needs. */
struct hc_vcpu_regs {
	uint32_t vm;
	uint32_t reserved;
	uint32_t eip, esp;
	uint32_t eax, ebx, ecx, edx, esi, edi, ebp;
	uint32_t pad;
};

struct hc_vm_sched {
	uint32_t vm;
	uint32_t set; /* 1: set, then read back */
	uint32_t shares;
	uint32_t min_pct;
	uint32_t max_pct;
	uint32_t reserved;
};

struct hc_vm_name {
	uint32_t vm;
	uint32_t reserved;
	char name[HC_NAME_MAX];
};

#define HC_PART_MAX 16u

/*
 * Everything of a VM but its memory. Saving: a SUSPENDED VM, into the transfer window.
 * Loading: from there, into a VM of the same size that is BUILDING; it is SUSPENDED then.
 * Who has a damaged state loaded (VMK_BAD_PARAM) has a VM that is OFF.
 */
struct hc_vm_checkpoint {
	uint32_t vm;
	uint32_t load; /* 0: save */
	uint32_t len; /* bytes; in for load, out for save */
	uint32_t reserved;
	char part[HC_PART_MAX]; /* out: the part that is damaged, or does not fit this machine */
};

#define HC_RAM_MAX 60u

/*
 * The console's memory, and the ports by which it could switch the machine off. All other
 * processors are the vmkernel's. Returns in sealed form: from then on call by VMMCALL.
 */
struct hc_seal {
	uint32_t pm1_control; /* I/O port of ACPI's PM1a control register, 0: none */
	uint32_t ranges; /* used entries of ram[] */
	struct hc_range {
		uint64_t hpa, bytes; /* multiples of 4 KiB */
	} ram[HC_RAM_MAX];
};

#define HC_PIECE_BYTES 0x400000ull /* memory moves in pieces of 4 MiB, at multiples of that */
#define HC_PIECES_MAX 4096u /* pieces given at once */

/*
 * VMK_BAD_PARAM: not such a piece; VMK_BAD_ADDRESS: the console cannot do without it, or it is no
 * RAM; VMK_EXISTS: the vmkernel's already; VMK_LIMIT_EXCEEDED, VMK_NO_MEMORY. The module chooses
 * the piece: what a tool of the console says in hpa does not count.
 */
struct hc_mem_give {
	uint64_t hpa;
	uint64_t reserved;
};

/*
 * Pieces that were given come back one by one: MARK chooses the one that has the least in use;
 * nothing more is put into it. LEAVE takes one in which nothing is left: it is zero, and the
 * console's again. VMK_NOT_FOUND: there is none, or none yet.
 */
enum hc_take_op {
	HC_TAKE_MARK = 0,
	HC_TAKE_KEEP = 1, /* one that was marked is used again, the fullest first */
	HC_TAKE_LEAVE = 2, /* VMK_BUSY: a part of it has been zeroed, call again */
};

struct hc_mem_take {
	uint32_t op; /* enum hc_take_op */
	uint32_t leaving; /* out: pieces that are marked and still here */
	uint64_t hpa; /* out, for LEAVE */
};

#define HC_VSI_PATH_MAX 256u
#define HC_VSI_TEXT_MAX 752u

struct hc_vsi {
	uint32_t offset; /* in: LIST and GET continue here (LIST: child index, GET: byte) */
	uint32_t next; /* out: where to continue, 0: that was all */
	uint32_t len; /* in for SET, out for LIST and GET: bytes of text */
	uint32_t reserved;
	char path[HC_VSI_PATH_MAX];
	char text[HC_VSI_TEXT_MAX]; /* LIST: one name a line, "name/" for a folder */
};

WS_ASSERT_SIZE(hc_none, 8);
WS_ASSERT_SIZE(hc_version, 120);
WS_ASSERT_SIZE(hc_pcpu, 16);
WS_ASSERT_SIZE(hc_farewell, 8);
WS_ASSERT_SIZE(hc_doorbell, 8);
WS_ASSERT_SIZE(hc_scramble, 16);
WS_ASSERT_SIZE(hc_shared_page, 24);
WS_ASSERT_SIZE(hc_events, 8);
WS_ASSERT_SIZE(hc_vm, 8);
WS_ASSERT_SIZE(hc_vm_create, 368);
WS_ASSERT_SIZE(hc_vm_list, 264);
WS_ASSERT_SIZE(hc_vm_info, 176);
WS_ASSERT_SIZE(hc_vm_power, 8);
WS_ASSERT_SIZE(hc_vm_attach, 8);
WS_ASSERT_SIZE(hc_vm_mem, 24);
WS_ASSERT_SIZE(hc_vcpu_regs, 48);
WS_ASSERT_SIZE(hc_vm_sched, 24);
WS_ASSERT_SIZE(hc_vm_name, 264);
WS_ASSERT_SIZE(hc_vm_checkpoint, 32);
WS_ASSERT_SIZE(hc_seal, 968);
WS_ASSERT_SIZE(hc_mem_give, 16);
WS_ASSERT_SIZE(hc_mem_take, 16);
WS_ASSERT_SIZE(hc_vsi, 1024);

#endif
