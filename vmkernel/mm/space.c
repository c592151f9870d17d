// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * The vmkernel's own page tables. A walk goes from the top level (5 or 4)
 * down; tables are pages with the TABLES tag, reached by the direct map.
 */
#include "mm/space.h"
#include "cpu/x86.h"
#include "error.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "mm/direct_map.h"
#include "mm/pages.h"

#define ENTRIES 512
#define TABLE_FLAGS (PTE_P | PTE_W) /* rights are decided by the last level */
#define PCPU_ENTRY 255
#define LEVEL_PML4 4

#define SPARES 16u /* tables for 16 GiB that had nothing of ours so far */

static int top_level = LEVEL_PML4;
static hpa_t spare[SPARES];
static uint32_t spares;
static bool growing; /* by space_grow, which is never called twice at once */

void space_init(bool la57)
{
	top_level = la57 ? 5 : LEVEL_PML4;
}

static uint64_t *table_of(uint64_t entry)
{
	return phys_to_virt(hpa(entry & PTE_ADDR));
}

static unsigned int index_of(uint64_t va, int level)
{
	return (unsigned int)(va >> (12 + 9 * (level - 1))) % ENTRIES;
}

int space_new(hpa_t *root)
{
	if (!growing || !spares)
		return pages_alloc_zero(0, PAGES_TABLES, root);
	*root = spare[--spares];
	return VMK_OK;
}

int space_keep_spares(void)
{
	int err = VMK_OK;

	while (spares < SPARES && !err) {
		err = space_new(&spare[spares]);
		spares += !err;
	}
	return err;
}

/* The table at level below, made if needed. */
static int next_table(uint64_t *entry, uint64_t **table)
{
	hpa_t page;
	int err;

	if (!(*entry & PTE_P)) {
		err = space_new(&page);
		if (err)
			return err;
		*entry = page.v | TABLE_FLAGS;
	}
	VMK_ASSERT(!(*entry & PTE_PS));
	*table = table_of(*entry);
	return VMK_OK;
}

static int map_one(hpa_t root, uint64_t va, uint64_t pte, int leaf)
{
	uint64_t *table = phys_to_virt(root);
	int err;

	for (int level = top_level; level > leaf; level--) {
		err = next_table(&table[index_of(va, level)], &table);
		if (err)
			return err;
	}
	table[index_of(va, leaf)] = pte;
	return VMK_OK;
}

int space_map(hpa_t root, uint64_t va, hpa_t pa, uint64_t bytes, uint64_t rights)
{
	const uint64_t big = 1ull << 21;
	int err;

	while (bytes) {
		bool two_mib = !(va % big) && !(pa.v % big) && bytes >= big;
		uint64_t step = two_mib ? big : 4096;

		err = map_one(root, va, pa.v | rights | (two_mib ? PTE_PS : 0), two_mib ? 2 : 1);
		if (err)
			return err;
		va += step;
		pa.v += step;
		bytes -= step;
	}
	return VMK_OK;
}

int space_grow(hpa_t from, uint64_t va, hpa_t pa, uint64_t bytes, uint64_t rights)
{
	int err;

	growing = true;
	err = space_map(from, va, pa, bytes, rights);
	growing = false;
	return err;
}

/* The table of level 2 that va goes through, or NULL. */
static uint64_t *table_of_large(hpa_t root, uint64_t va)
{
	uint64_t *table = phys_to_virt(root);

	for (int level = top_level; level > 2; level--) {
		uint64_t entry = table[index_of(va, level)];

		if (!(entry & PTE_P))
			return NULL;
		VMK_ASSERT(!(entry & PTE_PS));
		table = table_of(entry);
	}
	return table;
}

void space_unmap_large(hpa_t root, uint64_t va, uint64_t bytes)
{
	for (uint64_t end = va + bytes; va < end; va += LARGE_PAGE_SIZE) {
		uint64_t *table = table_of_large(root, va);

		if (table)
			table[index_of(va, 2)] = 0;
		invlpg(va);
	}
}

void space_unmap_page(hpa_t root, uint64_t va)
{
	uint64_t *table = phys_to_virt(root);

	for (int level = top_level; level > 1; level--) {
		uint64_t entry = table[index_of(va, level)];

		if (!(entry & PTE_P))
			return;
		VMK_ASSERT(!(entry & PTE_PS));
		table = table_of(entry);
	}
	table[index_of(va, 1)] = 0;
	invlpg(va);
}

/* The PML4 that lower-half addresses go through. */
static uint64_t *low_pml4(hpa_t root)
{
	uint64_t *top = phys_to_virt(root);

	return top_level == LEVEL_PML4 ? top : table_of(top[0]);
}

/* From not present to present: no processor has to be told. */
void space_share(hpa_t from, hpa_t clone, uint64_t va)
{
	low_pml4(clone)[index_of(va, LEVEL_PML4)] = low_pml4(from)[index_of(va, LEVEL_PML4)];
}

int space_clone(hpa_t from, hpa_t *root)
{
	hpa_t pml4;
	int err = space_new(root);

	if (err)
		return err;
	memcpy(phys_to_virt(*root), phys_to_virt(from), 4096);
	if (top_level > LEVEL_PML4) {
		err = space_new(&pml4);
		if (err) {
			pages_free(*root, 0, PAGES_TABLES);
			return err;
		}
		memcpy(phys_to_virt(pml4), low_pml4(from), 4096);
		((uint64_t *)phys_to_virt(*root))[0] = pml4.v | TABLE_FLAGS;
	}
	low_pml4(*root)[PCPU_ENTRY] = 0;
	return VMK_OK;
}

int space_translate(hpa_t root, uint64_t va, hpa_t *out)
{
	const uint64_t *table = phys_to_virt(root);

	for (int level = top_level; level > 0; level--) {
		uint64_t entry = table[index_of(va, level)];
		uint64_t mask = (1ull << (12 + 9 * (level - 1))) - 1;

		if (!(entry & PTE_P))
			return VMK_NOT_FOUND;
		if (level == 1 || (level < LEVEL_PML4 && entry & PTE_PS)) {
			*out = hpa((entry & PTE_ADDR & ~mask) | (va & mask));
			return VMK_OK;
		}
		table = table_of(entry);
	}
	return VMK_NOT_FOUND;
}

/* NOLINTNEXTLINE(misc-no-recursion): levels of tables */
static void free_below(uint64_t entry, int level)
{
	const uint64_t *table = table_of(entry);

	for (int i = 0; level > 1 && i < ENTRIES; i++)
		if (table[i] & PTE_P && !(table[i] & PTE_PS))
			free_below(table[i], level - 1);
	pages_free(hpa(entry & PTE_ADDR), 0, PAGES_TABLES);
}

void space_free_clone(hpa_t root)
{
	uint64_t *pml4 = low_pml4(root);

	if (pml4[PCPU_ENTRY] & PTE_P)
		free_below(pml4[PCPU_ENTRY], LEVEL_PML4 - 1);
	if (top_level > LEVEL_PML4)
		pages_free(hpa(((uint64_t *)phys_to_virt(root))[0] & PTE_ADDR), 0, PAGES_TABLES);
	pages_free(root, 0, PAGES_TABLES);
}
