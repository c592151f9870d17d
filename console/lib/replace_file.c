// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/* A new file beside the old one, flushed, then renamed over it; see replace_file.h. */
#include "replace_file.h"
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "tool.h"

/* Best effort: a file system that cannot flush a folder has renamed all the same. */
static void flush_folder(const char *path)
{
	char copy[PATH_MAX];
	int fd;

	if (!tool_format(copy, sizeof(copy), "%s", path))
		return;
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

static bool fill(int fd, const struct stat *old, const void *data, size_t len)
{
	/* Who may not give files away keeps their own: the mode is what protects. */
	if (fchown(fd, old->st_uid, old->st_gid) && errno != EPERM)
		return false;
	return !fchmod(fd, old->st_mode & 07777) && tool_write_all(fd, data, len) && !fsync(fd);
}

bool replace_file(const char *path, const void *data, size_t len)
{
	struct stat old = { .st_uid = geteuid(), .st_gid = getegid(), .st_mode = 0644 };
	char real[PATH_MAX], temp[PATH_MAX];
	int fd, saved;
	bool ok;

	if (!realpath(path, real)) {
		if (errno != ENOENT)
			return false;
		if (!tool_format(real, sizeof(real), "%s", path)) {
			errno = ENAMETOOLONG;
			return false;
		}
	} else if (stat(real, &old)) {
		return false;
	}
	if (!tool_format(temp, sizeof(temp),
			 "%s.XX"
			 "XX"
			 "XX",
			 real)) {
		errno = ENAMETOOLONG;
		return false;
	}
	fd = mkostemp(temp, O_CLOEXEC);
	if (fd < 0)
		return false;
	ok = fill(fd, &old, data, len);
	saved = errno;
	if (close(fd) && ok) {
		saved = errno;
		ok = false;
	}
	if (ok && rename(temp, real)) {
		saved = errno;
		ok = false;
	}
	if (ok) {
		flush_folder(real);
		return true;
	}
	unlink(temp);
	errno = saved;
	return false;
}
