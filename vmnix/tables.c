// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * Page tables for the vmkernel's first instructions, in its own memory. They
 * live until the vmkernel has made better ones. The paging mode is the one
 * the processor runs in: CR4.LA57 cannot change while paging is on.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <asm/processor-flags.h>
#include <asm/special_insns.h>
#include "vmnix.h"

#define ENTRY_P BIT_ULL(0)
#define ENTRY_W BIT_ULL(1)
#define ENTRY_PS BIT_ULL(7)
#define ENTRY_NX BIT_ULL(63)
#define ENTRY_ADDR 0x000ffffffffff000ull
#define BIG (2ull << 20)

static u64 new_table(struct loader_tables *t)
{
	u64 hpa = t->hpa + t->used;

	if (t->bytes - t->used < PAGE_SIZE) {
		t->full = true;
		return 0;
	}
	memset(t->va + t->used, 0, PAGE_SIZE);
	t->used += PAGE_SIZE;
	return hpa;
}

void tables_begin(struct loader_tables *t, void *va, u64 hpa, u64 bytes)
{
	*t = (struct loader_tables){ .va = va, .hpa = hpa, .bytes = bytes };
	t->la57 = native_read_cr4() & X86_CR4_LA57;
	t->root = new_table(t);
}

static void map_one(struct loader_tables *t, u64 va, u64 entry, int leaf)
{
	u64 *table = t->va + (t->root - t->hpa);
	int level;

	for (level = t->la57 ? 5 : 4; level > leaf; level--) {
		u64 *slot = &table[va >> (12 + 9 * (level - 1)) & 511];

		if (!(*slot & ENTRY_P))
			*slot = new_table(t) | ENTRY_P | ENTRY_W;
		if (t->full)
			return;
		table = t->va + ((*slot & ENTRY_ADDR) - t->hpa);
	}
	table[va >> (12 + 9 * (leaf - 1)) & 511] = entry;
}

void tables_map(struct loader_tables *t, u64 va, u64 hpa, u64 bytes, bool write, bool exec)
{
	u64 rights = ENTRY_P | (write ? ENTRY_W : 0) | (exec ? 0 : ENTRY_NX);

	while (bytes && !t->full) {
		bool big = !(va % BIG) && !(hpa % BIG) && bytes >= BIG;
		u64 step = big ? BIG : PAGE_SIZE;

		map_one(t, va, hpa | rights | (big ? ENTRY_PS : 0), big ? 2 : 1);
		va += step;
		hpa += step;
		bytes -= step;
	}
}
