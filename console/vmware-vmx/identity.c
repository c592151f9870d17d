// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/* Who a machine is, and whether it may have been copied; see identity.h. */
#include "identity.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include "tool.h"
#include "vmx_log.h"
#include "vmx_process.h"

/* Two halves of 64 bits, from the path and from the path turned around. */
static void location(const struct vmx *x, char text[VMX_UUID_TEXT])
{
	size_t i, len = strlen(x->path);
	char turned[PATH_MAX];
	uint64_t half[2];
	uint8_t uuid[16];

	for (i = 0; i < len; i++)
		turned[i] = x->path[len - 1 - i];
	turned[len] = 0;
	half[0] = vmx_path_hash(x->path);
	half[1] = vmx_path_hash(turned);
	for (i = 0; i < sizeof(uuid); i++)
		uuid[i] = (uint8_t)(half[i / 8] >> (8 * (i % 8)));
	vmx_uuid_format(uuid, text);
}

static bool set(struct vmx *x, const char *key, const char *value, char *why)
{
	return vmx_file_set(x->path, key, value, why, VMX_WHY_MAX);
}

static bool set_location(struct vmx *x, char *why)
{
	char text[VMX_UUID_TEXT];

	location(x, text);
	return set(x, "uuid.location", text, why);
}

/* A machine keeps its identity: one is made up at the first start and written down. */
static bool make_uuid(struct vmx *x, char *why)
{
	char text[VMX_UUID_TEXT];
	uint8_t uuid[16];

	if (getrandom(uuid, sizeof(uuid), 0) != sizeof(uuid)) {
		tool_format(why, VMX_WHY_MAX, "no random numbers for uuid.bios");
		return false;
	}
	uuid[0] = 0x56; /* as the original's begin */
	uuid[1] = 0x4d;
	uuid[6] = (uuid[6] & 0x0f) | 0x40;
	uuid[8] = (uuid[8] & 0x3f) | 0x80;
	memcpy(x->config.uuid, uuid, sizeof(uuid));
	x->config.has_uuid = true;
	vmx_uuid_format(uuid, text);
	return set(x, "uuid.bios", text, why);
}

bool identity_change(struct vmx *x, bool create, bool always, char *why)
{
	return (!create || make_uuid(x, why)) && set_location(x, why) &&
	       (!always || set(x, "uuid.action", create ? "create" : "keep", why));
}

/* A key's value, "" if it has none. */
static void get(const struct vmx *x, const char *key, char *value, size_t size)
{
	char why[VMX_WHY_MAX];
	struct vmx_file f;
	const char *text;

	value[0] = 0;
	if (!vmx_file_load(&f, x->path, why, sizeof(why)))
		return;
	text = vmx_file_get(&f, key);
	if (text)
		tool_format(value, size, "%s", text);
	vmx_file_free(&f);
}

/* Whether the file says that it was elsewhere; one that does not say may stay silent. */
static bool has_moved(const struct vmx *x, bool *knows)
{
	char then[VMX_UUID_TEXT], now[VMX_UUID_TEXT];
	uint8_t a[16], b[16];

	get(x, "uuid.location", then, sizeof(then));
	location(x, now);
	*knows = vmx_uuid_parse(then, a) && vmx_uuid_parse(now, b);
	return *knows && memcmp(a, b, sizeof(a)) != 0;
}

bool identity_settle(struct vmx *x)
{
	char action[32], why[VMX_WHY_MAX] = "";
	bool knows, moved = has_moved(x, &knows), ok = true;

	get(x, "uuid.action", action, sizeof(action));
	if (!x->config.has_uuid) {
		ok = make_uuid(x, why) && set_location(x, why);
	} else if (!knows) {
		ok = set_location(x, why);
	} else if (moved && !x->config.checkpoint[0]) {
		/* What was suspended goes on as who it was. */
		if (strcasecmp(action, "create") && strcasecmp(action, "keep")) {
			x->question = QUESTION_MOVED;
			return false;
		}
		ok = identity_change(x, !strcasecmp(action, "create"), false, why);
	}
	if (!ok) {
		vmx_log("warning: %s", why);
		tool_error("warning: %s", why);
	}
	return true;
}
