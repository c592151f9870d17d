// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * vmkmem: memory moves between the console and a vmkernel that runs. Pieces of
 * 4 MiB are given and come back one by one, a call each; what cannot come back
 * yet is marked, so that nothing more is put there, and what holds it is said.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "json_text.h"
#include "tool.h"
#include "vmnix_dev.h"
#include "vsi_client.h"

#define MIB (1ull << 20)
#define KEPT (64 * MIB) /* that the console does not give */
#define NOT_YET 3 /* exit status: some of it is still in use */
#define AMOUNT_MAX (HC_PIECES_MAX * HC_PIECE_BYTES)

static const char help[] =
	"usage: vmkmem [--json]                   who has how much\n"
	"       vmkmem [--json] give SIZE         from the console to the vmkernel\n"
	"       vmkmem [--json] take SIZE|all     back, of what was given; what is in use\n"
	"                                         comes when its virtual machines have left\n"
	"       SIZE: MiB, or with M or G behind it: 256M; in pieces of 4 MiB\n"
	"       --json, --help, --version\n"
	"exit status: 0 done, 1 refused, 2 wrong usage, 3 not all of it is back yet\n";

struct state {
	uint64_t console_total, console_spare; /* of Linux; bytes, like all else */
	uint64_t total, free, given, leaving; /* of the vmkernel */
};

static int fd;
static bool json;

static void __attribute__((noreturn, format(printf, 2, 3))) fail(int code, const char *fmt, ...)
{
	char text[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (json)
		json_print(json_pack("{s:o, s:i}", "error", json_text(text), "status", code));
	tool_die(code, "%s", text);
}

static char *value_of(const char *path)
{
	char *text;
	int err = vsi_client_get(fd, path, &text);

	/* A machine may leave while it is looked at. */
	if (err == VMK_NOT_FOUND)
		return NULL;
	if (err)
		fail(TOOL_FAILED, "%s", vmnix_text(err));
	return text;
}

static uint64_t number_of(const char *path)
{
	char *text = value_of(path);
	uint64_t n = text ? strtoull(text, NULL, 10) : 0;

	free(text);
	return n;
}

static void read_console(struct state *s)
{
	FILE *f = fopen("/proc/meminfo", "re");
	char line[128];

	while (f && fgets(line, sizeof(line), f)) {
		sscanf(line, "MemTotal: %" SCNu64, &s->console_total);
		sscanf(line, "MemAvailable: %" SCNu64, &s->console_spare);
	}
	if (f)
		fclose(f);
	s->console_total *= 1024;
	s->console_spare *= 1024;
}

static void read_state(struct state *s)
{
	*s = (struct state){
		.total = number_of("/memory/total"),
		.free = number_of("/memory/free"),
		.given = number_of("/memory/given"),
		.leaving = number_of("/memory/leaving"),
	};
	read_console(s);
}

/* ---- what is said ------------------------------------------------------------------------ */

static void first_line(char *text)
{
	text[strcspn(text, "\n")] = 0;
}

/* A machine that has memory in what is to leave. */
static void put_vm(json_t *holders, const char *id)
{
	char path[64], *name;
	uint64_t bytes;

	snprintf(path, sizeof(path), "/vm/%s/mem/leaving", id);
	bytes = number_of(path);
	snprintf(path, sizeof(path), "/vm/%s/name", id);
	name = bytes ? value_of(path) : NULL;
	if (!name)
		return;
	first_line(name);
	if (json)
		json_array_append_new(holders,
				      json_pack("{s:i, s:o, s:I}", "vm", atoi(id), "name",
						json_text(name), "bytes", (json_int_t)bytes));
	else
		printf("  VM %s \"%s\": %llu MiB\n", id, name, bytes / MIB);
	free(name);
}

static void put_vms(json_t *holders)
{
	char *list, *id, *rest = NULL;

	if (vsi_client_list(fd, "/vm", &list))
		return;
	for (id = strtok_r(list, "/\n", &rest); id; id = strtok_r(NULL, "/\n", &rest))
		put_vm(holders, id);
	free(list);
}

/* What is no memory of a guest: a line "KIB WHAT FOR" each. */
static void put_others(json_t *holders)
{
	char *list = value_of("/memory/held"), *line, *what, *rest = NULL;
	uint64_t kib;

	for (line = list ? strtok_r(list, "\n", &rest) : NULL; line;
	     line = strtok_r(NULL, "\n", &rest)) {
		kib = strtoull(line, &what, 10);
		if (*what != ' ' || strstr(what, "memory of virtual machines") ||
		    strstr(what, "ledger"))
			continue;
		if (json)
			json_array_append_new(holders,
					      json_pack("{s:o, s:I}", "for", json_text(what + 1),
							"bytes", (json_int_t)kib * 1024));
		else
			printf(" %s: %llu KiB\n", what, (unsigned long long)kib);
	}
	free(list);
}

static int put_state_json(const struct state *s, const char *verb, uint64_t moved, int code)
{
	json_t *o = json_object(), *holders = json_array();

	if (verb) {
		json_object_set_new(o, "operation", json_string(verb));
		json_object_set_new(o, "moved", json_integer((json_int_t)moved));
	}
	json_object_set_new(o, "console_total", json_integer((json_int_t)s->console_total));
	json_object_set_new(o, "console_available", json_integer((json_int_t)s->console_spare));
	json_object_set_new(o, "vmkernel_total", json_integer((json_int_t)s->total));
	json_object_set_new(o, "vmkernel_free", json_integer((json_int_t)s->free));
	json_object_set_new(o, "given", json_integer((json_int_t)s->given));
	json_object_set_new(o, "leaving", json_integer((json_int_t)s->leaving));
	if (s->leaving) {
		put_vms(holders);
		put_others(holders);
	}
	json_object_set_new(o, "held", holders);
	json_object_set_new(o, "status", json_integer(code));
	return json_print(o) || code ? code : TOOL_FAILED;
}

static void put_leaving(const struct state *s)
{
	if (!s->leaving)
		return;
	printf("leaving:  %llu MiB, as soon as these have left:\n", s->leaving / MIB);
	put_vms(NULL);
	put_others(NULL);
}

/* ---- the verbs --------------------------------------------------------------------------- */

static int take_call(uint32_t op)
{
	struct hc_mem_take t = { .op = op };

	return vmnix_call(fd, HC_MEM_TAKE, &t, sizeof(t));
}

/* All that can leave leaves. */
static void collect(void)
{
	int err;

	do
		err = take_call(HC_TAKE_LEAVE);
	while (!err || err == VMK_BUSY);
	if (err != VMK_NOT_FOUND)
		fail(TOOL_FAILED, "%s", vmnix_text(err));
}

static void mark(uint64_t pieces)
{
	while (pieces-- && !take_call(HC_TAKE_MARK))
		;
}

static int show(void)
{
	struct state s;

	collect();
	read_state(&s);
	if (json)
		return put_state_json(&s, NULL, 0, TOOL_OK);
	printf("console:  %llu MiB, %llu MiB available\n", s.console_total / MIB,
	       s.console_spare / MIB);
	printf("vmkernel: %llu MiB, %llu MiB free\n", s.total / MIB, s.free / MIB);
	printf("given:    %llu MiB since it was loaded\n", s.given / MIB);
	put_leaving(&s);
	return TOOL_OK;
}

static int give(uint64_t bytes)
{
	uint64_t pieces = bytes / HC_PIECE_BYTES, n = 0, kept = 0;
	struct hc_mem_give g = { 0 };
	struct state s;
	int err = 0;

	/* What was on its way back stays. */
	while (n < pieces && !take_call(HC_TAKE_KEEP))
		n++;
	kept = n;
	read_state(&s);
	if (s.console_spare < KEPT + (pieces - kept) * HC_PIECE_BYTES) {
		mark(kept);
		fail(TOOL_FAILED,
		     "%llu MiB are more than the console can spare: it has %llu MiB available, "
		     "and keeps %llu",
		     bytes / MIB, s.console_spare / MIB, KEPT / MIB);
	}
	for (; n < pieces && !err; n += !err)
		err = vmnix_call(fd, HC_MEM_GIVE, &g, sizeof(g));
	if (err) {
		mark(n);
		collect();
		fail(TOOL_FAILED, "%llu MiB cannot be given, only %llu: %s", bytes / MIB,
		     n * HC_PIECE_BYTES / MIB,
		     err == VMK_NO_MEMORY ? "no more pieces of 4 MiB are to be had"
					  : vmnix_text(err));
	}
	read_state(&s);
	if (json)
		return put_state_json(&s, "give", bytes, TOOL_OK);
	printf("%llu MiB given: the vmkernel has %llu MiB, %llu MiB free\n", bytes / MIB,
	       s.total / MIB, s.free / MIB);
	return TOOL_OK;
}

/* bytes: 0 is all. */
static int take(uint64_t bytes)
{
	struct state before, after;
	uint64_t moved;
	int code;

	read_state(&before);
	if (!bytes)
		bytes = before.given;
	if (bytes > before.given)
		fail(TOOL_FAILED,
		     "only %llu MiB have been given since the vmkernel was loaded; what it "
		     "was loaded with stays",
		     before.given / MIB);
	if (bytes > before.leaving)
		mark((bytes - before.leaving) / HC_PIECE_BYTES);
	collect();
	read_state(&after);
	moved = before.given > after.given ? before.given - after.given : 0;
	code = moved < bytes ? NOT_YET : TOOL_OK;
	if (json)
		return put_state_json(&after, "take", moved, code);
	printf("%llu of %llu MiB are back\n", moved / MIB, bytes / MIB);
	put_leaving(&after);
	return code;
}

/* ---- the command line ------------------------------------------------------------------ */

/* Bytes, rounded up to whole pieces. */
static uint64_t size_of(const char *text)
{
	size_t digits = strspn(text, "0123456789");
	const char *unit = text + digits;
	uint64_t mib;
	char number[24] = "";

	if (digits < sizeof(number) && (!*unit || !strcmp(unit, "M") || !strcmp(unit, "G")))
		memcpy(number, text, digits);
	if (!number[0])
		fail(TOOL_USAGE, "'%s' is no size (256M, 1G)", text);
	if (!tool_number(number, 1, AMOUNT_MAX / MIB / (*unit == 'G' ? 1024 : 1), &mib))
		fail(TOOL_USAGE, "'%s': at least 1M, at most %lluG", text, AMOUNT_MAX >> 30);
	if (*unit == 'G')
		mib *= 1024;
	return (mib * MIB + HC_PIECE_BYTES - 1) / HC_PIECE_BYTES * HC_PIECE_BYTES;
}

static void open_vmkernel(void)
{
	struct hc_version v = { .abi_major = WS_ABI_MAJOR, .abi_minor = WS_ABI_MINOR };
	int err;

	fd = vmnix_open();
	if (fd < 0)
		fail(TOOL_FAILED, "%s", vmnix_open_text(errno));
	err = vmnix_call(fd, HC_VERSION, &v, sizeof(v));
	if (err || v.panicked)
		fail(TOOL_FAILED, "%s", vmnix_text(err ? err : VMK_PANICKED));
}

int main(int argc, char **argv)
{
	const char *word[3] = { NULL };
	uint64_t bytes = 0;
	int i, words = 0;

	tool_init(argv[0]);
	for (i = 1; i < argc; i++) {
		tool_standard_option(argv[i], help);
		if (!strcmp(argv[i], "--json"))
			json = true;
		else if (argv[i][0] == '-')
			fail(TOOL_USAGE, "unknown option '%s' (--help lists all)", argv[i]);
		else if (words < 3)
			word[words++] = argv[i];
	}
	if (word[0] && strcmp(word[0], "give") && strcmp(word[0], "take"))
		fail(TOOL_USAGE, "unknown verb '%s' (--help lists all)", word[0]);
	if (words && words != 2)
		fail(TOOL_USAGE, "%s takes one size (--help explains)", word[0]);
	if (words && (word[0][0] == 'g' || strcmp(word[1], "all")))
		bytes = size_of(word[1]);
	open_vmkernel();
	if (!words)
		return tool_finish(show());
	return tool_finish(word[0][0] == 'g' ? give(bytes) : take(bytes));
}
