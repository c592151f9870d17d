// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * Autostart and autostop of all registered machines, for /etc/init.d/vmware. Which
 * and in which order: lib/autostart.c.
 */
#include "service.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "answer.h"
#include "autostart.h"
#include "json_text.h"
#include "tool.h"
#include "vm_list.h"

struct machines {
	struct vm_list list;
	struct autostart *plan; /* one for each of list, in any order */
};

static void free_all(struct machines *m)
{
	free(m->plan);
	vm_list_free(&m->list);
}

/* A file that cannot be read counts as one that says nothing: it may still be running. */
static enum vmcontrol read_all(struct machines *m)
{
	struct vmx_file f;
	char why[VMX_WHY_MAX];
	size_t i;

	if (!vm_list_read(VM_LIST_FILE, &m->list))
		return vmcontrol_error(VMC_OTHER, VM_LIST_FILE ": %s", strerror(errno));
	m->plan = calloc(m->list.count + 1, sizeof(*m->plan));
	if (!m->plan) {
		vm_list_free(&m->list);
		return vmcontrol_error(VMC_OTHER, "%s", strerror(ENOMEM));
	}
	for (i = 0; i < m->list.count; i++) {
		if (!vmx_file_load(&f, m->list.config[i], why, sizeof(why))) {
			tool_error("%s", why);
			f = (struct vmx_file){ .path = NULL };
		}
		autostart_read(&f, i, &m->plan[i]);
		vmx_file_free(&f);
	}
	return VMC_OK;
}

/* The vmkernel must be there: only the service's own start and stop call this. */
static enum vmcontrol open_target(struct target *t, const char *config)
{
	if (!realpath(config, t->config))
		tool_format(t->config, sizeof(t->config), "%s", config);
	target_look(t);
	return t->err ? vmcontrol_error(VMC_OTHER, "Unknown error: %s: %s", t->config,
					vmnix_text(t->err))
		      : VMC_OK;
}

static enum vmcontrol tell(const char *config, enum vmcontrol code, const char *what)
{
	char line[PATH_MAX + 64];

	tool_format(line, sizeof(line), "   virtual machine %s: %s", config, what);
	answer_line(line, json_pack("{s:o, s:s}", "config", json_text(config), "done", what));
	return code;
}

static enum vmcontrol start_one(struct target *t, const char *config)
{
	enum vmcontrol code = open_target(t, config);

	if (code || !strcmp(target_state(t), "on"))
		return code;
	code = power_start(t);
	return tell(config, code, code ? "NOT started" : "started");
}

static enum vmcontrol stop_one(struct target *t, const char *config, enum autostop how)
{
	enum vmcontrol code = open_target(t, config);

	if (!code)
		code = power_settle(t);
	if (code || (strcmp(target_state(t), "on") && !t->stuck))
		return code;
	code = power_stop(t, how == AUTOSTOP_HARD ? MODE_HARD : MODE_TRYSOFT);
	return tell(config, code, code ? "NOT stopped" : "stopped");
}

enum vmcontrol service_autostart(void)
{
	struct target t = { .fd = vmnix_open() };
	struct machines m;
	enum vmcontrol code, result;
	unsigned int delay = 0;
	size_t i;

	if (t.fd < 0)
		return vmcontrol_error(VMC_OTHER, "%s", vmnix_open_text(errno));
	answer_lines();
	result = read_all(&m);
	if (!result) {
		autostart_sort(m.plan, m.list.count);
		for (i = 0; i < m.list.count; i++) {
			if (!m.plan[i].start)
				continue;
			sleep(delay);
			code = start_one(&t, m.list.config[m.plan[i].index]);
			result = code ? code : result;
			delay = m.plan[i].delay;
		}
		free_all(&m);
	}
	close(t.fd);
	return result;
}

enum vmcontrol service_autostop(unsigned int time_limit)
{
	struct target t = { .fd = vmnix_open(), .time_limit = time_limit };
	struct machines m;
	enum vmcontrol code, result;
	size_t i;

	if (t.fd < 0)
		return vmcontrol_error(VMC_OTHER, "%s", vmnix_open_text(errno));
	answer_lines();
	result = read_all(&m);
	if (!result) {
		autostop_sort(m.plan, m.list.count);
		for (i = 0; i < m.list.count; i++) {
			code = stop_one(&t, m.list.config[m.plan[i].index], m.plan[i].stop);
			result = code ? code : result;
		}
		free_all(&m);
	}
	close(t.fd);
	return result;
}
