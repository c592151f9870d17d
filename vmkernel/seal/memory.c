// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * The console's memory: the machine's, at its own addresses, but for what the
 * vmkernel owns, of which it has the shared pages alone, and but for the local
 * APIC's registers. Nested tables are made when a page is first touched. The
 * vmkernel itself reaches the console's RAM through a window of PCPU 0, for
 * the console's page tables and instructions.
 */
#include "debug/log.h"
#include "mm/pages.h"
#include "mm/space.h"
#include "seal/private.h"

#define REFUSALS_LOGGED 32u

void seal_refuse(uint64_t *count, const char *what, uint64_t where)
{
	if (++*count <= REFUSALS_LOGGED)
		LOG(WARNING, "Seal", "console refused: %s 0x%llx (rip 0x%llx)", what,
		    (unsigned long long)where, (unsigned long long)console.vcpu->vmcb->rip);
}

static bool is_ram(uint64_t gpa)
{
	for (uint32_t i = 0; i < console.ranges; i++)
		if (gpa - console.ram[i].hpa < console.ram[i].bytes)
			return true;
	return false;
}

uint8_t *seal_ram(uint64_t gpa)
{
	if (!is_ram(gpa) || pages_contains(hpa(gpa), 1))
		return NULL;
	return (uint8_t *)(CONSOLE_WINDOW + gpa);
}

/* Extents of the vmkernel are whole blocks of 2 MiB. */
static int map_range(const struct hc_range *r)
{
	uint64_t end = r->hpa + r->bytes, step;
	int err = VMK_OK;

	for (uint64_t at = r->hpa; at < end && !err; at += step) {
		step = MIN(LARGE_PAGE_SIZE - at % LARGE_PAGE_SIZE, end - at);
		if (!pages_contains(hpa(at), 1))
			err = space_map(console.root, CONSOLE_WINDOW + at, hpa(at), step, MAP_RW);
	}
	return err;
}

int seal_memory_init(void)
{
	int err = VMK_OK;

	for (uint32_t i = 0; i < console.ranges; i++) {
		const struct hc_range *r = &console.ram[i];

		if (!r->bytes || (r->hpa | r->bytes) % PAGE_SIZE || r->hpa >= DIRECT_MAP_MAX ||
		    r->bytes > DIRECT_MAP_MAX - r->hpa)
			return VMK_BAD_PARAM;
	}
	for (uint32_t i = 0; i < console.ranges && !err; i++)
		err = map_range(&console.ram[i]);
	return err;
}

/* Is the page part of a block that was allocated to be shared? */
static bool is_shared(uint64_t page)
{
	enum page_owner owner;
	unsigned int order;

	for (unsigned int i = 0; i <= PAGES_ORDER_MAX; i++)
		if (pages_lookup(hpa(page & ~((PAGE_SIZE << i) - 1)), &owner, &order) &&
		    owner == PAGES_SHARED && order >= i)
			return true;
	return false;
}

static int map(uint64_t gpa, bool large)
{
	struct guest_mem *mem = &console.vm->mem;
	int err = npt_prepare(mem, gpa, large);

	if (!err)
		npt_map(mem, gpa, hpa(gpa), large);
	return err;
}

/* No page that the console may have is next to one it may not have in the same 2 MiB. */
static bool maps_large(uint64_t block)
{
	return !pages_contains(hpa(block), 1) && APIC_BASE_ADDR - block >= LARGE_PAGE_SIZE;
}

int seal_map(uint64_t gpa)
{
	uint64_t page = gpa & ~(PAGE_SIZE - 1), block = gpa & ~(LARGE_PAGE_SIZE - 1);

	if (pages_contains(hpa(page), 1) && !is_shared(page))
		return VMK_NO_ACCESS;
	return maps_large(block) ? map(block, true) : map(page, false);
}

/* A new identifier: what the old one tagged is never used again. */
static void flush(void)
{
	console.vcpu->asid_pcpu = SCHED_NO_PCPU;
}

void seal_unshare(hpa_t page)
{
	if (!sealed())
		return;
	npt_unmap(&console.vm->mem, page.v);
	flush();
}

bool seal_may_lose(hpa_t start, uint64_t bytes)
{
	for (uint32_t i = 0; sealed() && i < console.ranges; i++)
		if (start.v - console.ram[i].hpa < console.ram[i].bytes &&
		    bytes <= console.ram[i].bytes - (start.v - console.ram[i].hpa))
			return true;
	return !sealed();
}

/* The window keeps them: seal_ram() says whether they may be looked at there. */
void seal_forget(hpa_t start, uint64_t bytes)
{
	if (!sealed())
		return;
	for (uint64_t at = 0; at < bytes; at += LARGE_PAGE_SIZE)
		npt_drop(&console.vm->mem, start.v + at);
	flush();
	console.vcpu->fetch.page = FETCH_NOTHING;
}
