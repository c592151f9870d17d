/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * The memory of a vmkernel that has stopped, read through the module: which
 * pages belong into a core, and what is in them. The vmkernel has died, so its
 * tables may be garbage: all that is taken from them is checked here.
 */
#ifndef VMKDUMP_MEMORY_H
#define VMKDUMP_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core_dump.h"

#define PAGE 4096u
#define NO_SLOT UINT32_MAX

struct memory {
	int fd; /* of /dev/vmnix */
	struct ws_core head;
	uint32_t *slot[WS_CORE_EXTENTS_MAX]; /* for each page its place in the core, or NO_SLOT */
	uint32_t slots; /* pages in the core */
};

/* Ends the program if there is nothing to be saved. all: free and guest memory, too. */
void memory_open(struct memory *m, int fd, bool all);
void memory_close(struct memory *m);

/* len bytes at machine address hpa; false: they are not the vmkernel's. */
bool memory_read(const struct memory *m, uint64_t hpa, void *data, size_t len);

/* The place in the core of the page at hpa, or NO_SLOT. */
uint32_t memory_slot(const struct memory *m, uint64_t hpa);

/* The machine address that the page tables at root give va; false: none. */
bool memory_translate(const struct memory *m, uint64_t root, uint64_t va, uint64_t *hpa);

/* Pages that follow each other in addresses and in the core. */
struct segment {
	uint64_t va;
	uint32_t slot, pages;
};

/* What the page tables at root map of the core's pages. Ends the program if they are garbage. */
struct segment *memory_segments(const struct memory *m, uint64_t root, size_t *count);

#endif
