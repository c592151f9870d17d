// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * kvm_guest IMAGE [MIB]: runs a micro-guest (tests/guest/) in KVM, so that the same
 * program can be measured in both. It is started as micro_guest starts it: 32-bit
 * protected mode, flat segments, paging off. Interrupt controllers and timers are KVM's
 * own, in the kernel; the serial port, the power switch and what nobody claims are
 * served here, which costs a trip to user space. Exit status: 0 it switched itself off.
 */
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define LOAD_ADDRESS 0x100000u
#define HUGE 0x200000ul
#define TSS_ADDRESS 0xfffbd000ul /* unused by AMD's KVM, wanted by its interface */
#define COM1_DATA 0x3f8
#define COM1_STATUS 0x3fd
#define COM1_IDLE 0x60
#define PM1_CONTROL 0x604
#define PM1_SLEEP (1u << 13)
#define CPUID_TSC_DEADLINE (1u << 24) /* leaf 1, ECX */
#define CPUID_MAX 256u

static int vm, vcpu;
static struct kvm_run *run;

static int need(const char *what, int result)
{
	if (result < 0) {
		perror(what);
		exit(4);
	}
	return result;
}

/* As aligned as a vmnix VM's memory is: both may map 2 MiB at a time. */
static void load(const char *image, size_t bytes)
{
	uint8_t *area = mmap(NULL, bytes + HUGE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint8_t *mem = (uint8_t *)(((uintptr_t)area + HUGE - 1) & ~(HUGE - 1));
	struct kvm_userspace_memory_region slot = {
		.memory_size = bytes,
		.userspace_addr = (uintptr_t)mem,
	};
	int in = need(image, open(image, O_RDONLY));

	need("memory", area == MAP_FAILED ? -1 : 0);
	need("read", (int)read(in, mem + LOAD_ADDRESS, bytes - LOAD_ADDRESS));
	close(in);
	need("KVM_SET_USER_MEMORY_REGION", ioctl(vm, KVM_SET_USER_MEMORY_REGION, &slot));
}

/* All that KVM can, and the timer mode that it leaves to us to announce. */
static void set_cpuid(int kvm)
{
	struct kvm_cpuid2 *c = calloc(1, sizeof(*c) + CPUID_MAX * sizeof(c->entries[0]));

	c->nent = CPUID_MAX;
	need("KVM_GET_SUPPORTED_CPUID", ioctl(kvm, KVM_GET_SUPPORTED_CPUID, c));
	for (uint32_t i = 0; i < c->nent; i++)
		if (c->entries[i].function == 1)
			c->entries[i].ecx |= CPUID_TSC_DEADLINE;
	need("KVM_SET_CPUID2", ioctl(vcpu, KVM_SET_CPUID2, c));
	free(c);
}

static void set_registers(void)
{
	const struct kvm_segment data = { .limit = UINT32_MAX,
					  .selector = 0x18,
					  .type = 3,
					  .present = 1,
					  .db = 1,
					  .s = 1,
					  .g = 1 };
	struct kvm_regs regs = { .rip = LOAD_ADDRESS, .rflags = 2 };
	struct kvm_sregs s;

	need("KVM_GET_SREGS", ioctl(vcpu, KVM_GET_SREGS, &s));
	s.ds = s.es = s.fs = s.gs = s.ss = s.cs = data;
	s.cs.selector = 0x10;
	s.cs.type = 11;
	s.cr0 = 0x11; /* PE, ET */
	need("KVM_SET_SREGS", ioctl(vcpu, KVM_SET_SREGS, &s));
	need("KVM_SET_REGS", ioctl(vcpu, KVM_SET_REGS, &regs));
}

static void create(const char *image, size_t bytes)
{
	int kvm = need("/dev/kvm", open("/dev/kvm", O_RDWR));
	struct kvm_pit_config pit = { .flags = KVM_PIT_SPEAKER_DUMMY };

	vm = need("KVM_CREATE_VM", ioctl(kvm, KVM_CREATE_VM, 0));
	need("KVM_SET_TSS_ADDR", ioctl(vm, KVM_SET_TSS_ADDR, TSS_ADDRESS));
	need("KVM_CREATE_IRQCHIP", ioctl(vm, KVM_CREATE_IRQCHIP, 0));
	need("KVM_CREATE_PIT2", ioctl(vm, KVM_CREATE_PIT2, &pit));
	vcpu = need("KVM_CREATE_VCPU", ioctl(vm, KVM_CREATE_VCPU, 0));
	run = mmap(NULL, (size_t)need("size", ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0)),
		   PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
	need("run", run == MAP_FAILED ? -1 : 0);
	load(image, bytes);
	set_cpuid(kvm);
	set_registers();
}

/* False: the guest has switched itself off. */
static bool port(void)
{
	uint8_t *data = (uint8_t *)run + run->io.data_offset;
	uint32_t len = run->io.size * run->io.count;

	if (run->io.direction == KVM_EXIT_IO_OUT) {
		if (run->io.port == COM1_DATA)
			putchar(*data);
		return run->io.port != PM1_CONTROL || !(data[1] & PM1_SLEEP >> 8);
	}
	memset(data, 0xff, len);
	if (run->io.port == COM1_STATUS)
		*data = COM1_IDLE;
	return true;
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		fprintf(stderr, "usage: kvm_guest IMAGE [MIB]\n");
		return 4;
	}
	create(argv[1], (argc > 2 ? strtoul(argv[2], NULL, 0) : 16) << 20);
	for (;;) {
		need("KVM_RUN", ioctl(vcpu, KVM_RUN, 0));
		switch (run->exit_reason) {
		case KVM_EXIT_IO:
			if (!port())
				return 0;
			break;
		case KVM_EXIT_MMIO:
			memset(run->mmio.data, 0xff, sizeof(run->mmio.data));
			break;
		default:
			fprintf(stderr, "kvm_guest: exit reason %u\n", run->exit_reason);
			return 1;
		}
	}
}
