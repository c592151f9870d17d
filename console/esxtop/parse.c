// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * From the texts of VSI leaves to numbers. A text that is not as expected is
 * refused whole: a figure that is missing is better than one that is wrong.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "top.h"

bool top_parse_number(const char *text, uint64_t *out)
{
	int end = -1;

	return sscanf(text, "%" SCNu64 " %n", out, &end) == 1 && end >= 0 && !text[end];
}

void top_parse_name(const char *text, char *name, size_t size)
{
	size_t i;

	for (i = 0; i + 1 < size && text[i] && text[i] != '\n'; i++)
		name[i] = (char)((unsigned char)text[i] < ' ' || text[i] == 0x7f ? '_' : text[i]);
	name[i] = '\0';
}

bool top_parse_world(const char *text, struct top_world *w)
{
	int name = -1;

	/* id kind state pcpu shares min max used sys ready wait capped name */
	if (sscanf(text, "%" SCNu32 " %15s %*s %*d %*u %*u %*u %*u %*u %*u %*u %*u %n", &w->id,
		   w->kind, &name) != 2 ||
	    name < 0 || !text[name])
		return false;
	top_parse_name(text + name, w->name, sizeof(w->name));
	return true;
}

bool top_parse_times(const char *text, struct top_times *t)
{
	int end = -1;

	return sscanf(text,
		      "%" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
		      " %" SCNu64 " %n",
		      &t->now, &t->used, &t->ready, &t->wait, &t->capped, &t->stopped, &t->sys,
		      &end) == 7 &&
	       end >= 0 && !text[end];
}

bool top_parse_pcpu(const char *text, struct top_pcpu *p)
{
	struct top_share one, *more;
	int used = -1;

	p->shares = NULL;
	p->share_count = 0;
	if (sscanf(text, " now %" SCNu64 " idle %" SCNu64 " busy %" SCNu64 " %n", &p->now, &p->idle,
		   &p->busy, &used) != 3 ||
	    used < 0)
		return false;
	for (text += used; *text; text += used) {
		used = -1;
		more = realloc(p->shares, (p->share_count + 1) * sizeof(*more));
		if (more)
			p->shares = more;
		if (!more ||
		    sscanf(text, "%" SCNu32 " %" SCNu64 " %n", &one.world, &one.ns, &used) != 2 ||
		    used < 0) {
			free(p->shares);
			p->shares = NULL;
			p->share_count = 0;
			return false;
		}
		p->shares[p->share_count++] = one;
	}
	return true;
}

void top_snapshot_free(struct top_snapshot *s)
{
	for (size_t i = 0; i < s->pcpu_count; i++)
		free(s->pcpus[i].shares);
	free(s->pcpus);
	free(s->worlds);
	free(s->vms);
	memset(s, 0, sizeof(*s));
}
