// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/* Serial rings seen from the console: consumer of output, producer of input. */
#include "serial_ring.h"
#include <string.h>
#include <sys/mman.h>
#include "vmnix_ioctl.h"

#define REGION_LEN ((size_t)WS_VM_CHANNEL_PAGES * WS_PAGE_SIZE)

static bool open_one(struct serial_ring *r, struct ws_ring *header, uint8_t *region,
		     uint32_t offset, uint32_t size)
{
	*r = (struct serial_ring){ .header = header, .data = region + offset, .size = size };
	return header->magic == WS_RING_MAGIC && header->size == size &&
	       header->data_offset == offset;
}

bool serial_rings_open(void *region, struct serial_ring *out, struct serial_ring *in)
{
	struct ws_vm_channel *channel = region;

	return open_one(out, &channel->serial_out, region, WS_VM_SERIAL_OUT_OFFSET,
			WS_VM_SERIAL_OUT_SIZE) &&
	       open_one(in, &channel->serial_in, region, WS_VM_SERIAL_IN_OFFSET,
			WS_VM_SERIAL_IN_SIZE);
}

void *serial_region_map(int fd, uint32_t vm, bool writable)
{
	void *region = mmap(NULL, REGION_LEN, PROT_READ | (writable ? PROT_WRITE : 0), MAP_SHARED,
			    fd, VMNIX_MMAP(vm));

	return region == MAP_FAILED ? NULL : region;
}

void serial_region_unmap(void *region)
{
	munmap(region, REGION_LEN);
}

uint64_t serial_ring_head(const struct serial_ring *out)
{
	return __atomic_load_n(&out->header->head, __ATOMIC_ACQUIRE);
}

uint64_t serial_ring_oldest(const struct serial_ring *out)
{
	uint64_t head = serial_ring_head(out);

	return head > out->size ? head - out->size : 0;
}

/* Steps over what has scrolled out before head. */
static uint64_t skip_lost(const struct serial_ring *out, uint64_t head, uint64_t *pos)
{
	uint64_t lost = 0;

	if (*pos > head)
		*pos = head; /* not ours, or nonsense: go on with what comes */
	if (head - *pos > out->size) {
		lost = head - out->size - *pos;
		*pos += lost;
	}
	return lost;
}

size_t serial_ring_peek(const struct serial_ring *out, uint64_t *pos, uint8_t *buf, size_t len,
			uint64_t *lost)
{
	uint64_t head = serial_ring_head(out), gone = skip_lost(out, head, pos), late;
	size_t n = head - *pos < len ? head - *pos : len;
	uint32_t at = *pos & (out->size - 1);
	size_t first = n < out->size - at ? n : out->size - at;

	memcpy(buf, out->data + at, first);
	memcpy(buf + first, out->data, n - first);
	/* What was overwritten while we copied is no good. */
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	late = skip_lost(out, serial_ring_head(out), pos);
	if (late < n) {
		memmove(buf, buf + late, n - late);
		n -= late;
	} else if (late) {
		n = 0;
	}
	if (lost)
		*lost += gone + late;
	return n;
}

size_t serial_ring_room(const struct serial_ring *in)
{
	uint64_t used = in->header->head - __atomic_load_n(&in->header->tail, __ATOMIC_ACQUIRE);

	return used > in->size ? 0 : in->size - used;
}

size_t serial_ring_put(const struct serial_ring *in, const uint8_t *buf, size_t len)
{
	size_t room = serial_ring_room(in), n = len < room ? len : room;
	uint32_t at = in->header->head & (in->size - 1);
	size_t first = n < in->size - at ? n : in->size - at;

	memcpy(in->data + at, buf, first);
	memcpy(in->data, buf + first, n - first);
	__atomic_store_n(&in->header->head, in->header->head + n, __ATOMIC_RELEASE);
	return n;
}
