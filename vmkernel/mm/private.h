/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * What pages.c and given.c share: the extents and their ledgers. Extents come
 * and go by hostcalls alone, one at a time; all else is under pages_lock.
 */
#ifndef MM_PRIVATE_H
#define MM_PRIVATE_H

#include "hostcall.h"
#include "lib/spinlock.h"
#include "mm/pages.h"

#define LEDGER(owner, order) ((uint8_t)((owner) << 4 | (order)))
#define LEDGER_OWNER(entry) ((enum page_owner)((entry) >> 4))
#define LEDGER_ORDER(entry) ((entry)&0xfu)
#define LEDGER_TAIL 0x0f /* inside a block, not its first page */

struct extent {
	uint64_t start, bytes;
	uint8_t *ledger; /* of its first page */
	uint32_t used; /* pages of it that somebody owns */
	/* Of a piece that was given while the vmkernel ran: */
	bool piece;
	bool leaving; /* what is free in it is not given out any more */
	uint8_t own; /* pages of it that hold its own ledger: 0 or 1 */
	uint8_t clean; /* blocks of 2 MiB, from its start, that are zero */
};

extern struct spinlock pages_lock;
extern struct extent pages_extents[WS_EXTENTS_MAX + HC_PIECES_MAX]; /* sorted by start */
extern uint32_t pages_extent_count, pages_piece_count; /* extents, and pieces among them */
extern struct pages_stats pages_stats;

/* All of these: pages_lock is held. */
struct extent *pages_find_extent(uint64_t addr); /* NULL: addr is not ours */
void pages_link_free(uint64_t addr, unsigned int order);
void pages_unlink_free(uint64_t addr, unsigned int order); /* leaves TAIL in the ledger */
/* A block whose ledger bytes are all TAIL becomes free, with its buddies. */
void pages_merge_free(uint64_t addr, unsigned int order);
void pages_move(enum page_owner from, enum page_owner to, uint64_t pages);
/* Frees what is not kept, so far TAIL, of the 2 MiB at start. */
void pages_free_rest(uint64_t start);

#endif
