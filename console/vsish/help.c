// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * help PATH: type and meaning of a node, which the vmkernel tells for "PATH?".
 * Below a folder that of each child; of a table, whose members are all alike,
 * the fields of the first.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tool.h"
#include "vmnix_dev.h"
#include "vsi_client.h"
#include "vsish.h"

/* The description of a node without its line end; NULL and *err. */
static char *description(const char *path, int *err)
{
	char asked[HC_VSI_PATH_MAX], *text;

	if (!tool_format(asked, sizeof(asked), "%s?", path)) {
		*err = VMK_BAD_PARAM;
		return NULL;
	}
	*err = vsi_client_get(vsish_fd, asked, &text);
	if (*err)
		return NULL;
	text[strcspn(text, "\n")] = '\0';
	return text;
}

/* Children of path and what they are; prefix stands before their names. */
static int describe_children(const char *path, const char *prefix)
{
	char *list, *line, *save, *text, child[HC_VSI_PATH_MAX], name[HC_VSI_PATH_MAX];
	int err = vsi_client_list(vsish_fd, path, &list);

	if (err)
		return vsish_failed(path, err);
	for (line = strtok_r(list, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (!tool_format(name, sizeof(name), "%s%s", prefix, line))
			continue;
		line[strcspn(line, "/")] = '\0';
		if (!tool_format(child, sizeof(child), "%s/%s", path[1] ? path : "", line))
			continue;
		text = description(child, &err);
		/* A member may have gone in the meantime. */
		if (text)
			printf("  %-16s %s\n", name, text);
		free(text);
	}
	free(list);
	return TOOL_OK;
}

/* The first member of a table as a path. */
static bool first_member(const char *table, char *path)
{
	char *list;
	bool found = false;

	if (vsi_client_list(vsish_fd, table, &list))
		return false;
	list[strcspn(list, "/\n")] = '\0';
	found = list[0] && tool_format(path, HC_VSI_PATH_MAX, "%s/%s", table, list);
	free(list);
	return found;
}

/* A member of a table has that table's description. */
static bool is_member(const char *path, const char *text)
{
	char parent[HC_VSI_PATH_MAX], *above;
	bool same;
	int err;

	if (!tool_format(parent, sizeof(parent), "%s", path))
		return false;
	*strrchr(parent, '/') = '\0';
	above = parent[0] ? description(parent, &err) : NULL;
	same = above && !strcmp(above, text);
	free(above);
	return same;
}

int vsish_describe(const char *path)
{
	char absolute[HC_VSI_PATH_MAX], member[HC_VSI_PATH_MAX], *text;
	int err = VMK_BAD_PARAM, code = TOOL_OK;

	text = vsish_absolute(path, absolute) ? description(absolute, &err) : NULL;
	if (!text)
		return vsish_failed(path, err);
	printf("%s\n", text);
	if (!strncmp(text, "folder", 6) ||
	    (!strncmp(text, "table", 5) && is_member(absolute, text)))
		code = describe_children(absolute, "");
	else if (!strncmp(text, "table", 5) && first_member(absolute, member))
		code = describe_children(member, "*/");
	free(text);
	return code;
}
