// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * From an image to a running vmkernel: check, take processors, lay the image
 * and page tables into the handed-over memory, cross, start the processors.
 * Every step has its undo, in the opposite order.
 */
#include <linux/acpi.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <asm/apic.h>
#include <asm/tsc.h>
#include "vmnix.h"

#define TABLES_BYTES (1ull << 20) /* page tables, boot info and boot stack */
#define BOOT_STACK_BYTES (4 * PAGE_SIZE)
#define TRAMPOLINE_HPA 0x8000u /* two pages of low memory, borrowed for microseconds */
#define PCPU_TRIES 50
#define FAREWELL_TRIES 200
#define GRAIN (2ull << 20)

static bool loaded;
static u64 image_bytes, image_hpa;

/* The loader's view of the first bytes of the handed-over memory. */
struct staging {
	void *va;
	u64 hpa, bytes;
	struct loader_tables tables;
	u64 boot_info_hpa, stack_top;
};

bool vmkernel_loaded(void)
{
	return loaded;
}

u64 vmkernel_image_bytes(void)
{
	return loaded ? image_bytes : 0;
}

u64 vmkernel_image_hpa(void)
{
	return image_hpa;
}

static int stage_begin(struct staging *s, const struct image *img, char *reason)
{
	u32 i, n;
	const struct ws_extent *extent = memory_extents(&n);

	s->bytes = ALIGN(img->span, GRAIN) + GRAIN;
	for (i = 0; i < n && extent[i].bytes < s->bytes; i++)
		;
	if (i == n)
		VMNIX_FAIL(-ENOMEM, "no %llu bytes of contiguous memory for the image", s->bytes);
	s->hpa = extent[i].hpa;
	s->va = memremap(s->hpa, s->bytes, MEMREMAP_WB);
	if (!s->va)
		VMNIX_FAIL(-ENOMEM, "cannot map the handed-over memory");
	memset(s->va, 0, s->bytes);
	return 0;
}

static void stage_image(struct staging *s, const struct image *img, const u8 *file)
{
	u32 i;

	for (i = 0; i < img->segments; i++) {
		const Elf64_Phdr *seg = &img->segment[i];
		u64 at = seg->p_vaddr - img->base;

		memcpy(s->va + at, file + seg->p_offset, seg->p_filesz);
		tables_map(&s->tables, seg->p_vaddr, s->hpa + at, PAGE_ALIGN(seg->p_memsz),
			   seg->p_flags & PF_W, seg->p_flags & PF_X);
	}
}

static void fill_boot_info(struct ws_boot_info *bi, const struct staging *s, u32 log_level)
{
	bi->magic = WS_BOOT_MAGIC;
	bi->abi_major = WS_ABI_MAJOR;
	bi->abi_minor = WS_ABI_MINOR;
	bi->struct_size = sizeof(*bi);
	memcpy(bi->extent, memory_extents(&bi->extents), sizeof(bi->extent));
	bi->image_hpa = s->hpa;
	bi->image_bytes = s->bytes - GRAIN;
	bi->tables_hpa = s->hpa + s->bytes - GRAIN;
	bi->tables_bytes = GRAIN;
	bi->tsc_khz = tsc_khz;
	bi->console_apic_id = per_cpu(x86_cpu_to_apicid, 0);
	bi->x2apic = x2apic_enabled();
	bi->la57 = s->tables.la57;
	bi->trampoline_hpa = TRAMPOLINE_HPA;
	bi->log_level = log_level;
	bi->svm_in_use = boot_cpu_has(X86_FEATURE_SVM) && native_read_msr(MSR_EFER) & EFER_SVME;
	bi->wall_clock_ns = ktime_get_real_ns();
	bi->com2_port = 0x2f8;
	bi->pcpus = cpus_apic_ids(bi->apic_id);
}

/* Everything that must be mapped for the first arrival. */
static int stage_tables(struct staging *s, const struct image *img, const u8 *file, u32 log_level)
{
	u64 area = s->hpa + s->bytes - GRAIN;
	struct ws_boot_info *bi = s->va + s->bytes - GRAIN + TABLES_BYTES;
	struct crossing *x = cross_page();
	u32 i;

	fill_boot_info(bi, s, log_level);
	s->boot_info_hpa = area + TABLES_BYTES;
	s->stack_top = WS_DIRECT_MAP + area + TABLES_BYTES + PAGE_SIZE + BOOT_STACK_BYTES;
	/* TOUR(5): Page tables for a world without Linux: the image at its link addresses, the
	 * memory given away as a direct map, both in the lower half; and in the upper half the
	 * crossing's two pages, where Linux has them. Nothing else. */
	tables_begin(&s->tables, s->va + s->bytes - GRAIN, area, TABLES_BYTES);
	bi->la57 = s->tables.la57;
	stage_image(s, img, file);
	for (i = 0; i < bi->extents; i++)
		tables_map(&s->tables, WS_DIRECT_MAP + bi->extent[i].hpa, bi->extent[i].hpa,
			   bi->extent[i].bytes, true, false);
	tables_map(&s->tables, (u64)x, virt_to_phys(x), PAGE_SIZE, true, false);
	tables_map(&s->tables, (u64)crossing_page, cross_code_hpa(), PAGE_SIZE, false, true);
	return s->tables.full ? -ENOMEM : 0;
}

static int arrive(const struct staging *s, const struct image *img, char *reason)
{
	struct crossing *x = cross_page();
	int status;

	pr_debug("image of %llu KiB at 0x%llx, %llu KiB of tables, entry 0x%llx\n", img->span >> 10,
		 s->hpa, s->tables.used >> 10, img->entry);
	x->vmk.cr3 = s->tables.root;
	x->vmk.rip = img->entry;
	x->vmk.rsp = s->stack_top;
	x->vmk.rsi = WS_DIRECT_MAP + s->boot_info_hpa;
	status = cross();
	if (x->fault_vector)
		VMNIX_FAIL(-EIO, "exception %llu at 0x%llx in the crossing, error code 0x%llx",
			   x->fault_vector - 1, x->fault_rip, x->fault_code);
	if (status)
		VMNIX_FAIL(-EIO, "the vmkernel refuses to start: %s", vmk_strerror(status));
	return 0;
}

/* One processor, in short calls: Linux must never be away for long. */
static int start_pcpu(u32 apic_id)
{
	struct hc_pcpu pcpu = { .apic_id = apic_id };
	int status, i;

	for (i = 0; i < PCPU_TRIES; i++) {
		/* TOUR(12): Linux runs again and has noticed nothing; the vmkernel lies still. It
		 * has no processor of its own, so the console lends it processor 0, a call at a
		 * time, to wake the others: INIT now, SIPI in the next call. */
		pcpu.phase = HC_PCPU_INIT;
		status = hostcall(HC_PCPU_START, &pcpu, sizeof(pcpu));
		if (status)
			return status;
		usleep_range(200, 1000);
		pcpu.phase = HC_PCPU_SIPI;
		status = hostcall(HC_PCPU_START, &pcpu, sizeof(pcpu));
		if (status != VMK_BUSY)
			return status;
		msleep(10);
	}
	return VMK_TIMEOUT;
}

static int farewell(bool force)
{
	struct hc_farewell args = { .force = force };
	int status, i;

	for (i = 0; i < FAREWELL_TRIES; i++) {
		status = hostcall(HC_FAREWELL, &args, sizeof(args));
		/* One that stops over it can still be asked whether all has stopped. */
		if (status != VMK_BUSY && status != VMK_PANICKED)
			return status;
		msleep(5);
	}
	return status;
}

static int start_pcpus(char *reason)
{
	u32 apic_id[WS_PCPUS_MAX], n = cpus_apic_ids(apic_id), i;
	int status;

	for (i = 0; i < n; i++) {
		status = start_pcpu(apic_id[i]);
		pr_debug("processor with APIC id %u: %s\n", apic_id[i], vmk_strerror(status));
		if (!status)
			continue;
		VMNIX_FAIL(-EIO, "processor with APIC id %u does not start: %s", apic_id[i],
			   vmk_strerror(status));
	}
	return 0;
}

static int tell_doorbell(void)
{
	struct hc_doorbell bell = {};
	int err = doorbell_target(&bell.apic_id, &bell.vector);

	if (err)
		return err;
	return hostcall(HC_DOORBELL, &bell, sizeof(bell)) ? -EIO : 0;
}

static int add_ram(struct resource *res, void *arg)
{
	struct hc_seal *a = arg;

	if (a->ranges == HC_RAM_MAX)
		return -ENOSPC;
	a->ram[a->ranges].hpa = PAGE_ALIGN(res->start);
	a->ram[a->ranges].bytes = ((res->end + 1) & PAGE_MASK) - a->ram[a->ranges].hpa;
	a->ranges++;
	return 0;
}

/* The console becomes a world of the vmkernel, in the middle of this call. */
static int seal(char *reason)
{
	struct hc_seal *a = kzalloc(sizeof(*a), GFP_KERNEL);
	int status = VMK_NO_MEMORY;

	if (!a)
		return -ENOMEM;
	a->pm1_control = acpi_gbl_FADT.xpm1a_control_block.address;
	if (num_online_cpus() > 1)
		status = VMK_LIMIT_EXCEEDED;
	else if (!walk_iomem_res_desc(IORES_DESC_NONE, IORESOURCE_SYSTEM_RAM | IORESOURCE_BUSY, 0,
				      -1, a, add_ram))
		status = hostcall(HC_SEAL, a, sizeof(*a));
	kfree(a);
	if (status)
		VMNIX_ERR(reason, "the console cannot be sealed: %s", vmk_strerror(status));
	return status ? -EIO : 0;
}

static int load_checked(const struct image *img, const void *file, u32 log_level, u32 flags,
			char *reason)
{
	struct staging s = {};
	int err;

	err = cpus_take(img->pcpus_max, reason);
	if (err)
		return err;
	cross_prepare();
	err = stage_begin(&s, img, reason);
	if (err)
		goto give_back;
	err = stage_tables(&s, img, file, log_level);
	if (err)
		VMNIX_ERR(reason, "too much memory for the loader's page tables");
	else
		err = arrive(&s, img, reason);
	image_hpa = s.hpa;
	memunmap(s.va);
	if (err)
		goto give_back;
	err = start_pcpus(reason);
	if (!err) {
		err = tell_doorbell();
		if (err)
			VMNIX_ERR(reason, "no interrupt for the doorbell: error %d", err);
	}
	if (!err && flags & VMNIX_LOAD_SEAL)
		err = seal(reason);
	if (err && farewell(true)) {
		/* Processors that do not leave cannot be given back: it counts as loaded. */
		loaded = true;
		return err;
	}
	if (!err)
		return 0;
give_back:
	cpus_give_back();
	return err;
}

int vmkernel_load(const void *file, u64 bytes, u32 log_level, u32 flags, char *reason)
{
	struct image img;
	int err;

	/* TOUR(3): vmkloader hands over a file. Nothing in it is believed: every size, offset,
	 * address and right is checked before a byte is used, and the ABI note must name our
	 * version. */
	if (image_check(file, bytes, &img, reason, VMNIX_REASON_MAX))
		return -ENOEXEC;
	if (flags & VMNIX_LOAD_CHECK)
		return 0;
	if (loaded)
		VMNIX_FAIL(-EBUSY, "a vmkernel is loaded already");
	image_bytes = img.span;
	err = load_checked(&img, file, log_level, flags, reason);
	if (loaded || !err)
		proc_loaded(true);
	if (err)
		return err;
	loaded = true;
	pr_info("vmkernel loaded, %llu MiB of memory in its hands\n", memory_bytes() >> 20);
	return 0;
}

int vmkernel_unload(bool force, char *reason)
{
	struct hc_version v = { .abi_major = WS_ABI_MAJOR };
	int status;

	if (!loaded)
		VMNIX_FAIL(-ENODEV, "no vmkernel is loaded");
	if (!hostcall(HC_VERSION, &v, sizeof(v)) && v.vms_running && !force)
		VMNIX_FAIL(-EBUSY, "%u virtual machines are running", v.vms_running);
	proc_loaded(false);
	dev_zap_all();
	status = farewell(force);
	if (status) {
		proc_loaded(true);
		VMNIX_FAIL(-EBUSY, "the vmkernel does not leave: %s", vmk_strerror(status));
	}
	loaded = false;
	memory_unlend();
	cpus_give_back();
	pr_info("vmkernel unloaded\n");
	return 0;
}

void vmkernel_abandon(void)
{
	struct hc_doorbell mute = {};

	hostcall(HC_DOORBELL, &mute, sizeof(mute));
}
