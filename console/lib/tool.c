// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/* The small things that all tools share; see tool.h. */
#include "tool.h"
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *name = "vmnix";

void tool_init(const char *argv0)
{
	const char *slash = argv0 ? strrchr(argv0, '/') : NULL;

	if (argv0)
		name = slash ? slash + 1 : argv0;
}

const char *tool_name(void)
{
	return name;
}

/* What came from elsewhere must not make two lines of one, or move the terminal's cursor. */
static void make_one_line(char *text)
{
	for (; *text; text++)
		if (iscntrl((unsigned char)*text))
			*text = '?';
}

void tool_line(const char *prefix, const char *fmt, va_list args)
{
	char *text = NULL, *line = NULL;

	fflush(stdout);
	if (vasprintf(&text, fmt, args) < 0)
		text = NULL;
	if (text)
		make_one_line(text);
	/* One write: two tools on one terminal do not mix their lines. */
	if (asprintf(&line, "%s%s\n", prefix, text ? text : fmt) > 0)
		tool_write_all(STDERR_FILENO, line, strlen(line));
	free(line);
	free(text);
}

static void say(const char *fmt, va_list args)
{
	char prefix[64];

	snprintf(prefix, sizeof(prefix), "%s: ", name);
	tool_line(prefix, fmt, args);
}

void tool_error(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say(fmt, args);
	va_end(args);
}

void tool_die(int code, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say(fmt, args);
	va_end(args);
	exit(code);
}

void tool_standard_option(const char *arg, const char *help)
{
	if (!strcmp(arg, "--help") || !strcmp(arg, "-h")) {
		fputs(help, stdout);
		exit(tool_finish(TOOL_OK));
	}
	if (!strcmp(arg, "--version")) {
		printf("%s (vmnix) %s\n", name, VMNIX_VERSION);
		exit(tool_finish(TOOL_OK));
	}
}

int tool_finish(int code)
{
	if (fflush(stdout) || ferror(stdout)) {
		tool_error("standard output: %s", strerror(errno));
		return code ? code : TOOL_FAILED;
	}
	return code;
}

bool tool_number(const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
	bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	const char *digits = hex ? text + 2 : text;
	unsigned long long value;
	char *end;

	/* strtoull would take blanks and a sign. */
	if (!*digits ||
	    strspn(digits, hex ? "0123456789abcdefABCDEF" : "0123456789") != strlen(digits))
		return false;
	errno = 0;
	value = strtoull(digits, &end, hex ? 16 : 10);
	if (errno || *end || value < min || value > max)
		return false;
	*out = value;
	return true;
}

bool tool_format(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(buf, size, fmt, args);
	va_end(args);
	return n >= 0 && (size_t)n < size;
}

bool tool_write_all(int fd, const void *data, size_t len)
{
	const char *from = data;

	while (len) {
		ssize_t n = write(fd, from, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		from += n;
		len -= n;
	}
	return true;
}

static void *read_all(int fd, size_t max, size_t *len)
{
	struct stat st;
	size_t done = 0;
	char *data;

	if (fstat(fd, &st))
		return NULL;
	if (!S_ISREG(st.st_mode)) {
		errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
		return NULL;
	}
	if ((uint64_t)st.st_size > max) {
		errno = EFBIG;
		return NULL;
	}
	data = malloc(st.st_size + 1);
	while (data && done < (size_t)st.st_size) {
		ssize_t n = read(fd, data + done, st.st_size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			free(data);
			return NULL;
		}
		if (!n)
			break;
		done += n;
	}
	if (data)
		data[done] = 0;
	*len = done;
	return data;
}

const char *tool_read_text(int err)
{
	return err == EINVAL ? "not a regular file" : strerror(err);
}

void *tool_read_file(const char *path, size_t max, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), saved;
	void *data;

	if (fd < 0)
		return NULL;
	data = read_all(fd, max, len);
	saved = errno;
	close(fd);
	errno = saved;
	return data;
}
