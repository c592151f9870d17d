// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * vmware-console: the serial line of a running virtual machine on this terminal, or
 * through a pipe. It talks to the machine's process by a socket; if that process has
 * died, a new one is made first.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include "serial_ring.h"
#include "tool.h"
#include "unix_socket.h"
#include "vm_list.h"
#include "vmnix_dev.h"
#include "vmx_process.h"

#define LEAVE_KEY 0x1d /* Ctrl-] */
#define TAIL_MAX 4096u /* of --until */
#define TIMED_OUT 3
#define CONNECT_TRIES 100 /* of 20 ms */

static const char help[] =
	"usage: vmware-console [OPTION…] VM      VM: path of its .vmx file, name, or uuid.bios\n"
	"       --log          print what is in the line's buffer (64 KiB at most), then exit\n"
	"       --until TEXT   exit as soon as the machine has printed TEXT\n"
	"       --timeout S    exit after S seconds\n"
	"       --help, --version\n"
	"On a terminal Ctrl-] leaves. Otherwise standard input is sent to the machine, and\n"
	"output comes until the machine is off.\n"
	"exit status: 0 left or done, 1 failed, or the machine went off before TEXT came,\n"
	"             2 wrong usage, 3 the time was over\n";

struct options {
	const char *what, *until;
	uint64_t timeout; /* s, 0: none */
	bool log;
};

static struct termios saved_termios;
static bool is_raw;

/* ---- terminal ---- */

static void restore_terminal(void)
{
	if (is_raw)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &saved_termios);
	is_raw = false;
}

static void on_signal(int nr)
{
	restore_terminal();
	_exit(128 + nr);
}

static void make_raw(const char *vm)
{
	struct termios raw;

	if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &saved_termios))
		return;
	fprintf(stderr, "[%s: leave with Ctrl-]]\r\n", vm);
	raw = saved_termios;
	cfmakeraw(&raw);
	is_raw = !tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
	atexit(restore_terminal);
	signal(SIGTERM, on_signal);
	signal(SIGHUP, on_signal);
	signal(SIGINT, on_signal);
}

/* ---- the machine ---- */

static void find_config(const char *what, char *config)
{
	struct vm_list list;
	char *found, matches[VM_LIST_MATCHES];

	if (!vm_list_read(VM_LIST_FILE, &list))
		tool_die(TOOL_FAILED, VM_LIST_FILE ": %s", strerror(errno));
	found = vm_list_find(&list, what);
	if (!found && errno == ENOTUNIQ)
		tool_die(TOOL_FAILED, "several machines are called %s: %s", what,
			 vm_list_matches(&list, what, matches, sizeof(matches)));
	vm_list_free(&list);
	/* One that is not registered may run all the same. */
	if (!realpath(found ? found : what, config))
		tool_die(TOOL_FAILED, "%s: no such virtual machine", what);
	free(found);
}

static uint32_t find_vm(int fd, const char *config, struct hc_vm_info *info)
{
	int err;
	uint32_t vm = vmnix_find_vm(fd, config, &err);

	if (err)
		tool_die(TOOL_FAILED, "%s: %s", config, vmnix_text(err));
	if (!vm || vmnix_vm_info(fd, vm, info))
		tool_die(TOOL_FAILED, "%s: the virtual machine is not running", config);
	return vm;
}

static int print_log(int fd, uint32_t vm)
{
	struct serial_ring out, in;
	void *region = serial_region_map(fd, vm, false);
	uint8_t buf[4096];
	uint64_t pos, end;
	size_t n;

	if (!region || !serial_rings_open(region, &out, &in))
		tool_die(TOOL_FAILED, "the machine's serial buffer cannot be read: %s",
			 strerror(errno));
	pos = serial_ring_oldest(&out);
	end = serial_ring_head(&out);
	while (pos < end && (n = serial_ring_peek(&out, &pos, buf, sizeof(buf), NULL))) {
		fwrite(buf, 1, n, stdout);
		pos += n;
	}
	serial_region_unmap(region);
	return tool_finish(TOOL_OK);
}

/* A process that has just been made, or is just ending, gets a moment. */
static int connect_to(uint32_t vm, const char *config, const struct hc_vm_info *info)
{
	char why[VMX_PROCESS_WHY];
	char path[64];
	int tries, fd;

	if (!info->attached && !vmx_process_start(config, true, why, sizeof(why)))
		tool_die(TOOL_FAILED, "%s", why);
	snprintf(path, sizeof(path), VM_CONSOLE_SOCKET, vm);
	for (tries = 0; tries < CONNECT_TRIES; tries++) {
		fd = unix_connect(path, false);
		if (fd >= 0)
			return fd;
		usleep(20000);
	}
	tool_die(TOOL_FAILED, "%s: its process %u does not answer: %s", config, info->owner_pid,
		 strerror(errno));
}

/* ---- the session ---- */

/* Whether text has come, in one piece or over several reads. */
static bool has_come(const char *text, const uint8_t *buf, size_t len)
{
	static uint8_t tail[2 * TAIL_MAX];
	static size_t used;
	size_t keep = strlen(text) - 1;
	bool found;

	if (used > keep) {
		memmove(tail, tail + used - keep, keep);
		used = keep;
	}
	memcpy(tail + used, buf, len);
	used += len;
	found = memmem(tail, used, text, strlen(text));
	return found;
}

enum outcome { GO_ON, DONE, ENDED, FAILED };

static enum outcome from_machine(int sock, const struct options *o)
{
	uint8_t buf[TAIL_MAX];
	ssize_t n = read(sock, buf, sizeof(buf));

	if (n < 0 && errno == EINTR)
		return GO_ON;
	if (n <= 0)
		return ENDED;
	if (!tool_write_all(STDOUT_FILENO, buf, n))
		return FAILED;
	return o->until && has_come(o->until, buf, n) ? DONE : GO_ON;
}

static enum outcome to_machine(int sock, bool *input)
{
	uint8_t buf[256], *key;
	ssize_t n = read(STDIN_FILENO, buf, sizeof(buf));

	if (n < 0 && errno == EINTR)
		return GO_ON;
	if (n <= 0) {
		*input = false;
		return is_raw ? DONE : GO_ON;
	}
	key = is_raw ? memchr(buf, LEAVE_KEY, n) : NULL;
	if (!tool_write_all(sock, buf, key ? key - buf : n))
		return ENDED;
	return key ? DONE : GO_ON;
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000ll + t.tv_nsec / 1000000;
}

static int session(int sock, const struct options *o)
{
	int64_t end = o->timeout ? now_ms() + (int64_t)o->timeout * 1000 : 0, left = -1;
	enum outcome outcome = GO_ON;
	bool input = true;

	while (outcome == GO_ON) {
		struct pollfd p[2] = { { .fd = sock, .events = POLLIN },
				       { .fd = input ? STDIN_FILENO : -1, .events = POLLIN } };

		if (end)
			left = end - now_ms() > 0 ? end - now_ms() : 0;
		if (poll(p, 2, left > 1000000 ? 1000000 : (int)left) < 0 && errno != EINTR)
			return TOOL_FAILED;
		if (end && now_ms() >= end)
			return o->until ? TIMED_OUT : TOOL_OK;
		if (p[0].revents)
			outcome = from_machine(sock, o);
		if (outcome == GO_ON && p[1].revents)
			outcome = to_machine(sock, &input);
	}
	if (outcome == ENDED && is_raw)
		fprintf(stderr, "\r\n[the machine is off]\r\n");
	return outcome == DONE || (outcome == ENDED && !o->until) ? TOOL_OK : TOOL_FAILED;
}

static void parse(int argc, char **argv, struct options *o)
{
	int i;

	for (i = 1; i < argc; i++) {
		tool_standard_option(argv[i], help);
		if (!strcmp(argv[i], "--log")) {
			o->log = true;
		} else if (!strcmp(argv[i], "--until") && i + 1 < argc) {
			o->until = argv[++i];
			if (!*o->until || strlen(o->until) > TAIL_MAX)
				tool_die(TOOL_USAGE, "--until wants 1 to %u bytes", TAIL_MAX);
		} else if (!strcmp(argv[i], "--timeout") && i + 1 < argc) {
			if (!tool_number(argv[++i], 1, 86400, &o->timeout))
				tool_die(TOOL_USAGE, "--timeout wants a number of seconds");
		} else if (argv[i][0] == '-') {
			tool_die(TOOL_USAGE, "unknown or incomplete option '%s' (--help)", argv[i]);
		} else if (o->what) {
			tool_die(TOOL_USAGE, "more than one VM: '%s'", argv[i]);
		} else {
			o->what = argv[i];
		}
	}
	if (!o->what)
		tool_die(TOOL_USAGE, "a VM is wanted (--help)");
}

int main(int argc, char **argv)
{
	struct hc_vm_info info;
	struct options o = {};
	char config[PATH_MAX];
	uint32_t vm;
	int dev, sock;

	tool_init(argv[0]);
	parse(argc, argv, &o);
	find_config(o.what, config);
	dev = vmnix_open();
	if (dev < 0)
		tool_die(TOOL_FAILED, "%s", vmnix_open_text(errno));
	vm = find_vm(dev, config, &info);
	if (o.log)
		return print_log(dev, vm);
	sock = connect_to(vm, config, &info);
	signal(SIGPIPE, SIG_IGN);
	make_raw(o.what);
	return session(sock, &o);
}
