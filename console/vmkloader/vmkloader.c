// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * vmkloader: hands the machine over to a vmkernel image and takes it back. All
 * checking is the module's; this tool reads the file, asks, and says in one line
 * what happened.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "json_text.h"
#include "tool.h"
#include "vmnix_dev.h"

#define DEFAULT_IMAGE "/boot/vmkernel"
#define VMKLOGGER "/usr/sbin/vmklogger"
#define IMAGE_MAX (64u << 20)
#define BUILD_BYTES 6 /* of the build id */
#define NOT_LOADED 3 /* of --status, as init scripts say "not running" */

static const char help[] =
	"usage: vmkloader [--log-level N] [--seal] [IMAGE]\n"
	"                                            load IMAGE (" DEFAULT_IMAGE ");\n"
	"                                            --seal: the console on top of it\n"
	"       vmkloader --check [IMAGE]            only look whether it could be loaded\n"
	"       vmkloader --status [--json]          what is loaded\n"
	"       vmkloader --unload [--force]         give all back to Linux; --force: although\n"
	"                                            virtual machines run, which then end\n"
	"       --log-level N: 0 errors, 1 warnings, 2 information, 3, 4 debugging\n"
	"       --help, --version\n"
	"exit status: 0 done, 1 refused, 2 wrong usage; --status: 1 it has stopped,\n"
	"             3 no vmkernel is loaded\n";

enum action { LOAD, CHECK, STATUS, UNLOAD };

struct options {
	enum action action;
	const char *image;
	uint64_t log_level;
	bool force, json, seal;
};

static int open_device(void)
{
	int fd = vmnix_open();

	if (fd < 0)
		tool_die(TOOL_FAILED, "%s", vmnix_open_text(errno));
	return fd;
}

/* Whether it is well. */
static bool describe(const char *what, int fd)
{
	struct hc_version v = { .abi_major = WS_ABI_MAJOR, .abi_minor = WS_ABI_MINOR };
	int err = vmnix_call(fd, HC_VERSION, &v, sizeof(v));
	int i;

	if (err || v.panicked) {
		tool_error("%s, but does not answer: %s", what,
			   err ? vmnix_text(err)
			       : "it has stopped after a fatal error; /proc/vmware/log says why");
		return false;
	}
	printf("%s: release %.*s, build ", what, (int)sizeof(v.release), v.release);
	for (i = 0; i < BUILD_BYTES; i++)
		printf("%02x", v.build_id[i]);
	printf(", ABI %u.%u, %u PCPU%s, %llu of %llu MiB free, %u of %u VMs running", v.abi_major,
	       v.abi_minor, v.pcpus, v.pcpus == 1 ? "" : "s", (unsigned long long)v.mem_free >> 20,
	       (unsigned long long)v.mem_total >> 20, v.vms_running, v.vms);
	if (v.svm_status)
		printf("; no VMs: %s", vmnix_text(-(int)v.svm_status));
	putchar('\n');
	return true;
}

static int load(const struct options *o)
{
	struct vmnix_load args = { .log_level = o->log_level };
	size_t len = 0;
	void *data = tool_read_file(o->image, IMAGE_MAX, &len);
	int fd, err;

	if (!data)
		tool_die(TOOL_FAILED, "%s: %s", o->image, tool_read_text(errno));
	fd = open_device();
	args.image = (uintptr_t)data;
	args.bytes = len;
	args.flags = o->action == CHECK ? VMNIX_LOAD_CHECK : o->seal ? VMNIX_LOAD_SEAL : 0;
	err = len ? vmnix_ioctl(fd, VMNIX_IOC_LOAD, &args) : ENOEXEC;
	args.reason[sizeof(args.reason) - 1] = 0;
	free(data);
	if (err)
		tool_die(TOOL_FAILED, "%s: %s", o->image,
			 args.reason[0] ? args.reason : strerror(err));
	if (o->action == CHECK)
		printf("%s: can be loaded\n", o->image);
	else if (!describe("vmkernel loaded", fd))
		return TOOL_FAILED;
	return TOOL_OK;
}

static int status(void)
{
	struct vmnix_status s;
	int fd = vmnix_open(), err;

	if (fd < 0 && (errno == EACCES || errno == EPERM))
		tool_die(TOOL_FAILED, "%s", vmnix_open_text(errno));
	if (fd < 0) {
		printf("vmkernel: not loaded (no vmnix module)\n");
		return NOT_LOADED;
	}
	err = vmnix_ioctl(fd, VMNIX_IOC_STATUS, &s);
	if (err)
		tool_die(TOOL_FAILED, "status: %s", strerror(err));
	if (s.ioctl_version != VMNIX_IOCTL_VERSION)
		tool_die(TOOL_FAILED,
			 "the module speaks version %u of " VMNIX_DEVICE ", I speak %u",
			 s.ioctl_version, VMNIX_IOCTL_VERSION);
	if (!s.loaded) {
		printf("vmkernel: not loaded (vmnix module: ABI %u.%u, %llu MiB %s)\n", s.abi_major,
		       s.abi_minor, (unsigned long long)s.mem_bytes >> 20,
		       s.borrowed ? "to be borrowed" : "left out by the boot line");
		return NOT_LOADED;
	}
	if (!describe("vmkernel: loaded", fd))
		return TOOL_FAILED;
	printf("memory %s, %llu crossings, %llu doorbells, image %llu KiB\n",
	       s.borrowed ? "borrowed" : "left out by the boot line",
	       (unsigned long long)s.crossings, (unsigned long long)s.doorbells,
	       (unsigned long long)(s.image_bytes + 1023) / 1024);
	return TOOL_OK;
}

/* What the vmkernel says of itself; and whether it is well. */
static bool describe_json(json_t *object, int fd)
{
	struct hc_version v = { .abi_major = WS_ABI_MAJOR, .abi_minor = WS_ABI_MINOR };
	char release[sizeof(v.release) + 1] = "", build[2 * sizeof(v.build_id) + 1];
	int err = vmnix_call(fd, HC_VERSION, &v, sizeof(v));
	unsigned int i;

	json_object_set_new(object, "panicked", json_boolean(v.panicked));
	if (err)
		json_object_set_new(object, "error", json_text(vmnix_text(err)));
	if (err || v.panicked)
		return false;
	memcpy(release, v.release, sizeof(v.release));
	for (i = 0; i < BUILD_BYTES; i++)
		sprintf(build + 2 * i, "%02x", v.build_id[i]);
	json_object_set_new(object, "release", json_text(release));
	json_object_set_new(object, "build", json_text(build));
	json_object_set_new(object, "pcpus", json_integer(v.pcpus));
	json_object_set_new(object, "mem_total", json_integer((json_int_t)v.mem_total));
	json_object_set_new(object, "mem_free", json_integer((json_int_t)v.mem_free));
	json_object_set_new(object, "vms", json_integer(v.vms));
	json_object_set_new(object, "vms_running", json_integer(v.vms_running));
	if (v.svm_status)
		json_object_set_new(object, "no_vms", json_text(vmnix_text(-(int)v.svm_status)));
	return true;
}

/* One object, whatever there is; the exit status as that of status(). */
static int status_json(void)
{
	json_t *object = json_object();
	struct vmnix_status s = {};
	int fd = vmnix_open(), err = fd < 0 ? errno : vmnix_ioctl(fd, VMNIX_IOC_STATUS, &s);
	bool ours = !err && s.ioctl_version == VMNIX_IOCTL_VERSION;
	int code = TOOL_FAILED;

	json_object_set_new(object, "module", json_boolean(ours));
	json_object_set_new(object, "loaded", json_boolean(ours && s.loaded));
	if (ours) {
		json_object_set_new(object, "abi", json_pack("[i, i]", s.abi_major, s.abi_minor));
		json_object_set_new(object, "mem_bytes", json_integer((json_int_t)s.mem_bytes));
		json_object_set_new(object, "borrowed", json_boolean(s.borrowed));
		json_object_set_new(object, "crossings", json_integer((json_int_t)s.crossings));
		json_object_set_new(object, "doorbells", json_integer((json_int_t)s.doorbells));
		json_object_set_new(object, "image_bytes", json_integer((json_int_t)s.image_bytes));
		code = s.loaded ? (describe_json(object, fd) ? TOOL_OK : TOOL_FAILED) : NOT_LOADED;
	} else {
		json_object_set_new(object, "error",
				    json_text(fd < 0 ? vmnix_open_text(err)
					      : err  ? strerror(err)
						     : "a module of another version"));
		if (fd < 0 && err != EACCES && err != EPERM)
			code = NOT_LOADED;
	}
	json_object_set_new(object, "status", json_integer(code));
	return json_print(object) || code ? code : TOOL_FAILED;
}

/* The log goes with the vmkernel: what is new in it is written before. */
static void save_log(void)
{
	pid_t child = fork();

	if (!child) {
		execl(VMKLOGGER, VMKLOGGER, "--sync", (char *)NULL);
		_exit(0); /* none is installed */
	}
	if (child > 0)
		waitpid(child, NULL, 0);
}

static int unload(bool force)
{
	struct vmnix_unload args = { .flags = force ? VMNIX_UNLOAD_FORCE : 0 };
	int fd = open_device(), err; /* who may not unload may not write the log either */

	save_log();
	err = vmnix_ioctl(fd, VMNIX_IOC_UNLOAD, &args);

	args.reason[sizeof(args.reason) - 1] = 0;
	if (err)
		tool_die(TOOL_FAILED, "cannot unload: %s",
			 args.reason[0] ? args.reason : strerror(err));
	printf("vmkernel unloaded\n");
	return TOOL_OK;
}

static void set_action(struct options *o, enum action action)
{
	if (o->action != LOAD && o->action != action)
		tool_die(TOOL_USAGE, "--check, --status and --unload exclude each other");
	o->action = action;
}

static void parse(int argc, char **argv, struct options *o)
{
	int i;

	for (i = 1; i < argc; i++) {
		tool_standard_option(argv[i], help);
		if (!strcmp(argv[i], "--check")) {
			set_action(o, CHECK);
		} else if (!strcmp(argv[i], "--status")) {
			set_action(o, STATUS);
		} else if (!strcmp(argv[i], "--unload")) {
			set_action(o, UNLOAD);
		} else if (!strcmp(argv[i], "--json")) {
			o->json = true;
		} else if (!strcmp(argv[i], "--seal")) {
			o->seal = true;
		} else if (!strcmp(argv[i], "--force")) {
			o->force = true;
		} else if (!strcmp(argv[i], "--log-level")) {
			if (++i >= argc || !tool_number(argv[i], 0, 4, &o->log_level))
				tool_die(TOOL_USAGE, "--log-level takes a number from 0 to 4");
		} else if (argv[i][0] == '-') {
			tool_die(TOOL_USAGE, "unknown option '%s' (--help lists all)", argv[i]);
		} else if (o->image) {
			tool_die(TOOL_USAGE, "more than one image: '%s'", argv[i]);
		} else {
			o->image = argv[i];
		}
	}
	if (o->force && o->action != UNLOAD)
		tool_die(TOOL_USAGE, "--force goes with --unload only");
	if (o->json && o->action != STATUS)
		tool_die(TOOL_USAGE, "--json goes with --status only");
	if (o->image && (o->action == STATUS || o->action == UNLOAD))
		tool_die(TOOL_USAGE, "no image is wanted here: '%s'", o->image);
}

int main(int argc, char **argv)
{
	struct options o = { .log_level = CONFIG_LOG_LEVEL };

	tool_init(argv[0]);
	parse(argc, argv, &o);
	if (!o.image)
		o.image = DEFAULT_IMAGE;
	if (o.action == STATUS)
		return tool_finish(o.json ? status_json() : status());
	if (o.action == UNLOAD)
		return tool_finish(unload(o.force));
	return tool_finish(load(&o));
}
