// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * The panels as lines of text: what the machine as a whole does, then a line
 * for each world, group or VM in the order that was asked for.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "top.h"

#define MB (1024.0 * 1024)
#define PAGE 4096.0
#define PCPUS_A_LINE 9

bool top_view_sort_key(struct top_view *v, int key)
{
	static const struct {
		int key;
		enum top_panel panel;
		enum top_sort sort;
	} keys[] = {
		{ 'N', TOP_CPU, TOP_BY_ID },	  { 'U', TOP_CPU, TOP_BY_USED },
		{ 'R', TOP_CPU, TOP_BY_READY },	  { 'N', TOP_MEMORY, TOP_BY_ID },
		{ 'M', TOP_MEMORY, TOP_BY_SIZE }, { 'T', TOP_MEMORY, TOP_BY_TOUCHED },
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (keys[i].key == key && keys[i].panel == v->panel) {
			v->sort = keys[i].sort;
			return true;
		}
	}
	return false;
}

static void write_summary(const struct top_table *t, const struct top_snapshot *s, FILE *out)
{
	struct tm tm;
	char when[16];
	size_t worlds = 0;

	if (!localtime_r(&s->wall, &tm) || !strftime(when, sizeof(when), "%H:%M:%S", &tm))
		when[0] = '\0';
	for (size_t i = 0; i < t->row_count; i++)
		worlds += !t->rows[i].is_group;
	fprintf(out,
		"%s up %" PRIu64 " day%s %02u:%02u:%02u, %zu world%s, %zu VM%s, %zu PCPU%s,"
		" over %.1f s\n",
		when, s->uptime / 86400, s->uptime / 86400 == 1 ? "" : "s",
		(unsigned int)(s->uptime / 3600 % 24), (unsigned int)(s->uptime / 60 % 60),
		(unsigned int)(s->uptime % 60), worlds, worlds == 1 ? "" : "s", s->vm_count,
		s->vm_count == 1 ? "" : "s", t->pcpu_count, t->pcpu_count == 1 ? "" : "s",
		t->seconds);
}

/* Three lines for every nine PCPUs; the average of all after the last. */
static void write_pcpus(const struct top_table *t, FILE *out)
{
	double used = 0, idle = 0;
	size_t begin, end, i;

	for (i = 0; i < t->pcpu_count; i++) {
		used += t->pcpus[i].used / (double)t->pcpu_count;
		idle += t->pcpus[i].idle / (double)t->pcpu_count;
	}
	for (begin = 0; begin < t->pcpu_count; begin = end) {
		end = begin + PCPUS_A_LINE;
		if (end > t->pcpu_count)
			end = t->pcpu_count;
		fputs("PCPU    ", out);
		for (i = begin; i < end; i++)
			fprintf(out, " %6" PRIu32, t->pcpus[i].id);
		fputs(end == t->pcpu_count ? "    AVG\nUSED(%) " : "\nUSED(%) ", out);
		for (i = begin; i < end; i++)
			fprintf(out, " %6.2f", t->pcpus[i].used);
		if (end == t->pcpu_count)
			fprintf(out, " %6.2f", used);
		fputs("\nIDLE(%) ", out);
		for (i = begin; i < end; i++)
			fprintf(out, " %6.2f", t->pcpus[i].idle);
		if (end == t->pcpu_count)
			fprintf(out, " %6.2f", idle);
		fputc('\n', out);
	}
}

static int compare(double a, double b, uint32_t id_a, uint32_t id_b)
{
	if (a != b)
		return a < b ? 1 : -1;
	return (id_a > id_b) - (id_a < id_b);
}

static int by_id(const void *a, const void *b)
{
	const struct top_row *const *x = a, *const *y = b;

	return compare(0, 0, (*x)->id, (*y)->id);
}

static int by_used(const void *a, const void *b)
{
	const struct top_row *const *x = a, *const *y = b;

	return compare((*x)->percent.used, (*y)->percent.used, (*x)->id, (*y)->id);
}

static int by_ready(const void *a, const void *b)
{
	const struct top_row *const *x = a, *const *y = b;

	return compare((*x)->percent.ready, (*y)->percent.ready, (*x)->id, (*y)->id);
}

static void write_group(const struct top_view *v, const struct top_table *t,
			const struct top_row *group, FILE *out)
{
	top_fields_cpu(v, group, false, out);
	if (!v->expanded || (group->members == 1 && !group->is_vm))
		return;
	/* The members follow their group. */
	for (const struct top_row *row = group + 1; row < t->rows + t->row_count && !row->is_group;
	     row++)
		top_fields_cpu(v, row, true, out);
}

static void write_cpu(const struct top_view *v, const struct top_table *t, FILE *out)
{
	/* NOLINTNEXTLINE(bugprone-sizeof-expression): of pointers */
	const struct top_row **groups = calloc(t->row_count + 1, sizeof(*groups));
	size_t count = 0, i;

	top_fields_header(v, out);
	for (i = 0; groups && i < t->row_count; i++)
		if (t->rows[i].is_group && (t->rows[i].is_vm || !v->vms_only))
			groups[count++] = &t->rows[i];
	if (count)
		/* NOLINTNEXTLINE(bugprone-sizeof-expression) */
		qsort(groups, count, sizeof(*groups),
		      v->sort == TOP_BY_USED	? by_used
		      : v->sort == TOP_BY_READY ? by_ready
						: by_id);
	for (i = 0; i < count; i++)
		write_group(v, t, groups[i], out);
	free(groups);
}

static int vm_by_id(const void *a, const void *b)
{
	const struct top_vm *const *x = a, *const *y = b;

	return compare(0, 0, (*x)->world, (*y)->world);
}

static int vm_by_size(const void *a, const void *b)
{
	const struct top_vm *const *x = a, *const *y = b;

	return compare((double)(*x)->mem_bytes, (double)(*y)->mem_bytes, (*x)->world, (*y)->world);
}

static int vm_by_touched(const void *a, const void *b)
{
	const struct top_vm *const *x = a, *const *y = b;

	return compare((double)(*x)->touched_bytes, (double)(*y)->touched_bytes, (*x)->world,
		       (*y)->world);
}

static void write_memory_summary(const struct top_memory *m, FILE *out)
{
	double total = (double)m->total / MB, free_mb = (double)m->free / MB;
	double guests = (double)m->guest_pages * PAGE / MB;
	double nested = (double)m->nested_pages * PAGE / MB;
	double vmkernel = total - free_mb - guests - nested;

	/* The four were not read at one moment. */
	fprintf(out,
		"PMEM  /MB: %.1f total: %.1f guests, %.1f nested, %.1f vmkernel, %.1f "
		"free\n",
		total, guests, nested, vmkernel > 0 ? vmkernel : 0, free_mb);
}

static void write_memory(const struct top_view *v, const struct top_snapshot *s, FILE *out)
{
	/* NOLINTNEXTLINE(bugprone-sizeof-expression): of pointers */
	const struct top_vm **vms = calloc(s->vm_count + 1, sizeof(*vms));
	size_t i;

	top_fields_header(v, out);
	for (i = 0; vms && i < s->vm_count; i++)
		vms[i] = &s->vms[i];
	if (vms && s->vm_count)
		/* NOLINTNEXTLINE(bugprone-sizeof-expression) */
		qsort(vms, s->vm_count, sizeof(*vms),
		      v->sort == TOP_BY_SIZE	  ? vm_by_size
		      : v->sort == TOP_BY_TOUCHED ? vm_by_touched
						  : vm_by_id);
	for (i = 0; vms && i < s->vm_count; i++)
		top_fields_memory(v, vms[i], out);
	free(vms);
}

void top_view_write(const struct top_view *v, const struct top_table *t,
		    const struct top_snapshot *s, FILE *out)
{
	write_summary(t, s, out);
	if (v->panel == TOP_CPU)
		write_pcpus(t, out);
	else
		write_memory_summary(&s->memory, out);
	fputc('\n', out);
	if (v->panel == TOP_CPU)
		write_cpu(v, t, out);
	else
		write_memory(v, s, out);
}
