// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * getresource and setresource: names to figures. A machine's come from its
 * hostcalls and the VSI tree, the host's from these and from Linux.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include "resource.h"
#include "tool.h"
#include "vmx_config.h"
#include "vsi_client.h"

#define CONFIG_PREFIX "config."
#define CPU_PREFIX "system.cpu."
#define NS_PER_S 1000000000ull

/* What /sched/worlds/ID/all tells, by position (vmkernel/sched/sched_vsi.c). */
enum world_field { WORLD_USED = 7, WORLD_SYS, WORLD_READY, WORLD_WAIT, WORLD_CAPPED };

static enum vmcontrol unknown(const char *name)
{
	return vmcontrol_error(VMC_ARGUMENTS, "Invalid arguments: there is no variable '%s'", name);
}

static enum vmcontrol vmkernel_says(const char *name, int err)
{
	return vmcontrol_error(VMC_OTHER, "Unknown error: %s: %s", name, vmnix_text(err));
}

static bool print_seconds(char *value, size_t size, uint64_t ns)
{
	return tool_format(value, size, "%llu.%03llu", (unsigned long long)(ns / NS_PER_S),
			   (unsigned long long)(ns % NS_PER_S / 1000000));
}

static bool print_number(char *value, size_t size, uint64_t number)
{
	return tool_format(value, size, "%llu", (unsigned long long)number);
}

/* A leaf of the VSI tree as a number. */
static int vsi_number(int fd, const char *path, uint64_t *number)
{
	char *text, *end;
	int err = vsi_client_get(fd, path, &text);

	if (err)
		return err;
	*number = strtoull(text, &end, 10);
	if (end == text)
		err = VMK_FAILURE;
	free(text);
	return err;
}

/* ---- a machine's ---- */

static int vm_leaf(const struct target *t, const char *leaf, uint64_t *number)
{
	char path[HC_VSI_PATH_MAX];

	tool_format(path, sizeof(path), "/vm/%u/%s", t->vm, leaf);
	return vsi_number(t->fd, path, number);
}

static int world_time(const struct target *t, enum world_field field, uint64_t *ns)
{
	char path[HC_VSI_PATH_MAX], *text, *word, *rest;
	uint64_t world;
	int i, err = vm_leaf(t, "world", &world);

	if (err)
		return err;
	tool_format(path, sizeof(path), "/sched/worlds/%llu/all", (unsigned long long)world);
	err = vsi_client_get(t->fd, path, &text);
	if (err)
		return err;
	rest = text;
	for (i = 0; (word = strsep(&rest, " ")) && i < (int)field; i++)
		;
	*ns = word ? strtoull(word, NULL, 10) : 0;
	free(text);
	return word ? 0 : VMK_FAILURE;
}

static int sched_of(const struct target *t, struct hc_vm_sched *s)
{
	*s = (struct hc_vm_sched){ .vm = t->vm };
	return vmnix_call(t->fd, HC_VM_SCHED, s, sizeof(*s));
}

/* What stands under a heading of /vm/ID/cpu/status. */
static int vm_column(const struct target *t, const char *heading, char *value, size_t size)
{
	char path[HC_VSI_PATH_MAX], *text, *line, *word, *rest, *heads;
	int i, column = -1, err;

	tool_format(path, sizeof(path), "/vm/%u/cpu/status", t->vm);
	err = vsi_client_get(t->fd, path, &text);
	if (err)
		return err;
	line = text;
	heads = strsep(&line, "\n");
	for (i = 0; (word = strtok_r(i ? NULL : heads, " ", &rest)); i++)
		if (!strcmp(word, heading))
			column = i;
	for (i = 0; line && (word = strtok_r(i ? NULL : line, " \n", &rest)) && i != column; i++)
		;
	err = line && word && tool_format(value, size, "%s", word) ? 0 : VMK_FAILURE;
	free(text);
	return err;
}

static const struct {
	const char *name;
	enum world_field field;
} vm_times[] = {
	{ "cpu.usedsec", WORLD_USED },
	{ "cpu.syssec", WORLD_SYS },
	{ "cpu.readysec", WORLD_READY },
	{ "cpu.waitsec", WORLD_WAIT },
};

static int vm_number(const struct target *t, const char *name, uint64_t *number)
{
	struct hc_vm_sched s;
	int err = sched_of(t, &s);

	if (err)
		return err;
	if (!strcmp(name, "cpu.number"))
		*number = t->info.vcpus;
	else if (!strcmp(name, "cpu.shares"))
		*number = s.shares;
	else if (!strcmp(name, "cpu.min"))
		*number = s.min_pct;
	else if (!strcmp(name, "cpu.max"))
		*number = s.max_pct ? s.max_pct : 100u * t->info.vcpus;
	else if (!strcmp(name, "cpu.uptime") || !strcmp(name, "uptime"))
		*number = t->info.uptime_ns / NS_PER_S;
	else if (!strcmp(name, "mem.size"))
		*number = t->info.mem_bytes >> 10;
	else if (!strcmp(name, "pid"))
		*number = t->info.attached ? t->info.owner_pid : 0;
	else if (!strcmp(name, "worldid"))
		return vm_leaf(t, "world", number);
	else
		return VMK_NOT_FOUND;
	return 0;
}

enum vmcontrol resource_get(struct target *t, const char *name, char *value, size_t size)
{
	uint64_t number;
	size_t i;
	int err;

	if (strcmp(target_state(t), "on"))
		return state_error(t, "getresource");
	for (i = 0; i < sizeof(vm_times) / sizeof(vm_times[0]); i++) {
		if (strcmp(name, vm_times[i].name))
			continue;
		err = world_time(t, vm_times[i].field, &number);
		if (err)
			return vmkernel_says(name, err);
		print_seconds(value, size, number);
		return VMC_OK;
	}
	if (!strcmp(name, "cpu.affinity") || !strcmp(name, "cpu.emin") ||
	    !strcmp(name, "cpu.extrasec")) {
		err = vm_column(t, name + strlen("cpu."), value, size);
		return err ? vmkernel_says(name, err) : VMC_OK;
	}
	err = vm_number(t, name, &number);
	if (err == VMK_NOT_FOUND)
		return unknown(name);
	if (err)
		return vmkernel_says(name, err);
	print_number(value, size, number);
	return VMC_OK;
}

static enum vmcontrol set_affinity(struct target *t, const char *name, const char *value)
{
	char path[HC_VSI_PATH_MAX];
	int err;

	tool_format(path, sizeof(path), "/vm/%u/cpu/affinity", t->vm);
	err = vsi_client_set(t->fd, path, value);
	if (err == VMK_BAD_PARAM || err == VMK_LIMIT_EXCEEDED)
		return vmcontrol_error(
			VMC_ARGUMENTS,
			"Invalid arguments: %s cannot be '%s': it is all, or numbers "
			"of the vmkernel's processors with commas between them",
			name, value);
	return err ? vmkernel_says(name, err) : VMC_OK;
}

/* "cpu.shares" is "sched.cpu.shares" of the .vmx file, with the same values. */
enum vmcontrol resource_set(struct target *t, const char *name, const char *value)
{
	struct hc_vm_sched s;
	uint64_t number = 0;
	char key[64];
	int err;

	if (strcmp(target_state(t), "on"))
		return state_error(t, "setresource");
	if (!strcmp(name, "cpu.affinity"))
		return set_affinity(t, name, value);
	if (strcmp(name, "cpu.shares") && strcmp(name, "cpu.min") && strcmp(name, "cpu.max"))
		return vmcontrol_error(VMC_ARGUMENTS,
				       "Invalid arguments: '%s' is no variable that can be set",
				       name);
	tool_format(key, sizeof(key), "sched.%s", name);
	if (!vmx_value_ok(key, value))
		return vmcontrol_error(VMC_ARGUMENTS, "Invalid arguments: %s cannot be '%s'", name,
				       value);
	err = sched_of(t, &s);
	if (err)
		return vmkernel_says(name, err);
	if (!strcmp(name, "cpu.shares"))
		s.shares = vmx_shares(value, t->info.vcpus);
	else if (tool_number(value, 0, UINT32_MAX, &number) && !strcmp(name, "cpu.min"))
		s.min_pct = number;
	else
		s.max_pct = number; /* 0, too, if it is "unlimited" */
	s.set = 1;
	err = vmnix_call(t->fd, HC_VM_SCHED, &s, sizeof(s));
	if (err == VMK_BAD_PARAM)
		return vmcontrol_error(VMC_ARGUMENTS,
				       "Invalid arguments: %s cannot be '%s': a VCPU has at most "
				       "100, and no minimum above its maximum",
				       name, value);
	return err ? vmkernel_says(name, err) : VMC_OK;
}

/* ---- the host's ---- */

/* KB from a line of /proc/meminfo; 0: it has none. */
static uint64_t meminfo_kb(const char *key)
{
	char line[128];
	uint64_t kb = 0;
	FILE *f = fopen("/proc/meminfo", "re");

	while (f && !kb && fgets(line, sizeof(line), f))
		if (!strncmp(line, key, strlen(key)) && line[strlen(key)] == ':')
			kb = strtoull(line + strlen(key) + 1, NULL, 10);
	if (f)
		fclose(f);
	return kb;
}

/* Names of a folder in one line, as lists of ESX are. */
static int list_in_a_line(int fd, const char *path, char *value, size_t size)
{
	char *text, *p;
	int err = vsi_client_list(fd, path, &text);

	if (err)
		return err;
	for (p = text; *p; p++)
		if (*p == '\n' || *p == '/')
			*p = ' ';
	while (p > text && p[-1] == ' ')
		*--p = 0;
	for (p = text; (p = strstr(p, "  "));)
		memmove(p, p + 1, strlen(p));
	tool_format(value, size, "%s", text);
	free(text);
	return 0;
}

/* system.cpu.N.idlesec and usedsec. */
static int pcpu_time(int fd, const char *rest, const struct hc_version *v, uint64_t *ns)
{
	char path[HC_VSI_PATH_MAX], *end;
	unsigned long n = strtoul(rest, &end, 10);
	int err;

	if (end == rest || (strcmp(end, ".idlesec") && strcmp(end, ".usedsec")))
		return VMK_NOT_FOUND;
	tool_format(path, sizeof(path), "/sched/pcpus/%lu/idle", n);
	err = vsi_number(fd, path, ns);
	if (!err && !strcmp(end, ".usedsec"))
		*ns = v->uptime_ns > *ns ? v->uptime_ns - *ns : 0;
	return err;
}

static int host_number(const char *name, const struct hc_version *v, uint64_t *number)
{
	uint64_t total = meminfo_kb("MemTotal");
	struct sysinfo info;

	if (!strcmp(name, "system.cpu.number"))
		*number = v->pcpus;
	else if (!strcmp(name, "system.mem.size"))
		*number = v->mem_total >> 10;
	else if (!strcmp(name, "system.mem.avail"))
		*number = v->mem_free >> 10;
	else if (!strcmp(name, "system.mem.cosavail"))
		*number = meminfo_kb("MemAvailable");
	else if (!strcmp(name, "system.mem.cosUsage"))
		*number = total - meminfo_kb("MemAvailable");
	else if (!strcmp(name, "system.sys.vmkUptime"))
		*number = v->uptime_ns / NS_PER_S;
	else if (!strcmp(name, "system.sys.cosUptime") && !sysinfo(&info))
		*number = (uint64_t)info.uptime;
	else
		return VMK_NOT_FOUND;
	return 0;
}

/* "config.sched.slice_ns" is /sched/slice_ns, which /config must know. */
static int config_path(int fd, const char *name, char path[HC_VSI_PATH_MAX])
{
	char *text, *dot;
	int err;

	if (strncmp(name, CONFIG_PREFIX, strlen(CONFIG_PREFIX)) || strchr(name, '/') ||
	    !tool_format(path, HC_VSI_PATH_MAX, "/config/%s", name + strlen(CONFIG_PREFIX)))
		return VMK_NOT_FOUND;
	dot = strchr(path, '.');
	if (!dot)
		return VMK_NOT_FOUND;
	*dot = '/';
	err = vsi_client_get(fd, path, &text);
	if (err)
		return err;
	free(text);
	memmove(path, path + strlen("/config"), strlen(path) - strlen("/config") + 1);
	return 0;
}

enum vmcontrol resource_set_host(int fd, const char *name, const char *value)
{
	char path[HC_VSI_PATH_MAX], text[RESOURCE_TEXT];
	enum vmcontrol code;
	int err = config_path(fd, name, path);

	if (err) {
		code = resource_get_host(fd, name, text, sizeof(text));
		return code ? code
			    : vmcontrol_error(VMC_ARGUMENTS,
					      "Invalid arguments: '%s' is no variable that can be "
					      "set",
					      name);
	}
	err = vsi_client_set(fd, path, value);
	if (err == VMK_BAD_PARAM || err == VMK_LIMIT_EXCEEDED)
		return vmcontrol_error(VMC_ARGUMENTS, "Invalid arguments: %s cannot be '%s': %s",
				       name, value, vmnix_text(err));
	return err ? vmkernel_says(name, err) : VMC_OK;
}

enum vmcontrol resource_get_host(int fd, const char *name, char *value, size_t size)
{
	struct hc_version v = { .abi_major = WS_ABI_MAJOR };
	char path[HC_VSI_PATH_MAX];
	uint64_t number;
	int err = vmnix_call(fd, HC_VERSION, &v, sizeof(v));

	if (err)
		return vmkernel_says(name, err);
	if (!strcmp(name, "system.worlds")) {
		err = list_in_a_line(fd, "/sched/worlds", value, size);
		return err ? vmkernel_says(name, err) : VMC_OK;
	}
	err = config_path(fd, name, path);
	if (!err)
		err = vsi_number(fd, path, &number);
	if (err == VMK_NOT_FOUND)
		err = host_number(name, &v, &number);
	if (!err) {
		print_number(value, size, number);
		return VMC_OK;
	}
	if (!strncmp(name, CPU_PREFIX, strlen(CPU_PREFIX)))
		err = pcpu_time(fd, name + strlen(CPU_PREFIX), &v, &number);
	if (!err) {
		print_seconds(value, size, number);
		return VMC_OK;
	}
	return err == VMK_NOT_FOUND ? unknown(name) : vmkernel_says(name, err);
}
