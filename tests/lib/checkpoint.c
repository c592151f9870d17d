// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * checkpoint IMAGE suspend TIMES [ARGUMENT]: runs tests/guest/state.c, suspends it again and
 * again, goes on with it in a new VM each time, and has it end.
 * checkpoint IMAGE hostile TIMES SEED: its saved state, damaged at random, is loaded; what the
 * vmkernel takes is run for a moment. The vmkernel must live.
 * checkpoint IMAGE refusals: calls that are wrong.
 */
#include <fcntl.h>
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
#define MEM_BYTES (16u << 20)
#define REGION (WS_VM_CHANNEL_PAGES * WS_PAGE_SIZE)
#define WINDOW WS_VM_WINDOW_SIZE

static int fd;
static uint32_t vm;
static uint8_t *region, memory[MEM_BYTES], state[WINDOW];
static uint32_t state_len;
static uint64_t tail, lines;
static bool failed;

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
	printf("not ok %s: %d\n", what, status);
	exit(4);
}

static int power(uint32_t op)
{
	struct hc_vm_power p = { .vm = vm, .op = op };

	return call(HC_VM_POWER, &p, sizeof(p));
}

static uint32_t state_now(void)
{
	struct hc_vm_info info = { .vm = vm };

	need("info", call(HC_VM_INFO, &info, sizeof(info)));
	return info.state;
}

static void create(void)
{
	struct hc_vm_create c = { .vcpus = 1, .mem_bytes = MEM_BYTES, .shares = 1000 };

	snprintf(c.name, sizeof(c.name), "/micro/checkpoint.%d", getpid());
	snprintf(c.label, sizeof(c.label), "checkpoint");
	need("create", call(HC_VM_CREATE, &c, sizeof(c)));
	vm = c.vm;
	region = mmap(NULL, REGION, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)VMNIX_MMAP(vm));
	if (region == MAP_FAILED) {
		perror("mmap");
		exit(4);
	}
	tail = 0;
}

static void destroy(void)
{
	struct hc_vm args = { .vm = vm };
	int err;

	munmap(region, REGION);
	power(HC_POWER_OFF);
	while ((err = call(HC_VM_DESTROY, &args, sizeof(args))) == VMK_BUSY)
		usleep(1000);
	need("destroy", err);
}

static void boot(const char *image, uint32_t argument)
{
	struct hc_vcpu_regs regs = { .vm = vm, .eip = LOAD_ADDRESS, .ebx = argument };
	struct hc_vm_mem m = { .vm = vm, .write = 1, .gpa = LOAD_ADDRESS };
	int in = open(image, O_RDONLY);
	ssize_t n;

	while ((n = read(in, region + WS_VM_WINDOW_OFFSET, WINDOW)) > 0) {
		m.len = (uint32_t)n;
		need("mem", call(HC_VM_MEM, &m, sizeof(m)));
		m.gpa += (uint64_t)n;
	}
	close(in);
	need("regs", call(HC_VM_VCPU_REGS, &regs, sizeof(regs)));
	need("power on", power(HC_POWER_ON));
}

/* Counts the lines that have come, and shows those that are not "round". */
static void drain(void)
{
	const struct ws_vm_channel *ch = (const void *)region;
	uint64_t head = __atomic_load_n(&ch->serial_out.head, __ATOMIC_ACQUIRE);
	static char line[200];
	static size_t len;

	while (tail != head) {
		char c = (char)region[WS_VM_SERIAL_OUT_OFFSET + tail++ % WS_VM_SERIAL_OUT_SIZE];

		if (c != '\n' && len < sizeof(line) - 1) {
			line[len++] = c;
			continue;
		}
		line[len] = 0;
		len = 0;
		lines++;
		if (!strcmp(line, "round"))
			continue;
		puts(line);
		failed |= !strncmp(line, "not ok", 6);
	}
}

static void suspend(void)
{
	int tries = 1000, err;

	while ((err = power(HC_POWER_SUSPEND)) == VMK_BUSY && --tries)
		usleep(1000);
	need("suspend", err);
	drain();
}

/* All of the VM into memory and state. */
static void save(void)
{
	struct hc_vm_checkpoint args = { .vm = vm };
	uint64_t gpa;

	need("save", call(HC_VM_CHECKPOINT, &args, sizeof(args)));
	state_len = args.len;
	memcpy(state, region + WS_VM_WINDOW_OFFSET, state_len);
	memset(memory, 0, sizeof(memory));
	for (gpa = 0; gpa < MEM_BYTES; gpa += WINDOW) {
		struct hc_vm_mem m = { .vm = vm, .write = 3, .gpa = gpa, .len = WINDOW };
		int err = gpa == 0xa0000 || gpa == 0xb0000 ? VMK_NOT_FOUND
							   : call(HC_VM_MEM, &m, sizeof(m));

		if (err == VMK_NOT_FOUND)
			continue;
		need("read", err);
		memcpy(memory + gpa, region + WS_VM_WINDOW_OFFSET, WINDOW);
	}
}

static int load(struct hc_vm_checkpoint *args)
{
	uint64_t gpa;

	for (gpa = 0; gpa < MEM_BYTES; gpa += WINDOW) {
		struct hc_vm_mem m = { .vm = vm, .write = 1, .gpa = gpa, .len = WINDOW };

		if (!memory[gpa] && !memcmp(memory + gpa, memory + gpa + 1, WINDOW - 1))
			continue;
		memcpy(region + WS_VM_WINDOW_OFFSET, memory + gpa, WINDOW);
		need("write", call(HC_VM_MEM, &m, sizeof(m)));
	}
	memcpy(region + WS_VM_WINDOW_OFFSET, state, WINDOW);
	*args = (struct hc_vm_checkpoint){ .vm = vm, .load = 1, .len = state_len };
	return call(HC_VM_CHECKPOINT, args, sizeof(*args));
}

static void wait_lines(uint64_t count)
{
	time_t end = time(NULL) + 60;

	for (drain(); lines < count && state_now() == HC_VM_ON && time(NULL) < end; drain())
		usleep(1000);
	if (lines >= count)
		return;
	printf("not ok %llu lines, state %u\n", (unsigned long long)lines, state_now());
	exit(1);
}

static void end_guest(void)
{
	struct ws_vm_channel *ch = (void *)region;
	struct hc_vm kick = { .vm = vm };
	time_t end = time(NULL) + 60;

	region[WS_VM_SERIAL_IN_OFFSET + ch->serial_in.head % WS_VM_SERIAL_IN_SIZE] = 'q';
	__atomic_store_n(&ch->serial_in.head, ch->serial_in.head + 1, __ATOMIC_RELEASE);
	need("kick", call(HC_VM_KICK, &kick, sizeof(kick)));
	while (state_now() == HC_VM_ON && time(NULL) < end)
		usleep(1000);
	drain();
	if (state_now() != HC_VM_OFF) {
		printf("not ok state %u\n", state_now());
		failed = true;
	}
}

static int suspend_often(const char *image, int times, uint32_t argument)
{
	struct hc_vm_checkpoint args;
	int i;

	create();
	boot(image, argument);
	for (i = 0; i < times; i++) {
		if (i)
			wait_lines(lines + 2);
		usleep((useconds_t)(i * 7919 % 25000));
		suspend();
		/* A suspension that is called off. */
		if (i % 3 == 1) {
			if (i == 1)
				sleep(3);
			need("on again", power(HC_POWER_ON));
			wait_lines(lines + 1);
			suspend();
		}
		save();
		destroy();
		if (i == 2)
			sleep(3);
		create();
		need("load", load(&args));
		need("go on", power(HC_POWER_ON));
	}
	wait_lines(lines + 2);
	end_guest();
	destroy();
	return failed;
}

static uint64_t seed;

static uint64_t rnd(void)
{
	uint64_t z = seed += 0x9e3779b97f4a7c15ull; /* splitmix64 */

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

static void damage(void)
{
	for (unsigned int i = 1 + rnd() % 3; i; i--) {
		uint64_t val = rnd() % 3 ? rnd() : rnd() % 2 ? 0 : UINT64_MAX;
		uint32_t n = 1u << rnd() % 4, at = (uint32_t)(rnd() % (state_len - n));

		if (rnd() % 2)
			state[at] ^= (uint8_t)(1u << rnd() % 8);
		else
			memcpy(state + at, &val, n);
	}
}

static int hostile(const char *image, int times)
{
	static uint8_t good[WINDOW];
	struct hc_version version = { .abi_major = WS_ABI_MAJOR };
	struct hc_vm_checkpoint args;
	int i, loaded = 0, refused = 0;
	uint32_t len;

	create();
	boot(image, 0);
	wait_lines(3);
	suspend();
	save();
	destroy();
	memcpy(good, state, sizeof(good));
	len = state_len;
	for (i = 0; i < times; i++) {
		memcpy(state, good, sizeof(good));
		state_len = rnd() % 16 ? len : 1 + (uint32_t)(rnd() % WINDOW);
		damage();
		create();
		if (load(&args)) {
			refused++;
			if (!args.part[0] || state_now() != HC_VM_OFF) {
				printf("not ok refused without a name, state %u\n", state_now());
				return 1;
			}
		} else {
			loaded++;
			power(HC_POWER_ON);
			usleep(3000);
		}
		destroy();
	}
	need("version", call(HC_VERSION, &version, sizeof(version)));
	printf("loaded %d, refused %d, panicked %u\n", loaded, refused, version.panicked);
	return version.panicked;
}

static void expect(const char *what, int got, int want)
{
	printf("%sok %s (%d)\n", got == want ? "" : "not ", what, got);
	failed |= got != want;
}

static int try(uint32_t of, uint32_t loads, uint32_t len, uint32_t reserved)
{
	struct hc_vm_checkpoint args = { of, loads, len, reserved, "" };

	return call(HC_VM_CHECKPOINT, &args, sizeof(args));
}

static int refusals(const char *image)
{
	struct hc_vm_checkpoint args;
	struct hc_vm_mem m = { .write = 3, .gpa = MEM_BYTES / 2, .len = 4096 };
	struct hc_vm gone;

	create();
	expect("save of a VM that is not there", try(99999, 0, 0, 0), VMK_NOT_FOUND);
	expect("save while it is made", try(vm, 0, 0, 0), VMK_BAD_STATE);
	expect("suspend while it is made", power(HC_POWER_SUSPEND), VMK_BAD_STATE);
	expect("save with a length", try(vm, 0, 1, 0), VMK_BAD_PARAM);
	expect("neither save nor load", try(vm, 2, 1, 0), VMK_BAD_PARAM);
	expect("load of nothing", try(vm, 1, 0, 0), VMK_BAD_PARAM);
	expect("load of more than fits", try(vm, 1, WINDOW + 1, 0), VMK_BAD_PARAM);
	expect("a reserved field", try(vm, 1, 1, 1), VMK_BAD_PARAM);
	m.vm = vm;
	expect("memory that was never used", call(HC_VM_MEM, &m, sizeof(m)), VMK_NOT_FOUND);
	m.gpa = MEM_BYTES;
	expect("memory that is not there", call(HC_VM_MEM, &m, sizeof(m)), VMK_BAD_ADDRESS);
	boot(image, 0);
	wait_lines(1);
	expect("save while it is on", try(vm, 0, 0, 0), VMK_BAD_STATE);
	expect("load while it is on", try(vm, 1, 100, 0), VMK_BAD_STATE);
	suspend();
	expect("suspend once more", power(HC_POWER_SUSPEND), VMK_OK);
	expect("load while it is suspended", try(vm, 1, 100, 0), VMK_BAD_STATE);
	expect("the power button", power(HC_POWER_BUTTON), VMK_BAD_STATE);
	expect("a reset", power(HC_POWER_RESET), VMK_BAD_STATE);
	gone.vm = vm;
	gone.reserved = 0;
	expect("destroy", call(HC_VM_DESTROY, &gone, sizeof(gone)), VMK_BAD_STATE);
	save();
	destroy();
	create();
	state[0] ^= 1;
	expect("load of what is damaged", load(&args), VMK_BAD_PARAM);
	expect("says where", strcmp(args.part, "machine"), 0);
	expect("the VM is off", (int)state_now(), HC_VM_OFF);
	expect("and cannot be switched on", power(HC_POWER_ON), VMK_BAD_STATE);
	state[0] ^= 1;
	expect("nor loaded", load(&args), VMK_BAD_STATE);
	destroy();
	return failed;
}

int main(int argc, char **argv)
{
	fd = open(VMNIX_DEVICE, O_RDWR);
	if (fd < 0 || argc < 3) {
		perror(VMNIX_DEVICE);
		return 4;
	}
	if (!strcmp(argv[2], "refusals"))
		return refusals(argv[1]);
	if (argc < 4)
		return 4;
	seed = argc > 4 ? strtoull(argv[4], NULL, 0) : 0;
	if (!strcmp(argv[2], "hostile"))
		return hostile(argv[1], atoi(argv[3]));
	return suspend_often(argv[1], atoi(argv[3]), (uint32_t)seed);
}
