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
#include "cmd.h"
#include "guest.h"
#include "info.h"
#include "resource.h"
#include "service.h"
#include "tool.h"
#include "vm_list.h"
#include "vmx_config.h"

#define TIME_LIMIT_S 60

static const char help[] =
	"usage: vmware-cmd [OPTION…] -l                     registered virtual machines\n"
	"       vmware-cmd [OPTION…] -s register CONFIG\n"
	"       vmware-cmd [OPTION…] -s unregister CONFIG\n"
	"       vmware-cmd [OPTION…] -s getresource VARIABLE\n"
	"       vmware-cmd [OPTION…] VM VERB [ARGUMENT…]\n"
	"       vmware-cmd [OPTION…] -s autostart|autostop   as the service starts and stops\n"
	"VM is the path of its .vmx file, its display name or its uuid.bios. VERBs:\n"
	"  getstate                     on, off or suspended\n"
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
	"OPTIONs: -q the bare value, -v say more, --timeout S for soft operations (60),\n"
	"  -h, --help, --version\n"
	"exit status: 0 done; 2 wrong usage; N for VMControl error -N, 1 for -999\n";

struct options {
	bool quiet, list, server;
	struct target target;
	char *args[4];
	int count;
};

struct verb {
	const char *name;
	int min, max; /* arguments */
	enum vmcontrol (*run)(struct options *o, char **args, int count);
	bool file_only; /* works on the .vmx file, whatever the vmkernel does */
};

/* ---- answers ---- */

enum vmcontrol vmcontrol_error(enum vmcontrol code, const char *fmt, ...)
{
	char prefix[40];
	va_list args;

	snprintf(prefix, sizeof(prefix), "VMControl error -%d: ", code);
	va_start(args, fmt);
	tool_line(prefix, fmt, args);
	va_end(args);
	return code;
}

enum vmcontrol state_error(const struct target *t, const char *operation)
{
	return vmcontrol_error(
		VMC_STATE,
		"Invalid operation for virtual machine's current state: The requested operation "
		"(\"%s\") could not be completed because it conflicted with the state of the "
		"virtual machine (\"%s\") at the time the request was received.",
		operation, target_state(t));
}

/* "verb(a, b) = value", or the value alone. */
static enum vmcontrol answer(const struct options *o, const char *verb, char **args, int count,
			     const char *value)
{
	int i;

	if (o->quiet) {
		puts(value);
		return VMC_OK;
	}
	printf("%s(", verb);
	for (i = 0; i < count; i++)
		printf("%s%s", i ? ", " : "", args[i]);
	printf(") = %s\n", value);
	return VMC_OK;
}

static enum vmcontrol answer_number(const struct options *o, const char *verb, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	return answer(o, verb, NULL, 0, text);
}

/* ---- the machine ---- */

bool has_checkpoint(const struct target *t)
{
	char why[VMX_WHY_MAX];
	const char *value;
	struct vmx_file f;
	bool has;

	if (!vmx_file_load(&f, t->config, why, sizeof(why)))
		return false;
	value = vmx_file_get(&f, "checkpoint.vmState");
	has = value && *value;
	vmx_file_free(&f);
	return has;
}

void target_look(struct target *t)
{
	t->err = 0;
	t->vm = t->fd < 0 ? 0 : vmnix_find_vm(t->fd, t->config, &t->err);
	if (t->err == ENODEV)
		t->err = 0;
	if (t->vm && vmnix_vm_info(t->fd, t->vm, &t->info))
		t->vm = 0;
	if (!t->vm)
		t->info = (struct hc_vm_info){ .state = HC_VM_OFF };
	t->suspended = t->info.state == HC_VM_SUSPENDED ||
		       (!vmnix_state_is_on(t->info.state) && has_checkpoint(t));
}

const char *target_state(const struct target *t)
{
	if (t->suspended)
		return "suspended";
	return t->vm && vmnix_state_is_on(t->info.state) ? "on" : "off";
}

static enum vmcontrol not_registered(const char *what)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	self[n > 0 ? n : 0] = 0;
	fprintf(stderr,
		"%s: Could not connect to VM %s\n"
		"  (VMControl error -%d: No such virtual machine: The config file %s is not "
		"registered.\n"
		"Please register the config file on the server.  For example:\n"
		"vmware-cmd -s register \"%s\")\n",
		self, what, VMC_NO_VM, what, what);
	return VMC_NO_VM;
}

static enum vmcontrol list_error(void)
{
	return vmcontrol_error(errno == EACCES || errno == EPERM ? VMC_PERMISSION : VMC_OTHER,
			       VM_LIST_FILE ": %s", strerror(errno));
}

static enum vmcontrol find_target(struct options *o, const char *what)
{
	struct target *t = &o->target;
	struct vm_list list;
	char *config;

	if (!vm_list_read(VM_LIST_FILE, &list))
		return list_error();
	config = vm_list_find(&list, what);
	vm_list_free(&list);
	if (!config && errno == ENOTUNIQ)
		return vmcontrol_error(VMC_ARGUMENTS,
				       "Invalid arguments: several machines are called %s: "
				       "name the config file",
				       what);
	if (!config)
		return not_registered(what);
	/* A file that is gone may still name a machine that runs. */
	if (!realpath(config, t->config))
		tool_format(t->config, sizeof(t->config), "%s", config);
	free(config);
	t->fd = vmnix_open();
	if (t->fd < 0 && (errno == EACCES || errno == EPERM))
		return vmcontrol_error(VMC_PERMISSION, "Insufficient permission: %s",
				       vmnix_open_text(errno));
	target_look(t);
	return VMC_OK;
}

/* A vmkernel that does not answer may run the machine all the same: then nothing is known. */
static enum vmcontrol find_known(struct options *o, const char *what)
{
	enum vmcontrol code = find_target(o, what);

	if (!code && o->target.err)
		return vmcontrol_error(VMC_OTHER, "Unknown error: %s: %s", o->target.config,
				       vmnix_text(o->target.err));
	return code;
}

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
	return code ? code : answer(o, "start", args, count, "1");
}

static enum vmcontrol do_stop(struct options *o, char **args, int count)
{
	enum power_mode mode;
	enum vmcontrol code = VMC_ARGUMENTS;

	if (parse_mode(args, count, &mode))
		code = power_stop(&o->target, mode);
	return code ? code : answer(o, "stop", args, count, "1");
}

static enum vmcontrol do_reset(struct options *o, char **args, int count)
{
	enum power_mode mode;
	enum vmcontrol code = VMC_ARGUMENTS;

	if (parse_mode(args, count, &mode))
		code = power_reset(&o->target, mode);
	return code ? code : answer(o, "reset", args, count, "1");
}

static enum vmcontrol do_suspend(struct options *o, char **args, int count)
{
	enum power_mode mode;
	enum vmcontrol code = VMC_ARGUMENTS;

	if (parse_mode(args, count, &mode))
		code = power_suspend(&o->target);
	return code ? code : answer(o, "suspend", args, count, "1");
}

static enum vmcontrol do_attach(struct options *o, char **args, int count)
{
	enum vmcontrol code = power_attach(&o->target);

	return code ? code : answer(o, "attach", args, count, "1");
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
	return answer(o, "setconfig", args, count, "1");
}

static enum vmcontrol do_getresource(struct options *o, char **args, int count)
{
	char value[RESOURCE_TEXT];
	enum vmcontrol code = resource_get(&o->target, args[0], value, sizeof(value));

	return code ? code : answer(o, "getresource", args, count, value);
}

static enum vmcontrol do_setresource(struct options *o, char **args, int count)
{
	enum vmcontrol code = resource_set(&o->target, args[0], args[1]);

	return code ? code : answer(o, "setresource", args, count, "1");
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

	return code ? code : answer(o, "setguestinfo", args, count, "1");
}

static enum vmcontrol do_getheartbeat(struct options *o, char **args, int count)
{
	char value[RESOURCE_TEXT];
	enum vmcontrol code = guest_figure(&o->target, "heartbeat", value, sizeof(value));

	return code ? code : answer(o, "getheartbeat", args, count, value);
}

static enum vmcontrol do_gettoolslastactive(struct options *o, char **args, int count)
{
	char value[RESOURCE_TEXT];
	enum vmcontrol code = guest_figure(&o->target, "active", value, sizeof(value));

	return code ? code : answer(o, "gettoolslastactive", args, count, value);
}

static const struct verb verbs[] = {
	{ "getstate", 0, 0, do_getstate, false },
	{ "start", 0, 1, do_start, false },
	{ "stop", 0, 1, do_stop, false },
	{ "reset", 0, 1, do_reset, false },
	{ "suspend", 0, 1, do_suspend, false },
	{ "attach", 0, 0, do_attach, false },
	{ "getuptime", 0, 0, do_getuptime, false },
	{ "getid", 0, 0, do_getid, false },
	{ "getpid", 0, 0, do_getpid, false },
	{ "getconfigfile", 0, 0, do_getconfigfile, true },
	{ "getconfig", 1, 1, do_getconfig, true },
	{ "setconfig", 2, 2, do_setconfig, true },
	{ "getresource", 1, 1, do_getresource, false },
	{ "setresource", 2, 2, do_setresource, false },
	{ "getproductinfo", 1, 1, do_getproductinfo, true },
	{ "getremoteconnections", 0, 0, do_getremoteconnections, false },
	{ "getcapabilities", 0, 0, do_getcapabilities, true },
	{ "getrunasuser", 0, 0, do_getrunasuser, true },
	{ "getguestinfo", 1, 1, do_getguestinfo, false },
	{ "setguestinfo", 2, 2, do_setguestinfo, false },
	{ "getheartbeat", 0, 0, do_getheartbeat, false },
	{ "gettoolslastactive", 0, 0, do_gettoolslastactive, false },
};

/* ---- server verbs ---- */

static enum vmcontrol do_list(void)
{
	struct vm_list list;
	size_t i;

	if (!vm_list_read(VM_LIST_FILE, &list))
		return list_error();
	for (i = 0; i < list.count; i++)
		puts(list.config[i]);
	vm_list_free(&list);
	return VMC_OK;
}

static enum vmcontrol do_register(struct options *o, char **args, int count)
{
	char path[PATH_MAX], why[VMX_WHY_MAX];
	struct vmx_file f;

	if (!realpath(args[0], path))
		return vmcontrol_error(VMC_NO_VM, "No such virtual machine: %s: %s", args[0],
				       strerror(errno));
	if (!vmx_file_load(&f, path, why, sizeof(why)))
		return vmcontrol_error(VMC_ARGUMENTS, "Invalid arguments: %s", why);
	vmx_file_free(&f);
	if (strlen(path) >= HC_NAME_MAX)
		return vmcontrol_error(VMC_ARGUMENTS, "Invalid arguments: %s: the path is too long",
				       path);
	if (vm_list_add(VM_LIST_FILE, path))
		return answer(o, "register", args, count, "1");
	if (errno == EEXIST)
		return vmcontrol_error(VMC_EXISTS, "Virtual machine already exists: %s", path);
	return list_error();
}

static enum vmcontrol do_unregister(struct options *o, char **args, int count)
{
	struct target *t = &o->target;
	enum vmcontrol code = find_known(o, args[0]);
	struct vm_list list;
	char *config;

	if (code)
		return code;
	if (t->vm)
		return state_error(t, "unregister");
	if (!vm_list_read(VM_LIST_FILE, &list))
		return list_error();
	config = vm_list_find(&list, args[0]);
	vm_list_free(&list);
	if (config && vm_list_remove(VM_LIST_FILE, config))
		code = answer(o, "unregister", args, count, "1");
	else
		code = list_error();
	free(config);
	return code;
}

static enum vmcontrol do_host_getresource(struct options *o, char **args, int count)
{
	char value[RESOURCE_TEXT];
	enum vmcontrol code;
	int fd = vmnix_open();

	if (fd < 0)
		return vmcontrol_error(errno == EACCES || errno == EPERM ? VMC_PERMISSION
									 : VMC_OTHER,
				       "%s", vmnix_open_text(errno));
	code = resource_get_host(fd, args[0], value, sizeof(value));
	close(fd);
	return code ? code : answer(o, "getresource", args, count, value);
}

static enum vmcontrol do_autostart(struct options *o, char **args, int count)
{
	(void)o;
	(void)args;
	(void)count;
	return service_autostart();
}

static enum vmcontrol do_autostop(struct options *o, char **args, int count)
{
	(void)args;
	(void)count;
	return service_autostop(o->target.time_limit);
}

static const struct verb server_verbs[] = {
	{ "register", 1, 1, do_register, false },
	{ "unregister", 1, 1, do_unregister, false },
	{ "getresource", 1, 1, do_host_getresource, false },
	{ "autostart", 0, 0, do_autostart, false },
	{ "autostop", 0, 0, do_autostop, false },
};

/* ---- the command line ---- */

static const struct verb *find_verb(const struct verb *list, size_t n, const char *name, int count)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (strcmp(list[i].name, name))
			continue;
		if (count < list[i].min || count > list[i].max)
			tool_die(TOOL_USAGE, "wrong number of arguments for '%s' (--help)", name);
		return &list[i];
	}
	tool_die(TOOL_USAGE, "unknown operation '%s' (--help lists all)", name);
}

/* Options stand before the VM; what follows it may begin with '-'. */
static void parse(int argc, char **argv, struct options *o)
{
	uint64_t number;
	int i;

	for (i = 1; i < argc && argv[i][0] == '-'; i++) {
		tool_standard_option(argv[i], help);
		if (!strcmp(argv[i], "-q"))
			o->quiet = true;
		else if (!strcmp(argv[i], "-v"))
			o->target.verbose = true;
		else if (!strcmp(argv[i], "-l"))
			o->list = true;
		else if (!strcmp(argv[i], "-s"))
			o->server = true;
		else if (!strcmp(argv[i], "--timeout") && i + 1 < argc &&
			 tool_number(argv[i + 1], 0, 86400, &number))
			o->target.time_limit = number, i++;
		else
			tool_die(TOOL_USAGE, "unknown or incomplete option '%s' (--help)", argv[i]);
	}
	while (i < argc && o->count < 4)
		o->args[o->count++] = argv[i++];
	if (i < argc)
		tool_die(TOOL_USAGE, "too many arguments: '%s'", argv[i]);
}

static enum vmcontrol run(struct options *o)
{
	const struct verb *verb;
	enum vmcontrol code;

	if (o->list && !o->count && !o->server)
		return do_list();
	if (o->list || o->count < (o->server ? 1 : 2))
		tool_die(TOOL_USAGE, "a VM and an operation are wanted (--help)");
	if (o->server) {
		verb = find_verb(server_verbs, sizeof(server_verbs) / sizeof(server_verbs[0]),
				 o->args[0], o->count - 1);
		return verb->run(o, o->args + 1, o->count - 1);
	}
	verb = find_verb(verbs, sizeof(verbs) / sizeof(verbs[0]), o->args[1], o->count - 2);
	code = verb->file_only ? find_target(o, o->args[0]) : find_known(o, o->args[0]);
	return code ? code : verb->run(o, o->args + 2, o->count - 2);
}

int main(int argc, char **argv)
{
	struct options o = { .target = { .fd = -1, .time_limit = TIME_LIMIT_S } };
	enum vmcontrol code;

	tool_init(argv[0]);
	parse(argc, argv, &o);
	code = run(&o);
	return tool_finish(code == VMC_OTHER ? 1 : (int)code);
}
