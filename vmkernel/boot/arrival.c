// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * The first crossing's C side: one literal list of steps brings the vmkernel
 * up. What the steps build lies in memory that is given back as a whole, so
 * only what reaches outside of it has an undo, beside its step.
 */
#include "boot/boot.h"
#include "cpu/apic.h"
#include "cpu/extended.h"
#include "cpu/mmio.h"
#include "cpu/pcpu.h"
#include "cpu/serial.h"
#include "cpu/time.h"
#include "cpu/traps.h"
#include "cpu/vga.h"
#include "cpu/x86.h"
#include "debug/log.h"
#include "debug/core.h"
#include "debug/panic.h"
#include "error.h"
#include "hostcall/calls.h"
#include "hostcall/doorbell.h"
#include "lib/spinlock.h"
#include "lib/string.h"
#include "lib/version.h"
#include "mm/direct_map.h"
#include "mm/heap.h"
#include "mm/pages.h"
#include "mm/space.h"
#include "ring.h"
#include "sched/sched.h"
#include "seal/seal.h"
#include "vmm/vmm.h"

struct crossing *crossing;
struct ws_boot_info boot_info;
hpa_t kernel_root;

bool pcpu0_up;
static hpa_t log_region;

extern uint8_t image_start[], text_end[], rodata_end[], image_end[];

/* The ELF note by which a loader knows us. */
static const struct {
	uint32_t namesz, descsz, type;
	char name[8];
	struct ws_abi_note desc;
} abi_note __attribute__((section(".note.vmnix"), used, aligned(4))) = {
	.namesz = sizeof(WS_NOTE_NAME),
	.descsz = sizeof(struct ws_abi_note),
	.type = WS_NOTE_ABI,
	.name = WS_NOTE_NAME,
	.desc = { WS_ABI_MAJOR, WS_ABI_MINOR, sizeof(struct ws_boot_info), sizeof(struct crossing),
		  CONFIG_MAX_PCPUS },
};

static uint32_t hook_pcpu(void)
{
	return pcpu0_up ? this_pcpu()->id : 0;
}

static uint32_t hook_world(void)
{
	return pcpu0_up ? sched_current_id(this_pcpu()->id) : WORLD_ID_CONSOLE;
}

/* The first steps run before PCPU 0 has its struct, but alone. */
static struct lock_track *hook_locks(void)
{
	return pcpu0_up ? &this_pcpu()->locks : NULL;
}

static const struct log_hooks log_hooks = {
	.now_ns = now_ns,
	.pcpu = hook_pcpu,
	.world = hook_world,
	.raw = serial_write,
};

static const struct sched_hooks sched_hooks = {
	.kick = pcpu_kick,
	.now_ns = now_ns,
	.arm_timer = timer_arm,
};

static int step_check(void)
{
	if (boot_info.magic != WS_BOOT_MAGIC || boot_info.abi_major != WS_ABI_MAJOR ||
	    boot_info.struct_size != sizeof(boot_info))
		return VMK_BAD_VERSION;
	if (!boot_info.tsc_khz || boot_info.extents > WS_EXTENTS_MAX ||
	    boot_info.pcpus > WS_PCPUS_MAX)
		return VMK_BAD_PARAM;
	return VMK_OK;
}

static int step_log(void)
{
	time_init(boot_info.tsc_khz, boot_info.wall_clock_ns);
	serial_init((uint16_t)boot_info.com2_port);
	log_set_hooks(&log_hooks);
	log_set_level(boot_info.log_level);
	return VMK_OK;
}

static int step_pages(void)
{
	const struct page_range keep[] = {
		{ hpa(boot_info.image_hpa), boot_info.image_bytes, PAGES_IMAGE },
		{ hpa(boot_info.tables_hpa), boot_info.tables_bytes, PAGES_LOADER },
	};

	direct_map_base = WS_DIRECT_MAP;
	return pages_init(boot_info.extent, boot_info.extents, keep, ARRAY_SIZE(keep));
}

static int map_image(const uint8_t *from, const uint8_t *to, uint64_t rights)
{
	return space_map(kernel_root, (uint64_t)from,
			 hpa(boot_info.image_hpa + (uint64_t)(from - image_start)),
			 (uint64_t)(to - from), rights);
}

/* The image is not in the direct map: its code must not be writable by another name. */
static int map_extent(const struct ws_extent *e)
{
	uint64_t end = e->hpa + e->bytes, image = boot_info.image_hpa,
		 image_stop = image + boot_info.image_bytes;
	int err;

	if (image < e->hpa || image >= end)
		return space_map(kernel_root, WS_DIRECT_MAP + e->hpa, hpa(e->hpa), e->bytes,
				 MAP_RW);
	err = space_map(kernel_root, WS_DIRECT_MAP + e->hpa, hpa(e->hpa), image - e->hpa, MAP_RW);
	return err ? err
		   : space_map(kernel_root, WS_DIRECT_MAP + image_stop, hpa(image_stop),
			       end - image_stop, MAP_RW);
}

/* The crossing's two pages, at the console's addresses, found in the loader's tables. */
static int map_crossing(void)
{
	hpa_t loader_root = hpa(read_cr3() & PTE_ADDR), data = HPA_NONE, code = HPA_NONE;
	uint64_t code_va = crossing->enter & ~(PAGE_SIZE - 1);
	int err = space_translate(loader_root, (uint64_t)crossing, &data);

	if (!err)
		err = space_translate(loader_root, code_va, &code);
	if (!err)
		err = space_map(kernel_root, (uint64_t)crossing, data, PAGE_SIZE, MAP_RW);
	if (!err)
		err = space_map(kernel_root, code_va, code, PAGE_SIZE, MAP_RX);
	return err;
}

static int step_space(void)
{
	int err;

	space_init(boot_info.la57);
	err = space_new(&kernel_root);
	if (!err)
		err = map_image(image_start, text_end, MAP_RX);
	if (!err)
		err = map_image(text_end, rodata_end, MAP_RO);
	if (!err)
		err = map_image(rodata_end, image_end, MAP_RW);
	for (uint32_t i = 0; !err && i < boot_info.extents; i++)
		err = map_extent(&boot_info.extent[i]);
	if (!err && !boot_info.x2apic)
		err = space_map(kernel_root, MMIO_LAPIC, hpa(rdmsr(MSR_APIC_BASE) & 0xffffff000ull),
				PAGE_SIZE, MAP_MMIO);
	if (!err)
		err = space_map(kernel_root, MMIO_VGA, hpa(VGA_HPA), VGA_BYTES, MAP_MMIO);
	if (!err)
		err = map_crossing();
	/* So that what is below the top tables is there before they are cloned. */
	if (!err)
		err = space_map(kernel_root, boot_info.trampoline_hpa,
				hpa(boot_info.trampoline_hpa), PAGE_SIZE, MAP_RO);
	if (!err)
		space_unmap_page(kernel_root, boot_info.trampoline_hpa);
	return err ? err : space_keep_spares();
}

static int step_pcpu0(void)
{
	struct ws_dtr gdtr = { .limit = sizeof(this_pcpu()->gdt) - 1 };
	int err = pcpu_create(0, boot_info.console_apic_id, true);

	if (err)
		return err;
	pcpu_get(0)->state = PCPU_ONLINE;
	write_cr3(pcpu_get(0)->root.v);
	gdtr.base = (uint64_t)this_pcpu()->gdt;
	pcpu0_up = true;
	/* CS and SS are right already; the data segments are the console's, and stay. */
	asm volatile("lgdt %0; ltr %w1" : : "m"(gdtr.limit), "r"(WS_SEL_VMK_TSS), "m"(gdtr.base));
	traps_init();
	return VMK_OK;
}

static int step_log_ring(void)
{
	int err = pages_alloc_zero(pages_order(WS_LOG_RING_PAGES * PAGE_SIZE), PAGES_SHARED,
				   &log_region);

	if (!err)
		log_init(phys_to_virt(log_region), rdtsc_low());
	return err;
}

static int step_extended(void)
{
	void *buffer = heap_alloc(extended_bytes() + 64);

	if (!buffer)
		return VMK_NO_MEMORY;
	extended_init((void *)ALIGN_UP((uint64_t)buffer, 64ull));
	return VMK_OK;
}

static int step_apic(void)
{
	return apic_init(boot_info.x2apic);
}

static int step_sched(void)
{
	sched_init(&sched_hooks, now_ns());
	return VMK_OK;
}

static int step_vsi(void)
{
	int err = mm_vsi_init();

	if (!err)
		err = sched_vsi_init();
	if (!err)
		err = log_vsi_init();
	if (!err)
		err = seal_vsi_init();
	if (!err)
		err = boot_vsi_init();
	return err;
}

static int step_vmm(void)
{
	return vmm_init(boot_info.svm_in_use);
}

/* Who holds the lock may have stopped with it: the console must not wait for that. */
static void stop_waiting(void)
{
	if (panic_happened())
		panic_end(false);
}

/* After a panic. Nothing is freed: that takes locks, which nobody may ever release. */
static int farewell_stopped(void)
{
	for (uint32_t i = 1; i < pcpu_count(); i++)
		if (pcpu_runs(i))
			return VMK_BUSY;
	pcpus_reset();
	panic_line("farewell");
	return VMK_OK;
}

static int farewell(bool force)
{
	int err;

	if (panic_happened())
		return farewell_stopped();
	err = vmm_shutdown(force);
	if (!err)
		err = pcpus_stop_all();
	if (err)
		return err;
	vmm_exit();
	pcpus_reset();
	pcpus_release();
	LOG(INFO, "Boot", "farewell");
	seal_leave_after_call();
	return VMK_OK;
}

static void __attribute__((noreturn)) leave_for_good(void)
{
	void (*leave)(struct crossing *) = (void (*)(struct crossing *))crossing->leave;

	leave(crossing);
	__builtin_unreachable();
}

/* Does not return, if all is well: the console does, in its call, as a world. */
static int seal(const struct hc_seal *a)
{
	static const struct seal_hooks hooks = { hostcall_dispatch, leave_for_good };
	int err = seal_console(crossing, a, pcpu_get(0)->root, &hooks);

	if (err)
		return err;
	crossing->call.status = VMK_OK;
	pcpu_loop();
}

static void __attribute__((noreturn)) leave_scrambled(uint64_t seed)
{
	crossing->call.status = VMK_OK;
	scramble_and_leave(crossing, seed);
}

static const struct hostcall_ops hostcall_ops = {
	pcpus_start, farewell, seal, leave_scrambled, watchdog_look, given_add, given_take,
};

/* From now on every crossing arrives on PCPU 0's own tables, at hostcall_entry. */
static int step_crossing(void)
{
	struct ws_arrival *a = &crossing->vmk;
	struct pcpu *pcpu = pcpu_get(0);

	hostcall_init(&hostcall_ops, log_region);
	crossing->panic_rip = (uint64_t)crossing_panic;
	crossing->core_hpa = boot_info.image_hpa + ((uint64_t)&vmk_core - (uint64_t)image_start);
	crossing->xgdt[WS_SEL_VMK_TSS / 8] = pcpu->gdt[WS_SEL_VMK_TSS / 8];
	crossing->xgdt[WS_SEL_VMK_TSS / 8 + 1] = pcpu->gdt[WS_SEL_VMK_TSS / 8 + 1];
	a->rip = (uint64_t)hostcall_entry;
	a->rsp = PCPU_STACKS + PCPU_STACK_SLOT;
	a->rsi = 0;
	a->cr3 = pcpu->root.v;
	a->gdtr.limit = sizeof(pcpu->gdt) - 1;
	a->gdtr.base = PCPU_BASE + offsetof(struct pcpu, gdt);
	a->idtr.limit = sizeof(idt) - 1;
	a->idtr.base = (uint64_t)idt;
	return VMK_OK;
}

/* TOUR(10): The whole bring-up, as one list. Memory becomes pages and a heap; better page
 * tables replace the loader's, code never writable and data never executable; processor 0
 * gets its struct and stacks; the last step makes later crossings arrive at hostcall_entry. */
static const struct boot_step {
	const char *name;
	int (*up)(void);
} steps[] = {
	{ "check", step_check },       { "log", step_log },	 { "pages", step_pages },
	{ "space", step_space },       { "pcpu 0", step_pcpu0 }, { "log ring", step_log_ring },
	{ "extended", step_extended }, { "apic", step_apic },	 { "sched", step_sched },
	{ "vsi", step_vsi },	       { "vmm", step_vmm },	 { "crossing", step_crossing },
};

void arrival(struct crossing *x, const struct ws_boot_info *info)
{
	int err = VMK_OK;

	crossing = x;
	panic_set_hooks(&stop_hooks);
	spin_set_waiting(stop_waiting);
	spin_set_track(hook_locks);
	boot_info = *info;
	for (size_t i = 0; i < ARRAY_SIZE(steps) && !err; i++) {
		err = steps[i].up();
		if (err)
			LOG(ERROR, "Boot", "step \"%s\" failed: %d", steps[i].name, err);
	}
	x->call.status = err;
	if (err)
		return;
	LOG(INFO, "Boot", "vmkernel %s has %llu MiB, TSC %llu kHz, %u processors promised",
	    VMK_RELEASE, (unsigned long long)(pages_total_bytes() >> 20),
	    (unsigned long long)tsc_khz, boot_info.pcpus);
}

void arrival_done(void)
{
	pages_free_range(hpa(boot_info.tables_hpa), boot_info.tables_bytes, PAGES_LOADER);
}
