// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/* The list of registered virtual machines; see vm_list.h. */
#include "vm_list.h"
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "replace_file.h"
#include "tool.h"
#include "vmx_config.h"
#include "vmx_file.h"

#define FILE_MAX (1u << 20)

/* The path in one line of the file, or NULL; the line ends at end. */
static char *config_of_line(const char *line, const char *end)
{
	const char *quote;

	line += strspn(line, " \t");
	if (end - line < 7 || strncmp(line, "config", 6) || !strchr(" \t", line[6]))
		return NULL;
	line += 6 + strspn(line + 6, " \t");
	if (line >= end || *line != '"')
		return NULL;
	quote = memchr(line + 1, '"', end - line - 1);
	return quote && quote > line + 1 ? strndup(line + 1, quote - line - 1) : NULL;
}

static const char *line_end(const char *line)
{
	const char *end = strchr(line, '\n');

	return end ? end : line + strlen(line);
}

/* The whole file as a string, "" if there is none; NULL and errno on failure. */
static char *read_text(const char *file)
{
	size_t len;
	char *text = tool_read_file(file, FILE_MAX, &len);

	return !text && errno == ENOENT ? strdup("") : text;
}

bool vm_list_read(const char *file, struct vm_list *list)
{
	char *text = read_text(file), *config;
	const char *line, *end;

	*list = (struct vm_list){};
	if (!text)
		return false;
	for (line = text; *line; line = end + (*end == '\n')) {
		char **more;

		end = line_end(line);
		config = config_of_line(line, end);
		more = config ? realloc(list->config, (list->count + 1) * sizeof(*more)) : NULL;
		if (!more) {
			free(config);
			continue;
		}
		list->config = more;
		list->config[list->count++] = config;
	}
	free(text);
	return true;
}

void vm_list_free(struct vm_list *list)
{
	while (list->count)
		free(list->config[--list->count]);
	free(list->config);
	*list = (struct vm_list){};
}

/* The folder of file, locked until the descriptor is closed; -1 and errno. */
static int lock_folder(const char *file)
{
	char path[PATH_MAX], *folder;
	int fd, saved;

	if (!tool_format(path, sizeof(path), "%s", file)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	folder = dirname(path);
	mkdir(folder, 0755); /* most often it is there */
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	while (fd >= 0 && flock(fd, LOCK_EX)) {
		if (errno == EINTR)
			continue;
		saved = errno;
		close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

/* A copy of text without the lines of config; found tells whether there was one. */
static char *without(const char *text, const char *config, bool *found)
{
	char *copy = malloc(strlen(text) + strlen(config) + 16), *to = copy, *here;
	const char *line, *end;

	*found = false;
	for (line = text; copy && *line; line = end) {
		bool same;

		end = line_end(line);
		here = config_of_line(line, end);
		same = here && !strcmp(here, config);
		free(here);
		end += *end == '\n';
		if (!same)
			to = mempcpy(to, line, end - line);
		*found |= same;
	}
	if (copy)
		*to = 0;
	return copy;
}

static bool change(const char *file, const char *config, bool add)
{
	char *text = read_text(file), *changed = NULL;
	bool found = false, ok = false;
	size_t len;

	if (text)
		changed = without(text, config, &found);
	if (!changed) {
		free(text);
		return false;
	}
	if (found == add) {
		errno = add ? EEXIST : ENOENT;
	} else {
		len = strlen(changed);
		if (add) /* without() has left room for this */
			sprintf(changed + len, "%sconfig \"%s\"\n",
				len && changed[len - 1] != '\n' ? "\n" : "", config);
		ok = replace_file(file, changed, strlen(changed));
	}
	free(changed);
	free(text);
	return ok;
}

static bool locked_change(const char *file, const char *config, bool add)
{
	int lock, saved;
	bool ok;

	if (config[0] != '/' || strpbrk(config, "\"\n\r")) {
		errno = EINVAL;
		return false;
	}
	lock = lock_folder(file);
	if (lock < 0)
		return false;
	ok = change(file, config, add);
	saved = errno;
	close(lock);
	errno = saved;
	return ok;
}

bool vm_list_add(const char *file, const char *config)
{
	return locked_change(file, config, true);
}

bool vm_list_remove(const char *file, const char *config)
{
	return locked_change(file, config, false);
}

/* Whether the .vmx file has this displayName or uuid.bios. */
static bool is_called(const char *config, const char *what)
{
	uint8_t wanted[16], uuid[16];
	const char *value;
	char why[VMX_WHY_MAX];
	struct vmx_file f;
	bool same;

	if (!vmx_file_load(&f, config, why, sizeof(why)))
		return false;
	value = vmx_file_get(&f, "displayName");
	same = value && !strcmp(value, what);
	value = vmx_file_get(&f, "uuid.bios");
	if (!same && value && vmx_uuid_parse(what, wanted) && vmx_uuid_parse(value, uuid))
		same = !memcmp(wanted, uuid, sizeof(uuid));
	vmx_file_free(&f);
	return same;
}

char *vm_list_find(const struct vm_list *list, const char *what)
{
	char real[PATH_MAX], other[PATH_MAX];
	const char *found = NULL;
	size_t i;

	for (i = 0; i < list->count; i++)
		if (!strcmp(list->config[i], what))
			return strdup(what);
	if (realpath(what, real))
		for (i = 0; i < list->count; i++)
			if (realpath(list->config[i], other) && !strcmp(other, real))
				return strdup(list->config[i]);
	for (i = 0; i < list->count && *what && !strchr(what, '/'); i++) {
		if (!is_called(list->config[i], what))
			continue;
		if (found) {
			errno = ENOTUNIQ;
			return NULL;
		}
		found = list->config[i];
	}
	errno = ENOENT;
	return found ? strdup(found) : NULL;
}

char *vm_list_matches(const struct vm_list *list, const char *what, char *text, size_t size)
{
	size_t i, len = 0;

	text[0] = 0;
	for (i = 0; i < list->count && len < size; i++) {
		if (!is_called(list->config[i], what))
			continue;
		tool_format(text + len, size - len, "%s%s", len ? ", " : "", list->config[i]);
		len = strlen(text);
	}
	return text;
}
