/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* What vmware-cmd has to do with the tools in the guest; the machine's process knows it all. */
#ifndef GUEST_H
#define GUEST_H

#include <stddef.h>
#include "cmd.h"

#define GUEST_TEXT 65536u

/* Value of the variable guestinfo.NAME of a machine that is on. */
enum vmcontrol guest_get(const struct target *t, const char *name, char *value, size_t size);
enum vmcontrol guest_set(const struct target *t, const char *name, const char *value);
/* what: heartbeat or active, a number. */
enum vmcontrol guest_figure(const struct target *t, const char *what, char *value, size_t size);
/*
 * Asks the machine's process, which has ms to answer "1 …" or "0 …". False: there is none,
 * or it does not answer.
 */
/* The same at the socket of a path. */
bool ask_at(const char *path, const char *question, char *reply, size_t size, int ms);
bool guest_ask(const struct target *t, const char *question, char *reply, size_t size, int ms);
/* Asks the tools to halt or reboot the guest. False: there are none that would. */
bool guest_power(const struct target *t, const char *order);

#endif
