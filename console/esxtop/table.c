// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * Two snapshots make a table. Every figure is a difference of counters over
 * the time between the two moments at which these very counters were read, so
 * it does not matter that others were read a little earlier or later.
 *
 * World ids are never used twice while a vmkernel lives. So a world with a
 * higher id than all in the first snapshot is new, and its counters began at
 * 0; one that is missing there for any other reason has no figures this time.
 * What worlds that have gone used of a PCPU is what remains of its busy time.
 */
#include <stdlib.h>
#include <string.h>
#include "top.h"

#define NS_PER_S 1e9

static const struct top_world *find_world(const struct top_snapshot *s, uint32_t id)
{
	for (size_t i = 0; i < s->world_count; i++)
		if (s->worlds[i].id == id)
			return &s->worlds[i];
	return NULL;
}

static const struct top_pcpu *find_pcpu(const struct top_snapshot *s, uint32_t id)
{
	for (size_t i = 0; i < s->pcpu_count; i++)
		if (s->pcpus[i].id == id)
			return &s->pcpus[i];
	return NULL;
}

static const struct top_share *find_share(const struct top_pcpu *p, uint32_t world)
{
	for (size_t i = 0; i < p->share_count; i++)
		if (p->shares[i].world == world)
			return &p->shares[i];
	return NULL;
}

static bool is_new(const struct top_snapshot *a, uint32_t id)
{
	return a->world_count && id > a->worlds[a->world_count - 1].id;
}

/* Percent that the counter's growth is of ns; false: it went back. */
static bool percent(uint64_t from, uint64_t to, double ns, double *out)
{
	double p = (double)(to - from) * 100.0 / ns;

	*out = p > 100.0 ? 100.0 : p;
	return to >= from;
}

/* The VM that the VCPU's world belongs to. */
static const struct top_vm *vm_of(const struct top_snapshot *s, const struct top_world *w)
{
	for (size_t i = 0; i < s->vm_count && !strcmp(w->kind, "vcpu"); i++)
		if (w->id >= s->vms[i].world && w->id - s->vms[i].world < s->vms[i].vcpus)
			return &s->vms[i];
	return NULL;
}

/* In native mode Linux, not the vmkernel, runs the console: nothing is measured of it. */
static bool is_measured(const struct top_world *w)
{
	const struct top_times *t = &w->times;

	return strcmp(w->kind, "console") || t->used || t->ready || t->wait || t->capped;
}

/* ns since the world was made. */
static double lifetime(const struct top_times *t)
{
	return (double)t->used + (double)t->ready + (double)t->wait + (double)t->capped +
	       (double)t->stopped;
}

/* False: nothing can be said about the world. */
static bool world_percent(const struct top_snapshot *a, const struct top_world *w, double interval,
			  struct top_percent *p)
{
	const struct top_world *was = find_world(a, w->id);
	static const struct top_times none;
	const struct top_times *from = was ? &was->times : &none, *to = &w->times;
	double ns = was ? (double)(to->now - from->now) : interval, life = lifetime(to);
	double ready, stopped;

	/* A new world may have come before the PCPU was read that gave us the interval. */
	if (!was && life > ns)
		ns = life;
	if (!is_measured(w) || (!was && !is_new(a, w->id)) || (was && to->now <= from->now))
		return false;
	if (!percent(from->used, to->used, ns, &p->used) ||
	    !percent(from->sys, to->sys, ns, &p->sys) ||
	    !percent(from->ready, to->ready, ns, &ready) ||
	    !percent(from->wait, to->wait, ns, &p->idle) ||
	    !percent(from->capped, to->capped, ns, &p->capped) ||
	    !percent(from->stopped, to->stopped, ns, &stopped))
		return false;
	p->ready = ready + p->capped;
	p->wait = p->idle + stopped;
	p->of_vcpu = !strcmp(w->kind, "vcpu");
	if (!p->of_vcpu)
		p->idle = p->sys = 0;
	/* It is charged when the world leaves its PCPU, a little late therefore. */
	if (p->sys > p->used)
		p->sys = p->used;
	return true;
}

static void add_percent(struct top_percent *sum, const struct top_percent *p)
{
	sum->used += p->used;
	sum->sys += p->sys;
	sum->ready += p->ready;
	sum->wait += p->wait;
	sum->idle += p->idle;
	sum->capped += p->capped;
	sum->of_vcpu = p->of_vcpu;
}

static struct top_row *add_group(struct top_table *t, const struct top_snapshot *s,
				 const struct top_world *w)
{
	const struct top_vm *vm = vm_of(s, w);
	struct top_row *row = &t->rows[t->row_count++];

	row->id = row->group = vm ? vm->world : w->id;
	row->is_group = true;
	row->is_vm = vm != NULL;
	row->is_idle = !strcmp(w->kind, "idle");
	memcpy(row->name, vm ? vm->name : w->name, sizeof(row->name));
	if (row->is_idle)
		strcpy(row->name, "idle");
	return row;
}

static bool same_group(const struct top_snapshot *s, const struct top_row *group,
		       const struct top_world *w)
{
	const struct top_vm *vm = vm_of(s, w);

	if (group->is_idle || group->is_vm)
		return group->is_idle ? !strcmp(w->kind, "idle") : vm && vm->world == group->id;
	return group->id == w->id;
}

/* Groups in the order of their first members' ids, each with its members after it. */
static void make_rows(const struct top_snapshot *a, const struct top_snapshot *b, double interval,
		      struct top_table *t, bool *done)
{
	for (size_t i = 0; i < b->world_count; i++) {
		struct top_row *group = NULL, *row;

		for (size_t j = i; j < b->world_count; j++) {
			const struct top_world *w = &b->worlds[j];
			struct top_percent p;

			if (done[j] || (group && !same_group(b, group, w)) || (!group && j != i) ||
			    !world_percent(a, w, interval, &p))
				continue;
			done[j] = true;
			if (!group)
				group = add_group(t, b, w);
			row = &t->rows[t->row_count++];
			row->id = w->id;
			row->group = group->id;
			row->members = 1;
			row->is_vm = group->is_vm;
			row->is_idle = group->is_idle;
			memcpy(row->name, w->name, sizeof(row->name));
			row->percent = p;
			add_percent(&group->percent, &p);
			group->members++;
		}
	}
}

static bool add_cell(struct top_table *t, uint32_t pcpu, uint32_t world, double used)
{
	struct top_cell *more = realloc(t->cells, (t->cell_count + 1) * sizeof(*more));

	if (!more)
		return false;
	t->cells = more;
	t->cells[t->cell_count++] = (struct top_cell){ .pcpu = pcpu, .world = world, .used = used };
	return true;
}

/* What of the PCPU's time which world had; the rest of used is the others'. */
static bool make_cells(const struct top_snapshot *a, const struct top_pcpu *was,
		       const struct top_pcpu *is, struct top_pcpu_row *row, struct top_table *t)
{
	double ns = (double)(is->now - was->now), used;

	row->others = row->used;
	for (size_t i = 0; i < is->share_count; i++) {
		uint32_t world = is->shares[i].world;
		const struct top_share *before = find_share(was, world);

		if (!before && !is_new(a, world) && !find_world(a, world))
			continue;
		if (!top_table_row(t, world, false) ||
		    !percent(before ? before->ns : 0, is->shares[i].ns, ns, &used))
			continue;
		if (!add_cell(t, row->id, world, used))
			return false;
		row->others -= used;
	}
	if (row->others < 0.005)
		row->others = 0;
	return true;
}

static bool make_pcpus(const struct top_snapshot *a, const struct top_snapshot *b,
		       struct top_table *t)
{
	for (size_t i = 0; i < b->pcpu_count; i++) {
		const struct top_pcpu *is = &b->pcpus[i], *was = find_pcpu(a, is->id);
		struct top_pcpu_row *row = &t->pcpus[t->pcpu_count];
		double ns;

		if (!was || is->now <= was->now)
			continue;
		ns = (double)(is->now - was->now);
		row->id = is->id;
		if (!percent(was->busy, is->busy, ns, &row->used) ||
		    !percent(was->idle, is->idle, ns, &row->idle))
			continue;
		t->pcpu_count++;
		if (!make_cells(a, was, is, row, t))
			return false;
	}
	return true;
}

/* ns between the two, 0: they are no pair. */
static double interval_of(const struct top_snapshot *a, const struct top_snapshot *b)
{
	const struct top_pcpu *was;

	for (size_t i = 0; i < b->pcpu_count && b->uptime >= a->uptime; i++) {
		was = find_pcpu(a, b->pcpus[i].id);
		if (was && b->pcpus[i].now > was->now)
			return (double)(b->pcpus[i].now - was->now);
	}
	return 0;
}

bool top_table_make(const struct top_snapshot *a, const struct top_snapshot *b, struct top_table *t)
{
	double interval = interval_of(a, b);
	bool *done, ok = false;

	memset(t, 0, sizeof(*t));
	t->valid = interval > 0;
	t->seconds = interval / NS_PER_S;
	if (!t->valid)
		return true;
	done = calloc(b->world_count + 1, sizeof(*done));
	t->rows = calloc(2 * b->world_count + 1, sizeof(*t->rows));
	t->pcpus = calloc(b->pcpu_count + 1, sizeof(*t->pcpus));
	if (done && t->rows && t->pcpus) {
		make_rows(a, b, interval, t, done);
		ok = make_pcpus(a, b, t);
	}
	free(done);
	if (!ok)
		top_table_free(t);
	return ok;
}

void top_table_free(struct top_table *t)
{
	free(t->rows);
	free(t->pcpus);
	free(t->cells);
	memset(t, 0, sizeof(*t));
}

const struct top_row *top_table_row(const struct top_table *t, uint32_t id, bool is_group)
{
	for (size_t i = 0; i < t->row_count; i++)
		if (t->rows[i].id == id && t->rows[i].is_group == is_group)
			return &t->rows[i];
	return NULL;
}

double top_table_cell(const struct top_table *t, uint32_t pcpu, uint32_t world)
{
	for (size_t i = 0; i < t->cell_count; i++)
		if (t->cells[i].pcpu == pcpu && t->cells[i].world == world)
			return t->cells[i].used;
	return 0;
}
