// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * Runs inside the console: a Linux that is really at work while it crosses.
 * Children compute in general, SSE and x87 registers and walk memory, each
 * with a result it knows; a pair sends itself bytes over the loopback
 * interface; an interval timer beats; and the parent makes hostcalls, each
 * with an answer it checks. At the end nothing may be lost: every result, every
 * byte, every crossing counted, and the clock against the TSC.
 * usage: crossing_load CROSSINGS
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>
#include "error.h"
#include "hostcall.h"
#include "vmnix_ioctl.h"

#define WALK_BYTES (8u << 20)
#define BEAT_MS 5

struct shared {
	volatile int stop;
	volatile uint64_t rounds[8];
};

static struct shared *shared;
static volatile sig_atomic_t beats;
static int failures;

static void result(const char *name, bool good)
{
	printf("%s %s\n", good ? "ok" : "not ok", name);
	failures += !good;
}

static double seconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static uint64_t mix(uint64_t x)
{
	x ^= x >> 33;
	x *= 0xff51afd7ed558ccdull;
	x ^= x >> 29;
	return x;
}

/* One round of work in each kind of register; the same result every time. */
static uint64_t compute(void)
{
	uint64_t a = 1, b = 2, c = 3, d = 4, i;
	long double x87 = 1.0L;
	double sse[8];
	uint64_t bits[8];

	for (i = 0; i < 8; i++)
		sse[i] = 1.0 + i / 7.0;
	for (i = 0; i < 20000; i++) {
		a = mix(a + b);
		b = mix(b ^ c);
		c = mix(c - d);
		d = mix(d + a);
		sse[i % 8] = sqrt(sse[i % 8] * 1.37 + sse[(i + 3) % 8]);
		x87 = x87 * 1.0000001L + 0.25L / (x87 + 1);
	}
	memcpy(bits, sse, sizeof(bits));
	for (i = 0; i < 8; i++)
		a = mix(a ^ bits[i]);
	return a ^ b ^ c ^ d ^ (uint64_t)(x87 * 1e12L);
}

static int child_compute(int slot)
{
	uint64_t first = compute();

	while (!shared->stop) {
		if (compute() != first)
			return 1;
		shared->rounds[slot]++;
	}
	return 0;
}

/* Fresh memory each time: page faults, TLB and allocator have work, too. */
static int child_walk(int slot)
{
	while (!shared->stop) {
		uint64_t *p = mmap(NULL, WALK_BYTES, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
			 i;

		if (p == MAP_FAILED)
			return 1;
		for (i = 0; i < WALK_BYTES / 8; i += 64)
			p[i] = mix(i);
		for (i = 0; i < WALK_BYTES / 8; i += 64)
			if (p[i] != mix(i))
				return 2;
		munmap(p, WALK_BYTES);
		shared->rounds[slot]++;
	}
	return 0;
}

/* Processes come and go: each is an address space. */
static int child_fork(int slot)
{
	while (!shared->stop) {
		int status = 1;
		pid_t pid = fork();

		if (!pid)
			_exit(42);
		if (pid < 0 || waitpid(pid, &status, 0) != pid || WEXITSTATUS(status) != 42)
			return 1;
		shared->rounds[slot]++;
	}
	return 0;
}

static int child_receive(int listener, int slot)
{
	int s = accept(listener, NULL, NULL);
	uint64_t word, want = 0;
	uint8_t buf[8192];
	size_t have = 0, i;
	ssize_t n;

	while ((n = read(s, buf + have, sizeof(buf) - have)) > 0) {
		have += n;
		for (i = 0; i + 8 <= have; i += 8) {
			memcpy(&word, buf + i, 8);
			if (word != mix(want++))
				return 1;
		}
		memmove(buf, buf + i, have - i);
		have -= i;
		shared->rounds[slot] = want * 8;
	}
	return n ? 2 : 0;
}

static int child_send(uint16_t port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = port };
	int s = socket(AF_INET, SOCK_STREAM, 0);
	uint64_t words[512], next = 0;
	size_t i, sent;
	ssize_t n;

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (connect(s, (struct sockaddr *)&to, sizeof(to)))
		return 1;
	while (!shared->stop) {
		for (i = 0; i < 512; i++)
			words[i] = mix(next++);
		for (sent = 0; sent < sizeof(words); sent += n) {
			n = write(s, (uint8_t *)words + sent, sizeof(words) - sent);
			if (n <= 0)
				return 2;
		}
	}
	return 0;
}

static void on_beat(int signal)
{
	(void)signal;
	beats++;
}

/* A call with an answer, so that arguments are seen to travel both ways. */
static bool checked_call(int fd, uint64_t n)
{
	struct hc_shared_page page = { .page = n % 33 };
	static uint64_t first_hpa;
	struct hc_none none = {};
	struct vmnix_call c = { .nr = HC_NULL, .len = sizeof(none), .args = (uintptr_t)&none };

	if (n % 16)
		return !ioctl(fd, VMNIX_IOC_CALL, &c) && !c.status;
	c.nr = HC_SHARED_PAGE;
	c.len = sizeof(page);
	c.args = (uintptr_t)&page;
	if (ioctl(fd, VMNIX_IOC_CALL, &c) || c.status)
		return false;
	if (!first_hpa)
		first_hpa = page.hpa - page.page * 4096ull;
	return page.hpa == first_hpa + page.page * 4096ull && page.pages == 33;
}

static pid_t start(int (*work)(int), int slot)
{
	pid_t pid = fork();

	if (!pid)
		_exit(work(slot));
	return pid;
}

static int listen_on_loopback(uint16_t *port)
{
	struct sockaddr_in here = { .sin_family = AF_INET };
	socklen_t len = sizeof(here);
	int s = socket(AF_INET, SOCK_STREAM, 0);

	here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(s, (struct sockaddr *)&here, sizeof(here)) || listen(s, 1) ||
	    getsockname(s, (struct sockaddr *)&here, &len))
		return -1;
	*port = here.sin_port;
	return s;
}

static int start_all(pid_t *pids)
{
	int listener, n = 0;
	uint16_t port = 0;

	listener = listen_on_loopback(&port);
	if (listener < 0)
		return 0;
	pids[n++] = start(child_compute, 0);
	pids[n++] = start(child_walk, 1);
	pids[n++] = start(child_fork, 2);
	pids[n] = fork();
	if (!pids[n])
		_exit(child_receive(listener, 3));
	pids[++n] = fork();
	if (!pids[n])
		_exit(child_send(port));
	close(listener);
	return n + 1;
}

static void stop_all(const pid_t *pids, int count)
{
	static const char *const what[] = { "computed", "walked through memory", "made processes",
					    "received", "sent" };
	int i, status;
	char name[80];

	shared->stop = 1;
	for (i = 0; i < count; i++) {
		waitpid(pids[i], &status, 0);
		snprintf(name, sizeof(name), "a process %s without an error", what[i]);
		result(name, WIFEXITED(status) && !WEXITSTATUS(status));
	}
	printf("# %llu computations, %llu walks, %llu processes, %llu bytes received\n",
	       (unsigned long long)shared->rounds[0], (unsigned long long)shared->rounds[1],
	       (unsigned long long)shared->rounds[2], (unsigned long long)shared->rounds[3]);
	result("all of them got on",
	       shared->rounds[0] && shared->rounds[1] && shared->rounds[2] && shared->rounds[3]);
}

/* TSC units per second of the raw clock, before anything crosses. */
static double calibrate(void)
{
	double start = seconds(CLOCK_MONOTONIC_RAW);
	uint64_t tsc = __rdtsc();

	usleep(500000);
	tsc = __rdtsc() - tsc;
	return tsc / (seconds(CLOCK_MONOTONIC_RAW) - start);
}

static void check_clock(double hz, uint64_t tsc, double mono, double real)
{
	double by_tsc = tsc / hz;

	printf("# %.3f s by TSC, %.3f s monotonic, %.3f s wall clock, %d timer beats\n", by_tsc,
	       mono, real, (int)beats);
	result("monotonic clock and TSC agree to 1 %", fabs(by_tsc - mono) < 0.01 * by_tsc + 0.01);
	result("wall clock and monotonic clock agree", fabs(real - mono) < 0.01);
	/* A beat may be late under load, and a late one swallows the next: half must come. */
	result("timers beat", beats >= mono * 1000 / BEAT_MS / 2);
}

static uint64_t crossings(int fd)
{
	struct vmnix_status s = {};

	return ioctl(fd, VMNIX_IOC_STATUS, &s) ? 0 : s.crossings;
}

int main(int argc, char **argv)
{
	struct itimerval beat = { { 0, BEAT_MS * 1000 }, { 0, BEAT_MS * 1000 } };
	uint64_t want = argc > 1 ? strtoull(argv[1], NULL, 0) : 0, i, wrong = 0, before, tsc;
	int fd = open(VMNIX_DEVICE, O_RDWR | O_CLOEXEC), count;
	double hz, mono, real;
	pid_t pids[8];

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	setvbuf(stdout, NULL, _IONBF, 0);
	signal(SIGPIPE, SIG_IGN);
	if (fd < 0 || shared == MAP_FAILED || !want) {
		result("crossing_load starts", false);
		return 1;
	}
	hz = calibrate();
	count = start_all(pids);
	setpriority(PRIO_PROCESS, 0, -5);
	signal(SIGALRM, on_beat);
	setitimer(ITIMER_REAL, &beat, NULL);
	before = crossings(fd);
	tsc = __rdtsc();
	mono = seconds(CLOCK_MONOTONIC_RAW);
	real = seconds(CLOCK_REALTIME);
	for (i = 0; i < want; i++)
		wrong += !checked_call(fd, i);
	check_clock(hz, __rdtsc() - tsc, seconds(CLOCK_MONOTONIC_RAW) - mono,
		    seconds(CLOCK_REALTIME) - real);
	result("every call had its right answer", !wrong);
	result("every crossing was counted, and no other", crossings(fd) - before == want);
	setitimer(ITIMER_REAL, &(struct itimerval){}, NULL);
	stop_all(pids, count);
	return failures != 0;
}
