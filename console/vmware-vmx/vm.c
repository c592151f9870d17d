// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * Making a virtual machine: memory through the transfer window, entry state, power.
 * The vmkernel destroys an unfinished VM when our file is closed, so every failure
 * can simply be told.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "bzimage.h"
#include "guest_image.h"
#include "tool.h"
#include "vmx.h"
#include "vmx_log.h"

#define DESTROY_TRIES 500 /* of 10 ms: VCPUs need a moment to stop */
#define INITRD_MAX (1u << 30)

static bool refuse(char *why, const char *what, const char *text)
{
	tool_format(why, VMX_WHY_MAX, "%s: %s", what, text);
	return false;
}

static bool map_channel(struct vmx *x, char *why)
{
	x->region = serial_region_map(x->fd, x->vm, true);
	if (!x->region)
		return refuse(why, "the VM's channel", strerror(errno));
	if (!serial_rings_open(x->region, &x->out, &x->in))
		return refuse(why, "the VM's channel", "its rings are malformed");
	return true;
}

static int copy_in(struct vmx *x, const struct guest_blob *blob)
{
	uint8_t *window = (uint8_t *)x->region + WS_VM_WINDOW_OFFSET;
	size_t done = 0;
	int err = 0;

	while (!err && done < blob->len) {
		size_t n = blob->len - done;
		struct hc_vm_mem mem = { .vm = x->vm, .write = 1, .gpa = blob->gpa + done };

		mem.len = n < WS_VM_WINDOW_SIZE ? n : WS_VM_WINDOW_SIZE;
		memcpy(window, blob->data + done, mem.len);
		err = vmnix_call(x->fd, HC_VM_MEM, &mem, sizeof(mem));
		done += mem.len;
	}
	return err;
}

static bool load_image(struct vmx *x, const struct guest_image *g, char *why)
{
	struct hc_vcpu_regs regs = { .vm = x->vm, .eip = g->eip, .esp = g->esp, .esi = g->esi };
	unsigned int i;
	int err;

	for (i = 0; i < g->count; i++) {
		err = copy_in(x, &g->blob[i]);
		if (err)
			return refuse(why, g->blob[i].what, vmnix_text(err));
		vmx_log("%s: %zu bytes at 0x%llx", g->blob[i].what, g->blob[i].len,
			(unsigned long long)g->blob[i].gpa);
	}
	err = vmnix_call(x->fd, HC_VM_VCPU_REGS, &regs, sizeof(regs));
	return !err || refuse(why, "start state", vmnix_text(err));
}

static void describe_machine(const struct vmx_config *c, struct guest_machine *m)
{
	*m = (struct guest_machine){ .mem_bytes = (uint64_t)c->mem_mb << 20, .vcpus = c->vcpus };
	memcpy(m->uuid, c->uuid, sizeof(m->uuid));
#ifdef CONFIG_DEVICE_COM1
	m->has_com1 = true;
#endif
#ifdef CONFIG_DEVICE_RTC
	m->has_rtc = true;
#endif
#ifdef CONFIG_DEVICE_PCI
	m->has_pci = true;
#endif
}

static bool fill(struct vmx *x, char *why)
{
	const struct vmx_config *c = &x->config;
	struct guest_boot boot = { .cmdline = c->cmdline };
	void *kernel = tool_read_file(c->kernel, BZIMAGE_MAX, &boot.kernel_len), *initrd = NULL;
	char text[VMX_WHY_MAX / 2];
	struct guest_image g;
	bool ok = false;

	if (!kernel)
		return refuse(why, c->kernel, tool_read_text(errno));
	boot.kernel = kernel;
	if (c->initrd[0]) {
		initrd = tool_read_file(c->initrd, INITRD_MAX, &boot.initrd_len);
		boot.initrd = initrd;
	}
	describe_machine(c, &boot.machine);
	if (c->initrd[0] && !initrd) {
		refuse(why, c->initrd, tool_read_text(errno));
	} else if (!guest_image_build(&g, &boot, text, sizeof(text))) {
		refuse(why, c->kernel, text);
	} else {
		ok = load_image(x, &g, why);
		guest_image_free(&g);
	}
	free(initrd);
	free(kernel);
	return ok;
}

static bool power_on(struct vmx *x, char *why)
{
	int err = vmnix_vm_power(x->fd, x->vm, HC_POWER_ON);

	return !err || refuse(why, "power on", vmnix_text(err));
}

static bool attach(struct vmx *x, char *why)
{
	struct hc_vm_attach args = { .vm = x->vm, .pid = getpid() };
	int err = vmnix_call(x->fd, HC_VM_ATTACH, &args, sizeof(args));

	return !err || refuse(why, "attach", vmnix_text(err));
}

/* Why a VM of this name forbids a start; NULL: it does not. */
static const char *obstacle(const struct hc_vm_info *info)
{
	if (info->state == HC_VM_BUILDING)
		return "the virtual machine is being started";
	if (vmnix_state_is_on(info->state))
		return "the virtual machine is running already";
	if (info->state == HC_VM_SUSPENDED)
		return info->attached ? "the virtual machine is being suspended" : NULL;
	return info->attached ? "the virtual machine is being stopped" : NULL;
}

bool vm_may_start(struct vmx *x, char *why)
{
	struct hc_vm_info info;
	const char *text;
	int err;

	x->vm = vmnix_find_vm(x->fd, x->path, &err);
	if (err)
		return refuse(why, "vmkernel", vmnix_text(err));
	if (!x->vm || vmnix_vm_info(x->fd, x->vm, &info)) {
		x->vm = 0;
		return true;
	}
	text = obstacle(&info);
	return !text || refuse(why, x->path, text);
}

/* What a VM of this name that is no longer on, and has no process, has left behind. */
static bool remove_remains(struct vmx *x, char *why)
{
	struct hc_vm_info info;

	if (!vm_may_start(x, why))
		return false;
	if (!x->vm)
		return true;
	/* Its process died while it suspended it: what the .vmx file says counts. */
	if (!vmnix_vm_info(x->fd, x->vm, &info) && info.state == HC_VM_SUSPENDED) {
		if (!x->config.checkpoint[0])
			return refuse(why, x->path, "was not suspended to the end: attach to it");
		vmnix_vm_power(x->fd, x->vm, HC_POWER_OFF);
	}
	vm_destroy(x);
	return true;
}

static bool create(struct vmx *x, char *why)
{
	const struct vmx_config *c = &x->config;
	struct hc_vm_create args = {
		.vcpus = c->vcpus,
		.mem_bytes = (uint64_t)c->mem_mb << 20,
		.shares = c->shares,
		.min_pct = c->min_pct,
		.max_pct = c->max_pct,
	};
	int err;

	if (strlen(x->path) >= sizeof(args.name))
		return refuse(why, x->path, "the path is too long");
	memcpy(args.uuid, c->uuid, sizeof(args.uuid));
	memcpy(args.name, x->path, strlen(x->path));
	memcpy(args.label, c->display_name, strlen(c->display_name));
	err = vmnix_call(x->fd, HC_VM_CREATE, &args, sizeof(args));
	if (err == VMK_NO_MEMORY)
		tool_format(why, VMX_WHY_MAX, "%s: the vmkernel has no %u MiB of memory free",
			    x->path, c->mem_mb);
	else if (err == VMK_OVERCOMMIT)
		refuse(why, x->path,
		       "sched.cpu.min cannot be reserved: too little processor time is left");
	else if (err == VMK_EXISTS)
		refuse(why, x->path, "the virtual machine is being started");
	else if (err)
		refuse(why, x->path, vmnix_text(err));
	x->vm = args.vm;
	return !err;
}

bool vm_start(struct vmx *x, char *why)
{
	bool resume = x->config.checkpoint[0];

	if (!remove_remains(x, why) || !create(x, why))
		return false;
	vmx_log("VM %u: %u MiB, %u VCPU, shares %u, min %u %%, max %u %%", x->vm, x->config.mem_mb,
		x->config.vcpus, x->config.shares, x->config.min_pct, x->config.max_pct);
	if (!map_channel(x, why) || !(resume ? vm_load(x, why) : fill(x, why)) ||
	    !sinks_open(x, why) || !rpc_open(x, true, why) || !attach(x, why))
		return false;
	if (!resume)
		return power_on(x, why);
	vm_load_info(x);
	return vm_resume(x, why);
}

bool vm_take_over(struct vmx *x, char *why)
{
	struct hc_vm_info info;
	int err;

	x->vm = vmnix_find_vm(x->fd, x->path, &err);
	if (err)
		return refuse(why, "vmkernel", vmnix_text(err));
	if (!x->vm)
		return refuse(why, x->path, "the virtual machine is not running");
	err = vmnix_vm_info(x->fd, x->vm, &info);
	if (err)
		return refuse(why, x->path, vmnix_text(err));
	if (info.attached) {
		tool_format(why, VMX_WHY_MAX, "%s: process %u serves this virtual machine", x->path,
			    info.owner_pid);
		return false;
	}
	if (info.state == HC_VM_SUSPENDED && x->config.checkpoint[0])
		return refuse(why, x->path, "the virtual machine is suspended: start it");
	if (!map_channel(x, why) || !attach(x, why) || !sinks_open(x, why) ||
	    !rpc_open(x, false, why))
		return false;
	if (info.state != HC_VM_SUSPENDED)
		return true;
	return vm_go_on(x, why);
}

/* Zeroes guest memory from start to end, as far as there is any. */
static int clear(struct vmx *x, uint64_t start, uint64_t end)
{
	int err = 0;

	for (; !err && start < end; start += WS_VM_WINDOW_SIZE) {
		struct hc_vm_mem mem = { .vm = x->vm, .write = 2, .gpa = start };

		mem.len = end - start < WS_VM_WINDOW_SIZE ? end - start : WS_VM_WINDOW_SIZE;
		err = vmnix_call(x->fd, HC_VM_MEM, &mem, sizeof(mem));
	}
	return err;
}

bool vm_restart(struct vmx *x, char *why)
{
	uint64_t bytes = (uint64_t)x->config.mem_mb << 20;
	uint64_t low = bytes < GUEST_LOW_RAM_MAX ? bytes : GUEST_LOW_RAM_MAX;
	int err = clear(x, 0, GUEST_VGA);

	if (!err)
		err = clear(x, GUEST_VGA_END, low);
	if (!err)
		err = clear(x, GUEST_HIGH_RAM, GUEST_HIGH_RAM + bytes - low);
	if (err)
		return refuse(why, "clearing memory", vmnix_text(err));
	return fill(x, why) && power_on(x, why);
}

void vm_destroy(struct vmx *x)
{
	struct hc_vm args = { .vm = x->vm };
	int tries = DESTROY_TRIES, err;

	do {
		err = vmnix_call(x->fd, HC_VM_DESTROY, &args, sizeof(args));
		if (err != VMK_BUSY)
			break;
		usleep(10000);
	} while (--tries);
	if (err)
		vmx_log("VM %u cannot be freed: %s", x->vm, vmnix_text(err));
}
