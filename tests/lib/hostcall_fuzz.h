/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * What hostcall_fuzz.c asks: numbers of a seed, calls as they are meant, and the arguments that
 * are made of both. There, too, is who is spared what.
 */
#ifndef HOSTCALL_FUZZ_H
#define HOSTCALL_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "error.h"
#include "hostcall.h"
#include "ring.h"
#include "vmnix_ioctl.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define PATHS_MAX 512u
#define PAGE 4096ul

static const uint32_t args_size[HC_COUNT] = {
#define HOSTCALL(nr, NAME, fn, args, text) [nr] = sizeof(struct args),
#include "hostcall.def"
#undef HOSTCALL
};

static int fd;
static uint64_t rng;
static uint32_t own[HC_VM_MAX], own_count, spared[HC_VM_MAX], spared_count;
static char path[PATHS_MAX][HC_VSI_PATH_MAX];
static uint32_t path_count, settable[PATHS_MAX], settable_count;

/* ---- numbers ---------------------------------------------------------------------------- */

static uint64_t mix(uint64_t x)
{
	x ^= x >> 30;
	x *= 0xbf58476d1ce4e5b9ull;
	x ^= x >> 27;
	x *= 0x94d049bb133111ebull;
	return x ^ x >> 31;
}

static uint64_t any(void)
{
	rng += 0x9e3779b97f4a7c15ull;
	return mix(rng);
}

static uint32_t below(uint32_t n)
{
	return (uint32_t)(any() >> 33) % n;
}

/* One time of n. */
static bool rarely(uint32_t n)
{
	return !below(n);
}

static uint64_t number(void)
{
	static const uint64_t edges[] = {
		0,	    1,		2,	     0x7f,	   0xff,       0x100,
		0x3ff,	    0x400,	0xfff,	     0x1000,	   0x1001,     0xffff,
		0x10000,    0x10001,	0xfffff,     0x100000,	   0x200000,   0x400000,
		0x7fffffff, 0x80000000, 0xfee00000,  0xfec00000,   0xfffff000, 0xffffffff,
		1ull << 32, 1ull << 40, 1ull << 47,  ~0ull << 47,  1ull << 52, 1ull << 63,
		~0ull >> 1, ~0ull,	~0ull << 12, ~0x1fffffull,
	};

	switch (below(6)) {
	case 0:
		return below(16);
	case 1:
		return edges[below(ARRAY_SIZE(edges))] + below(3) - 1;
	case 2:
		return 1ull << below(64);
	case 3:
		return -(uint64_t)below(256);
	case 4:
		return any() >> below(64);
	default:
		return edges[below(ARRAY_SIZE(edges))];
	}
}

static bool is_spared(uint32_t vm)
{
	for (uint32_t i = 0; i < spared_count; i++)
		if (spared[i] == vm)
			return true;
	return false;
}

static uint32_t some_vm(void)
{
	if (own_count && !rarely(3))
		return own[below(own_count)];
	if (spared_count && !rarely(3))
		return spared[below(spared_count)];
	return rarely(2) ? (uint32_t)number() : below(HC_VM_IDS + 2);
}

static void noise(void *to, size_t bytes)
{
	uint64_t n;

	for (size_t i = 0; i < bytes; i += 8) {
		n = any();
		memcpy((uint8_t *)to + i, &n, bytes - i < 8 ? bytes - i : 8);
	}
}

/* ---- calls as they are meant ------------------------------------------------------------ */

static int call(uint32_t nr, void *args)
{
	struct vmnix_call c = { .nr = nr, .len = args_size[nr], .args = (uintptr_t)args };

	return ioctl(fd, VMNIX_IOC_CALL, &c) ? -1000 : c.status;
}

static void look_for_vms(void)
{
	struct hc_vm_list list = {};

	own_count = 0;
	if (call(HC_VM_LIST, &list))
		return;
	for (uint32_t i = 0; i < list.count && i < HC_VM_MAX; i++)
		if (!is_spared(list.vm[i]))
			own[own_count++] = list.vm[i];
}

static void look_for_paths(const char *folder, int depth)
{
	struct hc_vsi a = {};
	char *name, *save = NULL, *here;

	do {
		a.offset = a.next;
		snprintf(a.path, sizeof(a.path), "%s", folder);
		if (call(HC_VSI_LIST, &a) || a.len >= sizeof(a.text))
			return;
		a.text[a.len] = 0;
		for (name = strtok_r(a.text, "\n", &save); name && path_count < PATHS_MAX;
		     name = strtok_r(NULL, "\n", &save)) {
			here = path[path_count++];
			snprintf(here, HC_VSI_PATH_MAX, "%.120s/%.120s", depth ? folder : "", name);
			if (!here[strlen(here) - 1] || here[strlen(here) - 1] != '/')
				continue;
			here[strlen(here) - 1] = 0;
			if (depth < 4)
				look_for_paths(here, depth + 1);
		}
	} while (a.next);
}

/* Those that answer to a wrong value in another way than to be read-only. */
static void look_for_settable(void)
{
	int status;

	for (uint32_t i = 0; i < path_count; i++) {
		struct hc_vsi a = { .len = 1, .text = "x" };

		memcpy(a.path, path[i], sizeof(a.path));
		if (strstr(a.path, "panic") || strstr(a.path, "fail"))
			continue;
		status = call(HC_VSI_SET, &a);
		if (status != VMK_READ_ONLY && status != VMK_NOT_SUPPORTED)
			settable[settable_count++] = i;
	}
}

/* ---- hostcalls --------------------------------------------------------------------------- */

/* What root may well do to a VM, and what would end or change one that must go on. */
static bool spares(uint32_t nr, const void *args)
{
	const struct hc_vm_power *power = args;
	const struct hc_vm_attach *attach = args;
	const struct hc_vm_sched *sched = args;
	const struct hc_vm_mem *mem = args;
	const struct hc_vsi *vsi = args;

	if (nr == HC_VSI_SET)
		return strnlen(vsi->path, sizeof(vsi->path)) < sizeof(vsi->path) &&
		       (strstr(vsi->path, "panic") || strstr(vsi->path, "fail") ||
			(!strncmp(vsi->path, "/vm/", 4) && is_spared(atoi(vsi->path + 4))));
	if (!is_spared(power->vm))
		return false;
	switch (nr) {
	case HC_VM_POWER: /* off, reset, suspend, the power button */
		return power->op != HC_POWER_ON && power->op <= HC_POWER_SUSPEND;
	case HC_VM_ATTACH: /* the process that serves it is not to be sent away */
		return !attach->pid;
	case HC_VM_SCHED: /* a share of the processor */
		return sched->set;
	case HC_VM_MEM: /* its memory */
		return mem->write == 1 || mem->write == 2;
	case HC_EVENTS: /* what the process that serves it waits for */
		return true;
	default:
		return false;
	}
}

static void make_create(struct hc_vm_create *c)
{
	static const uint64_t sizes[] = { 4 << 20, 4 << 20, 6 << 20, 16 << 20, 128 << 20 };

	c->vcpus = 1;
	c->mem_bytes = sizes[below(ARRAY_SIZE(sizes))];
	c->shares = 1 + below(2000);
	c->max_pct = rarely(2) ? 0 : 1 + below(50);
	noise(c->uuid, sizeof(c->uuid));
	snprintf(c->name, sizeof(c->name), "/fuzz/%u", below(1000));
	snprintf(c->label, sizeof(c->label), "fuzz %u", below(1000));
}

static void make_vsi(struct hc_vsi *v, bool set)
{
	uint32_t i = set && settable_count && rarely(2) ? settable[below(settable_count)]
							: below(path_count);
	const char *tail;

	memcpy(v->path, path[i], sizeof(v->path));
	/* Of a machine: mostly of one of its own. */
	if (!strncmp(path[i], "/vm/", 4) && own_count && !rarely(4)) {
		tail = strchr(path[i] + 4, '/');
		snprintf(v->path, sizeof(v->path), "/vm/%u%s", own[below(own_count)],
			 tail ? tail : "");
	}
	if (!set) {
		v->offset = rarely(4) ? (uint32_t)number() : 0;
		return;
	}
	if (rarely(3))
		noise(v->text, below(sizeof(v->text)));
	else
		snprintf(v->text, sizeof(v->text), "%lld",
			 (long long)(rarely(2) ? below(100) : number()));
	v->len = (uint32_t)strnlen(v->text, sizeof(v->text) - 1);
}

/* Arguments that are right, as far as one can know. */
static void make_right(uint32_t nr, void *args)
{
	struct hc_vm_power *power = args;
	struct hc_vm_mem *mem = args;
	struct hc_vcpu_regs *regs = args;
	struct hc_vm_checkpoint *state = args;
	struct hc_vm_sched *sched = args;

	memset(args, 0, HC_ARGS_MAX);
	power->vm = some_vm();
	switch (nr) {
	case HC_VERSION:
		((struct hc_version *)args)->abi_major = WS_ABI_MAJOR;
		break;
	case HC_SHARED_PAGE:
		((struct hc_shared_page *)args)->page = below(WS_VM_CHANNEL_PAGES + 1);
		break;
	case HC_VM_CREATE:
		power->vm = 0;
		make_create(args);
		break;
	case HC_VM_LIST:
		power->vm = 0;
		break;
	case HC_VM_POWER:
		power->op = below(6);
		break;
	case HC_VM_ATTACH:
		((struct hc_vm_attach *)args)->pid = rarely(2) ? 0 : (uint32_t)getpid();
		break;
	case HC_VM_MEM:
		mem->write = below(4);
		mem->gpa = below(4 << 20);
		mem->offset = below(WS_VM_WINDOW_SIZE);
		mem->len = 1 + below(WS_VM_WINDOW_SIZE - mem->offset);
		break;
	case HC_VM_VCPU_REGS:
		noise(&regs->eip,
		      offsetof(struct hc_vcpu_regs, pad) - offsetof(struct hc_vcpu_regs, eip));
		regs->eip %= 4 << 20;
		break;
	case HC_VM_SCHED:
		sched->set = below(2);
		sched->shares = 1 + below(3000);
		sched->max_pct = below(60);
		break;
	case HC_VM_CHECKPOINT:
		state->load = below(2);
		state->len = state->load ? below(WS_VM_WINDOW_SIZE) : 0;
		break;
	case HC_MEM_GIVE:
	case HC_MEM_TAKE:
		power->vm = nr == HC_MEM_TAKE ? below(4) : 0; /* op */
		break;
	case HC_VSI_LIST:
	case HC_VSI_GET:
	case HC_VSI_SET:
		power->vm = 0;
		make_vsi(args, nr == HC_VSI_SET);
		break;
	default:
		break;
	}
}

static void make_wrong(uint8_t *args, uint32_t bytes)
{
	uint64_t n;
	uint32_t width, at;

	if (rarely(12)) {
		noise(args, bytes);
		return;
	}
	for (uint32_t i = 1 + below(3); i; i--) {
		width = 1u << below(4);
		if (width > bytes)
			continue;
		at = below(bytes / width) * width;
		n = number();
		memcpy(args + at, &n, width);
	}
}

#endif
