// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/* The message to vmware-authd. Whoever reads it trusts nothing in it. */
#include "authd.h"
#include <string.h>

bool authd_pack(struct authd_request *r, char *const *argv)
{
	memset(r, 0, sizeof(*r));
	r->magic = AUTHD_MAGIC;
	r->version = AUTHD_VERSION;
	for (; *argv; argv++) {
		size_t len = strlen(*argv) + 1;

		if (r->count == AUTHD_ARGS || len > AUTHD_TEXT - r->len)
			return false;
		memcpy(r->text + r->len, *argv, len);
		r->len += (uint32_t)len;
		r->count++;
	}
	return r->count;
}

bool authd_unpack(struct authd_request *r, size_t size, char *argv[AUTHD_ARGS + 1])
{
	size_t head = offsetof(struct authd_request, text), at = 0;
	uint32_t i;

	if (size < head || r->magic != AUTHD_MAGIC || r->version != AUTHD_VERSION || !r->count ||
	    r->count > AUTHD_ARGS || r->len > AUTHD_TEXT || r->len != size - head)
		return false;
	for (i = 0; i < r->count; i++) {
		char *end = at < r->len ? memchr(r->text + at, 0, r->len - at) : NULL;

		if (!end)
			return false;
		argv[i] = r->text + at;
		at = (size_t)(end - r->text) + 1;
	}
	argv[i] = NULL;
	return at == r->len;
}
