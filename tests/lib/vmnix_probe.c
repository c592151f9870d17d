// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * Runs inside the console and asks /dev/vmnix for what it must refuse: bad
 * pointers, sizes, flags, reserved fields, calls that are the module's own,
 * mappings outside the regions, and users that are not root. Prints "ok NAME"
 * or "not ok NAME" for each. "loaded" or "unloaded" says what to expect of the
 * vmkernel.
 */
#include <errno.h>
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
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "core_dump.h"
#include "error.h"
#include "hostcall.h"
#include "ring.h"
#include "vmnix_ioctl.h"

#define BAD_POINTER ((void *)0xffff800000000000ull)

static int fd;

static void result(const char *name, bool good, long got)
{
	if (!good)
		printf("%s: got %ld, errno %s\n", name, got, strerror(errno));
	printf("%s %s\n", good ? "ok" : "not ok", name);
}

static void want_errno(const char *name, long ret, int err)
{
	result(name, ret == -1 && errno == err, ret);
}

static void try_ioctl(const char *name, unsigned long cmd, void *arg, int err)
{
	errno = 0;
	want_errno(name, ioctl(fd, cmd, arg), err);
}

static long call(uint32_t nr, uint32_t len, void *args, uint32_t reserved, int *status)
{
	struct vmnix_call c = {
		.nr = nr, .len = len, .args = (uintptr_t)args, .reserved = reserved
	};
	long ret;

	errno = 0;
	ret = ioctl(fd, VMNIX_IOC_CALL, &c);
	*status = c.status;
	return ret;
}

static void numbers(void)
{
	struct vmnix_status s = {};

	try_ioctl("an unknown ioctl is refused", _IO(VMNIX_IOC_MAGIC, 99), NULL, ENOTTY);
	try_ioctl("an ioctl of another size is refused", _IOR(VMNIX_IOC_MAGIC, 0, uint64_t), &s,
		  ENOTTY);
	try_ioctl("STATUS wants memory it can write", VMNIX_IOC_STATUS, BAD_POINTER, EFAULT);
	try_ioctl("STATUS refuses a null pointer", VMNIX_IOC_STATUS, NULL, EFAULT);
	result("STATUS answers",
	       !ioctl(fd, VMNIX_IOC_STATUS, &s) && s.ioctl_version == VMNIX_IOCTL_VERSION,
	       s.ioctl_version);
}

static void loads(void)
{
	struct vmnix_load l = { .image = (uintptr_t)&l, .bytes = sizeof(l) };
	struct vmnix_unload u = {};

	try_ioctl("LOAD refuses a bad pointer", VMNIX_IOC_LOAD, BAD_POINTER, EFAULT);
	l.flags = 4;
	try_ioctl("LOAD refuses unknown flags", VMNIX_IOC_LOAD, &l, EINVAL);
	l.flags = VMNIX_LOAD_CHECK;
	l.log_level = 5;
	try_ioctl("LOAD refuses an unknown log level", VMNIX_IOC_LOAD, &l, EINVAL);
	l.log_level = 0;
	try_ioctl("LOAD refuses what is no image", VMNIX_IOC_LOAD, &l, ENOEXEC);
	result("LOAD says what was wrong", !strcmp(l.reason, "not an ELF file"), 0);
	l.bytes = 0;
	try_ioctl("LOAD refuses an empty file", VMNIX_IOC_LOAD, &l, EINVAL);
	l.bytes = ~0ull;
	try_ioctl("LOAD refuses a file of 16 EiB", VMNIX_IOC_LOAD, &l, EINVAL);
	l.bytes = 1 << 20;
	l.image = (uintptr_t)BAD_POINTER;
	try_ioctl("LOAD refuses an image it cannot read", VMNIX_IOC_LOAD, &l, EFAULT);
	try_ioctl("UNLOAD refuses a bad pointer", VMNIX_IOC_UNLOAD, BAD_POINTER, EFAULT);
	u.flags = 2;
	try_ioctl("UNLOAD refuses unknown flags", VMNIX_IOC_UNLOAD, &u, EINVAL);
	u.flags = 0;
	u.reserved = 1;
	try_ioctl("UNLOAD refuses reserved fields", VMNIX_IOC_UNLOAD, &u, EINVAL);
}

static void calls(void)
{
	static const uint32_t own[] = { HC_PCPU_START, HC_FAREWELL, HC_DOORBELL, HC_SCRAMBLE };
	uint8_t args[HC_ARGS_MAX] = {};
	char name[80];
	unsigned int i;
	int status;

	try_ioctl("CALL refuses a bad pointer", VMNIX_IOC_CALL, BAD_POINTER, EFAULT);
	want_errno("CALL refuses reserved fields", call(HC_NULL, 8, args, 1, &status), EINVAL);
	want_errno("CALL refuses an unknown number", call(HC_COUNT, 8, args, 0, &status), EINVAL);
	want_errno("CALL refuses number 2^32-1", call(~0u, 8, args, 0, &status), EINVAL);
	want_errno("CALL refuses too long arguments",
		   call(HC_NULL, HC_ARGS_MAX + 1, args, 0, &status), EINVAL);
	want_errno("CALL refuses unreadable arguments", call(HC_NULL, 8, BAD_POINTER, 0, &status),
		   EFAULT);
	for (i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "call %u is the module's own", own[i]);
		want_errno(name, call(own[i], 8, args, 0, &status), EACCES);
	}
	for (i = 0; i <= 16; i += 4) {
		long ret = call(HC_NULL, i, args, 0, &status);

		snprintf(name, sizeof(name), "the null call with %u bytes", i);
		result(name, !ret && status == (i == 8 ? VMK_OK : VMK_BAD_CALL), status);
	}
}

/* VM 7 does not exist, and no way to refuse its end may make it show up. */
static void destroys(void)
{
	struct hc_vm args = { .vm = 7, .reserved = 1 };
	int status;

	call(HC_VM_DESTROY, sizeof(args), &args, 0, &status);
	result("VM_DESTROY refuses reserved fields", status == VMK_BAD_PARAM, status);
	call(HC_VM_DESTROY, 4, &args, 0, &status);
	result("VM_DESTROY refuses a short argument", status == VMK_BAD_CALL, status);
	result("/proc/vmware/vm shows no VM that is not",
	       access("/proc/vmware/vm/7", F_OK) == -1 && errno == ENOENT, errno);
}

static void tests_of_tests(void)
{
	struct vmnix_selftest t = {};
	struct vmnix_bench b = {};

	try_ioctl("SELFTEST refuses a bad pointer", VMNIX_IOC_SELFTEST, BAD_POINTER, EFAULT);
	try_ioctl("SELFTEST refuses no rounds", VMNIX_IOC_SELFTEST, &t, EINVAL);
	t.rounds = t.reserved = 1;
	try_ioctl("SELFTEST refuses reserved fields", VMNIX_IOC_SELFTEST, &t, EINVAL);
	try_ioctl("BENCH refuses a bad pointer", VMNIX_IOC_BENCH, BAD_POINTER, EFAULT);
	try_ioctl("BENCH refuses no rounds", VMNIX_IOC_BENCH, &b, EINVAL);
	b.rounds = 100001;
	try_ioctl("BENCH refuses too many rounds", VMNIX_IOC_BENCH, &b, EINVAL);
}

static void cores(void)
{
	static char buffer[4096];
	struct vmnix_core c = { .bytes = VMNIX_CORE_MAX + 1 };

	try_ioctl("CORE refuses a bad pointer", VMNIX_IOC_CORE, BAD_POINTER, EFAULT);
	try_ioctl("CORE refuses too much at once", VMNIX_IOC_CORE, &c, EINVAL);
	c.bytes = 0;
	try_ioctl("CORE refuses a vmkernel that lives", VMNIX_IOC_CORE, &c, EBUSY);
	result("and says nothing of it", !c.core_hpa, c.core_hpa);
	c = (struct vmnix_core){ .bytes = sizeof(buffer), .buffer = (uintptr_t)buffer };
	try_ioctl("CORE refuses to read one", VMNIX_IOC_CORE, &c, EBUSY);
}

/* Of a vmkernel that has stopped. */
static void cores_of_dead(void)
{
	static char buffer[4096];
	struct vmnix_core c = {}, one;
	static const uint64_t magic = WS_CORE_MAGIC;
	static const uint64_t foreign[] = { 0, 0x100000, 0xfee00000, 1ull << 46, ~0ull - 4095 };
	char name[64];
	unsigned int i;

	result("CORE tells where it begins", !ioctl(fd, VMNIX_IOC_CORE, &c) && c.core_hpa, errno);
	c.bytes = 8;
	for (i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
		one = c;
		one.hpa = foreign[i];
		one.buffer = (uintptr_t)buffer;
		snprintf(name, sizeof(name), "CORE refuses 0x%llx", (unsigned long long)one.hpa);
		try_ioctl(name, VMNIX_IOC_CORE, &one, EFAULT);
	}
	c.hpa = c.core_hpa;
	c.buffer = 4096;
	try_ioctl("CORE refuses a bad buffer", VMNIX_IOC_CORE, &c, EFAULT);
	c.buffer = (uintptr_t)buffer;
	errno = 0;
	result("CORE reads", !ioctl(fd, VMNIX_IOC_CORE, &c) && !memcmp(buffer, &magic, 8), errno);
}

static void map(const char *name, size_t len, int prot, int flags, uint64_t offset, int err)
{
	void *p;

	errno = 0;
	p = mmap(NULL, len, prot, flags, fd, offset);
	want_errno(name, p == MAP_FAILED ? -1 : 0, err);
	if (p != MAP_FAILED)
		munmap(p, len);
}

static void maps(void)
{
	size_t ring = (size_t)WS_LOG_RING_PAGES * 4096;

	map("mmap refuses a private mapping", 4096, PROT_READ, MAP_PRIVATE, 0, EINVAL);
	map("mmap refuses code", 4096, PROT_READ | PROT_EXEC, MAP_SHARED, 0, EINVAL);
	map("mmap refuses to let the log be written", 4096, PROT_READ | PROT_WRITE, MAP_SHARED, 0,
	    EACCES);
	map("mmap refuses more than the log", ring + 4096, PROT_READ, MAP_SHARED, 0, EINVAL);
	map("mmap refuses what lies behind the log", 4096, PROT_READ, MAP_SHARED, ring, EINVAL);
	map("mmap refuses a VM that is not", 4096, PROT_READ, MAP_SHARED, VMNIX_MMAP(1), ENODEV);
	map("mmap refuses VM 65", 4096, PROT_READ, MAP_SHARED, VMNIX_MMAP(65), ENODEV);
	map("mmap refuses VM 2^24", 4096, PROT_READ, MAP_SHARED, VMNIX_MMAP(1 << 24), ENODEV);
	map("mmap refuses the end of all offsets", 4096, PROT_READ, MAP_SHARED,
	    0x7ffffffffffff000ull, ENODEV);
}

static sigjmp_buf fault_return;

static void on_fault(int signal)
{
	siglongjmp(fault_return, signal);
}

/* The log ring, mapped by a process, while the vmkernel leaves: SIGBUS, not its old memory. */
static void unload_under_mapping(void)
{
	size_t ring = (size_t)WS_LOG_RING_PAGES * 4096;
	volatile const uint8_t *p = mmap(NULL, ring, PROT_READ, MAP_SHARED, fd, 0);
	struct vmnix_unload u = {};
	struct sigaction action = { .sa_handler = on_fault };
	volatile long sum = 0;
	volatile size_t i;
	int caught;

	result("the log can be mapped", p != MAP_FAILED, 0);
	if (p == MAP_FAILED)
		return;
	for (i = 0; i < ring; i += 4096)
		sum += p[i];
	result("the mapped log is there", *(volatile uint64_t *)p != 0, sum);
	result("a mapping cannot be made writable later",
	       mprotect((void *)p, 4096, PROT_READ | PROT_WRITE) == -1 && errno == EACCES, 0);
	sigaction(SIGBUS, &action, NULL);
	sigaction(SIGSEGV, &action, NULL);
	result("unload with a mapping", !ioctl(fd, VMNIX_IOC_UNLOAD, &u), 0);
	caught = sigsetjmp(fault_return, 1);
	if (!caught)
		sum += *p;
	result("the mapping ends with the vmkernel", caught == SIGBUS, caught);
}

static void reads(void)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	uint64_t rings;

	errno = 0;
	want_errno("read wants 8 bytes", read(fd, &rings, 7), EINVAL);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	want_errno("read does not block if asked not to", read(fd, &rings, 8), EAGAIN);
	fcntl(fd, F_SETFL, 0);
	result("poll says nothing rang", poll(&p, 1, 0) == 0, p.revents);
	want_errno("write is refused", write(fd, &rings, 8), EINVAL);
	want_errno("seek is refused", lseek(fd, 1, SEEK_SET), ESPIPE);
}

static void unloaded(void)
{
	struct vmnix_call c = {};
	struct vmnix_unload u = {};
	struct vmnix_selftest t = { .rounds = 1 };
	struct vmnix_bench b = { .rounds = 1 };
	struct vmnix_core core = {};

	try_ioctl("CORE wants a vmkernel", VMNIX_IOC_CORE, &core, ENODEV);
	try_ioctl("CALL wants a vmkernel", VMNIX_IOC_CALL, &c, ENODEV);
	try_ioctl("SELFTEST wants a vmkernel", VMNIX_IOC_SELFTEST, &t, ENODEV);
	try_ioctl("BENCH wants a vmkernel", VMNIX_IOC_BENCH, &b, ENODEV);
	try_ioctl("UNLOAD wants a vmkernel", VMNIX_IOC_UNLOAD, &u, ENODEV);
	result("UNLOAD says so", !strcmp(u.reason, "no vmkernel is loaded"), 0);
	map("mmap wants a vmkernel", 4096, PROT_READ, MAP_SHARED, 0, ENODEV);
}

/* Exit status of a child without root's rights: the errno of its open(). */
static int open_as_nobody(void)
{
	int status;

	fflush(stdout);
	if (!fork()) {
		if (setgid(65534) || setuid(65534))
			_exit(255);
		_exit(open(VMNIX_DEVICE, O_RDWR) < 0 ? errno : 0);
	}
	wait(&status);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void others(void)
{
	int err = open_as_nobody();

	result("only root opens the device", err == EACCES, err);
	chmod(VMNIX_DEVICE, 0666);
	err = open_as_nobody();
	chmod(VMNIX_DEVICE, 0600);
	result("not even where its file says otherwise", err == EPERM, err);
}

int main(int argc, char **argv)
{
	fd = open(VMNIX_DEVICE, O_RDWR);
	if (argc != 2 || fd < 0) {
		puts("not ok vmnix_probe starts");
		return 1;
	}
	if (!strcmp(argv[1], "stopped")) {
		cores_of_dead();
		return 0;
	}
	numbers();
	loads();
	if (!strcmp(argv[1], "loaded")) {
		calls();
		destroys();
		tests_of_tests();
		cores();
		maps();
		reads();
		others();
		unload_under_mapping();
	}
	unloaded();
	return 0;
}
