/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
#ifndef DEVICE_H
#define DEVICE_H

#include "cmd.h"

/* Connects or disconnects what is behind a device of a machine that is on. */
enum vmcontrol device_connect(const struct target *t, const char *name, bool connect);

#endif
