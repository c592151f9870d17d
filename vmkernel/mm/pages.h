/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * The page allocator: a buddy system over the extents that the console gave,
 * in blocks of 2^order pages (4 KiB to 2 MiB), each aligned to its size. It
 * keeps an ownership ledger: every page is somebody's, by class, and the
 * classes always add up to the total. All functions may be called by any PCPU.
 *
 * Freeing what is not allocated, or under another class, is our bug: panic.
 */
#ifndef MM_PAGES_H
#define MM_PAGES_H

#include "boot_info.h"
#include "core_dump.h"
#include "lib/types.h"
#include "mm/direct_map.h"

#define PAGES_ORDER_MAX 9u /* 2 MiB */
#define ORDER_LARGE 9u

/* Whose page it is: PAGE_OWNER(NAME, name in /memory/owners, "what for"). */
#define PAGE_OWNERS(PAGE_OWNER)                                      \
	PAGE_OWNER(FREE, free, "not allocated")                      \
	PAGE_OWNER(META, meta, "this allocator's own ledger")        \
	PAGE_OWNER(IMAGE, image, "the vmkernel image")               \
	PAGE_OWNER(LOADER, loader, "page tables made by the loader") \
	PAGE_OWNER(TABLES, tables, "the vmkernel's page tables")     \
	PAGE_OWNER(STACK, stack, "stacks")                           \
	PAGE_OWNER(PCPU, pcpu, "what belongs to one processor")      \
	PAGE_OWNER(SLAB, slab, "heap, small objects")                \
	PAGE_OWNER(HEAP, heap, "heap, large objects")                \
	PAGE_OWNER(SHARED, shared, "mapped by the console too")      \
	PAGE_OWNER(GUEST, guest, "memory of virtual machines")       \
	PAGE_OWNER(NESTED, nested, "nested page tables")             \
	PAGE_OWNER(VMM, vmm, "control blocks of virtual machines")   \
	PAGE_OWNER(OTHER, other, "anything else")                    \
	PAGE_OWNER(LEAVING, leaving, "on the way back to the console")

enum page_owner {
#define PAGE_OWNER(NAME, name, text) PAGES_##NAME,
	PAGE_OWNERS(PAGE_OWNER)
#undef PAGE_OWNER
		PAGES_OWNERS
};

/* Memory inside the extents that is in use before the allocator starts; page aligned. */
struct page_range {
	hpa_t start;
	uint64_t bytes;
	enum page_owner owner; /* IMAGE or LOADER */
};

/*
 * Takes over the extents but for the keep ranges. Once, on one PCPU, with the
 * direct map in place. VMK_BAD_PARAM: an extent is not 2 MiB aligned, empty,
 * wraps, begins at 0, overlaps another, or a keep range is outside or overlaps;
 * VMK_LIMIT_EXCEEDED: too many; VMK_NO_MEMORY: no room for the ledger (one byte a page).
 */
int pages_init(const struct ws_extent *extents, uint32_t count, const struct page_range *keep,
	       uint32_t keep_count);

/*
 * 2^order contiguous pages, aligned to their size; contents are whatever they
 * were. VMK_OK, or VMK_NO_MEMORY with *block HPA_NONE.
 */
int pages_alloc(unsigned int order, enum page_owner owner, hpa_t *block);

/* As pages_alloc, zeroed. */
int pages_alloc_zero(unsigned int order, enum page_owner owner, hpa_t *block);

/* Gives back one block from pages_alloc. */
void pages_free(hpa_t block, unsigned int order, enum page_owner owner);

/* Gives back a keep range, or a page-aligned part of it. */
void pages_free_range(hpa_t start, uint64_t bytes, enum page_owner owner);

/* A page that is first of an allocated block: its class and order. False for any other address. */
bool pages_lookup(hpa_t block, enum page_owner *owner, unsigned int *order);

/* True if [start, start + bytes) lies wholly in one extent. */
bool pages_contains(hpa_t start, uint64_t bytes);

/* Extent i and its ledger, for a core; takes no lock. False: there are no more. */
bool pages_core_extent(uint32_t i, struct ws_core_extent *extent);

/*
 * given.c: pieces of HC_PIECE_BYTES that the console gives and takes while the vmkernel runs.
 * Hostcalls only. pages_may_give says what is wrong with one (hostcall.h); then it is mapped,
 * and pages_give, which cannot fail, makes it part of the memory.
 */
int pages_may_give(hpa_t piece);
void pages_give(hpa_t piece);
/* Nothing more is allocated in the piece that has the least in use; VMK_NOT_FOUND: no piece. */
int pages_mark(void);
/* The opposite, for the piece that has the most. */
int pages_keep(void);
/*
 * A marked piece in which nothing is allocated has left the memory; it is zero, and still mapped.
 * VMK_BUSY: 2 MiB of it have been zeroed, call again; VMK_NOT_FOUND: there is no such.
 */
int pages_leave(hpa_t *piece);
/* Is it in a marked piece? */
bool pages_is_leaving(hpa_t page);

struct pages_given {
	uint32_t pieces, leaving; /* that were given; of these, marked */
};
void pages_get_given(struct pages_given *given);
/* Pages in marked pieces, by owner. Takes a look at each. */
void pages_get_held(uint64_t owner[PAGES_OWNERS]);

struct pages_stats {
	uint64_t total; /* pages */
	uint64_t owner[PAGES_OWNERS]; /* pages; adds up to total */
	uint64_t free_blocks[PAGES_ORDER_MAX + 1];
	uint64_t allocs, frees, failures; /* calls so far */
};

/* A consistent snapshot. */
void pages_get_stats(struct pages_stats *stats);

uint64_t pages_total_bytes(void);
uint64_t pages_free_bytes(void);

/* The smallest order whose block holds that many bytes; PAGES_ORDER_MAX + 1 if none does. */
unsigned int pages_order(uint64_t bytes);

/* Registers /memory, heap included. */
int mm_vsi_init(void);

#endif
