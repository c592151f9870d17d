// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * vmware-vmx: the console's process of one virtual machine. It reads the .vmx file,
 * has the vmkernel make the machine, fills its memory, switches it on, and then serves
 * its serial line and log until it is off. The caller waits until the machine runs or
 * until it is known why not. Killing this process does no harm: --attach makes another.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "identity.h"
#include "tool.h"
#include "vmx.h"
#include "vmx_log.h"

#define ASKS 3 /* exit status: it waits for an answer */

static const char help[] =
	"usage: vmware-vmx [--foreground] CONFIG       start the machine of a .vmx file\n"
	"       vmware-vmx [--foreground] --attach CONFIG\n"
	"                                              serve one whose process has died\n"
	"       vmware-vmx --check CONFIG              only read the file\n"
	"       --foreground: stay the caller's child until the machine is off\n"
	"       --help, --version\n"
	"exit status: 0 it runs, 1 it does not (standard error says why), 2 wrong usage,\n"
	"             3 it waits for an answer (vmware-cmd CONFIG answer)\n"
	"SIGTERM ends this process, not the machine.\n";

struct options {
	const char *config;
	bool attach, check, foreground;
};

static struct vmx vmx = { .run_dir = VMX_RUN_DIR };

static void warn(void *ctx, const char *text)
{
	(void)ctx;
	vmx_log("warning: %s", text);
	tool_error("warning: %s", text);
}

/* A wrong value is refused with all others, by vmx_config_read. */
static unsigned int logs_to_keep(const struct vmx_file *f)
{
	const char *value = vmx_file_get(f, "log.keepOld");
	uint64_t keep = VMX_LOG_KEEP;

	if (value)
		tool_number(value, 0, VMX_LOG_KEEP_MAX, &keep);
	return (unsigned int)keep;
}

static bool read_config(struct vmx *x, bool open_log, bool append, char *why)
{
	struct vmx_file f;
	bool ok;

	if (!vmx_file_load(&f, x->path, why, VMX_WHY_MAX))
		return false;
	/* Only now: what is no .vmx file gets no log beside it. */
	if (open_log && !vmx_log_open(x->path, append, logs_to_keep(&f)))
		tool_error("warning: no vmware.log beside %s: %s", x->path, strerror(errno));
	vmx_log("vmware-vmx " VMNIX_VERSION ", process %d: %s %s", (int)getpid(),
		!open_log ? "again"
		: append  ? "attach"
			  : "start",
		x->path);
	ok = vmx_config_read(&f, &x->config, warn, NULL, why, VMX_WHY_MAX);
	vmx_file_free(&f);
	return ok;
}

/* again: after an answer. False: why, or a question. */
static bool bring_up(struct vmx *x, const struct options *o, bool again, char *why)
{
	x->fd = vmnix_open();
	if (x->fd < 0) {
		snprintf(why, VMX_WHY_MAX, "%s", vmnix_open_text(errno));
		return false;
	}
	/* Before the log of the running machine is put away. */
	if (!o->attach && !vm_may_start(x, why))
		return false;
	if (!read_config(x, !again, o->attach || again, why) || (!again && !serve_prepare(why)))
		return false;
	if (!o->attach && !identity_settle(x))
		return false;
	return o->attach ? vm_take_over(x, why) : vm_start(x, why);
}

static void become_daemon(void)
{
	int null = open("/dev/null", O_RDWR);

	if (null < 0 || chdir("/"))
		return;
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	if (null > STDERR_FILENO)
		close(null);
}

/* The caller, if it is still there, goes on. */
static void release(int *result, const char *word)
{
	if (*result < 0)
		return;
	if (write(*result, word, 1) != 1)
		vmx_log("the caller has gone");
	close(*result);
	*result = -1;
	become_daemon();
}

/* What a start that leads to a question leaves behind. */
static void forget_vm(struct vmx *x)
{
	/* Without a region it is none that was made here. */
	if (x->region) {
		serial_region_unmap(x->region);
		vm_destroy(x);
	}
	x->region = NULL;
	x->vm = 0;
	if (x->fd >= 0)
		close(x->fd);
	x->fd = -1;
}

/* Asks, and does what is answered. True: try again. */
static bool ask(struct vmx *x, int *result, char *why)
{
	char text[VMX_WHY_MAX];
	int listener;

	forget_vm(x);
	listener = question_open(x, text);
	if (listener < 0) {
		tool_format(why, VMX_WHY_MAX, "%s", text);
		return false;
	}
	tool_error("%s", text + 2);
	release(result, "?");
	return question_wait(x, listener, why);
}

static int fail(const struct options *o, const char *why)
{
	char outcome[VMX_WHY_MAX + 8];

	tool_format(outcome, sizeof(outcome), why[0] ? "0 %s" : "1", why);
	if (why[0]) {
		vmx_log("failed: %s", why);
		tool_error("%s", why);
	} else {
		vmx_log("not started, as was wished");
	}
	sinks_close(&vmx);
	rpc_close(&vmx, !o->attach);
	question_tell(outcome);
	return TOOL_FAILED;
}

/* The process that stays. result: the pipe to the caller, -1: it is still there. */
static int run(const struct options *o, int result)
{
	char why[VMX_WHY_MAX];
	bool again = false;

	while (!bring_up(&vmx, o, again, why)) {
		if (vmx.question == QUESTION_NONE || !ask(&vmx, &result, why))
			return fail(o, why);
		vmx.question = QUESTION_NONE;
		again = true;
	}
	vmx_log(o->attach ? "attached" : "on");
	question_tell("1");
	release(&result, "");
	return serve(&vmx);
}

/* Waits for the byte that says the machine runs, or asks; without it the child has told why. */
static int wait_for(pid_t child, int result)
{
	int status;
	char byte;
	ssize_t n;

	do
		n = read(result, &byte, 1);
	while (n < 0 && errno == EINTR);
	if (n == 1)
		return byte ? ASKS : TOOL_OK;
	if (waitpid(child, &status, 0) == child && WIFEXITED(status))
		return WEXITSTATUS(status) ? WEXITSTATUS(status) : TOOL_FAILED;
	tool_error("the process of the virtual machine died");
	return TOOL_FAILED;
}

static int run_as_daemon(const struct options *o)
{
	int result[2];
	pid_t child;

	/* A lock or pipe of the caller's must not live as long as the machine. */
	close_range(STDERR_FILENO + 1, ~0u, 0);
	if (pipe2(result, O_CLOEXEC))
		tool_die(TOOL_FAILED, "pipe: %s", strerror(errno));
	child = fork();
	if (child < 0)
		tool_die(TOOL_FAILED, "fork: %s", strerror(errno));
	if (child) {
		close(result[1]);
		return wait_for(child, result[0]);
	}
	close(result[0]);
	setsid();
	return run(o, result[1]);
}

static void parse(int argc, char **argv, struct options *o)
{
	int i;

	for (i = 1; i < argc; i++) {
		tool_standard_option(argv[i], help);
		if (!strcmp(argv[i], "--attach"))
			o->attach = true;
		else if (!strcmp(argv[i], "--check"))
			o->check = true;
		else if (!strcmp(argv[i], "--foreground"))
			o->foreground = true;
		else if (argv[i][0] == '-')
			tool_die(TOOL_USAGE, "unknown option '%s' (--help lists all)", argv[i]);
		else if (o->config)
			tool_die(TOOL_USAGE, "more than one CONFIG: '%s'", argv[i]);
		else
			o->config = argv[i];
	}
	if (!o->config)
		tool_die(TOOL_USAGE, "a CONFIG is wanted (--help)");
}

int main(int argc, char **argv)
{
	struct options o = {};
	char why[VMX_WHY_MAX];

	tool_init(argv[0]);
	sinks_init(&vmx);
	rpc_init(&vmx);
	parse(argc, argv, &o);
	if (!realpath(o.config, vmx.path))
		tool_die(TOOL_FAILED, "%s: %s", o.config, strerror(errno));
	if (o.check) {
		if (!read_config(&vmx, false, false, why))
			tool_die(TOOL_FAILED, "%s", why);
		printf("%s: %s, %u MiB\n", vmx.path, vmx.config.display_name, vmx.config.mem_mb);
		return tool_finish(TOOL_OK);
	}
	return o.foreground ? run(&o, -1) : run_as_daemon(&o);
}
