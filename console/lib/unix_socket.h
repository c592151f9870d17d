/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* Unix stream sockets by path; close-on-exec. -1 and errno on failure. */
#ifndef UNIX_SOCKET_H
#define UNIX_SOCKET_H

#include <stdbool.h>

int unix_connect(const char *path, bool nonblock);

/*
 * Listens at path, for root only, without blocking. A socket there that nobody listens
 * on any more is replaced; anything else in the way is EADDRINUSE.
 */
int unix_listen(const char *path);

#endif
