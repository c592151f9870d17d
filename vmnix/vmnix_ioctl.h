/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * /dev/vmnix: what the console's tools may ask of the module. Root only.
 * Every struct has the same size for 32- and 64-bit callers; reserved fields
 * must be zero. Errors are errno values; what the vmkernel itself answers
 * comes back in vmnix_call.status (world-switch/error.def).
 *
 * read(): 8 bytes, the number of doorbells so far; blocks until it differs
 *         from what this file last read.
 * poll(): readable when read() would not block.
 * mmap(): offset VMNIX_MMAP(vm): the shared region of a VM (ring.h), or with
 *         vm 0 the vmkernel's log ring (read-only). MAP_SHARED only. Access
 *         after the VM was destroyed raises SIGBUS.
 * close(): a VM that this file created and that was never powered on is
 *         destroyed; a VM that it attached is detached and goes on.
 */
#ifndef VMNIX_IOCTL_H
#define VMNIX_IOCTL_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define VMNIX_DEVICE "/dev/vmnix"
#define VMNIX_IOCTL_VERSION 1u
#define VMNIX_REASON_MAX 160

struct vmnix_status {
	__u32 ioctl_version;
	__u32 loaded; /* 1: a vmkernel is there */
	__u32 abi_major, abi_minor; /* the module's */
	__u32 pcpus; /* processors handed over */
	__u32 borrowed; /* 1: memory is borrowed pages, 0: left out by the boot line */
	__u64 mem_bytes; /* handed over, or reserved for it */
	__u64 crossings;
	__u64 doorbells;
	__u64 image_bytes;
};

/* LOAD: check the image and, unless VMNIX_LOAD_CHECK, hand the machine over. */
struct vmnix_load {
	__u64 image; /* user address */
	__u64 bytes;
	__u32 flags; /* VMNIX_LOAD_* */
	__u32 log_level; /* 0 (errors only) .. 4 (debug) */
	char reason[VMNIX_REASON_MAX]; /* out: what was wrong, empty when all went well */
};
#define VMNIX_LOAD_CHECK 0x1u
#define VMNIX_LOAD_SEAL 0x2u /* in sealed form; refused where that cannot be */

struct vmnix_unload {
	__u32 flags; /* VMNIX_UNLOAD_* */
	__u32 reserved;
	char reason[VMNIX_REASON_MAX];
};
#define VMNIX_UNLOAD_FORCE 0x1u

/*
 * CALL: one hostcall. args points to len bytes: exactly the struct of hostcall.h. At MEM_GIVE the
 * module borrows the piece from Linux, at MEM_TAKE it gives Linux the one that has left.
 */
struct vmnix_call {
	__u32 nr;
	__u32 len;
	__u64 args;
	__s32 status; /* out: enum vmk_error */
	__u32 reserved;
};

/* SELFTEST: patterns in every register of the state table, crossings, comparison. */
struct vmnix_selftest {
	__u64 seed;
	__u32 rounds;
	__u32 reserved;
	__u64 done; /* out: rounds that came back right */
	char reason[VMNIX_REASON_MAX]; /* out: the first register that did not */
};

/* BENCH: cost in TSC units of the crossing, the smallest of rounds tries. */
struct vmnix_bench {
	__u32 rounds;
	__u32 reserved;
	__u64 page_tsc; /* crossing_enter to its return, null arrival */
	__u64 call_tsc; /* null hostcall from inside the module */
	__u64 empty_tsc; /* two RDTSC with nothing in between */
};

/*
 * CORE: memory of a vmkernel that has stopped (EBUSY: it has not), as core_dump.h
 * describes it. Copies bytes at machine address hpa, which must be the vmkernel's
 * (EFAULT), to buffer; 0 bytes only tell where struct ws_core is.
 */
struct vmnix_core {
	__u64 hpa;
	__u64 bytes; /* 0..VMNIX_CORE_MAX */
	__u64 buffer; /* user address */
	__u64 core_hpa; /* out */
};
#define VMNIX_CORE_MAX (2u << 20)

#define VMNIX_IOC_MAGIC 0xB7
#define VMNIX_IOC_STATUS _IOR(VMNIX_IOC_MAGIC, 0, struct vmnix_status)
#define VMNIX_IOC_LOAD _IOWR(VMNIX_IOC_MAGIC, 1, struct vmnix_load)
#define VMNIX_IOC_UNLOAD _IOWR(VMNIX_IOC_MAGIC, 2, struct vmnix_unload)
#define VMNIX_IOC_CALL _IOWR(VMNIX_IOC_MAGIC, 3, struct vmnix_call)
#define VMNIX_IOC_SELFTEST _IOWR(VMNIX_IOC_MAGIC, 4, struct vmnix_selftest)
#define VMNIX_IOC_BENCH _IOWR(VMNIX_IOC_MAGIC, 5, struct vmnix_bench)
#define VMNIX_IOC_CORE _IOWR(VMNIX_IOC_MAGIC, 6, struct vmnix_core)

#define VMNIX_MMAP(vm) ((__u64)(vm) << 28)

#endif
