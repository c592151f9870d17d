/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * The console's ends of a VM's serial rings (ring.h). Positions are free-running byte
 * counts; every reader of the output keeps one of its own, so that any number of them
 * may look at the same ring. What the other side writes is checked at every use.
 */
#ifndef SERIAL_RING_H
#define SERIAL_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "ring.h"

struct serial_ring {
	struct ws_ring *header;
	uint8_t *data;
	uint32_t size;
};

/* The two rings of a mapped channel region. False: the headers are not as they must be. */
bool serial_rings_open(void *region, struct serial_ring *out, struct serial_ring *in);

/* The channel region of a VM mapped, or NULL and errno. */
void *serial_region_map(int fd, uint32_t vm, bool writable);
void serial_region_unmap(void *region);

/* The position after the last byte of output, and of the oldest that is still there. */
uint64_t serial_ring_head(const struct serial_ring *out);
uint64_t serial_ring_oldest(const struct serial_ring *out);

/*
 * Copies at most len bytes of output from *pos on and returns how many; *pos stays,
 * but for bytes that are lost: it then steps over them, and *lost (may be NULL) counts
 * them.
 */
size_t serial_ring_peek(const struct serial_ring *out, uint64_t *pos, uint8_t *buf, size_t len,
			uint64_t *lost);

/* Bytes that the input ring takes now; and putting some in: returns how many went. */
size_t serial_ring_room(const struct serial_ring *in);
size_t serial_ring_put(const struct serial_ring *in, const uint8_t *buf, size_t len);

#endif
