// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * One PCPU's own part of the address space: its struct at PCPU_BASE, and its
 * stacks, each at the top of a slot whose other pages stay unmapped, so that
 * an overflow faults instead of reaching the next stack.
 */
#include "boot/boot.h"
#include "cpu/pcpu.h"
#include "error.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "mm/direct_map.h"
#include "mm/pages.h"
#include "mm/space.h"

#define DESC_FLAT_CODE64 0x00af9b000000ffffull
#define DESC_FLAT_DATA 0x00cf93000000ffffull
#define TSS_TYPE 0x89ull

/* Orders of the stacks: 16 KiB to work on, 8 KiB for what must never fail. */
static const uint8_t stack_order[PCPU_STACKS_COUNT] = { 2, 1, 1, 1 };
static struct pcpu *pcpus[PCPU_MAX];

WS_STATIC_ASSERT(sizeof(struct pcpu) <= PAGE_SIZE);

static uint64_t stack_top(int stack)
{
	return PCPU_STACKS + ((uint64_t)stack + 1) * PCPU_STACK_SLOT;
}

struct pcpu *pcpu_get(uint32_t id)
{
	return id < PCPU_MAX ? pcpus[id] : NULL;
}

uint32_t pcpu_count(void)
{
	uint32_t n = 0;

	while (n < PCPU_MAX && pcpus[n])
		n++;
	return n;
}

static int map_stack(struct pcpu *pcpu, int stack)
{
	uint64_t bytes = PAGE_SIZE << stack_order[stack];
	int err = pages_alloc_zero(stack_order[stack], PAGES_STACK, &pcpu->stack_hpa[stack]);

	if (err)
		return err;
	return space_map(pcpu->root, stack_top(stack) - bytes, pcpu->stack_hpa[stack], bytes,
			 MAP_RW);
}

static void free_parts(struct pcpu *pcpu)
{
	for (int s = 0; s < PCPU_STACKS_COUNT; s++)
		if (!hpa_is_none(pcpu->stack_hpa[s]))
			pages_free(pcpu->stack_hpa[s], stack_order[s], PAGES_STACK);
	if (!hpa_is_none(pcpu->root))
		space_free_clone(pcpu->root);
	pages_free(pcpu->self_hpa, 0, PAGES_PCPU);
}

int pcpu_create(uint32_t id, uint32_t apic_id, bool console)
{
	struct pcpu *pcpu;
	hpa_t page;
	int err;

	VMK_ASSERT(id < PCPU_MAX && !pcpus[id]);
	err = pages_alloc_zero(0, PAGES_PCPU, &page);
	if (err)
		return err;
	pcpu = phys_to_virt(page);
	pcpu->self_hpa = page;
	pcpu->id = id;
	pcpu->apic_id = apic_id;
	pcpu->is_console = console;
	pcpu->timer_deadline_ns = UINT64_MAX;
	err = space_clone(kernel_root, &pcpu->root);
	if (!err)
		err = space_map(pcpu->root, PCPU_BASE, page, PAGE_SIZE, MAP_RW);
	for (int s = 0; !err && s < PCPU_STACKS_COUNT; s++)
		err = map_stack(pcpu, s);
	if (err) {
		free_parts(pcpu);
		return err;
	}
	pcpu_fill_tables(pcpu);
	__atomic_store_n(&pcpus[id], pcpu, __ATOMIC_RELEASE);
	return VMK_OK;
}

void pcpu_destroy(uint32_t id)
{
	struct pcpu *pcpu = pcpus[id];

	pcpus[id] = NULL;
	free_parts(pcpu);
}

void pcpu_fill_tables(struct pcpu *pcpu)
{
	uint64_t tss = PCPU_BASE + offsetof(struct pcpu, tss);

	for (int s = PCPU_STACK_DF; s < PCPU_STACKS_COUNT; s++)
		pcpu->tss.ist[s - 1] = stack_top(s);
	pcpu->tss.iomap = sizeof(pcpu->tss);
	pcpu->gdt[WS_SEL_VMK_CS / 8] = DESC_FLAT_CODE64;
	pcpu->gdt[WS_SEL_VMK_DS / 8] = DESC_FLAT_DATA;
	pcpu->gdt[WS_SEL_VMK_TSS / 8] = (sizeof(pcpu->tss) - 1) | (tss & 0xffffff) << 16 |
					TSS_TYPE << 40 | (tss >> 24 & 0xff) << 56;
	pcpu->gdt[WS_SEL_VMK_TSS / 8 + 1] = tss >> 32;
}
