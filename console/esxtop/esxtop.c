// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * esxtop: who uses the physical processors and the memory of the vmkernel.
 * Interactive on a terminal, or (-b) in batch mode as PDH-CSV. All figures are
 * differences of counters in the VSI tree.
 */
#include <errno.h>
#include <getopt.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "tool.h"
#include "top.h"
#include "vmnix_dev.h"

#define DELAY_DEFAULT 5u
#define DELAY_MAX 86400u

static const char help[] =
	"usage: esxtop [-d S] [-n N]      on a terminal; h shows the keys\n"
	"       esxtop -b [-d S] [-n N]   batch mode: CSV for Performance Monitor and its like\n"
	"       -b           batch mode; --json: an object a line instead\n"
	"       -d S         seconds between refreshes (5; 1 to 86400)\n"
	"       -n N         end after N refreshes\n"
	"       -a           all counters: batch mode writes these anyway\n"
	"       --help, --version\n"
	"exit status: 0 done, 1 failed, 2 wrong usage\n";

struct options {
	bool batch, json;
	uint64_t delay, count;
};

/* Until *when, which then becomes the next time; without drift. */
static void wait_until(struct timespec *when, uint64_t delay)
{
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, when, NULL) == EINTR)
		;
	when->tv_sec += (time_t)delay;
}

/* Writes the header before the first line. False: standard output takes no more. */
static bool write_line(const struct options *o, struct top_csv *csv, const struct top_table *t,
		       const struct top_snapshot *s, bool first)
{
	char host[256] = "localhost";

	if (o->json)
		return top_json_line(t, s, stdout) && !fflush(stdout);
	if (first) {
		gethostname(host, sizeof(host) - 1);
		if (!top_csv_begin(csv, host, t, s, stdout))
			return false;
	}
	top_csv_line(csv, t, s, stdout);
	return !fflush(stdout);
}

static int batch(int fd, const struct options *o)
{
	struct top_snapshot a, b;
	struct top_csv csv = {};
	struct timespec when;
	struct top_table t;
	uint64_t lines = 0;
	int err;

	clock_gettime(CLOCK_MONOTONIC, &when);
	when.tv_sec += (time_t)o->delay;
	err = top_read(fd, &a);
	while (!err) {
		wait_until(&when, o->delay);
		err = top_read(fd, &b);
		if (!err && !top_table_make(&a, &b, &t)) {
			top_snapshot_free(&b);
			err = ENOMEM;
		}
		top_snapshot_free(&a);
		if (err)
			break;
		a = b;
		/* Two that are no pair (the vmkernel was loaded anew) say nothing. */
		if (t.valid && !write_line(o, &csv, &t, &b, !lines++))
			err = errno;
		top_table_free(&t);
		if (o->count && lines >= o->count)
			break;
	}
	if (!err)
		top_snapshot_free(&a);
	top_csv_end(&csv);
	if (err)
		tool_error("%s", vmnix_text(err));
	return err ? TOOL_FAILED : TOOL_OK;
}

static struct options parse(int argc, char **argv)
{
	struct options o = { .delay = DELAY_DEFAULT };
	static const struct option json[] = { { "json", no_argument, NULL, 0 },
					      { NULL, 0, NULL, 0 } };
	int opt;

	for (opt = 1; opt < argc; opt++)
		if (!strcmp(argv[opt], "--json"))
			o.json = true;
		else if (!strncmp(argv[opt], "--", 2))
			tool_die(TOOL_USAGE, "unknown option '%s' (--help lists all)", argv[opt]);
	opterr = 0;
	while ((opt = getopt_long(argc, argv, ":abd:n:", json, NULL)) != -1) {
		switch (opt) {
		case 'a':
		case 0:
			break;
		case 'b':
			o.batch = true;
			break;
		case 'd':
			if (!tool_number(optarg, 1, DELAY_MAX, &o.delay))
				tool_die(TOOL_USAGE, "-d wants seconds from 1 to 86400, not '%s'",
					 optarg);
			break;
		case 'n':
			if (!tool_number(optarg, 1, UINT64_MAX, &o.count))
				tool_die(TOOL_USAGE, "-n wants a number from 1, not '%s'", optarg);
			break;
		case ':':
			tool_die(TOOL_USAGE, "-%c wants a number", optopt);
		default:
			tool_die(TOOL_USAGE, "unknown option '-%c' (--help lists all)", optopt);
		}
	}
	if (o.json && !o.batch)
		tool_die(TOOL_USAGE, "--json goes with -b only");
	if (optind < argc)
		tool_die(TOOL_USAGE, "'%s' is too much (--help shows the options)", argv[optind]);
	return o;
}

int main(int argc, char **argv)
{
	struct options o;
	int fd;

	tool_init(argv[0]);
	if (argc > 1)
		tool_standard_option(argv[1], help);
	o = parse(argc, argv);
	fd = vmnix_open();
	if (fd < 0)
		tool_die(TOOL_FAILED, "%s", vmnix_open_text(errno));
	if (o.batch)
		return tool_finish(batch(fd, &o));
	return top_screen(fd, (uint32_t)o.delay, o.count);
}
