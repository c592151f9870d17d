/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * esxtop's data: a snapshot is what the VSI tree said at one time, a table what
 * two of them mean, a view is a table as lines of text. Only read.c and
 * screen.c touch the world outside; all else is pure and tested as such.
 */
#ifndef ESXTOP_TOP_H
#define ESXTOP_TOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#define TOP_NAME_MAX 80u
#define TOP_NO_WORLD UINT32_MAX

/* Counters in ns since the world was made, as of its own moment "now". */
struct top_times {
	uint64_t now, used, ready, wait, capped, stopped;
	uint64_t sys; /* of used: in the vmkernel */
};

struct top_world {
	uint32_t id;
	char kind[16]; /* "console", "idle", "helper", "vcpu" */
	char name[TOP_NAME_MAX];
	struct top_times times;
};

/* Time of one world on one PCPU. */
struct top_share {
	uint32_t world;
	uint64_t ns;
};

/* Counters in ns, all of one moment; busy counts worlds that are gone as well. */
struct top_pcpu {
	uint32_t id;
	uint64_t now, idle, busy;
	struct top_share *shares;
	size_t share_count;
};

struct top_vm {
	uint32_t id, vcpus;
	uint32_t world; /* of VCPU 0; those of the others follow it */
	char name[TOP_NAME_MAX], state[16];
	uint64_t mem_bytes, touched_bytes, nested_pages;
};

struct top_memory {
	uint64_t total, free; /* bytes */
	uint64_t guest_pages, nested_pages;
};

struct top_snapshot {
	time_t wall;
	uint64_t uptime; /* seconds, of the vmkernel */
	struct top_world *worlds; /* by id */
	struct top_pcpu *pcpus; /* by id */
	struct top_vm *vms;
	size_t world_count, pcpu_count, vm_count;
	struct top_memory memory;
};

void top_snapshot_free(struct top_snapshot *s);

/* parse.c: texts of VSI leaves; false if a text is not what it should be. */

/* Text of /sched/worlds/ID/all: who it is. The counters stay as they are. */
bool top_parse_world(const char *text, struct top_world *w);
/* Text of /sched/worlds/ID/times. */
bool top_parse_times(const char *text, struct top_times *t);
/* Text of /sched/pcpus/N/times; p->id stays, p->shares is allocated. */
bool top_parse_pcpu(const char *text, struct top_pcpu *p);
/* One number and nothing else. */
bool top_parse_number(const char *text, uint64_t *out);
/* First line of text, what cannot be shown made '_'. */
void top_parse_name(const char *text, char *name, size_t size);

/* read.c: a new snapshot; 0, or an error of vmnix_dev.h. fd is the module's. */
int top_read(int fd, struct top_snapshot *s);

/* table.c: percents are of one PCPU's time. */

struct top_percent {
	/* used includes sys, ready includes capped, wait includes idle */
	double used, sys, ready, wait, idle, capped;
	bool of_vcpu; /* sys and idle are known of VCPUs alone */
};

/* A world, or a group: a VM with its VCPUs, or all idle worlds. */
struct top_row {
	uint32_t id; /* of the (first) world */
	uint32_t group; /* id of its group */
	uint32_t members;
	bool is_group, is_vm, is_idle;
	char name[TOP_NAME_MAX];
	struct top_percent percent;
};

struct top_pcpu_row {
	uint32_t id;
	double used, idle;
	double others; /* part of used: worlds that are in no row, having gone */
};

/* Percent of a PCPU that a world had. */
struct top_cell {
	uint32_t pcpu, world;
	double used;
};

struct top_table {
	bool valid; /* false: the two are no pair, as after a new vmkernel */
	double seconds; /* between the two */
	struct top_row *rows; /* each group, followed by its members */
	struct top_pcpu_row *pcpus;
	struct top_cell *cells;
	size_t row_count, pcpu_count, cell_count;
};

/* What happened between a and b, two snapshots of that order. False: no memory. */
bool top_table_make(const struct top_snapshot *a, const struct top_snapshot *b,
		    struct top_table *t);
void top_table_free(struct top_table *t);

/* The row of a world or group, NULL: none. */
const struct top_row *top_table_row(const struct top_table *t, uint32_t id, bool is_group);
/* Percent of pcpu that world had. */
double top_table_cell(const struct top_table *t, uint32_t pcpu, uint32_t world);

/*
 * csv.c: columns are those of the first table, so that each line has the same;
 * what has gone is blank there, what is new counts in "others".
 */
struct top_csv {
	char host[256];
	struct top_table first; /* rows and PCPUs only */
	struct top_vm *vms;
	size_t vm_count;
};

/* Writes the header; false: no memory. */
bool top_csv_begin(struct top_csv *csv, const char *host, const struct top_table *first,
		   const struct top_snapshot *s, FILE *out);
void top_csv_line(const struct top_csv *csv, const struct top_table *t,
		  const struct top_snapshot *s, FILE *out);
/* A line of its own kind: an object with the time and the same counters by name, all there are. */
bool top_json_line(const struct top_table *t, const struct top_snapshot *s, FILE *out);
void top_csv_end(struct top_csv *csv);

/* view.c: a panel as text. */

enum top_panel { TOP_CPU, TOP_MEMORY };
enum top_sort { TOP_BY_ID, TOP_BY_USED, TOP_BY_READY, TOP_BY_SIZE, TOP_BY_TOUCHED };

struct top_view {
	enum top_panel panel;
	enum top_sort sort;
	bool expanded; /* members of groups, too */
	bool vms_only;
	uint32_t hidden[2]; /* by panel: a bit for each field that is not shown */
};

struct top_field {
	const char *title, *about;
	bool shown;
};

/* fields.c: field i of the panel, from 0; false: it has not so many. */
bool top_view_field(const struct top_view *v, unsigned int i, struct top_field *field);
bool top_view_toggle_field(struct top_view *v, unsigned int i);
/* The lines of view.c. */
void top_fields_header(const struct top_view *v, FILE *out);
void top_fields_cpu(const struct top_view *v, const struct top_row *row, bool indent, FILE *out);
void top_fields_memory(const struct top_view *v, const struct top_vm *vm, FILE *out);

/* Sets the sort order for a key of the panel; false: it is none. */
bool top_view_sort_key(struct top_view *v, int key);
/* Writes all lines; the header of the rows begins with '\1', to be shown in reverse. */
void top_view_write(const struct top_view *v, const struct top_table *t,
		    const struct top_snapshot *s, FILE *out);

/* screen.c: interactive until 'q', or count refreshes (0: no limit); an exit code. */
int top_screen(int fd, uint32_t delay, uint64_t count);

#endif
