/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * The guestinfo variables of one machine: strings that guest and console give each
 * other. They live until the machine is off. A guest can fill no more than the limits
 * below; and every change is in a file before it is answered, so that a successor of
 * this process has them all.
 */
#ifndef GUEST_INFO_H
#define GUEST_INFO_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#define GUEST_INFO_VARS 256u
#define GUEST_INFO_NAME_MAX 128u /* bytes of a name, with its NUL */
#define GUEST_INFO_VALUE_MAX 16000u /* bytes of a value: one message with its command */
#define GUEST_INFO_BYTES 65536u /* of all names and values together, NULs included */

struct guest_info {
	char *path; /* of the file; NULL: none is kept */
	size_t count, bytes;
	struct guest_info_var {
		char *name, *value;
	} var[GUEST_INFO_VARS];
};

/* Reads what a process before us has left at path, or, if fresh, does away with it. */
void guest_info_open(struct guest_info *g, const char *path, bool fresh);
/* Frees all; the file stays unless remove is set. */
void guest_info_close(struct guest_info *g, bool remove);

/* Names are compared without regard to case. NULL: not set. */
const char *guest_info_get(const struct guest_info *g, const char *name);

/* An empty value removes. NULL: done; else what is wrong, and nothing has changed. */
const char *guest_info_set(struct guest_info *g, const char *name, const char *value);

#endif
