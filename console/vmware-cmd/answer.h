/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * What vmware-cmd says: classic lines as soon as they are known, or (--json) one
 * object at the end. Errors are lines on standard error in any case.
 */
#ifndef ANSWER_H
#define ANSWER_H

#include <jansson.h>
#include "cmd.h"

/* Before anything else: whether there will be an object. */
void answer_json(bool on);
/* What the object is about; vm may be NULL. args must live until answer_end(). */
void answer_about(const char *operation, const char *vm, char **args, int count);
/* The machine's config, once that is known; copied. */
void answer_vm(const char *config);

/* "verb(a, b) = value", or with -q the value alone. All return VMC_OK. */
enum vmcontrol answer(const struct options *o, const char *verb, char **args, int count,
		      const char *value);
/* The same with "1": it is done. */
enum vmcontrol answer_done(const struct options *o, const char *verb, char **args, int count);
/* The same; a value that looks like a number is one in the object. */
enum vmcontrol answer_figure(const struct options *o, const char *verb, char **args, int count,
			     const char *value);
enum vmcontrol answer_number(const struct options *o, const char *verb, uint64_t value);
/* A value that only the object can show. */
enum vmcontrol answer_value(const struct options *o, const char *verb, json_t *value);
bool answer_is_json(void);
/* The value is an array, of what answer_line() says. */
void answer_lines(void);
/* A line of its own, or item (its reference is taken) of that array. */
void answer_line(const char *line, json_t *item);

/* Text of an error that has been printed otherwise. */
void answer_error(enum vmcontrol code, const char *text);
/* "vmware-cmd: text", the object, and exit with TOOL_USAGE. */
void usage_error(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* Prints the object, if one is wanted; returns the exit status. */
int answer_end(enum vmcontrol code);

/* Ends this program with an error VMC_TIMEOUT after so many seconds, unless it ends before. */
void answer_limit(unsigned int seconds);

#endif
