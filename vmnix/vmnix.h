/* SPDX-License-Identifier: GPL-2.0-only */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * The module's parts, lowest first. One mutex (vmnix_lock) is held around
 * everything that loads, unloads, crosses or looks at what was loaded.
 */
#ifndef VMNIX_H
#define VMNIX_H

#include <linux/mutex.h>
#include <linux/types.h>
#include "boot_info.h"
#include "crossing.h"
#include "error.h"
#include "hostcall.h"
#include "image.h"
#include "vmnix_ioctl.h"

#define VMNIX_ERR(reason, ...) snprintf(reason, VMNIX_REASON_MAX, __VA_ARGS__)
/* Leaves the function with err, and says why in its "reason". */
#define VMNIX_FAIL(err, ...) return VMNIX_ERR(reason, __VA_ARGS__), err

extern struct mutex vmnix_lock;

/* memory.c: machine memory for the vmkernel. Sizes in bytes. */
int memory_take(const char *mem, const char *region);
void memory_give_back(void);
bool memory_borrowed(void);
u64 memory_bytes(void);
const struct ws_extent *memory_extents(u32 *count); /* at most WS_EXTENTS_MAX */
bool memory_owns(u64 hpa, u64 bytes);
/* While a vmkernel is loaded: the hostcalls MEM_GIVE and MEM_TAKE, with Linux's side of them. */
int memory_lend(struct hc_mem_give *g, u32 len);
int memory_return(struct hc_mem_take *t, u32 len);
void memory_collect(void); /* what can leave now */
void memory_unlend(void); /* it has gone */

/* cpus.c: processors for the vmkernel. reason: VMNIX_REASON_MAX bytes. */
int cpus_init(void);
void cpus_exit(void);
int cpus_take(u32 limit, char *reason); /* all but CPU 0 go offline, at most limit */
void cpus_give_back(void);
u32 cpus_apic_ids(u32 *out); /* of those taken, at most WS_PCPUS_MAX */

/* tables.c: the page tables of the first arrival. */
struct loader_tables {
	void *va; /* console address of the area */
	u64 hpa, bytes, used;
	u64 root; /* machine address of the top table */
	bool la57;
	bool full; /* ran out of pages: the tables are not complete */
};
void tables_begin(struct loader_tables *t, void *va, u64 hpa, u64 bytes);
void tables_map(struct loader_tables *t, u64 va, u64 hpa, u64 bytes, bool write, bool exec);

/* cross.c: the crossing page and the calls through it. Caller holds vmnix_lock. */
int cross_init(void);
void cross_exit(void);
struct crossing *cross_page(void);
u64 cross_code_hpa(void);
void cross_prepare(void); /* before the first crossing of a load */
int cross(void); /* one crossing; returns call.status */
/*
 * NMIs that came while the console was away are the console's: INT 2 enters the same handler,
 * and its IRET lets the next in, for the processor has blocked them since. To be called after
 * each crossing before interrupts are on.
 */
void cross_deliver_nmis(void);
/* The purple screen goes to the kernel log, once, if the vmkernel came to write one. Context:
 * vmnix_lock is held, and the vmkernel has stopped. */
void cross_tell(void);
int hostcall(u32 nr, void *args, u32 len); /* args in and out; an enum vmk_error */
const char *vmk_strerror(int status);

/* load.c: from an image to a running vmkernel and back. Caller holds vmnix_lock. */
bool vmkernel_loaded(void);
u64 vmkernel_image_bytes(void);
u64 vmkernel_image_hpa(void);
int vmkernel_load(const void *file, u64 bytes, u32 log_level, u32 flags, char *reason);
int vmkernel_unload(bool force, char *reason);
void vmkernel_abandon(void); /* it does not leave, and shall ring no more */

/* doorbell.c: the vmkernel's interrupt. */
int doorbell_init(void);
void doorbell_exit(void);
int doorbell_target(u32 *apic_id, u32 *vector);
u64 doorbell_count(void);
extern wait_queue_head_t doorbell_wait;

/* region.c: shared memory of the vmkernel in the console's processes. */
struct file;
struct vm_area_struct;
struct address_space;
int region_mmap(struct file *file, struct vm_area_struct *vma);
void region_zap(struct address_space *mapping, u32 vm);
int region_page(u32 vm, u32 page, u64 *hpa, bool *writable, u32 *pages);

/* dev.c: /dev/vmnix. */
int dev_init(void);
void dev_exit(void);
void dev_zap_all(void);

/* proc.c: /proc/vmware, made from the VSI tree. */
int proc_init(void);
void proc_exit(void);
void proc_loaded(bool is); /* there is a vmkernel, or there is none any more */
void proc_vm_added(u32 vm);
bool proc_vm_gone(u32 vm); /* whether it was there */
void proc_sync(void); /* vmnix_lock not held: shows what the calls above have noted */

/* selftest.c: VMNIX_IOC_SELFTEST and VMNIX_IOC_BENCH. Caller holds vmnix_lock. */
long selftest_ioctl(struct vmnix_selftest *test);
long selftest_bench(struct vmnix_bench *bench);

#endif
