// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * Nested page tables (APM vol. 2, 15.25): ordinary long-mode tables from
 * guest-physical to machine addresses, as many levels as the vmkernel's own
 * paging has, because VMRUN takes the mode from there. The processor counts
 * every guest access as a user's, so all entries have U set.
 */
#include "cpu/x86.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "mm/direct_map.h"
#include "mm/pages.h"
#include "vmm/svm/private.h"

#define NPT_P BIT(0)
#define NPT_W BIT(1)
#define NPT_U BIT(2)
#define NPT_LARGE BIT(7)
#define NPT_RIGHTS (NPT_P | NPT_W | NPT_U)
#define NPT_ADDR 0x000ffffffffff000ull

#define SHIFT_PT 12u
#define SHIFT_PD 21u

static unsigned int top_shift(void)
{
	return read_cr4() & CR4_LA57 ? 48 : 39;
}

static int new_table(struct guest_mem *mem, hpa_t *table)
{
	int err = pages_alloc_zero(0, PAGES_NESTED, table);

	if (!err)
		mem->nested_pages++;
	return err;
}

int npt_init(struct guest_mem *mem)
{
	return new_table(mem, &mem->nested_root);
}

static uint64_t *entry_of(hpa_t table, uint64_t gpa, unsigned int shift)
{
	return (uint64_t *)phys_to_virt(table) + (gpa >> shift & 0x1ff);
}

int npt_prepare(struct guest_mem *mem, uint64_t gpa, bool large)
{
	unsigned int last = large ? SHIFT_PD : SHIFT_PT;
	hpa_t table = mem->nested_root, next;

	for (unsigned int shift = top_shift(); shift > last; shift -= 9) {
		uint64_t *entry = entry_of(table, gpa, shift);

		if (!(*entry & NPT_P)) {
			int err = new_table(mem, &next);

			if (err)
				return err;
			*entry = next.v | NPT_RIGHTS;
		}
		table = hpa(*entry & NPT_ADDR);
	}
	return VMK_OK;
}

/* From not present to present: no processor can hold an old translation. */
void npt_map(struct guest_mem *mem, uint64_t gpa, hpa_t page, bool large)
{
	unsigned int last = large ? SHIFT_PD : SHIFT_PT;
	hpa_t table = mem->nested_root;

	for (unsigned int shift = top_shift(); shift > last; shift -= 9) {
		uint64_t entry = *entry_of(table, gpa, shift);

		VMK_ASSERT(entry & NPT_P && !(entry & NPT_LARGE));
		table = hpa(entry & NPT_ADDR);
	}
	__atomic_store_n(entry_of(table, gpa, last), page.v | NPT_RIGHTS | (large ? NPT_LARGE : 0),
			 __ATOMIC_RELEASE);
}

void npt_unmap(struct guest_mem *mem, uint64_t gpa)
{
	hpa_t table = mem->nested_root;
	unsigned int shift;

	for (shift = top_shift(); shift > SHIFT_PT; shift -= 9) {
		uint64_t entry = *entry_of(table, gpa, shift);

		if (!(entry & NPT_P) || entry & NPT_LARGE)
			return;
		table = hpa(entry & NPT_ADDR);
	}
	*entry_of(table, gpa, shift) = 0;
}

/* Depth is at most five. */
/* NOLINTNEXTLINE(misc-no-recursion): levels of tables */
static void free_table(hpa_t table, unsigned int shift)
{
	const uint64_t *entries = phys_to_virt(table);

	for (unsigned int i = 0; i < 512 && shift > SHIFT_PT; i++)
		if (entries[i] & NPT_P && !(entries[i] & NPT_LARGE))
			free_table(hpa(entries[i] & NPT_ADDR), shift - 9);
	pages_free(table, 0, PAGES_NESTED);
}

void npt_drop(struct guest_mem *mem, uint64_t gpa)
{
	hpa_t table = mem->nested_root;
	uint64_t entry;

	for (unsigned int shift = top_shift(); shift > SHIFT_PD; shift -= 9) {
		entry = *entry_of(table, gpa, shift);
		if (!(entry & NPT_P))
			return;
		table = hpa(entry & NPT_ADDR);
	}
	entry = *entry_of(table, gpa, SHIFT_PD);
	*entry_of(table, gpa, SHIFT_PD) = 0;
	if (!(entry & NPT_P) || entry & NPT_LARGE)
		return;
	pages_free(hpa(entry & NPT_ADDR), 0, PAGES_NESTED);
	mem->nested_pages--;
}

void npt_free(struct guest_mem *mem)
{
	if (!hpa_is_none(mem->nested_root))
		free_table(mem->nested_root, top_shift());
	mem->nested_root = HPA_NONE;
	mem->nested_pages = 0;
}
