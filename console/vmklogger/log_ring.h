/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* The vmkernel's log ring (ring.h) as its reader sees it; nothing in it is trusted. */
#ifndef LOG_RING_H
#define LOG_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "ring.h"

/* How far the log has been read. */
struct log_position {
	uint32_t load; /* of the ring that at belongs to */
	uint64_t at; /* bytes since that vmkernel's arrival */
};

/*
 * Copies what came after *position to buf (WS_LOG_RING_SIZE bytes), whole lines, and
 * returns how many bytes; *next is the position behind them, in the ring that is there
 * now: another vmkernel's is read from its beginning. *lost: bytes before them that had
 * scrolled out. False: no vmkernel is loaded, or it has just gone.
 */
bool log_ring_read(const struct log_position *position, char *buf, size_t *len,
		   struct log_position *next, uint64_t *lost);

/* The same on a mapped ring: data as it may be changing. */
size_t log_ring_copy(const struct ws_ring *header, const char *data, struct log_position *position,
		     char *buf, uint64_t *lost);

#endif
