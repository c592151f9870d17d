// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/* Saving and loading of state, see state.h. */
#include "lib/state.h"
#include "lib/string.h"

struct part_header {
	char name[STATE_NAME];
	uint32_t version;
	uint32_t len;
};

void state_init(struct state *s, void *buf, size_t size, bool loading)
{
	*s = (struct state){ .buf = buf, .size = size, .loading = loading, .part = "" };
	s->end = size;
}

void state_bytes(struct state *s, void *field, size_t len)
{
	if (s->bad || len > s->end - s->pos) {
		s->bad = true;
		return;
	}
	if (s->loading)
		memcpy(field, s->buf + s->pos, len);
	else
		memcpy(s->buf + s->pos, field, len);
	s->pos += len;
}

void state_flag(struct state *s, bool *flag)
{
	uint8_t byte = *flag;

	STATE(s, byte);
	state_check(s, byte <= 1);
	if (!s->bad)
		*flag = byte;
}

void state_check(struct state *s, bool ok)
{
	s->bad |= s->loading && !ok;
}

void state_begin(struct state *s, const char *name, uint32_t version)
{
	struct part_header want = { .version = version }, h;

	for (size_t i = 0; i < STATE_NAME && name[i]; i++)
		want.name[i] = name[i];
	if (s->bad)
		return;
	s->part = name;
	h = want;
	STATE(s, h);
	s->begin = s->pos;
	if (!s->loading || s->bad)
		return;
	state_check(s, !memcmp(h.name, want.name, sizeof(h.name)) && h.version == version &&
			       h.len <= s->size - s->pos);
	if (!s->bad)
		s->end = s->pos + h.len;
}

void state_end(struct state *s)
{
	uint32_t len = (uint32_t)(s->pos - s->begin);

	if (s->bad)
		return;
	if (s->loading) {
		state_check(s, s->pos == s->end);
		s->end = s->size;
	} else {
		memcpy(s->buf + s->begin - sizeof(len), &len, sizeof(len));
	}
}

bool state_done(const struct state *s)
{
	return !s->bad && (!s->loading || s->pos == s->size);
}
