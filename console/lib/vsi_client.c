// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/* Lists and values of the VSI tree, however many hostcalls they take; see vsi_client.h. */
#include "vsi_client.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "vmnix_dev.h"

#define VALUE_MAX (16u << 20) /* a vmkernel that never says "that was all" is not followed */

static int append(char **text, size_t *len, const struct hc_vsi *part)
{
	char *longer;

	if (part->len > sizeof(part->text) || *len + part->len > VALUE_MAX)
		return VMK_FAILURE;
	longer = realloc(*text, *len + part->len + 1);
	if (!longer)
		return ENOMEM;
	memcpy(longer + *len, part->text, part->len);
	*len += part->len;
	longer[*len] = 0;
	*text = longer;
	return VMK_OK;
}

/*
 * A value that takes several calls is made anew for each: cutting the pieces at the
 * ends of lines keeps each line's figures together.
 */
static void cut_at_line_end(struct hc_vsi *part)
{
	uint32_t keep = part->len;

	if (keep > sizeof(part->text))
		return;
	while (keep && part->text[keep - 1] != '\n')
		keep--;
	if (!keep)
		return;
	part->next -= part->len - keep;
	part->len = keep;
}

static int fetch(int fd, uint32_t nr, const char *path, char **text)
{
	uint32_t offset = 0;
	size_t len = 0;
	int err = VMK_OK;

	*text = NULL;
	if (strlen(path) >= HC_VSI_PATH_MAX)
		return VMK_BAD_PARAM;
	do {
		struct hc_vsi part = { .offset = offset };

		memcpy(part.path, path, strlen(path));
		err = vmnix_call(fd, nr, &part, sizeof(part));
		if (!err && nr == HC_VSI_GET && part.next)
			cut_at_line_end(&part);
		if (!err)
			err = append(text, &len, &part);
		if (!err && part.next && part.next <= offset)
			err = VMK_FAILURE;
		offset = part.next;
	} while (!err && offset);
	if (err) {
		free(*text);
		*text = NULL;
	}
	return err;
}

int vsi_client_list(int fd, const char *path, char **text)
{
	return fetch(fd, HC_VSI_LIST, path, text);
}

int vsi_client_get(int fd, const char *path, char **text)
{
	return fetch(fd, HC_VSI_GET, path, text);
}

int vsi_client_set(int fd, const char *path, const char *value)
{
	struct hc_vsi args = {};
	size_t len = strlen(value);

	if (strlen(path) >= sizeof(args.path) || len >= sizeof(args.text))
		return VMK_BAD_PARAM;
	memcpy(args.path, path, strlen(path));
	memcpy(args.text, value, len);
	args.len = len;
	return vmnix_call(fd, HC_VSI_SET, &args, sizeof(args));
}
