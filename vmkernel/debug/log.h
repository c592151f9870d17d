/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * The vmkernel's log. Each call is one line,
 *   d:hh:mm:ss.mmm cpuN:WORLD)Facility: LINE: text
 * (WARNING: or ALERT: before the facility if it is one), put into the log
 * ring that the console reads, and sent to the raw sink, the vmkernel's own
 * serial port. May be called in any context but an NMI, any lock held.
 */
#ifndef DEBUG_LOG_H
#define DEBUG_LOG_H

#include "lib/types.h"
#include "ring.h"

enum log_level {
	LOG_LEVEL_ERROR = 0,
	LOG_LEVEL_WARNING = 1,
	LOG_LEVEL_INFO = 2,
	LOG_LEVEL_DEBUG = 3,
};

#define LOG_LINE_MAX WS_LOG_LINE_MAX /* bytes of a line with its newline; longer ones are cut */

/* LOG(INFO, "Sched", "world %u started", id): level is ERROR, WARNING, INFO or DEBUG. */
#define LOG(level, facility, ...) log_print(LOG_LEVEL_##level, facility, __LINE__, __VA_ARGS__)

/* What the log asks of the layers above it; any may be NULL. */
struct log_hooks {
	uint64_t (*now_ns)(void); /* since arrival */
	uint32_t (*pcpu)(void);
	uint32_t (*world)(void); /* id of the running world */
	void (*raw)(const char *text, size_t len); /* raw sink; called with the log's lock held */
};

/* hooks must stay; NULL takes them away. Before it, lines have time 0 and go to no sink. */
void log_set_hooks(const struct log_hooks *hooks);

/*
 * Puts a log ring (ring.h, WS_LOG_RING_PAGES pages) into region and writes
 * into it from now on. The console may scribble in region: it harms itself.
 * load: tells this ring from those of vmkernels that were loaded before.
 */
void log_init(void *region, uint32_t load);

/* Lines above this level are dropped; one of enum log_level. At start: CONFIG_LOG_LEVEL. */
void log_set_level(uint32_t level);

void log_print(enum log_level level, const char *facility, int line, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Text as it is, without the prefix: the purple screen. Does not wait for the log's lock. */
void log_raw(const char *text, size_t len);

/*
 * The last len bytes of the ring or less, copied out; returns how many. For a panic: it does
 * not wait for the log's lock, so a line that is being written may come cut.
 */
size_t log_tail(char *buf, size_t len);

/* Registers /log. */
int log_vsi_init(void);

#endif
