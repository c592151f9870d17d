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

static int make(const char *path, bool nonblock, struct sockaddr_un *sa)
{
	*sa = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (tool_format(sa->sun_path, sizeof(sa->sun_path), "%s", path))
		return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | (nonblock ? SOCK_NONBLOCK : 0),
			      0);
	errno = ENAMETOOLONG;
	return -1;
}

int unix_connect(const char *path, bool nonblock)
{
	struct sockaddr_un sa;
	int fd = make(path, nonblock, &sa);

	if (fd < 0 || !connect(fd, (struct sockaddr *)&sa, sizeof(sa)))
		return fd;
	return close_keeping_errno(fd);
}

static void remove_stale(const char *path)
{
	struct stat st;
	int fd;

	if (lstat(path, &st) || !S_ISSOCK(st.st_mode))
		return;
	fd = unix_connect(path, true);
	if (fd >= 0)
		close(fd);
	else if (errno == ECONNREFUSED)
		unlink(path);
}

int unix_listen(const char *path)
{
	struct sockaddr_un sa;
	int fd = make(path, true, &sa);
	mode_t mask;
	bool ok;

	if (fd < 0)
		return -1;
	remove_stale(path);
	mask = umask(0177);
	ok = !bind(fd, (struct sockaddr *)&sa, sizeof(sa)) && !listen(fd, 8);
	umask(mask);
	return ok ? fd : close_keeping_errno(fd);
}
