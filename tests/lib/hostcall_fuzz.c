// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * hostcall_fuzz [-s SEED] [-n CALLS] [-t SECONDS] [-f FIRST] [-p PROCESSES] [-v]: runs in the
 * console as root and asks /dev/vmnix for whatever comes out of SEED, until the vmkernel has
 * answered CALLS hostcalls or SECONDS have passed: every call of hostcall.def and unknown ones,
 * with arguments that are right, nearly right or noise, from good and bad memory; other ioctls,
 * mappings, reads, rings that are scribbled into, files that are closed. It makes, runs and
 * destroys VMs of its own.
 *
 * Operation I depends on SEED, I and what the calls before have made: the same seed does the same
 * again, -f begins at operation FIRST, -v tells each operation before it is done. -p: so many
 * processes at once, with seeds that follow; what they do to each other does not come again.
 *
 * The VMs that are there at the start are spared what root may do to a VM with success, and
 * nothing else: see spares(). What ends the vmkernel at root's wish is left out, too: UNLOAD by
 * force, /debug/panic, /memory/fail; SELFTEST and BENCH are kept short, as they take as long as
 * they are told to.
 *
 * At the end, a line for each hostcall: how often it was answered, how often with success.
 * Status: 0; 1 if the vmkernel panicked or a spared VM is not on any more; 2 if it could not start.
 */
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "hostcall_fuzz.h"

#define UNKNOWN_CALLS 3 /* numbers beyond the last that are tried as often as a known one */
#define OWN_MAX 6u
#define MAPS_MAX 6u
#define GIVEN_MAX 8u /* pieces of 4 MiB that are given at once */

static const char *const call_name[HC_COUNT] = {
#define HOSTCALL(nr, NAME, fn, args, text) [nr] = #NAME,
#include "hostcall.def"
#undef HOSTCALL
};

static bool verbose;
static uint64_t op, answered, asked, others;
static uint64_t answers[HC_COUNT], successes[HC_COUNT];
/* Two pages that may be used, one that may be read, one that may not be touched. */
static uint8_t *memory;
static struct mapping {
	uint8_t *at;
	size_t bytes;
	bool writable;
} maps[MAPS_MAX];
static sigjmp_buf no_page;
static volatile sig_atomic_t touching;

/* Where an argument of so many bytes may lie; mostly where it can be. */
static void *place(uint32_t bytes)
{
	switch (below(64)) {
	case 0:
		return NULL;
	case 1:
		return memory + 2 * PAGE - bytes + 1 +
		       below(bytes ? bytes : 1); /* half in the read-only one */
	case 2:
		return memory + 3 * PAGE - below(bytes + 1); /* half in the forbidden one */
	case 3:
		return memory + 2 * PAGE + below(64);
	case 4:
		return (void *)(rarely(2) ? number() : 0xffff888000000000ull + (any() >> 30));
	default:
		return memory + 2 * PAGE - bytes;
	}
}

static void after(uint32_t nr, bool ok)
{
	answered++;
	answers[nr]++;
	successes[nr] += ok;
	if (ok && (nr == HC_VM_CREATE || nr == HC_VM_DESTROY))
		look_for_vms();
}

/* What the vmkernel will see: args, as far as the memory there takes them; false: not even that. */
static bool lay(uint8_t *to, uint8_t *args, uint32_t len)
{
	if (to < memory || len > HC_ARGS_MAX || to > memory + 3 * PAGE - len)
		return false;
	for (uint32_t i = 0; i < len; i++)
		if (to + i < memory + 2 * PAGE)
			to[i] = args[i];
	memset(args, 0, HC_ARGS_MAX);
	memcpy(args, to, len);
	return true;
}

/* So that Linux keeps enough for itself. */
static uint64_t given_pieces(void)
{
	struct hc_vsi given = { .path = "/memory/given" };

	return call(HC_VSI_GET, &given) ? 0 : strtoull(given.text, NULL, 10) / HC_PIECE_BYTES;
}

static void do_call(void)
{
	uint32_t nr = below(HC_COUNT + UNKNOWN_CALLS), size;
	static uint8_t args[HC_ARGS_MAX];
	struct vmnix_call c = {};
	bool there;

	if (nr >= HC_COUNT && rarely(2))
		nr = (uint32_t)number();
	if (nr == HC_VM_CREATE && own_count >= OWN_MAX)
		nr = HC_VM_DESTROY;
	if (nr == HC_MEM_GIVE && given_pieces() >= GIVEN_MAX)
		nr = HC_MEM_TAKE;
	size = nr < HC_COUNT ? args_size[nr] : below(HC_ARGS_MAX);
	make_right(nr, args);
	if (!rarely(2))
		make_wrong(args, size);
	c.nr = nr;
	c.len = rarely(32) ? (uint32_t)number() : size;
	c.reserved = rarely(64) ? (uint32_t)number() : 0;
	c.args = (uintptr_t)place(c.len <= HC_ARGS_MAX ? c.len : size);
	there = lay((uint8_t *)c.args, args, c.len);
	if (there && nr < HC_COUNT && spares(nr, args))
		return;
	if (verbose)
		fprintf(stderr, "%llu: call %u len %u at 0x%llx vm %u %.100s\n",
			(unsigned long long)op, nr, c.len, (unsigned long long)c.args,
			*(uint32_t *)args, nr >= HC_VSI_LIST ? (char *)args + 16 : "");
	asked++;
	/* Of another length: the module's answer, not the vmkernel's. */
	if (!ioctl(fd, VMNIX_IOC_CALL, rarely(256) ? NULL : &c) && nr < HC_COUNT && c.len == size)
		after(nr, !c.status);
}

/* ---- the rest of the device -------------------------------------------------------------- */

static void do_ioctl(void)
{
	static const unsigned long known[] = { VMNIX_IOC_STATUS, VMNIX_IOC_LOAD,
					       VMNIX_IOC_UNLOAD, VMNIX_IOC_SELFTEST,
					       VMNIX_IOC_BENCH,	 VMNIX_IOC_CORE };
	unsigned long cmd = known[below(ARRAY_SIZE(known))];
	uint64_t words[32];
	void *to = memory + PAGE;

	for (uint32_t i = 0; i < ARRAY_SIZE(words); i++)
		words[i] = rarely(3) ? (uintptr_t)place(8) : rarely(2) ? number() : 0;
	if (rarely(4))
		cmd = rarely(2) ? (unsigned int)any()
				: _IOC(below(4), VMNIX_IOC_MAGIC, below(12), below(600));
	if (cmd == VMNIX_IOC_CALL)
		return;
	if (cmd == VMNIX_IOC_UNLOAD)
		words[0] &= ~(uint64_t)VMNIX_UNLOAD_FORCE;
	if (cmd == VMNIX_IOC_SELFTEST)
		words[1] &= 3; /* rounds */
	if (cmd == VMNIX_IOC_BENCH && (uint32_t)words[0] <= 100000)
		words[0] &= 0xffffffff00000003ull; /* rounds */
	if (cmd == VMNIX_IOC_LOAD && rarely(2))
		words[2] = rarely(2); /* flags: check only, or not */
	memcpy(to, words, sizeof(words));
	if (rarely(8))
		to = place(64);
	/* Whatever lies elsewhere could be a number that it must not be. */
	if (to != memory + PAGE && cmd != VMNIX_IOC_STATUS && cmd != VMNIX_IOC_CORE)
		to = rarely(2) ? NULL : memory + 3 * PAGE;
	if (verbose)
		fprintf(stderr, "%llu: ioctl 0x%lx at %p\n", (unsigned long long)op, cmd, to);
	ioctl(fd, cmd, to);
}

static void on_bus_error(int number)
{
	if (!touching) {
		signal(number, SIG_DFL); /* a bug of this program: it happens again, for good */
		return;
	}
	siglongjmp(no_page, 1);
}

static void do_touch(void)
{
	struct mapping *m = &maps[below(MAPS_MAX)];
	volatile uint8_t *at;
	uint64_t n = number();

	if (!m->at)
		return;
	at = m->at + (rarely(2) ? below(256) : below((uint32_t)m->bytes - 8));
	if (verbose)
		fprintf(stderr, "%llu: touch %p\n", (unsigned long long)op, at);
	touching = 1;
	if (sigsetjmp(no_page, 1)) {
		touching = 0;
		return;
	}
	(void)at[0];
	if (m->writable)
		for (uint32_t i = 0; i < 8; i++)
			at[i] = (uint8_t)(n >> 8 * i);
	/* The window becomes a guest's memory: many bytes at once. */
	if (m->writable && m->bytes > WS_VM_WINDOW_OFFSET + PAGE && rarely(4))
		noise(m->at + WS_VM_WINDOW_OFFSET, PAGE);
	touching = 0;
}

static void do_map(void)
{
	struct mapping *m = &maps[below(MAPS_MAX)];
	uint32_t vm = rarely(4) ? 0 : some_vm() % (2 * HC_VM_IDS);
	uint64_t offset = VMNIX_MMAP(vm) + (rarely(2) ? 0 : below(80) * PAGE);
	size_t bytes = (rarely(2) ? WS_VM_CHANNEL_PAGES : 1 + below(70)) * PAGE;
	int prot = rarely(16) ? below(8) : PROT_READ | (rarely(3) ? 0 : PROT_WRITE);
	void *at;

	if (rarely(8))
		offset = number() & ~(PAGE - 1);
	if (rarely(16))
		bytes = number() & 0xfffffff;
	if (verbose)
		fprintf(stderr, "%llu: mmap 0x%llx+0x%zx prot %d\n", (unsigned long long)op,
			(unsigned long long)offset, bytes, prot);
	at = mmap(NULL, bytes, prot, rarely(16) ? MAP_PRIVATE : MAP_SHARED, fd, (off_t)offset);
	if (at == MAP_FAILED)
		return;
	vm = (uint32_t)(offset >> 28);
	/* The log, which others rely on, is read-only. */
	if (!vm && (prot & PROT_WRITE || !mprotect(at, bytes, PROT_READ | PROT_WRITE))) {
		printf("operation %llu: the log can be written\n", (unsigned long long)op);
		exit(1);
	}
	if (m->at)
		munmap(m->at, m->bytes);
	*m = (struct mapping){ at, bytes, prot & PROT_WRITE && vm && !is_spared(vm) };
	if (!(prot & PROT_READ) || bytes < PAGE) {
		munmap(at, bytes);
		m->at = NULL;
	}
}

static void do_file(void)
{
	struct pollfd p = { .fd = fd, .events = (short)any() };
	int other;

	switch (below(5)) {
	case 0:
		(void)!read(fd, place(16), number() & 0xffff);
		break;
	case 1:
		(void)!pread(fd, place(8), 8, (off_t)number());
		break;
	case 2:
		(void)!write(fd, memory, number() & 0xfff);
		break;
	case 3:
		poll(&p, 1, 0);
		break;
	default: /* what this file has made and not run is gone then */
		if (!rarely(4))
			break;
		other = open(VMNIX_DEVICE, O_RDWR | O_NONBLOCK);
		close(fd);
		fd = other;
		look_for_vms();
	}
}

static void operation(void)
{
	uint32_t what = below(100);

	if (what < 92)
		do_call();
	else if (what < 94)
		do_ioctl();
	else if (what < 98)
		do_touch();
	else if (what < 99)
		do_map();
	else
		do_file();
	others += what >= 92;
}

/* ---- before and after --------------------------------------------------------------------- */

static void set_up(void)
{
	struct hc_vm_list list = {};

	fd = open(VMNIX_DEVICE, O_RDWR | O_NONBLOCK);
	memory = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (fd < 0 || memory == MAP_FAILED || call(HC_VM_LIST, &list)) {
		perror("hostcall_fuzz");
		exit(2);
	}
	mprotect(memory + 2 * PAGE, PAGE, PROT_READ);
	mprotect(memory + 3 * PAGE, PAGE, PROT_NONE);
	spared_count = list.count;
	memcpy(spared, list.vm, sizeof(spared));
	if (!spared_count) {
		fprintf(stderr, "hostcall_fuzz: no VM is on: UNLOAD would succeed\n");
		exit(2);
	}
	look_for_paths("/", 0);
	look_for_settable();
	if (!path_count || !settable_count) {
		fprintf(stderr, "hostcall_fuzz: no VSI tree\n");
		exit(2);
	}
	signal(SIGBUS, on_bus_error);
	signal(SIGSEGV, on_bus_error);
}

/* All that was given comes back, now that nobody uses it. */
static int take_all(void)
{
	struct hc_mem_take take = { .op = HC_TAKE_MARK };
	int err;

	while (!call(HC_MEM_TAKE, &take))
		;
	take.op = HC_TAKE_LEAVE;
	do
		err = call(HC_MEM_TAKE, &take);
	while (!err || err == VMK_BUSY);
	if (take.leaving)
		printf("%u pieces of memory do not come back\n", take.leaving);
	return take.leaving != 0;
}

/* Its own VMs are gone; the others are on. */
static int clear_up(void)
{
	struct hc_version version = { .abi_major = WS_ABI_MAJOR };
	struct hc_vm_power off = { .op = HC_POWER_OFF };
	struct hc_vm_info info;
	struct hc_vm vm = {};
	int tries, err, bad = 0;

	look_for_vms();
	for (uint32_t i = 0; i < own_count; i++) {
		off.vm = vm.vm = own[i];
		call(HC_VM_POWER, &off);
		for (tries = 0, err = VMK_BUSY; tries < 1000 && err == VMK_BUSY; tries++) {
			err = call(HC_VM_DESTROY, &vm);
			usleep(1000);
		}
		if (err)
			printf("VM %u cannot be destroyed: %d\n", own[i], err);
		bad |= err;
	}
	bad |= take_all();
	for (uint32_t i = 0; i < spared_count; i++) {
		info = (struct hc_vm_info){ .vm = spared[i] };
		err = call(HC_VM_INFO, &info);
		if (err || info.state != HC_VM_ON || !info.attached)
			printf("VM %u: status %d, state %u, attached %u\n", spared[i], err,
			       info.state, info.attached);
		bad |= err || info.state != HC_VM_ON || !info.attached;
	}
	err = call(HC_VERSION, &version);
	if (err || version.panicked)
		printf("the vmkernel: status %d, panicked %u\n", err, version.panicked);
	return bad || err || version.panicked;
}

/* Until so many calls were answered, or so many seconds have passed; returns seconds. */
static double run(uint64_t seed, uint64_t first, uint64_t calls, double seconds)
{
	struct timespec start, now;
	double took = 0;

	clock_gettime(CLOCK_MONOTONIC, &start);
	for (op = first; answered < calls && took < seconds; op++) {
		rng = mix(seed + op * 0x2545f4914f6cdd1dull);
		operation();
		clock_gettime(CLOCK_MONOTONIC, &now);
		took = (double)(now.tv_sec - start.tv_sec) +
		       (double)(now.tv_nsec - start.tv_nsec) / 1e9;
		if (op % 100000 == 99999)
			printf("operation %llu, %llu calls answered, %.0f s\n",
			       (unsigned long long)op, (unsigned long long)answered, took);
	}
	return took;
}

/* Others that do the same at the same time, with seeds of their own. */
static void start_others(uint64_t processes, uint64_t seed, uint64_t calls, double seconds)
{
	for (uint64_t i = 1; i < processes; i++) {
		if (fork())
			continue;
		fd = open(VMNIX_DEVICE, O_RDWR | O_NONBLOCK);
		run(seed + i, 0, calls, seconds);
		printf("process %llu: %llu calls answered\n", (unsigned long long)i,
		       (unsigned long long)answered);
		exit(0);
	}
}

static int wait_for_others(void)
{
	int status, bad = 0;

	while (wait(&status) > 0)
		bad |= status;
	if (bad)
		printf("another process ended with 0x%x\n", bad);
	return bad;
}

int main(int argc, char **argv)
{
	uint64_t seed = (uint64_t)time(NULL), calls = 100000, seconds = 60, first = 0,
		 processes = 1;
	double took;
	int opt;

	while ((opt = getopt(argc, argv, "s:n:t:f:p:v")) != -1) {
		if (opt == 'v')
			verbose = true;
		else if (strchr("sntfp", opt))
			*(opt == 's'   ? &seed
			  : opt == 'n' ? &calls
			  : opt == 't' ? &seconds
			  : opt == 'p' ? &processes
				       : &first) = strtoull(optarg, NULL, 0);
		else
			return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("seed %llu\n", (unsigned long long)seed);
	set_up();
	start_others(processes, seed, calls, (double)seconds);
	took = run(seed, first, calls, (double)seconds);
	for (uint32_t i = 0; i < HC_COUNT; i++)
		if (call_name[i]) /* some numbers are not given */
			printf("%-13s %9llu answered %9llu good\n", call_name[i],
			       (unsigned long long)answers[i], (unsigned long long)successes[i]);
	printf("%llu hostcalls answered of %llu asked, %llu other operations, in %.1f s\n",
	       (unsigned long long)answered, (unsigned long long)asked, (unsigned long long)others,
	       took);
	/* Both, whatever the first says. */
	return wait_for_others() | clear_up() ? 1 : 0;
}
