// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/* The machine that a command is about: which it is, and what the vmkernel knows of it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "answer.h"
#include "question.h"
#include "tool.h"
#include "vm_list.h"
#include "vmx_file.h"

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
	t->stuck = !t->vm && question_waits(t);
	t->suspended = t->info.state == HC_VM_SUSPENDED ||
		       (!vmnix_state_is_on(t->info.state) && has_checkpoint(t));
}

const char *target_state(const struct target *t)
{
	if (t->stuck)
		return "stuck";
	if (t->suspended)
		return "suspended";
	return t->vm && vmnix_state_is_on(t->info.state) ? "on" : "off";
}

static enum vmcontrol not_registered(const char *what)
{
	char self[PATH_MAX], text[PATH_MAX + 128];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	self[n > 0 ? n : 0] = 0;
	fprintf(stderr,
		"%s: Could not connect to VM %s\n"
		"  (VMControl error -%d: No such virtual machine: The config file %s is not "
		"registered.\n"
		"Please register the config file on the server.  For example:\n"
		"vmware-cmd -s register \"%s\")\n",
		self, what, VMC_NO_VM, what, what);
	tool_format(text, sizeof(text),
		    "No such virtual machine: The config file %s is not registered.", what);
	answer_error(VMC_NO_VM, text);
	return VMC_NO_VM;
}

enum vmcontrol list_error(void)
{
	return vmcontrol_error(errno == EACCES || errno == EPERM ? VMC_PERMISSION : VMC_OTHER,
			       VM_LIST_FILE ": %s", strerror(errno));
}

enum vmcontrol find_target(struct options *o, const char *what)
{
	struct target *t = &o->target;
	enum vmcontrol code = VMC_OK;
	struct vm_list list;
	char *config, text[VM_LIST_MATCHES];

	if (!vm_list_read(VM_LIST_FILE, &list))
		return list_error();
	config = vm_list_find(&list, what);
	if (!config && errno == ENOTUNIQ)
		code = vmcontrol_error(VMC_ARGUMENTS,
				       "Invalid arguments: several machines are called %s: %s",
				       what, vm_list_matches(&list, what, text, sizeof(text)));
	else if (!config)
		code = not_registered(what);
	vm_list_free(&list);
	if (code)
		return code;
	/* A file that is gone may still name a machine that runs. */
	if (!realpath(config, t->config))
		tool_format(t->config, sizeof(t->config), "%s", config);
	free(config);
	answer_vm(t->config);
	t->fd = vmnix_open();
	if (t->fd < 0 && (errno == EACCES || errno == EPERM))
		return vmcontrol_error(VMC_PERMISSION, "Insufficient permission: %s",
				       vmnix_open_text(errno));
	target_look(t);
	return VMC_OK;
}

/* A vmkernel that does not answer may run the machine all the same: then nothing is known. */
enum vmcontrol find_known(struct options *o, const char *what)
{
	enum vmcontrol code = find_target(o, what);

	if (!code && o->target.err)
		return vmcontrol_error(VMC_OTHER, "Unknown error: %s: %s", o->target.config,
				       vmnix_text(o->target.err));
	return code;
}
