/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* sources: console/esxtop/parse.c console/esxtop/table.c console/esxtop/csv.c
 *	console/esxtop/view.c console/esxtop/fields.c */
/*
 * esxtop without terminal and vmkernel: texts to snapshots, two snapshots to a
 * table whose figures add up whatever comes and goes, tables to CSV and to
 * lines on a screen.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "esxtop/top.h"
#include "test_lib.h"

#define MS 1000000ull
#define S 1000000000ull

static void assert_percent(double is, double wanted)
{
	if (fabs(is - wanted) > 0.001)
		fail_msg("%f instead of %f", is, wanted);
}

static void test_parse(void **state)
{
	struct top_world w;
	struct top_times t;
	struct top_pcpu p = { .id = 1 };
	char name[8];
	uint64_t n;

	(void)state;
	assert_true(top_parse_number("12\n", &n) && n == 12);
	assert_true(top_parse_number("12", &n));
	assert_false(top_parse_number("", &n) || top_parse_number("x", &n));
	assert_false(top_parse_number("12 13\n", &n));
	top_parse_name("a\x1b b\nc", name, sizeof(name));
	assert_string_equal(name, "a_ b");
	top_parse_name("much too long", name, sizeof(name));
	assert_string_equal(name, "much to");

	assert_true(top_parse_world("1088 vcpu running 1 1000 0 0 35 0 51 0 0 vmm0:my VM\n", &w));
	assert_true(w.id == 1088 && !strcmp(w.kind, "vcpu") && !strcmp(w.name, "vmm0:my VM"));
	assert_true(top_parse_world("1024 console stopped -1 1000 0 0 0 0 0 0 0 console\n", &w));
	assert_false(top_parse_world("1088 vcpu running 1 1000 0 0 35 0 51 0 0", &w));
	assert_false(top_parse_world("1088 vcpu", &w) || top_parse_world("", &w));

	assert_true(top_parse_times("10 3 2 3 4 0 1\n", &t) && t.now == 10 && t.sys == 1);
	assert_false(top_parse_times("10 1 2 3 4 0\n", &t) ||
		     top_parse_times("1 1 2 3 4 0 9 8", &t));

	assert_true(top_parse_pcpu("   now  100\n  idle  30\n  busy  70\n", &p));
	assert_true(p.now == 100 && p.idle == 30 && p.busy == 70 && !p.share_count);
	assert_true(top_parse_pcpu("now 100\nidle 30\nbusy 70\n 1088 50\n 1090 20\n", &p));
	assert_true(p.share_count == 2 && p.shares[1].world == 1090 && p.shares[1].ns == 20);
	free(p.shares);
	assert_false(top_parse_pcpu("now 100\nidle 30\nbusy 70\n 1088 50\n 1090", &p));
	assert_false(top_parse_pcpu("now 100\nidle 30\nbusy 70\n idle 50\n", &p));
	assert_false(top_parse_pcpu("", &p) || top_parse_pcpu("now 1\nidle 2", &p));
	assert_null(p.shares);
}

/* Texts that are cut off or have wrong characters: refused or taken, never more than that. */
static void test_parse_anything(void **state)
{
	static const char *const texts[] = {
		"1088 vcpu running 1 1000 0 0 35 0 51 0 0 vmm0:my VM\n",
		"10 1 2 3 4 0 1\n",
		"       now          100\n      idle           30\n      busy           70\n"
		"      1088           50\n      1090           20\n",
	};

	(void)state;
	for (uint32_t round = 0; round < 20000; round++) {
		const char *text = texts[round % 3];
		size_t len = rnd() % (strlen(text) + 1);
		char *copy = strndup(text, len);
		struct top_pcpu p = { 0 };
		struct top_world w;
		struct top_times t;
		uint64_t n;

		for (size_t i = rnd() % 3; i && len; i--)
			copy[rnd() % len] = (char)(1 + rnd() % 255);
		(void)top_parse_number(copy, &n);
		(void)top_parse_world(copy, &w);
		(void)top_parse_times(copy, &t);
		if (top_parse_pcpu(copy, &p))
			free(p.shares);
		free(copy);
	}
}

/* Snapshots by hand: what is not said is 0. */

static void add_world(struct top_snapshot *s, uint32_t id, const char *kind, const char *name,
		      struct top_times times)
{
	struct top_world *w;

	s->worlds = realloc(s->worlds, (s->world_count + 1) * sizeof(*s->worlds));
	w = &s->worlds[s->world_count++];
	memset(w, 0, sizeof(*w));
	w->id = id;
	strcpy(w->kind, kind);
	strcpy(w->name, name);
	w->times = times;
}

static struct top_pcpu *add_pcpu(struct top_snapshot *s, uint32_t id, uint64_t now, uint64_t idle,
				 uint64_t busy)
{
	s->pcpus = realloc(s->pcpus, (s->pcpu_count + 1) * sizeof(*s->pcpus));
	s->pcpus[s->pcpu_count] =
		(struct top_pcpu){ .id = id, .now = now, .idle = idle, .busy = busy };
	return &s->pcpus[s->pcpu_count++];
}

static void add_share(struct top_pcpu *p, uint32_t world, uint64_t ns)
{
	p->shares = realloc(p->shares, (p->share_count + 1) * sizeof(*p->shares));
	p->shares[p->share_count++] = (struct top_share){ .world = world, .ns = ns };
}

static void add_vm(struct top_snapshot *s, uint32_t id, uint32_t world, uint32_t vcpus,
		   const char *name)
{
	struct top_vm *vm;

	s->vms = realloc(s->vms, (s->vm_count + 1) * sizeof(*s->vms));
	vm = &s->vms[s->vm_count++];
	*vm = (struct top_vm){ .id = id, .world = world, .vcpus = vcpus };
	strcpy(vm->name, name);
	strcpy(vm->state, "on");
	vm->mem_bytes = (uint64_t)id << 20;
	vm->touched_bytes = vm->mem_bytes / 2;
	vm->nested_pages = 256;
}

/* Two seconds on two PCPUs: a hog, a VM of two VCPUs, a world that goes, one that comes. */
static void make_pair(struct top_snapshot *a, struct top_snapshot *b)
{
	struct top_pcpu *p;

	*a = (struct top_snapshot){ .uptime = 100, .wall = 1000000000 };
	*b = (struct top_snapshot){ .uptime = 90061, .wall = 1000000002 };
	add_world(a, 1024, "console", "console", (struct top_times){ .now = S, .stopped = S });
	add_world(b, 1024, "console", "console",
		  (struct top_times){ .now = 3 * S, .stopped = 3 * S });
	add_world(a, 1025, "idle", "idle1", (struct top_times){ .now = 10 * S, .used = 4 * S });
	add_world(b, 1025, "idle", "idle1",
		  (struct top_times){ .now = 12 * S, .used = 4 * S, .wait = 2 * S });
	add_world(a, 1026, "idle", "idle2", (struct top_times){ .now = 10 * S, .used = 4 * S });
	add_world(b, 1026, "idle", "idle2",
		  (struct top_times){ .now = 12 * S, .used = 5 * S, .wait = S });
	/* Read 1 ms later than the PCPUs: over its own 2 s it had all of PCPU 1. */
	add_world(a, 1088, "vcpu", "vmm0:hog",
		  (struct top_times){ .now = 10 * S + MS, .used = 7 * S + MS });
	add_world(b, 1088, "vcpu", "vmm0:hog",
		  (struct top_times){ .now = 12 * S + MS, .used = 9 * S + MS });
	add_world(a, 1089, "vcpu", "vmm0:gone", (struct top_times){ .now = 10 * S, .used = S });
	add_world(a, 1090, "vcpu", "vmm0:two", (struct top_times){ .now = 10 * S });
	add_world(b, 1090, "vcpu", "vmm0:two",
		  (struct top_times){ .now = 12 * S,
				      .used = 400 * MS,
				      .sys = 50 * MS,
				      .ready = 100 * MS,
				      .wait = 1000 * MS,
				      .capped = 300 * MS,
				      .stopped = 200 * MS });
	add_world(a, 1091, "vcpu", "vmm1:two", (struct top_times){ .now = 10 * S });
	add_world(b, 1091, "vcpu", "vmm1:two",
		  (struct top_times){
			  .now = 12 * S, .used = 100 * MS, .sys = 102 * MS, .wait = 1900 * MS });
	add_world(b, 1092, "vcpu", "vmm0:new",
		  (struct top_times){ .now = 12 * S, .used = 300 * MS, .wait = 200 * MS });
	add_vm(a, 1, 1088, 1, "hog");
	add_vm(b, 1, 1088, 1, "hog");
	add_vm(a, 2, 1089, 1, "gone");
	add_vm(a, 3, 1090, 2, "two");
	add_vm(b, 3, 1090, 2, "two");
	add_vm(b, 4, 1092, 1, "new");

	p = add_pcpu(a, 1, 10 * S, 3 * S, 7 * S);
	add_share(p, 1088, 7 * S);
	p = add_pcpu(b, 1, 12 * S, 3 * S, 9 * S);
	add_share(p, 1088, 9 * S);
	p = add_pcpu(a, 2, 10 * S, 4 * S, 6 * S);
	add_share(p, 1089, S);
	/* 1 s idle, 0.5 s for both of "two", 0.3 s the new one, 0.2 s the one that then went. */
	p = add_pcpu(b, 2, 12 * S, 5 * S, 7 * S);
	add_share(p, 1090, 400 * MS);
	add_share(p, 1091, 100 * MS);
	add_share(p, 1092, 300 * MS);
}

static double cells_of(const struct top_table *t, uint32_t pcpu)
{
	double sum = 0;

	for (size_t i = 0; i < t->cell_count; i++)
		sum += t->cells[i].pcpu == pcpu ? t->cells[i].used : 0;
	return sum;
}

static void test_table(void **state)
{
	struct top_snapshot a, b;
	const struct top_row *row;
	struct top_table t;

	(void)state;
	make_pair(&a, &b);
	assert_true(top_table_make(&a, &b, &t));
	assert_true(t.valid);
	assert_percent(t.seconds, 2);
	assert_int_equal(t.pcpu_count, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_percent(t.pcpus[i].used + t.pcpus[i].idle, 100);
		assert_percent(cells_of(&t, t.pcpus[i].id) + t.pcpus[i].others, t.pcpus[i].used);
	}
	assert_percent(t.pcpus[0].others, 0);
	assert_percent(t.pcpus[1].others, 10);
	assert_percent(top_table_cell(&t, 1, 1088), 100);
	assert_percent(top_table_cell(&t, 2, 1092), 15);
	assert_percent(top_table_cell(&t, 1, 1092), 0);

	/* Linux runs the console: no row. What has gone: none either. */
	assert_null(top_table_row(&t, 1024, true));
	assert_null(top_table_row(&t, 1089, true));
	row = top_table_row(&t, 1025, true);
	assert_string_equal(row->name, "idle");
	assert_true(row->members == 2 && row->is_idle && !row->percent.of_vcpu);
	assert_percent(row->percent.used, 50);
	row = top_table_row(&t, 1088, true);
	assert_string_equal(row->name, "hog");
	assert_percent(row->percent.used, 100);
	row = top_table_row(&t, 1090, false);
	assert_percent(row->percent.used, 20);
	assert_percent(row->percent.sys, 2.5);
	assert_percent(row->percent.ready, 20);
	assert_percent(row->percent.capped, 15);
	assert_percent(row->percent.wait, 60);
	assert_percent(row->percent.idle, 50);
	/* Charged a little late: not more than the time that it is part of. */
	assert_percent(top_table_row(&t, 1091, false)->percent.sys, 5);
	row = top_table_row(&t, 1090, true);
	assert_true(row->members == 2 && row->is_vm);
	assert_percent(row->percent.used, 25);
	assert_percent(row->percent.used + row->percent.ready + row->percent.wait, 200);
	assert_percent(top_table_row(&t, 1092, true)->percent.used, 15);
	top_table_free(&t);
	top_snapshot_free(&a);
	top_snapshot_free(&b);
}

/* Pairs that are none, and counters that go back, yield nothing rather than nonsense. */
static void test_odd_pairs(void **state)
{
	struct top_snapshot a, b;
	struct top_table t;

	(void)state;
	make_pair(&a, &b);
	assert_true(top_table_make(&b, &a, &t)); /* a new vmkernel: its clock began anew */
	assert_false(t.valid);
	assert_int_equal(t.row_count + t.pcpu_count + t.cell_count, 0);
	top_table_free(&t);
	assert_true(top_table_make(&a, &a, &t)); /* no time has passed */
	assert_false(t.valid);
	top_table_free(&t);

	/* A world that the first list has missed: older than what that has seen, so nothing. */
	a.worlds[3].id = 1087;
	a.pcpus[0].shares[0].world = 1087;
	assert_true(top_table_make(&a, &b, &t));
	assert_null(top_table_row(&t, 1088, false));
	assert_percent(t.pcpus[0].others, 100);
	assert_percent(t.pcpus[0].used, 100);
	top_table_free(&t);
	a.worlds[3].id = 1088;
	a.pcpus[0].shares[0].world = 1088;

	b.worlds[3].times.used = 1; /* goes back */
	b.pcpus[1].idle = 1;
	assert_true(top_table_make(&a, &b, &t));
	assert_null(top_table_row(&t, 1088, true));
	assert_int_equal(t.pcpu_count, 1);
	top_table_free(&t);

	/* A new world that is older than the interval of the PCPUs: its states make 100. */
	b.worlds[6].times = (struct top_times){ .now = 13 * S, .used = 3 * S, .stopped = S };
	assert_true(top_table_make(&a, &b, &t));
	assert_percent(top_table_row(&t, 1092, false)->percent.used, 75);
	assert_percent(top_table_row(&t, 1092, false)->percent.wait, 25);
	top_table_free(&t);

	/* Jumps: no more than all of a PCPU. */
	b.worlds[3].times.used = 1000 * S;
	assert_true(top_table_make(&a, &b, &t));
	assert_percent(top_table_row(&t, 1088, false)->percent.used, 100);
	top_table_free(&t);
	top_snapshot_free(&a);
	top_snapshot_free(&b);
}

static void test_empty(void **state)
{
	struct top_snapshot a = { .uptime = 1 }, b = { .uptime = 2 };
	struct top_table t;

	(void)state;
	assert_true(top_table_make(&a, &b, &t));
	assert_false(t.valid);
	top_table_free(&t);
}

/* Field n (from 0) of a line of CSV, without its quotes. */
static const char *field(const char *line, size_t n)
{
	static char buf[256];
	const char *end;

	for (; n; n--) {
		line = strchr(line, '"') + 1;
		line = strchr(line, '"') + 1;
		assert_int_equal(*line, ',');
		line++;
	}
	assert_int_equal(*line, '"');
	end = strchr(line + 1, '"');
	snprintf(buf, sizeof(buf), "%.*s", (int)(end - line - 1), line + 1);
	return buf;
}

static size_t fields(const char *line)
{
	size_t n = 0;

	for (; *line && *line != '\n'; line++)
		n += *line == '"';
	return n / 2;
}

/* The value below the column of that name. */
static const char *value(const char *text, const char *line, const char *name)
{
	for (size_t i = 0; i < fields(text); i++)
		if (!strcmp(field(text, i), name))
			return field(line, i);
	fail_msg("no column %s in %s", name, text);
	return "";
}

static void test_csv(void **state)
{
	struct top_snapshot a, b;
	struct top_csv csv;
	struct top_table t, back;
	char *text, *one, *two;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	make_pair(&a, &b);
	strcpy(b.vms[0].name, "a \"b\" (c)\\#/*");
	assert_true(top_table_make(&a, &b, &t));
	assert_true(top_csv_begin(&csv, "host", &t, &b, out));
	top_csv_line(&csv, &t, &b, out);
	/* Then only worlds of a: the new one has gone, 1089 is new to the file. */
	a.uptime = b.uptime + 2;
	a.pcpus[0].now = a.pcpus[1].now = 14 * S;
	a.pcpus[0].busy = 11 * S;
	a.pcpus[1].idle = 6 * S;
	a.pcpus[1].busy = 8 * S;
	a.pcpus[0].shares[0].ns = 11 * S;
	a.worlds[3].times = (struct top_times){ .now = 14 * S, .used = 11 * S + MS };
	assert_true(top_table_make(&b, &a, &back));
	top_csv_line(&csv, &back, &a, out);
	top_csv_end(&csv);
	fclose(out);

	one = strchr(text, '\n') + 1;
	two = strchr(one, '\n') + 1;
	assert_int_equal(fields(text), fields(one));
	assert_int_equal(fields(text), fields(two));
	assert_string_equal(strchr(two, '\n'), "\n");
	assert_string_equal(field(text, 0), "(PDH-CSV 4.0) (UTC)(0)");
	assert_string_equal(field(one, 0), "09/09/2001 01:46:42");
	assert_string_equal(value(text, one, "\\\\host\\Physical Cpu(1)\\% Used Time"), "100.00");
	assert_string_equal(value(text, one, "\\\\host\\Physical Cpu(2)\\% Idle Time"), "50.00");
	assert_string_equal(value(text, one, "\\\\host\\Physical Cpu(_Total)\\% Used Time"),
			    "75.00");
	assert_string_equal(
		value(text, one, "\\\\host\\Physical Cpu World(2:1091:vmm1:two)\\% Used"), "5.00");
	assert_string_equal(value(text, one, "\\\\host\\Physical Cpu World(2:others)\\% Used"),
			    "10.00");
	assert_string_equal(value(text, one, "\\\\host\\Group Cpu(1090:two)\\Members"), "2.00");
	assert_string_equal(value(text, one, "\\\\host\\Group Cpu(1090:two)\\% Ready"), "20.00");
	assert_string_equal(value(text, one, "\\\\host\\Group Cpu(1090:two)\\% System"), "7.50");
	assert_string_equal(value(text, one, "\\\\host\\Group Cpu(1088:a _b_ _c_____)\\% Used"),
			    "100.00");
	assert_string_equal(value(text, one, "\\\\host\\Vcpu(1090:two:1091:vmm1:two)\\% Idle"),
			    "95.00");
	assert_string_equal(value(text, one, "\\\\host\\Group Memory(1090:two)\\Touched MBytes"),
			    "1.50");
	/* The second line: blank for what has gone, its time and the newcomers' with the others. */
	assert_string_equal(value(text, two, "\\\\host\\Group Cpu(1092:new)\\% Used"), " ");
	assert_string_equal(
		value(text, two, "\\\\host\\Physical Cpu World(2:1092:vmm0:new)\\% Used"), " ");
	assert_string_equal(value(text, two, "\\\\host\\Group Memory(1092:new)\\Touched MBytes"),
			    " ");
	assert_string_equal(
		value(text, two, "\\\\host\\Physical Cpu World(1:1088:vmm0:hog)\\% Used"),
		"100.00");
	assert_string_equal(value(text, two, "\\\\host\\Physical Cpu World(2:others)\\% Used"),
			    "50.00");
	free(text);
	top_table_free(&t);
	top_table_free(&back);
	top_snapshot_free(&a);
	top_snapshot_free(&b);
}

static char *view_text(const struct top_view *v, const struct top_table *t,
		       const struct top_snapshot *s)
{
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	top_view_write(v, t, s, out);
	fclose(out);
	return text;
}

/* The names of text's rows, in order, come in the order of names. */
static void assert_order(const struct top_view *v, const struct top_table *t,
			 const struct top_snapshot *s, const char *const *names)
{
	char *text = view_text(v, t, s), *at = strchr(text, '\1');

	for (; *names; names++) {
		char *next = strstr(at, *names);

		if (!next)
			fail_msg("no '%s' after '%s'", *names, at);
		at = next + 1;
	}
	free(text);
}

#define ORDER(...) assert_order(&v, &t, &b, (const char *const[]){ __VA_ARGS__, NULL })

static void test_view(void **state)
{
	struct top_view v = { .panel = TOP_CPU };
	struct top_snapshot a, b;
	struct top_table t;
	char *text;

	(void)state;
	make_pair(&a, &b);
	assert_true(top_table_make(&a, &b, &t));
	text = view_text(&v, &t, &b);
	assert_non_null(strstr(text, " up 1 day 01:01:01, 6 worlds, 3 VMs, 2 PCPUs, over 2.0 s\n"));
	assert_non_null(strstr(text, "USED(%)  100.00  50.00  75.00\n"));
	assert_non_null(strstr(text, "IDLE(%)    0.00  50.00  25.00\n"));
	assert_non_null(strstr(text, "\n    1090 two                 2  25.00  25.00   7.50 155.00"
				     "  20.00 145.00  15.00\n"));
	assert_null(strstr(text, "vmm"));
	free(text);
	ORDER(" idle ", " hog ", " two ", " new ");
	assert_true(top_view_sort_key(&v, 'U'));
	ORDER(" hog ", " idle ", " two ", " new ");
	assert_true(top_view_sort_key(&v, 'R'));
	ORDER(" two ", " idle ", " hog ", " new ");
	assert_false(top_view_sort_key(&v, 'M'));
	assert_true(top_view_sort_key(&v, 'N'));
	v.expanded = true;
	ORDER(" idle ", "   idle1 ", "   idle2 ", " hog ", "   vmm0:hog", " two ", "   vmm0:two ",
	      "   vmm1:two ");
	v.vms_only = true;
	text = view_text(&v, &t, &b);
	assert_null(strstr(text, " idle "));
	free(text);

	v.panel = TOP_MEMORY;
	b.memory = (struct top_memory){
		.total = 100 << 20, .free = 40 << 20, .guest_pages = 2560, .nested_pages = 256
	};
	text = view_text(&v, &t, &b);
	assert_non_null(strstr(text, "PMEM  /MB: 100.0 total: 10.0 guests, 1.0 nested,"
				     " 49.0 vmkernel, 40.0 free\n"));
	assert_non_null(strstr(text, "\n    1090 two                 3 on        "
				     "       3.0       1.5   50.0    1.00\n"));
	free(text);
	assert_true(top_view_sort_key(&v, 'M'));
	ORDER(" new ", " two ", " hog ");
	assert_true(top_view_sort_key(&v, 'N'));
	ORDER(" hog ", " two ", " new ");
	assert_false(top_view_sort_key(&v, 'U'));
	top_table_free(&t);
	top_snapshot_free(&a);
	top_snapshot_free(&b);
}

/* Each field can go and come back, in each panel by itself; the others stay in place. */
static void test_fields(void **state)
{
	struct top_view v = { .panel = TOP_CPU };
	struct top_snapshot a, b;
	struct top_field field;
	struct top_table t;
	char *all, *text;
	unsigned int i;

	(void)state;
	make_pair(&a, &b);
	assert_true(top_table_make(&a, &b, &t));
	for (i = 0; top_view_field(&v, i, &field); i++)
		assert_true(field.shown && top_view_toggle_field(&v, i));
	assert_int_equal(i, 10);
	assert_false(top_view_toggle_field(&v, i));
	text = view_text(&v, &t, &b);
	assert_non_null(strstr(text, "\n\n\1\n\n\n\n\n"));
	free(text);
	top_view_toggle_field(&v, 1);
	top_view_toggle_field(&v, 7);
	assert_true(top_view_field(&v, 7, &field) && field.shown);
	assert_string_equal(field.title, "%RDY");
	text = view_text(&v, &t, &b);
	assert_non_null(strstr(text, "\1NAME               %RDY\n"));
	assert_non_null(strstr(text, "\ntwo               20.00\n"));
	free(text);
	v.panel = TOP_MEMORY;
	all = view_text(&v, &t, &b);
	assert_true(top_view_field(&v, 7, &field) && field.shown);
	assert_false(top_view_field(&v, 8, &field));
	assert_true(top_view_toggle_field(&v, 7));
	text = view_text(&v, &t, &b);
	assert_non_null(strstr(all, "NPT"));
	assert_null(strstr(text, "NPT"));
	free(text);
	assert_true(top_view_toggle_field(&v, 7));
	text = view_text(&v, &t, &b);
	assert_string_equal(text, all);
	free(text);
	free(all);
	top_table_free(&t);
	top_snapshot_free(&a);
	top_snapshot_free(&b);
}

/* Random worlds that come, go and move: sums hold in every interval. */
static void test_sums(void **state)
{
	(void)state;
	for (uint32_t round = 0; round < 300; round++) {
		struct top_snapshot a = { .uptime = 1 }, b = { .uptime = 2 };
		uint64_t busy_a = rnd() % S + 5 * S, busy = 0, length = MS + rnd() % S;
		struct top_pcpu *was, *is;
		struct top_table t;

		was = add_pcpu(&a, 1, 100 * S, 5 * S, busy_a);
		is = add_pcpu(&b, 1, 100 * S + length, 5 * S, busy_a);
		for (uint32_t id = 1088; id < 1088 + 20; id++) {
			bool in_a = id < 1100 && rnd() % 4, in_b = rnd() % 4;
			uint64_t before = in_a ? rnd() % (S / 10) : 0, had = length / 40;

			if (in_a)
				add_world(&a, id, "vcpu", "w",
					  (struct top_times){ .now = 100 * S, .used = before });
			if (in_a && before)
				add_share(was, id, before);
			if (in_b)
				add_world(&b, id, "vcpu", "w",
					  (struct top_times){ .now = 100 * S + length,
							      .used = before + had });
			if (in_b && (in_a || id >= 1100))
				add_share(is, id, before + had);
			busy += had;
		}
		is->busy += busy;
		is->idle += length - busy;
		assert_true(top_table_make(&a, &b, &t));
		assert_true(t.valid && t.pcpu_count == 1);
		assert_percent(t.pcpus[0].used + t.pcpus[0].idle, 100);
		assert_percent(cells_of(&t, 1) + t.pcpus[0].others, t.pcpus[0].used);
		assert_true(t.pcpus[0].others >= 0);
		top_table_free(&t);
		top_snapshot_free(&a);
		top_snapshot_free(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse), cmocka_unit_test(test_parse_anything),
		cmocka_unit_test(test_table), cmocka_unit_test(test_odd_pairs),
		cmocka_unit_test(test_empty), cmocka_unit_test(test_csv),
		cmocka_unit_test(test_view),  cmocka_unit_test(test_fields),
		cmocka_unit_test(test_sums),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
