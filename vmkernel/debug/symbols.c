// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * Looks an address up in the symbol table that scripts/mksymbols makes from
 * the first link of the image and the second link puts behind .rodata.
 */
#include "debug/symbols.h"
#include <stddef.h>

struct symbol {
	uint32_t addr;
	uint32_t name; /* offset in symbol_names */
};

/* Weak by design: the first link has no table yet. */
extern const struct symbol symbol_table[] __attribute__((weak));
extern const uint32_t symbol_count __attribute__((weak));
extern const char symbol_names[] __attribute__((weak));

const char *symbol_find(uint64_t addr, uint64_t *offset)
{
	uint32_t lo = 0, hi;

	if (!&symbol_count || !symbol_count || addr < symbol_table[0].addr)
		return NULL;
	hi = symbol_count;
	while (hi - lo > 1) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (symbol_table[mid].addr <= addr)
			lo = mid;
		else
			hi = mid;
	}
	/* The last entry marks the end of the text. */
	if (lo == symbol_count - 1)
		return NULL;
	*offset = addr - symbol_table[lo].addr;
	return symbol_names + symbol_table[lo].name;
}
