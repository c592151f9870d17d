// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * micro_guest IMAGE [MIB [SECONDS [ARGUMENT [SHARES [MIN [MAX]]]]]]: runs a flat image
 * (tests/guest/) in a VM of its own, loaded at 1 MiB, and prints what it says on its serial port.
 * Exit status: 0 it switched itself off, 1 it crashed, 2 it asked for a
 * reset, 3 it did not end in time or before SIGTERM, 4 it could not be started. The reason and
 * the exits go to standard error. With RESETS in the environment it begins anew after each reset,
 * until its time is over, and their number goes there, too. With SILENCE=N it also ends (3) when
 * it has said nothing for N seconds; SIGUSR1 changes a byte of its memory behind its back, at
 * 8 MiB.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include "error.h"
#include "hostcall.h"
#include "ring.h"
#include "vmnix_ioctl.h"

#define LOAD_ADDRESS 0x100000u

static int fd;
static volatile sig_atomic_t told_to_end, told_to_harm;

static void tell_to_end(int signal)
{
	told_to_end = signal;
}

static void tell_to_harm(int signal)
{
	told_to_harm = signal;
}

static int call(uint32_t nr, void *args, uint32_t len)
{
	struct vmnix_call c = { .nr = nr, .len = len, .args = (uintptr_t)args };

	if (ioctl(fd, VMNIX_IOC_CALL, &c)) {
		perror("ioctl");
		exit(4);
	}
	return c.status;
}

static void need(const char *what, int status)
{
	if (!status)
		return;
	fprintf(stderr, "micro_guest: %s: %d\n", what, status);
	exit(4);
}

/* As soon as what the VM's worlds still do has ended. */
static void need_soon(const char *what, uint32_t nr, void *args, uint32_t len)
{
	int status;

	while ((status = call(nr, args, len)) == VMK_BUSY)
		usleep(1000);
	need(what, status);
}

static uint32_t create(const char *image, uint64_t mib, const struct hc_vm_create *share)
{
	struct hc_vm_create c = *share;

	c.vcpus = 1;
	c.mem_bytes = mib << 20;

	snprintf(c.name, sizeof(c.name), "/micro/%s.%d", image, getpid());
	snprintf(c.label, sizeof(c.label), "micro %d", getpid());
	need("create", call(HC_VM_CREATE, &c, sizeof(c)));
	return c.vm;
}

static void load(uint32_t vm, const char *image, uint32_t argument, uint8_t *window)
{
	struct hc_vcpu_regs regs = { .vm = vm, .eip = LOAD_ADDRESS, .ebx = argument };
	struct hc_vm_mem m = { .vm = vm, .write = 1, .gpa = LOAD_ADDRESS };
	int in = open(image, O_RDONLY);
	ssize_t n;

	if (in < 0) {
		perror(image);
		exit(4);
	}
	while ((n = read(in, window, WS_VM_WINDOW_SIZE)) > 0) {
		m.len = (uint32_t)n;
		need("mem", call(HC_VM_MEM, &m, sizeof(m)));
		m.gpa += (uint64_t)n;
	}
	close(in);
	need("regs", call(HC_VM_VCPU_REGS, &regs, sizeof(regs)));
}

/* Prints what has come since *tail. */
static void drain(const uint8_t *region, uint64_t *tail)
{
	const struct ws_vm_channel *ch = (const void *)region;
	uint64_t head = __atomic_load_n(&ch->serial_out.head, __ATOMIC_ACQUIRE);

	while (*tail != head)
		putchar(region[WS_VM_SERIAL_OUT_OFFSET + (*tail)++ % WS_VM_SERIAL_OUT_SIZE]);
	fflush(stdout);
}

static void harm(uint32_t vm, uint8_t *window)
{
	struct hc_vm_mem m = { .vm = vm, .write = 1, .gpa = 8u << 20, .len = 1 };

	told_to_harm = 0;
	*window = 0x5a;
	need("harm", call(HC_VM_MEM, &m, sizeof(m)));
}

static void show_exits(uint32_t vm, uint32_t resets)
{
	struct hc_vsi v = { 0 };

	if (resets)
		fprintf(stderr, "resets %u\n", resets);
	snprintf(v.path, sizeof(v.path), "/vm/%u/exits", vm);
	if (!call(HC_VSI_GET, &v, sizeof(v)))
		fprintf(stderr, "%.*s", (int)v.len, v.text);
}

static void find_state(uint32_t vm, struct hc_vm_info *info)
{
	memset(info, 0, sizeof(*info));
	info->vm = vm;
	need("info", call(HC_VM_INFO, info, sizeof(*info)));
}

/* When it shall end, as it has said nothing for long: later, if it has by now. */
static time_t silence_end(bool has_spoken, time_t before)
{
	const char *silence = getenv("SILENCE");

	if (!silence)
		return INT64_MAX;
	return has_spoken ? time(NULL) + atoi(silence) : before;
}

int main(int argc, char **argv)
{
	uint64_t mib = argc > 2 ? strtoull(argv[2], NULL, 0) : 16, tail = 0;
	uint32_t argument = argc > 4 ? (uint32_t)strtoul(argv[4], NULL, 0) : 0, resets = 0;
	uint64_t said;
	time_t silent = silence_end(true, 0), end = time(NULL) + (argc > 3 ? atoi(argv[3]) : 20);
	struct hc_vm_power power = { .op = HC_POWER_ON };
	struct hc_vm_info info = { 0 };
	struct hc_vm destroy = { 0 };
	struct hc_vm_create share = {
		.shares = argc > 5 ? (uint32_t)strtoul(argv[5], NULL, 0) : 1000,
		.min_pct = argc > 6 ? (uint32_t)strtoul(argv[6], NULL, 0) : 0,
		.max_pct = argc > 7 ? (uint32_t)strtoul(argv[7], NULL, 0) : 0,
	};
	uint8_t *region;

	signal(SIGTERM, tell_to_end);
	signal(SIGUSR1, tell_to_harm);
	fd = open(VMNIX_DEVICE, O_RDWR);
	if (fd < 0 || argc < 2) {
		perror(VMNIX_DEVICE);
		return 4;
	}
	power.vm = create(strrchr(argv[1], '/') ? strrchr(argv[1], '/') + 1 : argv[1], mib, &share);
	region = mmap(NULL, WS_VM_CHANNEL_PAGES * WS_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
		      fd, (off_t)VMNIX_MMAP(power.vm));
	if (region == MAP_FAILED) {
		perror("mmap");
		return 4;
	}
	load(power.vm, argv[1], argument, region + WS_VM_WINDOW_OFFSET);
	need("power on", call(HC_VM_POWER, &power, sizeof(power)));
	do {
		usleep(10000);
		said = tail;
		drain(region, &tail);
		silent = silence_end(tail != said, silent);
		if (told_to_harm)
			harm(power.vm, region + WS_VM_WINDOW_OFFSET);
		find_state(power.vm, &info);
		while (info.state == HC_VM_RESETTING && getenv("RESETS") && !told_to_end) {
			load(power.vm, argv[1], argument, region + WS_VM_WINDOW_OFFSET);
			need_soon("power on again", HC_VM_POWER, &power, sizeof(power));
			resets++;
			usleep(500);
			find_state(power.vm, &info);
		}
	} while (info.state == HC_VM_ON && !told_to_end && time(NULL) < end && time(NULL) < silent);
	drain(region, &tail);
	fprintf(stderr, "state %u: %s\n", info.state, info.reason);
	show_exits(power.vm, resets);
	power.op = HC_POWER_OFF;
	call(HC_VM_POWER, &power, sizeof(power));
	destroy.vm = power.vm;
	need_soon("destroy", HC_VM_DESTROY, &destroy, sizeof(destroy));
	return info.state == HC_VM_OFF	       ? 0
	       : info.state == HC_VM_CRASHED   ? 1
	       : info.state == HC_VM_RESETTING ? 2
					       : 3;
}
