// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * Reads the mapped log ring. The device is open only for that moment, so that
 * the module can be removed between two looks; and a vmkernel that is unloaded
 * in the middle takes the pages away, which is a SIGBUS.
 */
#include "log_ring.h"
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "vmnix_dev.h"

#define DATA_BYTES ((size_t)WS_LOG_RING_SIZE)

static sigjmp_buf gone;

static void on_fault(int signal)
{
	(void)signal;
	siglongjmp(gone, 1);
}

static void take(const char *data, uint64_t from, char *buf, size_t len)
{
	size_t at = from % DATA_BYTES, first = len < DATA_BYTES - at ? len : DATA_BYTES - at;

	memcpy(buf, data + at, first);
	memcpy(buf + first, data, len - first);
}

/* The oldest byte that is there when so many were ever written. */
static uint64_t oldest(uint64_t head)
{
	return head > DATA_BYTES ? head - DATA_BYTES : 0;
}

size_t log_ring_copy(const struct ws_ring *header, const char *data, struct log_position *position,
		     char *buf, uint64_t *lost)
{
	uint64_t head = __atomic_load_n(&header->head, __ATOMIC_ACQUIRE), from = position->at;
	uint64_t safe;
	size_t len, skip = 0;
	char *end;

	*lost = 0;
	if (from > head)
		from = head; /* nonsense: go on with what comes */
	if (from < oldest(head)) {
		*lost = oldest(head) - from;
		from = oldest(head);
	}
	len = head - from;
	take(data, from, buf, len);
	/* What was overwritten meanwhile is no good, nor what a line is being put over. */
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	safe = oldest(__atomic_load_n(&header->head, __ATOMIC_RELAXED) + WS_LOG_LINE_MAX);
	if (from < safe)
		skip = safe - from < len ? safe - from : len;
	if (*lost || skip) { /* go on with a whole line */
		end = memchr(buf + skip, '\n', len - skip);
		skip = end ? (size_t)(end + 1 - buf) : len;
		*lost += skip;
	}
	end = memrchr(buf + skip, '\n', len - skip);
	/* A line whose end is yet to come waits, unless the ring holds nothing else. */
	if (end || len < DATA_BYTES)
		len = end ? (size_t)(end + 1 - buf) : skip;
	memmove(buf, buf + skip, len - skip);
	position->at = from + len;
	return len - skip;
}

static bool read_mapped(int fd, const struct log_position *position, char *buf, size_t *len,
			struct log_position *next, uint64_t *lost)
{
	const size_t all = WS_PAGE_SIZE + DATA_BYTES;
	void *region = mmap(NULL, all, PROT_READ, MAP_SHARED, fd, (off_t)VMNIX_MMAP(0));
	const struct ws_ring *header = region;
	volatile bool ok = false;

	if (region == MAP_FAILED)
		return false;
	if (!sigsetjmp(gone, 1)) {
		ok = header->magic == WS_RING_MAGIC && header->size == DATA_BYTES &&
		     header->data_offset == WS_PAGE_SIZE;
		next->load = header->load;
		next->at = header->load == position->load ? position->at : 0;
		*len = ok ? log_ring_copy(header, (const char *)region + WS_PAGE_SIZE, next, buf,
					  lost)
			  : 0;
	} else {
		ok = false;
	}
	munmap(region, all);
	return ok;
}

bool log_ring_read(const struct log_position *position, char *buf, size_t *len,
		   struct log_position *next, uint64_t *lost)
{
	struct sigaction action = { .sa_handler = on_fault };
	int fd = vmnix_open();
	bool ok;

	if (fd < 0)
		return false;
	sigaction(SIGBUS, &action, NULL);
	ok = read_mapped(fd, position, buf, len, next, lost);
	close(fd);
	return ok;
}
