// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/* The columns of both panels: titles, what they mean, and what stands in them. */
#include <inttypes.h>
#include <string.h>
#include "top.h"

#define MB (1024.0 * 1024)
#define PAGE 4096.0
#define NAME_WIDTH 16 /* so that a line has 79 columns */
#define CELL_MAX 96

struct field {
	const char *title;
	int width; /* below 0: on the left */
	const char *about;
};

enum { CPU_ID, CPU_NAME, CPU_NWLD, CPU_USED, CPU_RUN, CPU_SYS, CPU_WAIT, CPU_RDY, CPU_IDLE };
static const struct field cpu_fields[] = {
	{ "ID", 8, "number of the world, or of the group's first" },
	{ "NAME", -NAME_WIDTH, "name of the world or group" },
	{ "NWLD", 4, "worlds of the group" },
	{ "%USED", 6, "time on a PCPU" },
	{ "%RUN", 6, "the same" },
	{ "%SYS", 6, "of this: in the vmkernel" },
	{ "%WAIT", 6, "without anything to do, or not started" },
	{ "%RDY", 6, "ready, but no PCPU was free" },
	{ "%IDLE", 6, "of %WAIT: a VCPU in HLT" },
	{ "%MLMTD", 6, "of %RDY: held back by its maximum" },
};

enum { MEM_ID, MEM_NAME, MEM_VMID, MEM_STATE, MEM_MEMSZ, MEM_TCHD, MEM_PERCENT };
static const struct field memory_fields[] = {
	{ "ID", 8, "number of the VM's first world" },
	{ "NAME", -NAME_WIDTH, "name of the VM" },
	{ "VMID", 4, "number of the VM" },
	{ "STATE", -10, "on, off, suspended and so on" },
	{ "MEMSZ", 9, "MB of memory" },
	{ "TCHD", 9, "MB of this in use" },
	{ "%TCHD", 6, "the same in percent" },
	{ "NPT", 7, "MB of its nested page tables" },
};

static const struct field *fields_of(enum top_panel panel, unsigned int *count)
{
	if (panel == TOP_CPU) {
		*count = sizeof(cpu_fields) / sizeof(cpu_fields[0]);
		return cpu_fields;
	}
	*count = sizeof(memory_fields) / sizeof(memory_fields[0]);
	return memory_fields;
}

bool top_view_field(const struct top_view *v, unsigned int i, struct top_field *field)
{
	unsigned int count;
	const struct field *all = fields_of(v->panel, &count);

	if (i >= count)
		return false;
	*field = (struct top_field){ .title = all[i].title,
				     .about = all[i].about,
				     .shown = !(v->hidden[v->panel] & 1u << i) };
	return true;
}

bool top_view_toggle_field(struct top_view *v, unsigned int i)
{
	unsigned int count;

	fields_of(v->panel, &count);
	if (i >= count)
		return false;
	v->hidden[v->panel] ^= 1u << i;
	return true;
}

/* One cell, with a blank before all but the line's first. */
static void put(const struct field *f, const char *text, bool *first, FILE *out)
{
	int width = f->width < 0 ? -f->width : f->width;

	if (!*first)
		fputc(' ', out);
	*first = false;
	if (f->width < 0)
		fprintf(out, "%-*.*s", width, width, text);
	else
		fprintf(out, "%*s", width, text);
}

void top_fields_header(const struct top_view *v, FILE *out)
{
	unsigned int count, i;
	const struct field *all = fields_of(v->panel, &count);
	bool first = true;

	fputc('\1', out);
	for (i = 0; i < count; i++)
		if (!(v->hidden[v->panel] & 1u << i))
			put(&all[i], all[i].title, &first, out);
	fputc('\n', out);
}

/* A percent, or a dash if it is not known. */
static void percent_text(double percent, bool known, char *text)
{
	if (known)
		snprintf(text, CELL_MAX, "%.2f", percent);
	else
		snprintf(text, CELL_MAX, "-");
}

static void cpu_text(const struct top_row *row, bool indent, unsigned int i, char *text)
{
	const struct top_percent *p = &row->percent;

	switch (i) {
	case CPU_ID:
		snprintf(text, CELL_MAX, "%" PRIu32, row->id);
		break;
	case CPU_NAME:
		snprintf(text, CELL_MAX, "%s%s", indent ? "  " : "", row->name);
		break;
	case CPU_NWLD:
		snprintf(text, CELL_MAX, "%" PRIu32, row->members);
		break;
	case CPU_USED:
	case CPU_RUN:
		percent_text(p->used, true, text);
		break;
	case CPU_SYS:
		percent_text(p->sys, p->of_vcpu, text);
		break;
	case CPU_WAIT:
		percent_text(p->wait, true, text);
		break;
	case CPU_RDY:
		percent_text(p->ready, true, text);
		break;
	case CPU_IDLE:
		percent_text(p->idle, p->of_vcpu, text);
		break;
	default:
		percent_text(p->capped, true, text);
	}
}

void top_fields_cpu(const struct top_view *v, const struct top_row *row, bool indent, FILE *out)
{
	unsigned int count, i;
	const struct field *all = fields_of(TOP_CPU, &count);
	char text[CELL_MAX];
	bool first = true;

	for (i = 0; i < count; i++) {
		if (v->hidden[TOP_CPU] & 1u << i)
			continue;
		cpu_text(row, indent, i, text);
		put(&all[i], text, &first, out);
	}
	fputc('\n', out);
}

static void memory_text(const struct top_vm *vm, unsigned int i, char *text)
{
	double size = (double)vm->mem_bytes, touched = (double)vm->touched_bytes;

	switch (i) {
	case MEM_ID:
		snprintf(text, CELL_MAX, "%" PRIu32, vm->world);
		break;
	case MEM_NAME:
		snprintf(text, CELL_MAX, "%s", vm->name);
		break;
	case MEM_VMID:
		snprintf(text, CELL_MAX, "%" PRIu32, vm->id);
		break;
	case MEM_STATE:
		snprintf(text, CELL_MAX, "%s", vm->state);
		break;
	case MEM_MEMSZ:
		snprintf(text, CELL_MAX, "%.1f", size / MB);
		break;
	case MEM_TCHD:
		snprintf(text, CELL_MAX, "%.1f", touched / MB);
		break;
	case MEM_PERCENT:
		snprintf(text, CELL_MAX, "%.1f", size > 0 ? touched * 100 / size : 0);
		break;
	default:
		snprintf(text, CELL_MAX, "%.2f", (double)vm->nested_pages * PAGE / MB);
	}
}

void top_fields_memory(const struct top_view *v, const struct top_vm *vm, FILE *out)
{
	unsigned int count, i;
	const struct field *all = fields_of(TOP_MEMORY, &count);
	char text[CELL_MAX];
	bool first = true;

	for (i = 0; i < count; i++) {
		if (v->hidden[TOP_MEMORY] & 1u << i)
			continue;
		memory_text(vm, i, text);
		put(&all[i], text, &first, out);
	}
	fputc('\n', out);
}
