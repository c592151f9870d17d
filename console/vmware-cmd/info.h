/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* What vmware-cmd tells about a machine beside its state: product, users, sessions. */
#ifndef INFO_H
#define INFO_H

#include <stddef.h>
#include "cmd.h"

/* what: product, platform, build, majorversion, minorversion or revision of what runs machines. */
enum vmcontrol product_info(const struct target *t, const char *what, char *value, size_t size);
/* Name of the owner of the machine's .vmx file, or the number if that has no name. */
enum vmcontrol run_as_user(const struct target *t, char *value, size_t size);
/* Bits by the .vmx file's mode, as authd's, all for root: 4 see, 2 change, 1 switch on and off. */
unsigned int capabilities(const struct target *t);
/* vmware-console sessions that are open. */
unsigned int console_sessions(const struct target *t);

#endif
