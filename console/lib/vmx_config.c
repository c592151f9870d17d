// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * From .vmx entries to a checked configuration. First every entry is held against
 * the list of known keys (vmx_keys.def), then the served ones are read: by then
 * their values have the right form, and only what depends on other keys is left.
 */
#include "vmx_config.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "tool.h"

enum key_kind { TEXT, BOOL, NUMBER, WORD };
enum key_use { SERVED, ACCEPTED, LATER };

struct known_key {
	const char *pattern;
	enum key_kind kind;
	uint64_t min, max;
	const char *words;
	enum key_use use;
};

static const struct known_key known_keys[] = {
#define VMX_KEY(pattern, kind, min, max, words, use) { pattern, kind, min, max, words, use },
#include "vmx_keys.def"
#undef VMX_KEY
};

struct reader {
	const struct vmx_file *f;
	char *why;
	size_t why_size;
};

static bool matches(const char *pattern, const char *key)
{
	for (; *pattern; pattern++) {
		if (*pattern == '*')
			return true;
		if (*pattern == '#') {
			if (!isdigit((unsigned char)*key))
				return false;
			while (isdigit((unsigned char)*key))
				key++;
		} else if (tolower((unsigned char)*pattern) != tolower((unsigned char)*key++)) {
			return false;
		}
	}
	return !*key;
}

static const struct known_key *find_known(const char *key)
{
	size_t i;

	for (i = 0; i < sizeof(known_keys) / sizeof(known_keys[0]); i++)
		if (matches(known_keys[i].pattern, key))
			return &known_keys[i];
	return NULL;
}

static bool is_word(const char *words, const char *value)
{
	size_t len = strlen(value);

	while (*words) {
		size_t n = strcspn(words, "|");

		if (n == len && !strncasecmp(words, value, n))
			return true;
		words += n + (words[n] == '|');
	}
	return false;
}

static bool parse_bool(const char *value, bool *out)
{
	*out = is_word("TRUE|yes|on|1", value);
	return *out || is_word("FALSE|no|off|0", value);
}

static bool value_ok(const struct known_key *k, const char *value)
{
	uint64_t number;
	bool flag;

	switch (k->kind) {
	case BOOL:
		return parse_bool(value, &flag);
	case NUMBER:
		return is_word(k->words, value) || tool_number(value, k->min, k->max, &number);
	case WORD:
		return is_word(k->words, value);
	case TEXT:
		break;
	}
	return true;
}

bool vmx_value_ok(const char *key, const char *value)
{
	const struct known_key *k = find_known(key);

	return !k || value_ok(k, value);
}

/* "path:line: key: text": always false. */
static bool refuse(const struct reader *r, const char *key, const char *text)
{
	const struct vmx_entry *e = vmx_file_find(r->f, key);

	if (e)
		snprintf(r->why, r->why_size, "%s:%u: %s: %s", r->f->path, e->line, e->key, text);
	else
		snprintf(r->why, r->why_size, "%s: %s: %s", r->f->path, key, text);
	return false;
}

static bool refuse_value(const struct reader *r, const struct vmx_entry *e,
			 const struct known_key *k)
{
	char wanted[160];

	if (k->kind == BOOL)
		snprintf(wanted, sizeof(wanted), "TRUE or FALSE");
	else if (k->kind == WORD)
		snprintf(wanted, sizeof(wanted), "%s", k->words);
	else
		snprintf(wanted, sizeof(wanted), "a number from %llu to %llu%s%s",
			 (unsigned long long)k->min, (unsigned long long)k->max,
			 *k->words ? ", or " : "", k->words);
	snprintf(r->why, r->why_size, "%s:%u: %s: \"%.64s\" is not %s", r->f->path, e->line, e->key,
		 e->value, wanted);
	return false;
}

static bool check_entry(const struct reader *r, const struct vmx_entry *e, vmx_warn warn, void *ctx)
{
	const struct known_key *k = find_known(e->key);
	char text[VMX_WHY_MAX];
	bool on;

	if (!k || vmx_file_find(r->f, e->key) != e) {
		snprintf(text, sizeof(text), "%s:%u: %s: %s", r->f->path, e->line, e->key,
			 k ? "given again below, where it counts" : "unknown key, ignored");
		warn(ctx, text);
		return true;
	}
	if (!value_ok(k, e->value))
		return refuse_value(r, e, k);
	if (k->use == LATER && k->kind == BOOL && parse_bool(e->value, &on) && on) {
		snprintf(text, sizeof(text), "%s:%u: %s: not supported yet, ignored", r->f->path,
			 e->line, e->key);
		warn(ctx, text);
	}
	return true;
}

static uint64_t number(const struct vmx_file *f, const char *key, uint64_t value)
{
	const char *text = vmx_file_get(f, key);

	if (text)
		tool_number(text, 0, UINT64_MAX, &value);
	return value;
}

static bool flag(const struct vmx_file *f, const char *key, bool value)
{
	const char *text = vmx_file_get(f, key);

	if (text)
		parse_bool(text, &value);
	return value;
}

/* The value of key as an absolute path; empty if there is none. */
static bool path(const struct reader *r, const char *key, char *out)
{
	const char *value = vmx_file_get(r->f, key), *slash = strrchr(r->f->path, '/');
	int folder = slash ? (int)(slash - r->f->path) : 0;

	out[0] = 0;
	if (!value || !*value)
		return true;
	if (value[0] == '/' ? tool_format(out, PATH_MAX, "%s", value)
			    : tool_format(out, PATH_MAX, "%.*s/%s", folder, r->f->path, value))
		return true;
	return refuse(r, key, "the path is too long");
}

static bool read_backend(const struct reader *r, struct vmx_config *c)
{
	const char *type = vmx_file_get(r->f, "serial0.fileType");
	const char *end = vmx_file_get(r->f, "serial0.pipe.endPoint");

	if (!type)
		return refuse(r, "serial0.fileType", "is missing: file, pty or pipe");
	if (!strcasecmp(type, "file"))
		c->serial = VMX_SERIAL_FILE;
	else if (!strcasecmp(type, "pty"))
		c->serial = VMX_SERIAL_PTY;
	else if (!strcasecmp(type, "pipe"))
		c->serial = VMX_SERIAL_PIPE;
	else
		return refuse(r, "serial0.fileType", "not supported yet; file, pty or pipe are");
	c->serial_client = end && !strcasecmp(end, "client");
	if (!path(r, "serial0.fileName", c->serial_path))
		return false;
	if (!c->serial_path[0] && c->serial != VMX_SERIAL_PTY)
		return refuse(r, "serial0.fileName", "is missing");
	return true;
}

static bool read_serial(const struct reader *r, struct vmx_config *c)
{
	if (!flag(r->f, "serial0.present", false) || !flag(r->f, "serial0.startConnected", true))
		return true;
	return read_backend(r, c);
}

bool vmx_config_serial(const struct vmx_file *f, struct vmx_config *c, char *why, size_t why_size)
{
	struct reader r = { .f = f, .why = why, .why_size = why_size };

	if (!flag(f, "serial0.present", false))
		return refuse(&r, "serial0.present", "is not TRUE");
	return read_backend(&r, c);
}

uint32_t vmx_shares(const char *value, uint32_t vcpus)
{
	uint64_t shares;

	if (tool_number(value, 0, UINT32_MAX, &shares))
		return (uint32_t)shares;
	if (!strcasecmp(value, "low"))
		return 500 * vcpus;
	return strcasecmp(value, "high") ? 1000 * vcpus : 2000 * vcpus;
}

static bool read_sched(const struct reader *r, struct vmx_config *c)
{
	const char *shares = vmx_file_get(r->f, "sched.cpu.shares");

	c->shares = vmx_shares(shares ? shares : "normal", c->vcpus);
	c->min_pct = number(r->f, "sched.cpu.min", 0);
	c->max_pct = number(r->f, "sched.cpu.max", 0);
	if (c->min_pct > 100 * c->vcpus)
		return refuse(r, "sched.cpu.min", "is more than all virtual processors can use");
	if (c->max_pct && c->max_pct < c->min_pct)
		return refuse(r, "sched.cpu.max", "is less than sched.cpu.min");
	return true;
}

static bool read_boot(const struct reader *r, struct vmx_config *c)
{
	const char *cmdline = vmx_file_get(r->f, "vmnix.cmdline");

	if (!path(r, "vmnix.kernel", c->kernel) || !path(r, "vmnix.initrd", c->initrd) ||
	    !path(r, "checkpoint.vmState", c->checkpoint))
		return false;
	if (!c->kernel[0])
		return refuse(r, "vmnix.kernel", "is missing: the Linux kernel to boot");
	if (!tool_format(c->cmdline, sizeof(c->cmdline), "%s", cmdline ? cmdline : ""))
		return refuse(r, "vmnix.cmdline", "is too long");
	return true;
}

static bool read_name(const struct reader *r, struct vmx_config *c)
{
	const char *name = vmx_file_get(r->f, "displayName"), *slash = strrchr(r->f->path, '/');
	size_t i;

	if (!name || !*name)
		name = slash ? slash + 1 : r->f->path;
	snprintf(c->display_name, sizeof(c->display_name), "%s", name);
	for (i = 0; c->display_name[i]; i++)
		if (iscntrl((unsigned char)c->display_name[i]))
			return refuse(r, "displayName", "has a control character in it");
	return true;
}

bool vmx_config_read(const struct vmx_file *f, struct vmx_config *c, vmx_warn warn, void *ctx,
		     char *why, size_t why_size)
{
	struct reader r = { .f = f, .why = why, .why_size = why_size };
	const char *uuid = vmx_file_get(f, "uuid.bios");
	size_t i;

	memset(c, 0, sizeof(*c));
	for (i = 0; i < f->count; i++)
		if (!check_entry(&r, &f->entry[i], warn, ctx))
			return false;
	c->mem_mb = number(f, "memsize", 32);
	if (c->mem_mb % 4)
		return refuse(&r, "memsize", "must be a multiple of 4");
	c->vcpus = number(f, "numvcpus", 1);
	if (c->vcpus != 1)
		return refuse(&r, "numvcpus", "only 1 is supported yet");
	c->has_uuid = uuid && *uuid;
	if (c->has_uuid && !vmx_uuid_parse(uuid, c->uuid))
		return refuse(&r, "uuid.bios", "is not 16 bytes in hexadecimal");
	return read_name(&r, c) && read_serial(&r, c) && read_sched(&r, c) && read_boot(&r, c);
}

bool vmx_uuid_parse(const char *text, uint8_t uuid[16])
{
	unsigned int byte, n = 0;
	int used;

	while (*text) {
		if (*text == ' ' || *text == '-') {
			text++;
			continue;
		}
		if (n == 16 || !isxdigit((unsigned char)text[0]) ||
		    !isxdigit((unsigned char)text[1]) || sscanf(text, "%2x%n", &byte, &used) != 1)
			return false;
		uuid[n++] = byte;
		text += 2;
	}
	return n == 16;
}

void vmx_uuid_format(const uint8_t uuid[16], char text[VMX_UUID_TEXT])
{
	int i;

	for (i = 0; i < 16; i++)
		text += sprintf(text, "%02x%s", uuid[i], i == 7 ? "-" : i < 15 ? " " : "");
}
