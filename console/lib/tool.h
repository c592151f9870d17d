/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* What every tool does alike: names itself in errors, --help, --version, numbers from text. */
#ifndef TOOL_H
#define TOOL_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TOOL_OK 0
#define TOOL_FAILED 1 /* it was understood, and did not work */
#define TOOL_USAGE 2 /* the command line makes no sense */

/* Call first: the name that errors begin with is the last part of argv0. */
void tool_init(const char *argv0);
const char *tool_name(void);

/* "tool: text" on standard error. */
void tool_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* A line of another form: control characters in what fmt makes become "?", prefix stays. */
void tool_line(const char *prefix, const char *fmt, va_list args);

/* tool_error, then exit(code). */
void tool_die(int code, const char *fmt, ...) __attribute__((noreturn, format(printf, 2, 3)));

/* --help and -h print help, --version the version; both end the program. */
void tool_standard_option(const char *arg, const char *help);

/* Flushes standard output; a write that failed (full disk) turns code into TOOL_FAILED. */
int tool_finish(int code);

/*
 * A whole number that fills all of text: decimal or 0x hexadecimal, min <= *out <= max.
 * False, *out unchanged, if it is not one.
 */
bool tool_number(const char *text, uint64_t min, uint64_t max, uint64_t *out);

/* snprintf that says whether all of it fitted. */
bool tool_format(char *buf, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Writes all of it, however many calls that takes; false and errno if it cannot be. */
bool tool_write_all(int fd, const void *data, size_t len);

/* All of a regular file, freed by the caller; NULL and errno if it cannot be (EFBIG: above max). */
void *tool_read_file(const char *path, size_t max, size_t *len);

/* What such an errno means. */
const char *tool_read_text(int err);

#endif
