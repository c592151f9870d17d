// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * The variables are few and small: a list in memory, and a file of names and values,
 * each with its NUL, that is replaced as a whole.
 */
#include "guest_info.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include "tool.h"
#include "vmx_file.h"
#include "vmx_log.h"

static struct guest_info_var *find(const struct guest_info *g, const char *name)
{
	size_t i;

	for (i = 0; i < g->count; i++)
		if (!strcasecmp(g->var[i].name, name))
			return (struct guest_info_var *)&g->var[i];
	return NULL;
}

static size_t bytes_of(const struct guest_info_var *v)
{
	return v ? strlen(v->name) + strlen(v->value) + 2 : 0;
}

static char *all_of_it(const struct guest_info *g, size_t *len)
{
	char *text = malloc(g->bytes + 1), *p = text;
	size_t i;

	for (i = 0; text && i < g->count; i++) {
		p = stpcpy(p, g->var[i].name) + 1;
		p = stpcpy(p, g->var[i].value) + 1;
	}
	*len = text ? p - text : 0;
	return text;
}

/* No fsync: what must outlive the console's crash is in the guest. */
static bool save(const struct guest_info *g)
{
	char path[PATH_MAX], *text;
	bool ok = false;
	size_t len;
	int fd;

	if (!g->path)
		return true;
	text = all_of_it(g, &len);
	if (!text || !tool_format(path, sizeof(path), "%s.new", g->path)) {
		free(text);
		return false;
	}
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd >= 0) {
		ok = tool_write_all(fd, text, len);
		close(fd);
		ok = ok && !rename(path, g->path);
	}
	free(text);
	return ok;
}

const char *guest_info_get(const struct guest_info *g, const char *name)
{
	const struct guest_info_var *v = find(g, name);

	return v ? v->value : NULL;
}

static void drop(struct guest_info *g, struct guest_info_var *v)
{
	g->bytes -= bytes_of(v);
	free(v->name);
	free(v->value);
	*v = g->var[--g->count];
}

/* Into memory only. */
static const char *put(struct guest_info *g, const char *name, const char *value)
{
	struct guest_info_var *v = find(g, name), new;
	size_t bytes = strlen(name) + strlen(value) + 2;

	if (strlen(name) >= GUEST_INFO_NAME_MAX || !vmx_key_ok(name))
		return "Bad name";
	if (strlen(value) > GUEST_INFO_VALUE_MAX)
		return "Too long";
	if (!*value) {
		if (v)
			drop(g, v);
		return NULL;
	}
	if (g->bytes - bytes_of(v) + bytes > GUEST_INFO_BYTES)
		return "Too many bytes";
	if (!v && g->count == GUEST_INFO_VARS)
		return "Too many variables";
	new = (struct guest_info_var){ strdup(name), strdup(value) };
	if (!new.name || !new.value) {
		free(new.name);
		free(new.value);
		return "Out of memory";
	}
	if (v)
		drop(g, v);
	g->var[g->count++] = new;
	g->bytes += bytes;
	return NULL;
}

const char *guest_info_set(struct guest_info *g, const char *name, const char *value)
{
	const struct guest_info_var *v = find(g, name);
	const char *was = v ? v->value : "", *why;
	char *old;

	if (v && !strcmp(was, value))
		return NULL;
	old = strdup(was);
	why = old ? put(g, name, value) : "Out of memory";
	if (!why && !save(g)) {
		why = "Cannot be written down";
		put(g, name, old);
	}
	free(old);
	return why;
}

static void load(struct guest_info *g)
{
	size_t len, at, value;
	char *text = tool_read_file(g->path, GUEST_INFO_BYTES, &len);

	if (!text)
		return; /* most often there is none */
	for (at = 0; at < len; at = value + strnlen(text + value, len - value) + 1) {
		value = at + strnlen(text + at, len - at) + 1;
		if (value >= len || text[len - 1] || put(g, text + at, text + value)) {
			vmx_log("guestinfo: %s is damaged", g->path);
			break;
		}
	}
	free(text);
}

void guest_info_open(struct guest_info *g, const char *path, bool fresh)
{
	*g = (struct guest_info){ .path = strdup(path) };
	if (fresh)
		unlink(path);
	else if (g->path)
		load(g);
}

void guest_info_close(struct guest_info *g, bool remove)
{
	while (g->count)
		drop(g, &g->var[0]);
	if (remove && g->path)
		unlink(g->path);
	free(g->path);
	g->path = NULL;
}
