// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/* Lines are written whole, by one write(): a log that is followed has no halves. */
#include "vmx_log.h"
#include <ctype.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
#include "tool.h"

static int log_fd = -1;

static void rotate(int folder, const char *prefix, unsigned int keep)
{
	char from[PATH_MAX], to[PATH_MAX];
	unsigned int i;

	if (!keep && tool_format(from, sizeof(from), "%.*s/vmware.log", folder, prefix))
		unlink(from);
	for (i = keep; i-- > 0;) {
		if (i ? !tool_format(from, sizeof(from), "%.*s/vmware-%u.log", folder, prefix,
				     i - 1)
		      : !tool_format(from, sizeof(from), "%.*s/vmware.log", folder, prefix))
			return;
		if (tool_format(to, sizeof(to), "%.*s/vmware-%u.log", folder, prefix, i))
			rename(from, to); /* most often there is none yet */
	}
}

bool vmx_log_open(const char *config, bool append, unsigned int keep)
{
	const char *slash = strrchr(config, '/');
	int folder = slash ? (int)(slash - config) : 0;
	char path[PATH_MAX];

	if (!append)
		rotate(folder, config, keep);
	if (!tool_format(path, sizeof(path), "%.*s/vmware.log", folder, config))
		return false;
	log_fd =
		open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW, 0644);
	return log_fd >= 0;
}

void vmx_log_raw(const char *line)
{
	if (log_fd >= 0 && write(log_fd, line, strlen(line)) < 0)
		return; /* a full disk must not stop the machine */
}

void vmx_log(const char *fmt, ...)
{
	char line[2048], *text;
	struct timeval now;
	va_list args;
	struct tm tm;
	int n;

	gettimeofday(&now, NULL);
	localtime_r(&now.tv_sec, &tm);
	n = (int)strftime(line, 64, "%b %d %H:%M:%S", &tm);
	n += snprintf(line + n, 32, ".%03d: vmx| ", (int)(now.tv_usec / 1000));
	text = line + n;
	va_start(args, fmt);
	vsnprintf(text, sizeof(line) - n - 1, fmt, args);
	va_end(args);
	for (; *text; text++)
		if (iscntrl((unsigned char)*text))
			*text = '.';
	text[0] = '\n';
	text[1] = 0;
	vmx_log_raw(line);
}
