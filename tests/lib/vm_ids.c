// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * vm_ids: makes and frees more VMs than there are ids, beside one that stays, and looks at each
 * whether the console still knows what it must undo: its folder in /proc, the mapping of its
 * pages, the VM itself when its maker ends, and who serves it.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include "error.h"
#include "hostcall.h"
#include "vmnix_ioctl.h"

static int fd;
static sigjmp_buf gone;

static void fail(const char *what, uint32_t vm, int status)
{
	fprintf(stderr, "vm_ids: VM %u: %s (%d)\n", vm, what, status);
	exit(1);
}

static int call(int on, uint32_t nr, void *args, uint32_t len)
{
	struct vmnix_call c = { .nr = nr, .len = len, .args = (uintptr_t)args };

	return ioctl(on, VMNIX_IOC_CALL, &c) ? -1000 : c.status;
}

static uint32_t make(int on, const char *name)
{
	struct hc_vm_create c = { .vcpus = 1, .mem_bytes = 4 << 20, .shares = 1000 };
	int status;

	snprintf(c.name, sizeof(c.name), "/ids/%s", name);
	snprintf(c.label, sizeof(c.label), "%s", name);
	status = call(on, HC_VM_CREATE, &c, sizeof(c));
	if (status || !c.vm || c.vm >= HC_VM_IDS)
		fail("create", c.vm, status);
	return c.vm;
}

static int destroy(uint32_t vm)
{
	struct hc_vm args = { .vm = vm };

	return call(fd, HC_VM_DESTROY, &args, sizeof(args));
}

static bool exists(uint32_t vm, struct hc_vm_info *info)
{
	*info = (struct hc_vm_info){ .vm = vm };
	return !call(fd, HC_VM_INFO, info, sizeof(*info));
}

static bool shown(uint32_t vm)
{
	char path[48];

	snprintf(path, sizeof(path), "/proc/vmware/vm/%u", vm);
	return !access(path, F_OK);
}

static void no_page(int signal)
{
	(void)signal;
	siglongjmp(gone, 1);
}

static void try_mapping(uint32_t vm)
{
	volatile uint8_t *page = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, (off_t)VMNIX_MMAP(vm));

	if (page == MAP_FAILED)
		fail("mmap", vm, 0);
	(void)page[0];
	if (destroy(vm))
		fail("destroy", vm, 0);
	if (!sigsetjmp(gone, 1)) {
		(void)page[0];
		fail("its page is still mapped", vm, 0);
	}
	munmap((void *)page, 4096);
}

/* One that is being made, and one that is served, when their process ends. */
static void try_close(void)
{
	int other = open("/dev/vmnix", O_RDWR);
	uint32_t left = make(other, "left"), served = make(fd, "served");
	struct hc_vm_attach attach = { .vm = served, .pid = getpid() };
	struct hc_vm_info info;

	if (call(other, HC_VM_ATTACH, &attach, sizeof(attach)))
		fail("attach", served, 0);
	close(other);
	if (exists(left, &info))
		fail("is there although its maker has gone", left, info.state);
	if (!exists(served, &info) || info.attached)
		fail("is served by nobody", served, info.owner_pid);
	if (destroy(served))
		fail("destroy", served, 0);
}

int main(void)
{
	uint32_t stays, vm, i, largest = 0;

	signal(SIGBUS, no_page);
	fd = open("/dev/vmnix", O_RDWR);
	stays = make(fd, "stays");
	for (i = 0; i < HC_VM_IDS + 100; i++) {
		vm = make(fd, "one");
		if (vm == stays)
			fail("is another's id", vm, 0);
		if (!shown(vm))
			fail("is not in /proc", vm, 0);
		largest = vm > largest ? vm : largest;
		if (i % 50)
			destroy(vm);
		else
			try_mapping(vm);
		if (shown(vm))
			fail("is still in /proc", vm, 0);
		if (i % 50 == 1)
			try_close();
	}
	destroy(stays);
	printf("%u VMs, ids up to %u\n", i, largest);
	return largest == HC_VM_IDS - 1 ? 0 : 1;
}
