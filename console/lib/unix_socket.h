/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * Unix sockets by path; close-on-exec. -1 and errno on failure. Streams, or, those of
 * the packet functions, whole messages.
 */
#ifndef UNIX_SOCKET_H
#define UNIX_SOCKET_H

#include <stdbool.h>

int unix_connect(const char *path, bool nonblock);
int unix_connect_packet(const char *path);

/*
 * Listens at path, for root only, without blocking. A socket there that nobody listens
 * on any more is replaced; anything else in the way is EADDRINUSE.
 */
int unix_listen(const char *path);
int unix_listen_packet(const char *path);

#endif
