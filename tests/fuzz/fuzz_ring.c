/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* sources: console/lib/serial_ring.c */
/*
 * Serial rings whose other side writes what it likes into the headers, at any time. The
 * input: rows of an operation and numbers.
 */
#include "fuzz.h"
#include "serial_ring.h"
#include "ring.h"
#include "hostcall.h"

#define STEPS 64

static uint8_t *region;
static uint64_t pos; /* of the reader of output */

static void scribble(struct fuzz *f, struct ws_ring *header)
{
	uint64_t val = fuzz_take(f, 8);

	if (fuzz_take(f, 1) & 1)
		header->head = val;
	else
		header->tail = val;
}

static void step(struct fuzz *f, struct serial_ring *out, struct serial_ring *in)
{
	uint8_t op = fuzz_take(f, 1) % 6, *buf;
	size_t len = fuzz_take(f, 2), n = 0;
	uint64_t lost = 0;

	buf = calloc(1, len + 1);
	switch (op) {
	case 0:
		scribble(f, out->header);
		break;
	case 1:
		scribble(f, in->header);
		break;
	case 2:
		n = serial_ring_peek(out, &pos, buf, len, &lost);
		fuzz_require(n <= out->size);
		pos += n;
		break;
	case 3:
		pos = fuzz_take(f, 8);
		break;
	case 4:
		n = serial_ring_put(in, buf, len);
		fuzz_require(n <= in->size);
		break;
	default:
		pos = serial_ring_oldest(out);
		fuzz_require(serial_ring_head(out) - pos <= out->size);
		fuzz_require(serial_ring_room(in) <= in->size);
		break;
	}
	fuzz_require(n <= len);
	free(buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f = { data, size };
	struct serial_ring out, in;
	struct ws_vm_channel *channel;

	if (!region)
		region = calloc(WS_VM_CHANNEL_PAGES, WS_PAGE_SIZE);
	pos = 0;
	channel = (void *)region;
	channel->serial_out = (struct ws_ring){ .magic = WS_RING_MAGIC,
						.size = WS_VM_SERIAL_OUT_SIZE,
						.data_offset = WS_VM_SERIAL_OUT_OFFSET };
	channel->serial_in = (struct ws_ring){ .magic = WS_RING_MAGIC,
					       .size = WS_VM_SERIAL_IN_SIZE,
					       .data_offset = WS_VM_SERIAL_IN_OFFSET };
	if (!serial_rings_open(region, &out, &in))
		return 0;
	for (int i = 0; i < STEPS && f.left; i++)
		step(&f, &out, &in);
	return 0;
}
