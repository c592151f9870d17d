/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * Resource variables of getresource and setresource, by the names of ESX's scripting
 * interface: those that are measured here. Memory is in KB, time in seconds.
 */
#ifndef RESOURCE_H
#define RESOURCE_H

#include "cmd.h"

#define RESOURCE_TEXT 4096u

/* Value of a variable of a machine that is on; an error has been said otherwise. */
enum vmcontrol resource_get(struct target *t, const char *name, char *value, size_t size);
/* Until the machine is off: the .vmx file says what it starts with. */
enum vmcontrol resource_set(struct target *t, const char *name, const char *value);
/* Value of a variable of the whole machine; fd as in struct target. */
enum vmcontrol resource_get_host(int fd, const char *name, char *value, size_t size);
/* The same for config.FOLDER.NAME, a number that /config of the VSI tree shows. */
enum vmcontrol resource_set_host(int fd, const char *name, const char *value);

#endif
