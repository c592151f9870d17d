// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * Batch mode's text: the PDH-CSV of Windows' Performance Monitor, as the
 * original writes it. Header and lines are made by the same walk over the
 * columns, so that they cannot differ.
 */
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "top.h"

#define MB (1024.0 * 1024)
#define PAGE 4096.0

/* A walk: s and t are NULL for the header. With an object counters go there, not to out. */
struct walk {
	const struct top_csv *csv;
	const struct top_table *t;
	const struct top_snapshot *s;
	FILE *out;
	json_t *object;
};

/* In names of counters (, ), #, /, \, * and quotes mean something. */
static const char *clean(const char *name, char *buf)
{
	size_t i;

	for (i = 0; i < TOP_NAME_MAX - 1 && name[i]; i++)
		buf[i] = (char)(strchr("()#/\\*\"", name[i]) ? '_' : name[i]);
	buf[i] = '\0';
	return buf;
}

static void json_column(const struct walk *w, double value, const char *fmt, va_list args)
{
	char name[4 * TOP_NAME_MAX];

	vsnprintf(name, sizeof(name), fmt, args);
	json_object_set_new(w->object, name, isnan(value) ? json_null() : json_real(value));
}

/* A column: its counter's name after the host's in the header, its value in a line. */
__attribute__((format(printf, 3, 4))) static void column(const struct walk *w, double value,
							 const char *fmt, ...)
{
	va_list args;

	if (w->object) {
		va_start(args, fmt);
		json_column(w, value, fmt, args);
		va_end(args);
		return;
	}
	fputs(",\"", w->out);
	if (!w->t) {
		fprintf(w->out, "\\\\%s\\", w->csv->host);
		va_start(args, fmt);
		vfprintf(w->out, fmt, args);
		va_end(args);
	} else if (isnan(value)) {
		fputc(' ', w->out);
	} else {
		fprintf(w->out, "%.2f", value);
	}
	fputc('"', w->out);
}

static const struct top_pcpu_row *find_pcpu(const struct top_table *t, uint32_t id)
{
	for (size_t i = 0; i < t->pcpu_count; i++)
		if (t->pcpus[i].id == id)
			return &t->pcpus[i];
	return NULL;
}

/* One PCPU: used, idle, and what each world had of it. */
static void pcpu_columns(const struct walk *w, uint32_t id)
{
	const struct top_pcpu_row *p = w->t ? find_pcpu(w->t, id) : NULL;
	double others = p ? p->used : NAN, used;
	char buf[TOP_NAME_MAX];

	column(w, p ? p->used : NAN, "Physical Cpu(%" PRIu32 ")\\%% Used Time", id);
	column(w, p ? p->idle : NAN, "Physical Cpu(%" PRIu32 ")\\%% Idle Time", id);
	for (size_t i = 0; i < w->csv->first.row_count; i++) {
		const struct top_row *row = &w->csv->first.rows[i];

		if (row->is_group || row->is_idle)
			continue;
		used = p && top_table_row(w->t, row->id, false) ? top_table_cell(w->t, id, row->id)
								: NAN;
		if (!isnan(used))
			others -= used;
		column(w, used, "Physical Cpu World(%" PRIu32 ":%" PRIu32 ":%s)\\%% Used", id,
		       row->id, clean(row->name, buf));
	}
	column(w, others < 0.005 ? 0 : others, "Physical Cpu World(%" PRIu32 ":others)\\%% Used",
	       id);
}

static void total_columns(const struct walk *w)
{
	double used = NAN, idle = NAN;

	if (w->t && w->t->pcpu_count) {
		used = idle = 0;
		for (size_t i = 0; i < w->t->pcpu_count; i++) {
			used += w->t->pcpus[i].used / (double)w->t->pcpu_count;
			idle += w->t->pcpus[i].idle / (double)w->t->pcpu_count;
		}
	}
	column(w, used, "Physical Cpu(_Total)\\%% Used Time");
	column(w, idle, "Physical Cpu(_Total)\\%% Idle Time");
}

/* A group, or a world in its group. */
static void row_columns(const struct walk *w, const struct top_row *first)
{
	const struct top_row *row = w->t ? top_table_row(w->t, first->id, first->is_group) : NULL;
	const struct top_row *group = top_table_row(&w->csv->first, first->group, true);
	const struct top_percent *p = row ? &row->percent : NULL;
	char object[3 * TOP_NAME_MAX], buf[TOP_NAME_MAX], world[TOP_NAME_MAX];

	if (first->is_group) {
		snprintf(object, sizeof(object), "Group Cpu(%" PRIu32 ":%s)", first->id,
			 clean(first->name, buf));
		column(w, row ? (double)row->members : NAN, "%s\\Members", object);
	} else {
		snprintf(object, sizeof(object), "Vcpu(%" PRIu32 ":%s:%" PRIu32 ":%s)",
			 first->group, clean(group ? group->name : first->name, buf), first->id,
			 clean(first->name, world));
	}
	column(w, p ? p->used : NAN, "%s\\%% Used", object);
	column(w, p ? p->used : NAN, "%s\\%% Run", object);
	if (first->percent.of_vcpu)
		column(w, p ? p->sys : NAN, "%s\\%% System", object);
	column(w, p ? p->ready : NAN, "%s\\%% Ready", object);
	column(w, p ? p->wait : NAN, "%s\\%% Wait", object);
	if (first->percent.of_vcpu)
		column(w, p ? p->idle : NAN, "%s\\%% Idle", object);
	column(w, p ? p->capped : NAN, "%s\\%% Max Limited", object);
}

static void memory_columns(const struct walk *w)
{
	const struct top_memory *m = w->s ? &w->s->memory : NULL;

	column(w, m ? (double)m->total / MB : NAN, "Memory\\Machine MBytes");
	column(w, m ? (double)m->free / MB : NAN, "Memory\\Free MBytes");
	column(w, m ? (double)m->guest_pages * PAGE / MB : NAN, "Memory\\Guest MBytes");
	column(w, m ? (double)m->nested_pages * PAGE / MB : NAN, "Memory\\Nested Tables MBytes");
}

static void vm_columns(const struct walk *w, const struct top_vm *first)
{
	const struct top_vm *vm = NULL;
	char buf[TOP_NAME_MAX];

	clean(first->name, buf);
	for (size_t i = 0; w->s && i < w->s->vm_count; i++)
		if (w->s->vms[i].id == first->id)
			vm = &w->s->vms[i];
	column(w, vm ? (double)vm->mem_bytes / MB : NAN,
	       "Group Memory(%" PRIu32 ":%s)\\Memory Size MBytes", first->world, buf);
	column(w, vm ? (double)vm->touched_bytes / MB : NAN,
	       "Group Memory(%" PRIu32 ":%s)\\Touched MBytes", first->world, buf);
	column(w, vm ? (double)vm->nested_pages * PAGE / MB : NAN,
	       "Group Memory(%" PRIu32 ":%s)\\Nested Tables MBytes", first->world, buf);
}

static void walk(const struct walk *w)
{
	const struct top_csv *csv = w->csv;

	memory_columns(w);
	for (size_t i = 0; i < csv->first.pcpu_count; i++)
		pcpu_columns(w, csv->first.pcpus[i].id);
	total_columns(w);
	for (size_t i = 0; i < csv->first.row_count; i++)
		row_columns(w, &csv->first.rows[i]);
	for (size_t i = 0; i < csv->vm_count; i++)
		vm_columns(w, &csv->vms[i]);
}

static void *copy(const void *items, size_t count, size_t size)
{
	void *to = calloc(count + 1, size);

	if (to && count)
		memcpy(to, items, count * size);
	return to;
}

bool top_csv_begin(struct top_csv *csv, const char *host, const struct top_table *first,
		   const struct top_snapshot *s, FILE *out)
{
	struct walk header = { .csv = csv, .out = out };

	memset(csv, 0, sizeof(*csv));
	snprintf(csv->host, sizeof(csv->host), "%s", host);
	csv->first.rows = copy(first->rows, first->row_count, sizeof(*first->rows));
	csv->first.pcpus = copy(first->pcpus, first->pcpu_count, sizeof(*first->pcpus));
	csv->vms = copy(s->vms, s->vm_count, sizeof(*s->vms));
	if (!csv->first.rows || !csv->first.pcpus || !csv->vms) {
		top_csv_end(csv);
		return false;
	}
	csv->first.row_count = first->row_count;
	csv->first.pcpu_count = first->pcpu_count;
	csv->vm_count = s->vm_count;
	fputs("\"(PDH-CSV 4.0) (UTC)(0)\"", out);
	walk(&header);
	fputc('\n', out);
	return true;
}

void top_csv_line(const struct top_csv *csv, const struct top_table *t,
		  const struct top_snapshot *s, FILE *out)
{
	struct walk line = { .csv = csv, .t = t, .s = s, .out = out };
	struct tm tm;
	char when[32];

	if (!gmtime_r(&s->wall, &tm) || !strftime(when, sizeof(when), "%m/%d/%Y %H:%M:%S", &tm))
		when[0] = '\0';
	fprintf(out, "\"%s\"", when);
	walk(&line);
	fputc('\n', out);
}

bool top_json_line(const struct top_table *t, const struct top_snapshot *s, FILE *out)
{
	const struct top_csv all = { .first = *t, .vms = s->vms, .vm_count = s->vm_count };
	struct walk line = { .csv = &all, .t = t, .s = s, .object = json_object() };
	json_t *object;
	struct tm tm;
	char when[32];
	int err;

	if (!gmtime_r(&s->wall, &tm) || !strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm))
		when[0] = '\0';
	if (!line.object)
		return false;
	walk(&line);
	object = json_pack("{s:s, s:o}", "time", when, "counters", line.object);
	err = object ? json_dumpf(object, out, JSON_COMPACT | JSON_REAL_PRECISION(6)) : -1;
	json_decref(object);
	return !err && fputc('\n', out) != EOF;
}

void top_csv_end(struct top_csv *csv)
{
	top_table_free(&csv->first);
	free(csv->vms);
	csv->vms = NULL;
}
