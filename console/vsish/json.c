// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/* vsish --json: what a command has found, and what it could not have, as one object. */
#include <stdlib.h>
#include <string.h>
#include "json_text.h"
#include "tool.h"
#include "vmnix_dev.h"
#include "vsi_client.h"
#include "vsish.h"

bool vsish_json;
static json_t *object;

static void member(const char *group, const char *name, json_t *value)
{
	json_t *names;

	if (!object)
		object = json_object();
	names = json_object_get(object, group);
	if (!names) {
		names = json_object();
		json_object_set_new(object, group, names);
	}
	json_object_set_new(names, name, value);
}

/* The vmkernel's own word for it: a text of digits is no number. */
static bool is_number(const char *path)
{
	char asked[HC_VSI_PATH_MAX], *text;
	bool number;

	if (!tool_format(asked, sizeof(asked), "%s?", path) ||
	    vsi_client_get(vsish_fd, asked, &text))
		return false;
	number = !strncmp(text, "number", strlen("number"));
	free(text);
	return number;
}

void vsish_json_value(const char *path, char *text)
{
	size_t len = strlen(text);

	if (len && text[len - 1] == '\n')
		text[len - 1] = 0;
	member("values", path, is_number(path) ? json_figure(text) : json_text(text));
}

void vsish_json_children(const char *path, char *text)
{
	json_t *list = json_array();
	char *line, *save;

	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		json_array_append_new(list, json_text(line));
	member("children", path, list);
}

void vsish_json_error(const char *path, int err)
{
	member("errors", path, json_pack("{s:i, s:s}", "code", err, "text", vmnix_text(err)));
}

int vsish_json_end(int code)
{
	if (!object)
		object = json_object();
	json_object_set_new(object, "status", json_integer(code));
	return json_print(object) || code ? code : TOOL_FAILED;
}
