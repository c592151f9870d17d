// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/* Verbs of the server (-s), and the list of its machines. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "answer.h"
#include "caller.h"
#include "json_text.h"
#include "resource.h"
#include "server.h"
#include "service.h"
#include "tool.h"
#include "vm_list.h"
#include "vmx_file.h"

/* A machine and what it may be called; one whose file cannot be read has its path alone. */
static json_t *list_item(const char *config)
{
	json_t *item = json_pack("{s:o}", "config", json_text(config));
	char why[VMX_WHY_MAX];
	const char *value;
	struct vmx_file f;

	if (!vmx_file_load(&f, config, why, sizeof(why)))
		return item;
	value = vmx_file_get(&f, "displayName");
	if (value)
		json_object_set_new(item, "displayName", json_text(value));
	value = vmx_file_get(&f, "uuid.bios");
	if (value)
		json_object_set_new(item, "uuid.bios", json_text(value));
	vmx_file_free(&f);
	return item;
}

enum vmcontrol server_list(void)
{
	struct vm_list list;
	size_t i;

	if (!vm_list_read(VM_LIST_FILE, &list))
		return list_error();
	answer_lines();
	for (i = 0; i < list.count; i++)
		if (caller_has(list.config[i], RIGHT_READ))
			answer_line(list.config[i], list_item(list.config[i]));
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
		return answer_done(o, "register", args, count);
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
	if (t->vm || t->stuck)
		return state_error(t, "unregister");
	if (!vm_list_read(VM_LIST_FILE, &list))
		return list_error();
	config = vm_list_find(&list, args[0]);
	vm_list_free(&list);
	if (config && vm_list_remove(VM_LIST_FILE, config))
		code = answer_done(o, "unregister", args, count);
	else
		code = list_error();
	free(config);
	return code;
}

/* -1, and *code: it is told why not. */
static int open_vmkernel(enum vmcontrol *code)
{
	int fd = vmnix_open();

	if (fd < 0)
		*code = vmcontrol_error(errno == EACCES || errno == EPERM ? VMC_PERMISSION
									  : VMC_OTHER,
					"%s", vmnix_open_text(errno));
	return fd;
}

static enum vmcontrol do_host_getresource(struct options *o, char **args, int count)
{
	char value[RESOURCE_TEXT];
	enum vmcontrol code;
	int fd = open_vmkernel(&code);

	if (fd < 0)
		return code;
	code = resource_get_host(fd, args[0], value, sizeof(value));
	close(fd);
	return code ? code : answer_figure(o, "getresource", args, count, value);
}

static enum vmcontrol do_host_setresource(struct options *o, char **args, int count)
{
	enum vmcontrol code;
	int fd = open_vmkernel(&code);

	if (fd < 0)
		return code;
	code = resource_set_host(fd, args[0], args[1]);
	close(fd);
	return code ? code : answer_done(o, "setresource", args, count);
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

const struct verb server_verbs[] = {
	{ "register", 1, 1, do_register, false, RIGHT_ROOT },
	{ "unregister", 1, 1, do_unregister, false, RIGHT_ROOT },
	{ "getresource", 1, 1, do_host_getresource, false, RIGHT_READ },
	{ "setresource", 2, 2, do_host_setresource, false, RIGHT_ROOT },
	{ "autostart", 0, 0, do_autostart, false, RIGHT_ROOT },
	{ "autostop", 0, 0, do_autostop, false, RIGHT_ROOT },
};
const size_t server_verb_count = sizeof(server_verbs) / sizeof(server_verbs[0]);
