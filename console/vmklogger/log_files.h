/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* /var/log/vmkernel and vmkwarning: lines with a time in front, old files .1, .2, … */
#ifndef LOG_FILES_H
#define LOG_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#define LOG_KEEP_MAX 100

struct log_files {
	const char *directory;
	off_t size; /* a file that would grow beyond becomes .1 */
	unsigned int keep; /* old ones of each, 0: none */
	char host[65];
};

/*
 * Appends len bytes of whole lines to vmkernel, those that are warnings or alerts to
 * vmkwarning as well, all with the time now; lost, unless 0, is said before them.
 * All or nothing: false and errno if they could not be written.
 */
bool log_files_append(const struct log_files *files, time_t now, const char *text, size_t len,
		      uint64_t lost);

#endif
