// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * Reading .vmx text and changing one value in it. The parser keeps where each raw
 * value stands, so that a change touches nothing else.
 */
#include "vmx_file.h"
#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "replace_file.h"
#include "tool.h"

struct parser {
	struct vmx_file *f;
	size_t pos, line_end;
	unsigned int line;
	char *why;
	size_t why_size;
};

static bool bad(struct parser *p, const char *what)
{
	snprintf(p->why, p->why_size, "%s:%u: %s", p->f->path, p->line, what);
	return false;
}

static bool key_char(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("._:-", c));
}

bool vmx_key_ok(const char *key)
{
	size_t len = strlen(key), i;

	for (i = 0; i < len; i++)
		if (!key_char(key[i]))
			return false;
	return len && len < VMX_KEY_MAX;
}

static void skip_blanks(struct parser *p)
{
	while (p->pos < p->line_end && strchr(" \t\r", p->f->text[p->pos]))
		p->pos++;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The text from start to end without its escapes, or NULL. */
static char *unescape(const char *start, const char *end)
{
	char *out = malloc(end - start + 1), *to = out;

	for (; out && start < end; start++) {
		int high, low;

		if (*start != '|') {
			*to++ = *start;
			continue;
		}
		high = end - start > 2 ? hex_digit(start[1]) : -1;
		low = high >= 0 ? hex_digit(start[2]) : -1;
		if (low < 0 || high + low == 0) {
			free(out);
			return NULL;
		}
		*to++ = (char)(high << 4 | low);
		start += 2;
	}
	if (out)
		*to = 0;
	return out;
}

static bool parse_value(struct parser *p, struct vmx_entry *e)
{
	const char *text = p->f->text, *from, *to;

	e->start = p->pos;
	if (p->pos < p->line_end && text[p->pos] == '"') {
		from = text + p->pos + 1;
		to = memchr(from, '"', text + p->line_end - from);
		if (!to)
			return bad(p, "a value lacks its closing quote");
		e->end = to + 1 - text;
	} else {
		from = to = text + p->pos;
		while (to < text + p->line_end && !strchr(" \t\r#\"", *to))
			to++;
		if (from == to)
			return bad(p, "a key without a value");
		e->end = to - text;
	}
	p->pos = e->end;
	e->value = unescape(from, to);
	if (!e->value)
		return bad(p, "| must be followed by two hexadecimal digits, not 00");
	skip_blanks(p);
	if (p->pos < p->line_end && text[p->pos] != '#')
		return bad(p, "something follows the value");
	return true;
}

static bool parse_entry(struct parser *p)
{
	struct vmx_file *f = p->f;
	struct vmx_entry e = { .line = p->line }, *more;
	size_t start = p->pos;

	while (p->pos < p->line_end && key_char(f->text[p->pos]))
		p->pos++;
	if (p->pos == start)
		return bad(p, "a line must be key = \"value\"");
	if (p->pos - start >= VMX_KEY_MAX)
		return bad(p, "a key is too long");
	e.key = strndup(f->text + start, p->pos - start);
	skip_blanks(p);
	if (p->pos >= p->line_end || f->text[p->pos] != '=') {
		free(e.key);
		return bad(p, "'=' is missing after the key");
	}
	p->pos++;
	skip_blanks(p);
	more = realloc(f->entry, (f->count + 1) * sizeof(*more));
	if (!more || !e.key || !parse_value(p, &e)) {
		f->entry = more ? more : f->entry;
		free(e.key);
		free(e.value);
		return false;
	}
	f->entry = more;
	f->entry[f->count++] = e;
	return true;
}

bool vmx_file_parse(struct vmx_file *f, const char *path, char *text, size_t len, char *why,
		    size_t why_size)
{
	struct parser p = { .f = f, .why = why, .why_size = why_size };
	size_t next;

	*f = (struct vmx_file){ .path = strdup(path), .text = text, .len = len };
	snprintf(why, why_size, "%s: out of memory", path);
	for (next = 0; f->path && next < len;) {
		char *newline = memchr(text + next, '\n', len - next);

		p.pos = next;
		p.line_end = newline ? (size_t)(newline - text) : len;
		p.line++;
		next = p.line_end + 1;
		if (memchr(text + p.pos, 0, p.line_end - p.pos)) {
			bad(&p, "a NUL byte");
			goto failed;
		}
		if (p.line == 1 && len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
			p.pos += 3;
		skip_blanks(&p);
		if (p.pos < p.line_end && text[p.pos] != '#' && !parse_entry(&p))
			goto failed;
	}
	if (f->path)
		return true;
failed:
	vmx_file_free(f);
	return false;
}

bool vmx_file_load(struct vmx_file *f, const char *path, char *why, size_t why_size)
{
	size_t len = 0;
	char *text = tool_read_file(path, VMX_FILE_MAX, &len);

	if (text)
		return vmx_file_parse(f, path, text, len, why, why_size);
	*f = (struct vmx_file){};
	snprintf(why, why_size, "%s: %s", path, tool_read_text(errno));
	return false;
}

void vmx_file_free(struct vmx_file *f)
{
	size_t i;

	for (i = 0; i < f->count; i++) {
		free(f->entry[i].key);
		free(f->entry[i].value);
	}
	free(f->entry);
	free(f->text);
	free(f->path);
	*f = (struct vmx_file){};
}

const struct vmx_entry *vmx_file_find(const struct vmx_file *f, const char *key)
{
	size_t i = f->count;

	while (i-- > 0)
		if (!strcasecmp(f->entry[i].key, key))
			return &f->entry[i];
	return NULL;
}

const char *vmx_file_get(const struct vmx_file *f, const char *key)
{
	const struct vmx_entry *e = vmx_file_find(f, key);

	return e ? e->value : NULL;
}

static char *append_escaped(char *to, const char *value)
{
	*to++ = '"';
	for (; *value; value++) {
		unsigned char c = *value;

		if (c < 0x20 || c == 0x7f || c == '"' || c == '|')
			to += sprintf(to, "|%02X", c);
		else
			*to++ = (char)c;
	}
	*to++ = '"';
	return to;
}

char *vmx_file_with(const struct vmx_file *f, const char *key, const char *value, size_t *len)
{
	const struct vmx_entry *e = vmx_file_find(f, key);
	char *out, *to;

	if (!vmx_key_ok(key))
		return NULL;
	out = malloc(f->len + strlen(key) + 3 * strlen(value) + 9);
	if (!out)
		return NULL;
	if (e) {
		memcpy(out, f->text, e->start);
		to = append_escaped(out + e->start, value);
		memcpy(to, f->text + e->end, f->len - e->end);
		to += f->len - e->end;
	} else {
		if (f->len)
			memcpy(out, f->text, f->len);
		to = out + f->len;
		if (f->len && to[-1] != '\n')
			*to++ = '\n';
		to += sprintf(to, "%s = ", key);
		to = append_escaped(to, value);
		/* As the line before it ends. */
		if (f->len > 1 && f->text[f->len - 1] == '\n' && f->text[f->len - 2] == '\r')
			*to++ = '\r';
		*to++ = '\n';
	}
	*to = 0;
	*len = to - out;
	return out;
}

bool vmx_file_set(const char *path, const char *key, const char *value, char *why, size_t why_size)
{
	struct vmx_file f;
	size_t len;
	char *text;
	bool ok = false;

	if (!vmx_file_load(&f, path, why, why_size))
		return false;
	text = vmx_file_with(&f, key, value, &len);
	if (!text) {
		snprintf(why, why_size, "%s: '%s' cannot be a key", path, key);
	} else if (!replace_file(path, text, len)) {
		snprintf(why, why_size, "%s: %s", path, strerror(errno));
	} else {
		ok = true;
	}
	free(text);
	vmx_file_free(&f);
	return ok;
}
