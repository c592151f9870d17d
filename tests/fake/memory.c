/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* Host memory in place of machine memory; the contents begin as junk, as on a machine. */
#include "memory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "mm/pages.h"

static void *mapped;
static uint64_t mapped_bytes;

void fake_memory_map(uint64_t bytes)
{
	char *start;

	if (mapped)
		munmap(mapped, mapped_bytes);
	mapped_bytes = bytes + LARGE_PAGE_SIZE;
	mapped = mmap(NULL, mapped_bytes, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (mapped == MAP_FAILED)
		abort();
	start = (char *)ALIGN_UP((uintptr_t)mapped, LARGE_PAGE_SIZE);
	memset(start, 0xa5, bytes);
	direct_map_base = (uintptr_t)start - FAKE_MEMORY_HPA;
}

void fake_memory_init(uint64_t bytes)
{
	const struct ws_extent extent = { FAKE_MEMORY_HPA, bytes };

	fake_memory_map(bytes);
	if (pages_init(&extent, 1, NULL, 0))
		abort();
}
