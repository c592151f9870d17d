// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * Files are opened for each batch of lines: whoever moves one away gets a new
 * one. A batch that does not fit on the disk leaves no half of it: it comes
 * again, as long as the vmkernel's ring holds it.
 */
#include "log_files.h"
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "tool.h"

/* Text that grows in memory until it is written at once. */
struct batch {
	FILE *stream;
	char *text;
	size_t len;
};

/* An open log file and its length before the batch. */
struct target {
	char path[PATH_MAX];
	int fd;
	off_t before;
};

/* d:hh:mm:ss.mmm cpuN:WORLD)WARNING: …: nothing before the mark can hold a parenthesis. */
static bool is_warning(const char *line, size_t len)
{
	const char *mark = memchr(line, ')', len);
	size_t rest = mark ? len - (size_t)(mark + 1 - line) : 0;

	return (rest >= 9 && !memcmp(mark + 1, "WARNING: ", 9)) ||
	       (rest >= 7 && !memcmp(mark + 1, "ALERT: ", 7));
}

static void put_line(struct batch *b, const char *stamp, const char *line, size_t len)
{
	size_t i;

	fputs(stamp, b->stream);
	fputs("vmkernel: ", b->stream);
	for (i = 0; i < len; i++)
		putc(iscntrl((unsigned char)line[i]) ? '?' : line[i], b->stream);
	putc('\n', b->stream);
}

static void fill(struct batch *all, struct batch *warnings, const char *stamp, const char *text,
		 size_t len, uint64_t lost)
{
	const char *end = text + len, *newline;

	if (lost) {
		fprintf(all->stream, "%svmklogger: %llu bytes of the log are lost\n", stamp,
			(unsigned long long)lost);
		fprintf(warnings->stream, "%svmklogger: %llu bytes of the log are lost\n", stamp,
			(unsigned long long)lost);
	}
	for (; text < end; text = newline + 1) {
		newline = memchr(text, '\n', (size_t)(end - text));
		if (!newline)
			newline = end;
		put_line(all, stamp, text, (size_t)(newline - text));
		if (is_warning(text, (size_t)(newline - text)))
			put_line(warnings, stamp, text, (size_t)(newline - text));
	}
}

/* path becomes path.1, that path.2, …; what cannot be renamed goes on growing. */
static void rotate(const struct log_files *files, const char *path)
{
	char from[PATH_MAX], to[PATH_MAX];
	unsigned int i;

	if (!files->keep)
		unlink(path);
	for (i = files->keep; i > 0; i--) {
		if (i > 1 ? !tool_format(from, sizeof(from), "%s.%u", path, i - 1)
			  : !tool_format(from, sizeof(from), "%s", path))
			return;
		if (tool_format(to, sizeof(to), "%s.%u", path, i))
			rename(from, to); /* most often there is none yet */
	}
}

static int open_log(const char *path)
{
	return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW, 0600);
}

static bool open_target(const struct log_files *files, const char *name, size_t more,
			struct target *t)
{
	struct stat st;

	if (!tool_format(t->path, sizeof(t->path), "%s/%s", files->directory, name)) {
		errno = ENAMETOOLONG;
		return false;
	}
	if (more && !lstat(t->path, &st) && S_ISREG(st.st_mode) && st.st_size &&
	    st.st_size + (off_t)more > files->size)
		rotate(files, t->path);
	t->fd = open_log(t->path);
	if (t->fd < 0 || fstat(t->fd, &st))
		return false;
	t->before = st.st_size;
	return true;
}

static bool write_batches(struct target *all, const struct batch *a, struct target *warnings,
			  const struct batch *w)
{
	int err;

	if (tool_write_all(warnings->fd, w->text, w->len) &&
	    tool_write_all(all->fd, a->text, a->len))
		return true;
	err = errno;
	if (ftruncate(warnings->fd, warnings->before) || ftruncate(all->fd, all->before))
		tool_error("%s: half a line is left: %s", all->path, strerror(errno));
	errno = err;
	return false;
}

static bool write_files(const struct log_files *files, const struct batch *a, const struct batch *w)
{
	struct target all = { .fd = -1 }, warnings = { .fd = -1 };
	bool ok = open_target(files, "vmkwarning", w->len, &warnings) &&
		  open_target(files, "vmkernel", a->len, &all) &&
		  write_batches(&all, a, &warnings, w);
	int err = errno;

	if (all.fd >= 0)
		close(all.fd);
	if (warnings.fd >= 0)
		close(warnings.fd);
	errno = err;
	return ok;
}

static bool batch_open(struct batch *b)
{
	b->stream = open_memstream(&b->text, &b->len);
	return b->stream;
}

bool log_files_append(const struct log_files *files, time_t now, const char *text, size_t len,
		      uint64_t lost)
{
	struct batch all = {}, warnings = {};
	char stamp[128];
	struct tm tm;
	bool ok;
	size_t n;

	localtime_r(&now, &tm);
	n = strftime(stamp, sizeof(stamp), "%b %e %H:%M:%S ", &tm);
	snprintf(stamp + n, sizeof(stamp) - n, "%s ", files->host);
	ok = batch_open(&all) && batch_open(&warnings);
	if (ok)
		fill(&all, &warnings, stamp, text, len, lost);
	if (all.stream)
		ok &= !fclose(all.stream);
	if (warnings.stream)
		ok &= !fclose(warnings.stream);
	ok = ok && write_files(files, &all, &warnings);
	free(all.text);
	free(warnings.text);
	return ok;
}
