// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * Taking the processors that Linux has put offline: INIT, then SIPI to a
 * borrowed page below 1 MiB (APM vol. 2, 15.27 and 16.5). The page is put
 * back before the console runs again, whatever happened.
 */
#include "boot/boot.h"
#include "cpu/apic.h"
#include "cpu/pcpu.h"
#include "cpu/time.h"
#include "cpu/traps.h"
#include "cpu/x86.h"
#include "debug/log.h"
#include "debug/panic.h"
#include "error.h"
#include "lib/string.h"
#include "mm/direct_map.h"
#include "mm/space.h"
#include "sched/sched.h"
#include "seal/seal.h"
#include "vmm/vmm.h"

#define START_WAIT_US 100000u
#define START_STEP_US 10u
#define LOST_WAIT_US 10000000u /* a hypervisor below may be slow */
#define BORROWED_BYTES (2 * PAGE_SIZE)
#define EFER_WANTED (EFER_LME | EFER_NXE)

extern const uint8_t trampoline[], trampoline_end[], trampoline_params[];

/* What trampoline_params holds. */
struct trampoline_params {
	uint64_t cr3, entry, cr4;
};

static uint8_t borrowed[BORROWED_BYTES];

static uint32_t find_by_apic_id(uint32_t apic_id)
{
	for (uint32_t i = 0; i < PCPU_MAX; i++)
		if (pcpu_get(i) && pcpu_get(i)->apic_id == apic_id)
			return i;
	return PCPU_MAX;
}

static bool was_promised(uint32_t apic_id)
{
	for (uint32_t i = 0; i < boot_info.pcpus; i++)
		if (boot_info.apic_id[i] == apic_id)
			return true;
	return false;
}

static int phase_init(uint32_t apic_id, uint32_t *id)
{
	int err = VMK_OK;

	*id = find_by_apic_id(apic_id);
	if (*id < PCPU_MAX && pcpu_get(*id)->state == PCPU_ONLINE)
		return VMK_EXISTS;
	if (*id == PCPU_MAX) {
		*id = pcpu_count();
		if (*id > CONFIG_MAX_PCPUS)
			return VMK_LIMIT_EXCEEDED;
		err = pcpu_create(*id, apic_id, false);
	}
	if (err)
		return err;
	pcpu_get(*id)->state = PCPU_STARTING;
	apic_send_init(apic_id);
	return VMK_OK;
}

/* The low pages are mapped at their own address in PCPU 0's tables, which all others share. */
static void lay_trampoline(const struct pcpu *pcpu, uint64_t low)
{
	struct trampoline_params *params =
		(struct trampoline_params *)(low + (uint64_t)(trampoline_params - trampoline));

	memcpy(borrowed, (const void *)low, BORROWED_BYTES);
	memcpy((void *)low, trampoline, (size_t)(trampoline_end - trampoline));
	memcpy((void *)(low + PAGE_SIZE), phys_to_virt(pcpu->root), PAGE_SIZE);
	params->cr3 = pcpu->root.v;
	params->entry = (uint64_t)pcpu_entry;
	params->cr4 = crossing->vmk.cr4 & ~CR4_PCIDE;
}

static int map_low(uint64_t low, uint64_t rights, uint64_t second_rights)
{
	int err = space_map(kernel_root, low, hpa(low), PAGE_SIZE, rights);

	if (!err)
		err = space_map(kernel_root, low + PAGE_SIZE, hpa(low + PAGE_SIZE), PAGE_SIZE,
				second_rights);
	invlpg(low);
	invlpg(low + PAGE_SIZE);
	return err;
}

static bool change_state(struct pcpu *pcpu, uint32_t from, uint32_t to)
{
	return __atomic_compare_exchange_n(&pcpu->state, &from, to, false, __ATOMIC_SEQ_CST,
					   __ATOMIC_RELAXED);
}

static bool await_state(const struct pcpu *pcpu, uint32_t state, uint32_t us)
{
	for (; us && pcpu->state != state; us -= START_STEP_US)
		delay_us(START_STEP_US);
	return pcpu->state == state;
}

/* Afterwards the processor does not run what was borrowed, and never will. */
static int await_arrival(struct pcpu *pcpu)
{
	if (await_state(pcpu, PCPU_ONLINE, START_WAIT_US))
		return VMK_OK;
	if (change_state(pcpu, PCPU_STARTING, PCPU_ABSENT)) {
		/* Back to waiting for SIPI. */
		apic_send_init(pcpu->apic_id);
		delay_us(100);
		return VMK_BUSY;
	}
	/* It may hold locks by now, and INIT would take them along: it has to come. */
	return await_state(pcpu, PCPU_ONLINE, LOST_WAIT_US) ? VMK_OK : VMK_TIMEOUT;
}

static int phase_sipi(uint32_t apic_id, uint32_t *id)
{
	uint64_t low = boot_info.trampoline_hpa;
	struct pcpu *pcpu;
	int err;

	*id = find_by_apic_id(apic_id);
	if (*id == PCPU_MAX || pcpu_get(*id)->state != PCPU_STARTING)
		return VMK_BAD_STATE;
	pcpu = pcpu_get(*id);
	err = map_low(low, MAP_RW, MAP_RW);
	if (err)
		return err;
	lay_trampoline(pcpu, low);
	/* Never writable and executable at once: written first, executed then. */
	map_low(low, MAP_RX, MAP_RW);
	apic_send_sipi(apic_id, (uint8_t)(low / PAGE_SIZE));
	err = await_arrival(pcpu);
	map_low(low, MAP_RW, MAP_RW);
	memcpy((void *)low, borrowed, BORROWED_BYTES);
	space_unmap_page(kernel_root, low);
	space_unmap_page(kernel_root, low + PAGE_SIZE);
	return err;
}

int pcpus_start(uint32_t apic_id, uint32_t phase, uint32_t *pcpu)
{
	if (sealed())
		return VMK_BAD_STATE;
	if (!was_promised(apic_id) || phase > HC_PCPU_SIPI)
		return VMK_BAD_PARAM;
	return phase == HC_PCPU_INIT ? phase_init(apic_id, pcpu) : phase_sipi(apic_id, pcpu);
}

static void load_tables(struct pcpu *pcpu)
{
	struct ws_dtr gdtr = { .limit = sizeof(pcpu->gdt) - 1, .base = (uint64_t)pcpu->gdt };

	asm volatile("lgdt %0" : : "m"(gdtr.limit), "m"(gdtr.base));
	cpu_reload_segments();
	traps_load();
}

/* A PCPU leaves: everything of it is off, and INIT is all that can wake it. */
static void __attribute__((noreturn)) pcpu_leave(struct pcpu *pcpu)
{
	vmm_pcpu_exit();
	sched_pcpu_offline(pcpu->id, now_ns());
	apic_pcpu_exit();
	__atomic_store_n(&pcpu->state, PCPU_STOPPED, __ATOMIC_RELEASE);
	for (;;)
		asm volatile("cli; hlt");
}

void pcpu_loop(void)
{
	struct pcpu *pcpu = this_pcpu();

	/* TOUR(14): Home. This loop is the vmkernel: every given processor runs it on its one
	 * stack, takes the world whose turn it is, runs it until it returns, takes the next,
	 * and halts if there is none. */
	while (pcpu->state == PCPU_ONLINE) {
		pcpu->need_resched = false;
		pcpu->passes++;
		watchdog_look();
		while (pcpu->get_lost)
			cpu_relax();
		if (pcpu->is_console)
			seal_look();
		if (nmi_test_pass(pcpu->id) || sched_run_once(pcpu->id))
			irq_window();
		else if (pcpu->state == PCPU_ONLINE)
			irq_wait();
	}
	pcpu_leave(pcpu);
}

void pcpu_main(void)
{
	struct pcpu *pcpu = this_pcpu();

	load_tables(pcpu);
	/* PCPU 0 may have given it up, and then sends INIT. */
	if (!change_state(pcpu, PCPU_STARTING, PCPU_ARRIVED))
		for (;;)
			asm volatile("cli; hlt");
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_WANTED);
	apic_pcpu_init();
	vmm_pcpu_init();
	sched_pcpu_online(pcpu->id, now_ns());
	__atomic_store_n(&pcpu->state, PCPU_ONLINE, __ATOMIC_SEQ_CST);
	/* Who panicked before that could be seen has sent no NMI. */
	if (panic_happened())
		panic_end(false);
	LOG(INFO, "PCPU", "PCPU %u is up, APIC id %u", pcpu->id, pcpu->apic_id);
	pcpu_loop();
}

int pcpus_stop_all(void)
{
	bool all = true;

	for (uint32_t i = 1; i < pcpu_count(); i++) {
		struct pcpu *pcpu = pcpu_get(i);

		/* At once: a panic may make it STOPPED, which must not be written over. */
		change_state(pcpu, PCPU_ONLINE, PCPU_STOPPING);
		pcpu_kick(i);
		all &= !pcpu_runs(i);
	}
	return all ? VMK_OK : VMK_BUSY;
}

bool pcpu_runs(uint32_t id)
{
	uint32_t state = __atomic_load_n(&pcpu_get(id)->state, __ATOMIC_ACQUIRE);

	return state == PCPU_ARRIVED || state == PCPU_ONLINE || state == PCPU_STOPPING;
}

void pcpus_reset(void)
{
	for (uint32_t i = 1; i < pcpu_count(); i++)
		apic_send_init(pcpu_get(i)->apic_id);
}

void pcpus_release(void)
{
	for (uint32_t i = pcpu_count(); --i > 0;)
		pcpu_destroy(i);
}
