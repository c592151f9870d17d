// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/* /version, /pcpu and /debug of the VSI tree: what boot knows and nobody below it. */
#include "boot/boot.h"
#include "cpu/apic.h"
#include "cpu/pcpu.h"
#include "cpu/time.h"
#include "cpu/x86.h"
#include "lib/format.h"
#include "lib/spinlock.h"
#include "lib/text.h"
#include "lib/version.h"
#include "vsi/vsi.h"
#include "error.h"
#include "lib/assert.h"

#define STRAY_VECTOR 0xeeu /* of an interrupt that nobody expects */

static int get_version(void *ctx, struct vsi_text *out)
{
	(void)ctx;
	vsi_printf(out, "vmnix vmkernel %s\n", VMK_RELEASE);
	return VMK_OK;
}

static int get_uptime(void *ctx, struct vsi_text *out)
{
	(void)ctx;
	vsi_printf(out, "%llu\n", (unsigned long long)(now_ns() / 1000000000ull));
	return VMK_OK;
}

static int get_pcpus(void *ctx, struct vsi_text *out)
{
	static const char *const names[] = { "absent", "starting", "arrived",
					     "online", "stopping", "stopped" };

	(void)ctx;
	vsi_printf(out, "pcpu apic state irqs kicks nmis\n");
	for (uint32_t i = 0; i < pcpu_count(); i++) {
		const struct pcpu *p = pcpu_get(i);

		vsi_printf(out, "%u %u %s %llu %llu %llu\n", i, p->apic_id,
			   p->is_console ? "console" : names[p->state], (unsigned long long)p->irqs,
			   (unsigned long long)p->kicks, (unsigned long long)p->nmis);
	}
	return VMK_OK;
}

/* A line of interrupts: how many each PCPU took. */
static void put_vector(struct vsi_text *out, const char *vector, const char *name,
		       uint64_t (*taken)(const struct pcpu *p))
{
	vsi_printf(out, "%-6s", vector);
	for (uint32_t i = 0; i < pcpu_count(); i++)
		vsi_printf(out, " %10llu", (unsigned long long)taken(pcpu_get(i)));
	vsi_printf(out, "  %s\n", name);
}

static uint64_t nmis(const struct pcpu *p)
{
	return p->nmis;
}

static uint64_t timers(const struct pcpu *p)
{
	return p->irqs - p->kicks;
}

static uint64_t kicks(const struct pcpu *p)
{
	return p->kicks;
}

static int get_interrupts(void *ctx, struct vsi_text *out)
{
	char name[12], vector[8];

	(void)ctx;
	vsi_printf(out, "Vector");
	for (uint32_t i = 0; i < pcpu_count(); i++) {
		vmk_snprintf(name, sizeof(name), "PCPU%u", i);
		vsi_printf(out, " %10s", name);
	}
	vsi_printf(out, "\n");
	put_vector(out, "0x02", "nmi", nmis);
	vmk_snprintf(vector, sizeof(vector), "0x%02x", VEC_TIMER);
	put_vector(out, vector, "timer", timers);
	vmk_snprintf(vector, sizeof(vector), "0x%02x", VEC_KICK);
	put_vector(out, vector, "kick", kicks);
	return VMK_OK;
}

/* How many values the APIC ids of all PCPUs have without their low bits. */
static uint32_t count_above(uint32_t shift)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < pcpu_count(); i++) {
		uint32_t j = 0;

		while (pcpu_get(j)->apic_id >> shift != pcpu_get(i)->apic_id >> shift)
			j++;
		count += j == i;
	}
	return count;
}

/*
 * Bits of an APIC id that number the threads of a core, and those of a package (APM vol. 3,
 * E.3.11 and E.4.7: Fn0000_000B, and Fn8000_0008 ECX where that is not).
 */
static void topology_bits(uint32_t *core, uint32_t *package)
{
	*core = *package = 0;
	if (cpuid(0, 0).eax >= 0xb && cpuid(0xb, 0).ebx) {
		*core = cpuid(0xb, 0).eax & 31;
		*package = cpuid(0xb, 1).eax & 31;
	} else if (cpuid(0x80000000, 0).eax >= 0x80000008) {
		*package = cpuid(0x80000008, 0).ecx >> 12 & 15;
	}
}

static int get_ncpus(void *ctx, struct vsi_text *out)
{
	uint32_t core, package;

	(void)ctx;
	topology_bits(&core, &package);
	vsi_printf(out, "%u logical\n%u cores\n%u packages\n", pcpu_count(), count_above(core),
		   count_above(package));
	return VMK_OK;
}

static int get_panic(void *ctx, struct vsi_text *out)
{
	(void)ctx;
	vsi_printf(out, "0\n");
	return VMK_OK;
}

/* A PCPU that gets an interrupt nobody sends, when it comes to take it. */
static int panic_elsewhere(void)
{
	if (pcpu_count() < 2 || pcpu_get(1)->state != PCPU_ONLINE)
		return VMK_NOT_FOUND;
	apic_send_fixed(pcpu_get(1)->apic_id, STRAY_VECTOR);
	return VMK_OK;
}

/* Whoever sets a node holds the lock of the tree, which comes after this one. */
static int panic_lock_order(void)
{
	static struct spinlock outer = SPINLOCK_INIT(RANK_HOSTCALL);

	spin_lock(&outer);
	spin_unlock(&outer);
	return VMK_OK;
}

/* A push where there is no stack: its page fault finds none either (APM vol. 2, 8.2.9). */
static void panic_double_fault(void)
{
	asm volatile("mov %0, %%rsp; push %%rax" : : "r"(PCPU_STACKS + 8) : "memory");
}

static int panic_lost(void)
{
	if (pcpu_count() < 2 || pcpu_get(1)->state != PCPU_ONLINE)
		return VMK_NOT_FOUND;
	pcpu_get(1)->get_lost = true;
	pcpu_kick(1);
	return VMK_OK;
}

/* 4 and 8 on PCPU 1, all others on the console's processor. */
static int set_panic(void *ctx, const char *text)
{
	(void)ctx;
	if (text[0] < '0' || text[0] > '8' || text[1])
		return VMK_BAD_PARAM;
	if (text[0] == '1')
		vmk_panic("asked for by /debug/panic");
	if (text[0] == '2')
		asm volatile("ud2");
	if (text[0] == '3')
		*(volatile uint32_t *)PCPU_STACKS = 0; /* a guard page */
	if (text[0] == '4')
		return panic_elsewhere();
	if (text[0] == '5')
		return panic_lock_order();
	if (text[0] == '6')
		panic_double_fault();
	if (text[0] == '7')
		asm volatile("int $18");
	return text[0] == '8' ? panic_lost() : VMK_OK;
}

static struct vsi_node debug = VSI_FOLDER("debug", "for testing the vmkernel itself");
static struct vsi_node nodes[] = {
	VSI_TEXT("version", "release of the vmkernel", get_version, NULL, NULL),
	VSI_TEXT("uptime", "seconds since the vmkernel arrived", get_uptime, NULL, NULL),
	VSI_TEXT("pcpus", "processors and their interrupts", get_pcpus, NULL, NULL),
	VSI_TEXT("interrupts", "that each processor took", get_interrupts, NULL, NULL),
};
static struct vsi_node ncpus_node =
	VSI_TEXT("ncpus", "processors, the console's too", get_ncpus, NULL, NULL);
static struct vsi_node panic_node =
	VSI_TEXT("panic",
		 "write 1: assertion, 2: invalid opcode, 3: page fault, "
		 "4: stray interrupt on PCPU 1, 5: locks in the wrong order (CONFIG_ASSERTIONS), "
		 "6: double fault, 7: machine check, 8: PCPU 1 spins for good",
		 get_panic, set_panic, NULL);

int boot_vsi_init(void)
{
	int err = vsi_add_all(NULL, nodes, ARRAY_SIZE(nodes));

	if (!err)
		err = vsi_add(NULL, &vsi_config);
	if (!err)
		err = vsi_add_at("/sched", &ncpus_node);
	if (!err)
		err = vsi_add(NULL, &debug);
	if (!err)
		err = vsi_add(&debug, &panic_node);
	if (!err)
		err = vsi_add(&debug, &nmis_node);
	return err;
}
