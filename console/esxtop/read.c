// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * A snapshot from the VSI tree. Each PCPU, world and VM is read as of its own
 * moment; what goes away while we read is left out.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "error.h"
#include "tool.h"
#include "top.h"
#include "vmnix_dev.h"
#include "vsi_client.h"

#define PATH_LEN 128u

/* The value of a leaf; NULL and *err. */
static char *get(int fd, const char *folder, const char *member, const char *leaf, int *err)
{
	char path[PATH_LEN], *text;

	*err = tool_format(path, sizeof(path), "%s%s/%s", folder, member, leaf)
		       ? vsi_client_get(fd, path, &text)
		       : VMK_BAD_PARAM;
	return *err ? NULL : text;
}

static int get_number(int fd, const char *folder, const char *member, const char *leaf,
		      uint64_t *out)
{
	int err;
	char *text = get(fd, folder, member, leaf, &err);

	if (text && !top_parse_number(text, out))
		err = VMK_FAILURE;
	free(text);
	return err;
}

static int get_name(int fd, const char *folder, const char *member, const char *leaf, char *name,
		    size_t size)
{
	int err;
	char *text = get(fd, folder, member, leaf, &err);

	if (text)
		top_parse_name(text, name, size);
	free(text);
	return err;
}

static int read_world(int fd, const char *member, void *item)
{
	struct top_world *w = item;
	char *text;
	int err;

	text = get(fd, "/sched/worlds/", member, "all", &err);
	if (text && !top_parse_world(text, w))
		err = VMK_FAILURE;
	free(text);
	if (err)
		return err;
	text = get(fd, "/sched/worlds/", member, "times", &err);
	if (text && !top_parse_times(text, &w->times))
		err = VMK_FAILURE;
	free(text);
	return err;
}

static int read_pcpu(int fd, const char *member, void *item)
{
	struct top_pcpu *p = item;
	uint64_t id;
	char *text;
	int err;

	if (!top_parse_number(member, &id) || id >= UINT32_MAX)
		return VMK_FAILURE;
	p->id = (uint32_t)id;
	text = get(fd, "/sched/pcpus/", member, "times", &err);
	if (text && !top_parse_pcpu(text, p))
		err = VMK_FAILURE;
	free(text);
	return err;
}

static int read_vm(int fd, const char *member, void *item)
{
	static const char folder[] = "/vm/";
	struct top_vm *vm = item;
	uint64_t id, vcpus = 0, world = 0;
	int err;

	if (!top_parse_number(member, &id) || id >= UINT32_MAX)
		return VMK_FAILURE;
	vm->id = (uint32_t)id;
	err = get_name(fd, folder, member, "name", vm->name, sizeof(vm->name));
	if (!err)
		err = get_name(fd, folder, member, "state", vm->state, sizeof(vm->state));
	if (!err)
		err = get_number(fd, folder, member, "vcpus", &vcpus);
	if (!err)
		err = get_number(fd, folder, member, "world", &world);
	if (!err)
		err = get_number(fd, folder, member, "mem_bytes", &vm->mem_bytes);
	if (!err)
		err = get_number(fd, folder, member, "mem_touched", &vm->touched_bytes);
	if (!err)
		err = get_number(fd, folder, member, "nested_pages", &vm->nested_pages);
	vm->vcpus = (uint32_t)vcpus;
	vm->world = (uint32_t)world;
	return err;
}

/* All members of a table of the tree: an array of items of size bytes, NULL if it has none. */
static void *read_all(int fd, const char *folder, int (*one)(int, const char *, void *),
		      size_t size, size_t *count, int *err)
{
	char *list, *line, *save, *items = NULL, *more;

	*err = vsi_client_list(fd, folder, &list);
	if (*err)
		return NULL;
	for (line = strtok_r(list, "\n", &save); line && !*err;
	     line = strtok_r(NULL, "\n", &save)) {
		line[strcspn(line, "/")] = '\0';
		more = realloc(items, (*count + 1) * size);
		if (!more) {
			*err = ENOMEM;
			break;
		}
		items = more;
		memset(items + *count * size, 0, size);
		*err = one(fd, line, items + *count * size);
		if (!*err)
			(*count)++;
		else if (*err == VMK_NOT_FOUND)
			*err = VMK_OK;
	}
	free(list);
	return items;
}

static int by_id(const void *a, const void *b)
{
	/* All three structs begin with their id. */
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

	return (left > right) - (left < right);
}

static int read_memory(int fd, struct top_memory *m)
{
	int err = get_number(fd, "/", "memory", "total", &m->total);

	if (!err)
		err = get_number(fd, "/", "memory", "free", &m->free);
	if (!err)
		err = get_number(fd, "/memory/", "owners", "guest", &m->guest_pages);
	if (!err)
		err = get_number(fd, "/memory/", "owners", "nested", &m->nested_pages);
	return err;
}

int top_read(int fd, struct top_snapshot *s)
{
	int err;

	memset(s, 0, sizeof(*s));
	s->wall = time(NULL);
	/* PCPUs and worlds last and together: their sums are compared. */
	err = get_number(fd, "", "", "uptime", &s->uptime);
	if (!err)
		err = read_memory(fd, &s->memory);
	if (!err)
		s->vms = read_all(fd, "/vm", read_vm, sizeof(*s->vms), &s->vm_count, &err);
	if (!err)
		s->worlds = read_all(fd, "/sched/worlds", read_world, sizeof(*s->worlds),
				     &s->world_count, &err);
	if (!err)
		s->pcpus = read_all(fd, "/sched/pcpus", read_pcpu, sizeof(*s->pcpus),
				    &s->pcpu_count, &err);
	if (err) {
		top_snapshot_free(s);
		return err;
	}
	if (s->world_count)
		qsort(s->worlds, s->world_count, sizeof(*s->worlds), by_id);
	if (s->pcpu_count)
		qsort(s->pcpus, s->pcpu_count, sizeof(*s->pcpus), by_id);
	return VMK_OK;
}
