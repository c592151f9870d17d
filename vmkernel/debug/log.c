// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * The log: one line per call, formatted on the stack, then under the lock
 * into the ring and out of the raw sink. The ring is shared with the console,
 * so everything that decides where to write is kept here, and the header in
 * the ring is only ever written, never read.
 */
#include "debug/log.h"
#include "lib/format.h"
#include "lib/spinlock.h"
#include "lib/string.h"
#include "vsi/vsi.h"
#include <stdarg.h>

static struct spinlock lock = SPINLOCK_INIT(RANK_LOG);
static const struct log_hooks *hooks;
static struct ws_ring *ring;
static uint64_t head; /* bytes ever put into the ring */
static uint64_t level = CONFIG_LOG_LEVEL;
static uint64_t lines, filtered;

void log_set_hooks(const struct log_hooks *new_hooks)
{
	hooks = new_hooks;
}

void log_set_level(uint32_t new_level)
{
	__atomic_store_n(&level, MIN(new_level, (uint32_t)LOG_LEVEL_DEBUG), __ATOMIC_RELAXED);
}

void log_init(void *region, uint32_t load)
{
	struct ws_ring *r = region;

	memset(r, 0, WS_PAGE_SIZE);
	r->magic = WS_RING_MAGIC;
	r->size = WS_LOG_RING_SIZE;
	r->data_offset = WS_PAGE_SIZE;
	r->load = load;
	spin_lock(&lock);
	head = 0;
	ring = r;
	spin_unlock(&lock);
}

static char *ring_data(void)
{
	return (char *)ring + WS_PAGE_SIZE;
}

/* len is less than the ring's size. */
static void ring_put(const char *text, size_t len)
{
	size_t pos = head % WS_LOG_RING_SIZE;
	size_t first = MIN(len, WS_LOG_RING_SIZE - pos);

	memcpy(ring_data() + pos, text, first);
	memcpy(ring_data(), text + first, len - first);
	head += len;
	__atomic_store_n(&ring->head, head, __ATOMIC_RELEASE);
}

/* Under the lock, or in a panic. */
static void emit(const char *text, size_t len)
{
	if (ring)
		ring_put(text, len);
	if (hooks && hooks->raw)
		hooks->raw(text, len);
}

static size_t prefix(char *buf, size_t size, enum log_level at, const char *facility, int line)
{
	static const char *const marks[] = { "ALERT: ", "WARNING: ", "", "" };
	uint64_t ms = hooks && hooks->now_ns ? hooks->now_ns() / NS_PER_MS : 0;
	uint64_t s = ms / 1000;

	return (size_t)vmk_snprintf(
		buf, size, "%lu:%02lu:%02lu:%02lu.%03lu cpu%u:%u)%s%s: %d: ", s / 86400,
		s / 3600 % 24, s / 60 % 60, s % 60, ms % 1000,
		hooks && hooks->pcpu ? hooks->pcpu() : 0,
		hooks && hooks->world ? hooks->world() : 0, marks[at], facility, line);
}

/* Control characters in what came from elsewhere must not fake a line. */
static void make_one_line(char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((uint8_t)text[i] < ' ' || text[i] == 0x7f)
			text[i] = '?';
}

void log_print(enum log_level at, const char *facility, int line, const char *fmt, ...)
{
	char buf[LOG_LINE_MAX];
	size_t room = sizeof(buf) - 1; /* the newline has its own byte */
	size_t len;
	va_list args;

	if (at > __atomic_load_n(&level, __ATOMIC_RELAXED)) {
		__atomic_fetch_add(&filtered, 1, __ATOMIC_RELAXED);
		return;
	}
	len = MIN(prefix(buf, room, at, facility, line), room - 1);
	va_start(args, fmt);
	len += (size_t)vmk_vsnprintf(buf + len, room - len, fmt, args);
	va_end(args);
	len = MIN(len, room - 1);
	make_one_line(buf, len);
	buf[len++] = '\n';
	spin_lock(&lock);
	lines++;
	emit(buf, len);
	spin_unlock(&lock);
}

void log_raw(const char *text, size_t len)
{
	bool locked = spin_trylock(&lock);

	for (; len > LOG_LINE_MAX; text += LOG_LINE_MAX, len -= LOG_LINE_MAX)
		emit(text, LOG_LINE_MAX);
	emit(text, len);
	if (locked)
		spin_unlock(&lock);
}

size_t log_tail(char *buf, size_t len)
{
	bool locked = spin_trylock(&lock);

	len = ring ? MIN(len, MIN(head, (uint64_t)WS_LOG_RING_SIZE)) : 0;
	for (size_t i = 0; i < len; i++)
		buf[i] = ring_data()[(head - len + i) % WS_LOG_RING_SIZE];
	if (locked)
		spin_unlock(&lock);
	return len;
}

static struct vsi_node folder = VSI_FOLDER("log", "the vmkernel's log");
static struct vsi_node nodes[] = {
	VSI_U64_RW("level", "0 errors, 1 warnings too, 2 information, 3 everything", &level, 0,
		   LOG_LEVEL_DEBUG),
	VSI_U64("lines", "lines written since the arrival", &lines),
	VSI_U64("filtered", "lines dropped because of the level", &filtered),
	VSI_U64("bytes", "bytes ever put into the ring", &head),
};
/* Where ESX had it. */
static struct vsi_node level_node =
	VSI_U64_RW("loglevels", "as /log/level", &level, 0, LOG_LEVEL_DEBUG);

int log_vsi_init(void)
{
	int err = vsi_add(NULL, &folder);

	if (!err)
		err = vsi_add_all(&folder, nodes, ARRAY_SIZE(nodes));
	return err ? err : vsi_add(NULL, &level_node);
}
