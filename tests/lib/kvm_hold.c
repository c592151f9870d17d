// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * Linux's own hypervisor in use: makes a KVM VM, runs it until its first OUT, says "ready",
 * keeps it until standard input ends, runs it again and says "again". Exit status 1 and
 * a reason if KVM does not do what it should.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

/* 1: mov $42, %al; out %al, $16; jmp 1b */
static const uint8_t code[] = { 0xb0, 0x2a, 0xe6, 0x10, 0xeb, 0xfa };

static void die(const char *what)
{
	printf("%s: %s\n", what, strerror(errno));
	exit(1);
}

static void run(int vcpu, struct kvm_run *state)
{
	if (ioctl(vcpu, KVM_RUN, 0))
		die("KVM_RUN");
	if (state->exit_reason != KVM_EXIT_IO || state->io.port != 16 ||
	    ((uint8_t *)state)[state->io.data_offset] != 42) {
		printf("KVM_RUN: exit reason %u\n", state->exit_reason);
		exit(1);
	}
}

int main(void)
{
	struct kvm_userspace_memory_region mem = { .memory_size = 4096 };
	struct kvm_run *state;
	struct kvm_regs regs = { .rflags = 2 };
	struct kvm_sregs sregs;
	int kvm = open("/dev/kvm", O_RDWR), vm, vcpu;
	uint8_t *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	char byte;

	setbuf(stdout, NULL);
	if (kvm < 0)
		die("/dev/kvm");
	vm = ioctl(kvm, KVM_CREATE_VM, 0);
	if (vm < 0)
		die("KVM_CREATE_VM");
	memcpy(page, code, sizeof(code));
	mem.userspace_addr = (uintptr_t)page;
	vcpu = ioctl(vm, KVM_SET_USER_MEMORY_REGION, &mem) ? -1 : ioctl(vm, KVM_CREATE_VCPU, 0);
	if (vcpu < 0)
		die("KVM_CREATE_VCPU");
	state = mmap(NULL, ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0), PROT_READ | PROT_WRITE,
		     MAP_SHARED, vcpu, 0);
	ioctl(vcpu, KVM_GET_SREGS, &sregs);
	sregs.cs.base = sregs.cs.selector = 0;
	if (ioctl(vcpu, KVM_SET_SREGS, &sregs) || ioctl(vcpu, KVM_SET_REGS, &regs))
		die("KVM_SET_REGS");
	run(vcpu, state);
	puts("ready");
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	run(vcpu, state);
	puts("again");
	return 0;
}
