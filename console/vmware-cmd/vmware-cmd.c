// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * vmware-cmd: registers, starts, stops and asks about virtual machines, with the
 * words, answers and errors of ESX: "verb(arguments) = value". docs/commands.md
 * lists them with the exit statuses.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "answer.h"
#include "caller.h"
#include "cmd.h"
#include "device.h"
#include "guest.h"
#include "info.h"
#include "question.h"
#include "resource.h"
#include "server.h"
#include "tool.h"
#include "vmx_config.h"

#define TIME_LIMIT_S 60 /* for a guest */
#define WORK_LIMIT_S 660 /* for all the rest: gigabytes to a slow disk */

static const char help[] =
	"usage: vmware-cmd [OPTION…] -l                     registered virtual machines\n"
	"       vmware-cmd [OPTION…] -s register CONFIG\n"
	"       vmware-cmd [OPTION…] -s unregister CONFIG\n"
	"       vmware-cmd [OPTION…] -s getresource VARIABLE\n"
	"       vmware-cmd [OPTION…] -s setresource VARIABLE VALUE\n"
	"       vmware-cmd [OPTION…] VM VERB [ARGUMENT…]\n"
	"       vmware-cmd [OPTION…] -s autostart|autostop   as the service starts and stops\n"
	"VM is the path of its .vmx file, its display name or its uuid.bios. VERBs:\n"
	"  getstate                     on, off, suspended, or stuck: it waits for an answer\n"
	"  answer [N]                   the question that it asks: a dialogue, or choice N\n"
	"  start                        switch on, or go on where it was suspended\n"
	"  stop [soft|hard|trysoft]     by its tools or power button; at once; soft first\n"
	"  reset [hard|soft|trysoft]    at once; by tools, or button and start; soft first\n"
	"  suspend [hard|soft|trysoft]  into a file, from which start goes on\n"
	"  getuptime                    seconds since it was switched on\n"
	"  getid, getpid                number of the machine, of its process (0: none)\n"
	"  getconfigfile                path of its .vmx file\n"
	"  getconfig KEY, setconfig KEY VALUE\n"
	"  getresource VARIABLE, setresource VARIABLE VALUE\n"
	"  getproductinfo product|platform|build|majorversion|minorversion|revision\n"
	"  getremoteconnections         number of vmware-console sessions\n"
	"  getcapabilities              of the caller: 4 see, 2 change, 1 switch, added up\n"
	"  getrunasuser                 owner of its .vmx file\n"
	"  getguestinfo NAME, setguestinfo NAME VALUE\n"
	"                               variables that guest and console share\n"
	"  getheartbeat                 rises each second if its tools answer; 0: they do not\n"
	"  gettoolslastactive           seconds since they answered, from 1; 0: never\n"
	"  attach                       new process for a machine whose process has died\n"
	"  connectdevice DEVICE, disconnectdevice DEVICE\n"
	"                               what is behind serial0, until it is off\n"
	"  hassnapshot                  0\n"
	"OPTIONs: -q the bare value, -v say more, --json one object, also for errors,\n"
	"  --timeout S for what waits (60 for the guest, 660 for all else), -h, --help, --version\n"
	"exit status: 0 done; 2 wrong usage; N for VMControl error -N, 1 for -999\n";

/* ---- verbs ---- */

static enum vmcontrol do_getstate(struct options *o, char **args, int count)
{
	return answer(o, "getstate", args, count, target_state(&o->target));
}

static bool parse_mode(char **args, int count, enum power_mode *mode)
{
	static const char *const names[] = { "", "hard", "soft", "trysoft" };
	int i;

	*mode = MODE_DEFAULT;
	for (i = 1; count && i < 4; i++)
		if (!strcmp(args[0], names[i]))
			*mode = i;
	if (!count || *mode != MODE_DEFAULT)
		return true;
	vmcontrol_error(VMC_ARGUMENTS, "Invalid arguments: '%s' is not hard, soft or trysoft",
			args[0]);
	return false;
}

static enum vmcontrol do_start(struct options *o, char **args, int count)
{
	enum power_mode mode;
	enum vmcontrol code = VMC_ARGUMENTS;

	if (parse_mode(args, count, &mode))
		code = power_start(&o->target);
	return code ? code : answer_done(o, "start", args, count);
}

static enum vmcontrol do_stop(struct options *o, char **args, int count)
{
	enum power_mode mode;
	enum vmcontrol code = VMC_ARGUMENTS;

	if (parse_mode(args, count, &mode))
		code = power_stop(&o->target, mode);
	return code ? code : answer_done(o, "stop", args, count);
}

static enum vmcontrol do_reset(struct options *o, char **args, int count)
{
	enum power_mode mode;
	enum vmcontrol code = VMC_ARGUMENTS;

	if (parse_mode(args, count, &mode))
		code = power_reset(&o->target, mode);
	return code ? code : answer_done(o, "reset", args, count);
}

static enum vmcontrol do_suspend(struct options *o, char **args, int count)
{
	enum power_mode mode;
	enum vmcontrol code = VMC_ARGUMENTS;

	if (parse_mode(args, count, &mode))
		code = power_suspend(&o->target);
	return code ? code : answer_done(o, "suspend", args, count);
}

static enum vmcontrol do_attach(struct options *o, char **args, int count)
{
	enum vmcontrol code = power_attach(&o->target);

	return code ? code : answer_done(o, "attach", args, count);
}

static enum vmcontrol do_getuptime(struct options *o, char **args, int count)
{
	(void)args;
	(void)count;
	if (strcmp(target_state(&o->target), "on"))
		return state_error(&o->target, "getuptime");
	return answer_number(o, "getuptime", o->target.info.uptime_ns / 1000000000);
}

static enum vmcontrol do_getid(struct options *o, char **args, int count)
{
	(void)args;
	(void)count;
	if (strcmp(target_state(&o->target), "on"))
		return state_error(&o->target, "getid");
	return answer_number(o, "getid", o->target.vm);
}

static enum vmcontrol do_getpid(struct options *o, char **args, int count)
{
	(void)args;
	(void)count;
	if (strcmp(target_state(&o->target), "on"))
		return state_error(&o->target, "getpid");
	return answer_number(o, "getpid", o->target.info.attached ? o->target.info.owner_pid : 0);
}

static enum vmcontrol do_getconfigfile(struct options *o, char **args, int count)
{
	return answer(o, "getconfigfile", args, count, o->target.config);
}

static enum vmcontrol do_getconfig(struct options *o, char **args, int count)
{
	char why[VMX_WHY_MAX];
	const char *value;
	struct vmx_file f;

	if (!vmx_file_load(&f, o->target.config, why, sizeof(why)))
		return vmcontrol_error(VMC_OTHER, "Unknown error: %s", why);
	value = vmx_file_get(&f, args[0]);
	answer(o, "getconfig", args, count, value ? value : "");
	vmx_file_free(&f);
	return VMC_OK;
}

static enum vmcontrol do_setconfig(struct options *o, char **args, int count)
{
	char why[VMX_WHY_MAX];

	if (!vmx_key_ok(args[0]))
		return vmcontrol_error(VMC_ARGUMENTS, "Invalid arguments: '%s' cannot be a key",
				       args[0]);
	if (!vmx_value_ok(args[0], args[1]))
		return vmcontrol_error(VMC_ARGUMENTS, "Invalid arguments: %s cannot be '%s'",
				       args[0], args[1]);
	if (!vmx_file_set(o->target.config, args[0], args[1], why, sizeof(why)))
		return vmcontrol_error(VMC_OTHER, "Unknown error: %s", why);
	return answer_done(o, "setconfig", args, count);
}

static enum vmcontrol do_getresource(struct options *o, char **args, int count)
{
	char value[RESOURCE_TEXT];
	enum vmcontrol code = resource_get(&o->target, args[0], value, sizeof(value));

	return code ? code : answer_figure(o, "getresource", args, count, value);
}

static enum vmcontrol do_setresource(struct options *o, char **args, int count)
{
	enum vmcontrol code = resource_set(&o->target, args[0], args[1]);

	return code ? code : answer_done(o, "setresource", args, count);
}

static enum vmcontrol do_getproductinfo(struct options *o, char **args, int count)
{
	char value[RESOURCE_TEXT];
	enum vmcontrol code = product_info(&o->target, args[0], value, sizeof(value));

	return code ? code : answer(o, "getproductinfo", args, count, value);
}

static enum vmcontrol do_getremoteconnections(struct options *o, char **args, int count)
{
	(void)args;
	(void)count;
	return answer_number(o, "getremoteconnections", console_sessions(&o->target));
}

static enum vmcontrol do_getcapabilities(struct options *o, char **args, int count)
{
	(void)args;
	(void)count;
	return answer_number(o, "getcapabilities", capabilities(&o->target));
}

static enum vmcontrol do_getrunasuser(struct options *o, char **args, int count)
{
	char value[RESOURCE_TEXT];
	enum vmcontrol code = run_as_user(&o->target, value, sizeof(value));

	return code ? code : answer(o, "getrunasuser", args, count, value);
}

static enum vmcontrol do_getguestinfo(struct options *o, char **args, int count)
{
	static char value[GUEST_TEXT];
	enum vmcontrol code = guest_get(&o->target, args[0], value, sizeof(value));

	return code ? code : answer(o, "getguestinfo", args, count, value);
}

static enum vmcontrol do_setguestinfo(struct options *o, char **args, int count)
{
	enum vmcontrol code = guest_set(&o->target, args[0], args[1]);

	return code ? code : answer_done(o, "setguestinfo", args, count);
}

static enum vmcontrol do_getheartbeat(struct options *o, char **args, int count)
{
	char value[RESOURCE_TEXT];
	enum vmcontrol code = guest_figure(&o->target, "heartbeat", value, sizeof(value));

	return code ? code : answer_figure(o, "getheartbeat", args, count, value);
}

static enum vmcontrol do_gettoolslastactive(struct options *o, char **args, int count)
{
	char value[RESOURCE_TEXT];
	enum vmcontrol code = guest_figure(&o->target, "active", value, sizeof(value));

	return code ? code : answer_figure(o, "gettoolslastactive", args, count, value);
}

/* There are no disks, and so never one. */
static enum vmcontrol do_hassnapshot(struct options *o, char **args, int count)
{
	(void)args;
	(void)count;
	return answer_number(o, "hassnapshot", 0);
}

static enum vmcontrol do_connectdevice(struct options *o, char **args, int count)
{
	enum vmcontrol code = device_connect(&o->target, args[0], true);

	return code ? code : answer_done(o, "connectdevice", args, count);
}

static enum vmcontrol do_disconnectdevice(struct options *o, char **args, int count)
{
	enum vmcontrol code = device_connect(&o->target, args[0], false);

	return code ? code : answer_done(o, "disconnectdevice", args, count);
}

static const struct verb verbs[] = {
	{ "getstate", 0, 0, do_getstate, false, RIGHT_READ },
	{ "start", 0, 1, do_start, false, RIGHT_EXECUTE },
	{ "stop", 0, 1, do_stop, false, RIGHT_EXECUTE },
	{ "reset", 0, 1, do_reset, false, RIGHT_EXECUTE },
	{ "suspend", 0, 1, do_suspend, false, RIGHT_EXECUTE },
	{ "answer", 0, 1, do_answer, false, RIGHT_EXECUTE },
	{ "attach", 0, 0, do_attach, false, RIGHT_EXECUTE },
	{ "getuptime", 0, 0, do_getuptime, false, RIGHT_READ },
	{ "getid", 0, 0, do_getid, false, RIGHT_READ },
	{ "getpid", 0, 0, do_getpid, false, RIGHT_READ },
	{ "getconfigfile", 0, 0, do_getconfigfile, true, RIGHT_READ },
	{ "getconfig", 1, 1, do_getconfig, true, RIGHT_READ },
	{ "setconfig", 2, 2, do_setconfig, true, RIGHT_ROOT },
	{ "getresource", 1, 1, do_getresource, false, RIGHT_READ },
	{ "setresource", 2, 2, do_setresource, false, RIGHT_ROOT },
	{ "getproductinfo", 1, 1, do_getproductinfo, true, RIGHT_READ },
	{ "getremoteconnections", 0, 0, do_getremoteconnections, false, RIGHT_READ },
	{ "getcapabilities", 0, 0, do_getcapabilities, true, RIGHT_READ },
	{ "getrunasuser", 0, 0, do_getrunasuser, true, RIGHT_READ },
	{ "getguestinfo", 1, 1, do_getguestinfo, false, RIGHT_READ },
	{ "setguestinfo", 2, 2, do_setguestinfo, false, RIGHT_EXECUTE },
	{ "getheartbeat", 0, 0, do_getheartbeat, false, RIGHT_READ },
	{ "gettoolslastactive", 0, 0, do_gettoolslastactive, false, RIGHT_READ },
	{ "connectdevice", 1, 1, do_connectdevice, false, RIGHT_EXECUTE },
	{ "disconnectdevice", 1, 1, do_disconnectdevice, false, RIGHT_EXECUTE },
	{ "hassnapshot", 0, 0, do_hassnapshot, true, RIGHT_READ },
};

/* ---- the original's verbs that there cannot be yet ---- */

#define NO_DISKS "machines have no disks yet"

static const struct {
	const char *name, *why;
} later[] = {
	{ "getconnectedusers", "consoles have no users; getremoteconnections counts them" },
	{ "setrunasuser", "the owner of the .vmx file is who it says" },
	{ "addredo", NO_DISKS },
	{ "commit", NO_DISKS },
	{ "createsnapshot", NO_DISKS },
	{ "revertsnapshot", NO_DISKS },
	{ "removesnapshots", NO_DISKS },
};

/* Why there is no such verb; NULL: nobody knows it. */
static const char *why_later(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(later) / sizeof(later[0]); i++)
		if (!strcmp(later[i].name, name))
			return later[i].why;
	return NULL;
}

/* ---- the command line ---- */

static const struct verb *find_verb(const struct verb *list, size_t n, const char *name, int count)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (strcmp(list[i].name, name))
			continue;
		if (count < list[i].min || count > list[i].max)
			usage_error("wrong number of arguments for '%s' (--help)", name);
		return &list[i];
	}
	usage_error("unknown operation '%s' (--help lists all)", name);
}

static bool is_option(const char *arg, struct options *o)
{
	if (!strcmp(arg, "-q"))
		o->quiet = true;
	else if (!strcmp(arg, "-v"))
		o->target.verbose = true;
	else if (!strcmp(arg, "-l"))
		o->list = true;
	else if (!strcmp(arg, "-s"))
		o->server = true;
	else if (!strcmp(arg, "--json"))
		answer_json(true);
	else
		return false;
	return true;
}

/* Options stand before the VM; what follows it may begin with '-'. */
static void parse(int argc, char **argv, struct options *o)
{
	uint64_t number;
	int i;

	for (i = 1; i < argc && argv[i][0] == '-'; i++)
		if (!strcmp(argv[i], "--json"))
			answer_json(true);
	for (i = 1; i < argc && argv[i][0] == '-'; i++) {
		tool_standard_option(argv[i], help);
		if (is_option(argv[i], o))
			continue;
		if (!strcmp(argv[i], "--timeout") && i + 1 < argc &&
		    tool_number(argv[i + 1], 0, 86400, &number))
			o->target.time_limit = o->limit = number, i++;
		else if (strlen(argv[i]) == 2 && strchr("HOUP", argv[i][1]))
			usage_error("%s: no other host can be named: vmware-cmd is for the one "
				    "that it runs on",
				    argv[i]);
		else
			usage_error("unknown or incomplete option '%s' (--help)", argv[i]);
	}
	while (i < argc && o->count < COMMAND_WORDS)
		o->args[o->count++] = argv[i++];
	if (i < argc)
		usage_error("too many arguments: '%s'", argv[i]);
}

/* Stop and reset have a time limit of their own for the guest, and then more to do. */
static void set_limit(const struct options *o, const char *verb)
{
	if (!strcmp(verb, "autostart") || !strcmp(verb, "autostop"))
		return;
	if (!strcmp(verb, "stop") || !strcmp(verb, "reset"))
		answer_limit(o->target.time_limit + WORK_LIMIT_S);
	else if (o->limit)
		answer_limit(o->limit);
	else if (strcmp(verb, "answer")) /* a person may think */
		answer_limit(WORK_LIMIT_S);
}

static enum vmcontrol run(struct options *o)
{
	char **args = o->args + (o->server ? 0 : 1);
	int count = o->count - (o->server ? 1 : 2);
	const struct verb *verb;
	enum vmcontrol code;

	if (o->list && !o->count && !o->server) {
		answer_about("list", NULL, NULL, 0);
		return server_list();
	}
	if (o->list || count < 0)
		usage_error("a VM and an operation are wanted (--help)");
	answer_about(args[0], o->server ? NULL : o->args[0], args + 1, count);
	if (!o->server && why_later(args[0]))
		return vmcontrol_error(VMC_UNSUPPORTED, "Not supported: %s: %s", args[0],
				       why_later(args[0]));
	if (o->server)
		verb = find_verb(server_verbs, server_verb_count, args[0], count);
	else
		verb = find_verb(verbs, sizeof(verbs) / sizeof(verbs[0]), args[0], count);
	set_limit(o, args[0]);
	if (o->server) {
		code = verb->right == RIGHT_READ ? VMC_OK : caller_permit(NULL, verb->right);
		return code ? code : verb->run(o, args + 1, count);
	}
	code = verb->file_only ? find_target(o, o->args[0]) : find_known(o, o->args[0]);
	if (!code)
		code = caller_permit(o->target.config, verb->right);
	return code ? code : verb->run(o, args + 1, count);
}

int main(int argc, char **argv)
{
	struct options o = { .target = { .fd = -1, .time_limit = TIME_LIMIT_S } };
	int status;

	tool_init(argv[0]);
	parse(argc, argv, &o);
	if (!caller_begin(argv, &status))
		return status;
	return answer_end(run(&o));
}
