// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/* Connecting and listening; see unix_socket.h. */
#include "unix_socket.h"
#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "tool.h"

static int close_keeping_errno(int fd)
{
	int saved = errno;

	close(fd);
	errno = saved;
	return -1;
}

static int make(const char *path, int type, struct sockaddr_un *sa)
{
	*sa = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (tool_format(sa->sun_path, sizeof(sa->sun_path), "%s", path))
		return socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	errno = ENAMETOOLONG;
	return -1;
}

static int connect_to(const char *path, int type)
{
	struct sockaddr_un sa;
	int fd = make(path, type, &sa);

	if (fd < 0 || !connect(fd, (struct sockaddr *)&sa, sizeof(sa)))
		return fd;
	return close_keeping_errno(fd);
}

int unix_connect(const char *path, bool nonblock)
{
	return connect_to(path, SOCK_STREAM | (nonblock ? SOCK_NONBLOCK : 0));
}

int unix_connect_packet(const char *path)
{
	return connect_to(path, SOCK_SEQPACKET);
}

static void remove_stale(const char *path, int type)
{
	struct stat st;
	int fd;

	if (lstat(path, &st) || !S_ISSOCK(st.st_mode))
		return;
	fd = connect_to(path, type);
	if (fd >= 0)
		close(fd);
	else if (errno == ECONNREFUSED)
		unlink(path);
}

static int listen_at(const char *path, int type)
{
	struct sockaddr_un sa;
	int fd = make(path, type, &sa);
	mode_t mask;
	bool ok;

	if (fd < 0)
		return -1;
	remove_stale(path, type);
	mask = umask(0177);
	ok = !bind(fd, (struct sockaddr *)&sa, sizeof(sa)) && !listen(fd, 8);
	umask(mask);
	return ok ? fd : close_keeping_errno(fd);
}

int unix_listen(const char *path)
{
	return listen_at(path, SOCK_STREAM | SOCK_NONBLOCK);
}

int unix_listen_packet(const char *path)
{
	return listen_at(path, SOCK_SEQPACKET | SOCK_NONBLOCK);
}
