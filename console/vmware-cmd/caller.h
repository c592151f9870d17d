/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* For whom vmware-cmd runs, and what he may do. */
#ifndef CALLER_H
#define CALLER_H

#include "cmd.h"

/* What a verb wants: on the original these were the modes of the .vmx file. */
enum right {
	RIGHT_READ, /* r: see the machine */
	RIGHT_EXECUTE, /* rx: start, stop, connect */
	RIGHT_ROOT, /* change it, or the host */
};

/*
 * At the start: who is it? An ordinary user's command is passed on to vmware-authd, if it
 * runs, and *status is what became of it: false then.
 */
bool caller_begin(char *const *argv, int *status);

/* Whether the caller may do that with the machine of this .vmx file; says nothing. */
bool caller_has(const char *config, enum right right);

/* VMC_OK, or an error that is told. config NULL: it is about the host. */
enum vmcontrol caller_permit(const char *config, enum right right);

#endif
