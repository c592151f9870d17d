/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* MSRs of a guest: what is kept, what is constant, what is #GP. */
/* sources: vmkernel/vmm/vcpu_msr.c */
#include "test_lib.h"

#include <string.h>

#include "debug/log.h"
#include "vmm/vm.h"

static struct vm vm;
static struct vcpu v;
static struct guest_cpuid cpuid_table = { .phys_bits = 40 };
static uint32_t device_msr, logged;
static uint64_t device_val, aux_loads, dones;

/* ---- surroundings ------------------------------------------------------------------------- */

vmk_status dev_msr_read(struct dev_bus *bus, uint32_t vcpu, uint32_t msr, uint64_t *val)
{
	(void)bus;
	(void)vcpu;
	device_msr = msr;
	*val = device_val;
	return msr == 0x8ff ? VMK_BAD_PARAM : VMK_OK;
}

vmk_status dev_msr_write(struct dev_bus *bus, uint32_t vcpu, uint32_t msr, uint64_t val)
{
	(void)bus;
	(void)vcpu;
	device_msr = msr;
	device_val = val;
	return msr == 0x8ff ? VMK_BAD_PARAM : VMK_OK;
}

void spin_lock(struct spinlock *lock)
{
	(void)lock;
}

void vcpu_access_done(struct vcpu *vcpu)
{
	(void)vcpu;
	dones++;
}

void fpu_tsc_aux(struct vcpu *vcpu)
{
	(void)vcpu;
	aux_loads++;
}

void log_print(enum log_level level, const char *facility, int line, const char *fmt, ...)
{
	(void)level;
	(void)facility;
	(void)line;
	(void)fmt;
	logged++;
}

/* ---- tests ---------------------------------------------------------------------------------- */

static int setup(void **state)
{
	(void)state;
	memset(&vm, 0, sizeof(vm));
	memset(&v, 0, sizeof(v));
	v.vm = &vm;
	v.cpuid = &cpuid_table;
	vm.mem.bytes = 128ull << 20;
	msr_reset(&v);
	logged = device_msr = 0;
	return 0;
}

static uint64_t get(uint32_t msr)
{
	uint64_t val = 0x5555;

	assert_true(vcpu_rdmsr(&v, msr, &val));
	return val;
}

static void test_apic(void **state)
{
	uint64_t val;

	(void)state;
	device_val = 0xfee00900;
	assert_int_equal(get(0x1b), 0xfee00900);
	assert_true(vcpu_wrmsr(&v, 0x6e0, 77));
	assert_int_equal(device_msr, 0x6e0);
	assert_true(vcpu_wrmsr(&v, 0x80b, 0));
	assert_int_equal(device_msr, 0x80b);
	assert_false(vcpu_rdmsr(&v, 0x8ff, &val));
	assert_int_equal(dones, 4);
}

static void test_memory_types(void **state)
{
	static const uint32_t fixed[] = { 0x250, 0x258, 0x259, 0x268, 0x26f };

	(void)state;
	assert_int_equal(get(0xfe), 0x508);
	assert_int_equal(get(0x2ff), 0xc06);
	assert_int_equal(get(0x201) & 0x800, 0x800);
	for (uint32_t i = 0x200; i < 0x210; i++)
		assert_true(vcpu_wrmsr(&v, i, i));
	for (size_t i = 0; i < ARRAY_SIZE(fixed); i++)
		assert_true(vcpu_wrmsr(&v, fixed[i], fixed[i]));
	for (uint32_t i = 0x200; i < 0x210; i++)
		assert_int_equal(get(i), i);
	for (size_t i = 0; i < ARRAY_SIZE(fixed); i++)
		assert_int_equal(get(fixed[i]), fixed[i]);
	assert_false(vcpu_wrmsr(&v, 0xfe, 0));
	assert_false(vcpu_wrmsr(&v, 0x210, 0));
	assert_false(vcpu_wrmsr(&v, 0x270, 0));
}

static void test_time_stamps(void **state)
{
	(void)state;
	assert_true(vcpu_wrmsr(&v, 0x10, 0));
	assert_in_range(get(0x10), 0, 100000000000ull);
	assert_true(v.attention & ATT_TIME);
	assert_true(vcpu_wrmsr(&v, 0xc0000103u, 5));
	assert_int_equal(get(0xc0000103u), 5);
	assert_int_equal(aux_loads, 1);
	assert_false(vcpu_wrmsr(&v, 0xc0000103u, 1ull << 32));
}

static void test_listed(void **state)
{
	(void)state;
	assert_int_equal(get(0x179), 0);
	assert_false(vcpu_wrmsr(&v, 0x179, 1));
	assert_int_equal(get(0xc0010015u), 1u << 24);
	assert_true(vcpu_wrmsr(&v, 0xc0010015u, ~0ull));
	assert_int_equal(get(0xc0010015u), 1u << 24);
	assert_int_equal(get(0xc001001au), 128u << 20);
	assert_int_equal(get(0xc001001du), 0);
}

/* Nothing that would reach the machine: speculation control, SVM, power, SMM, microcode. */
static void test_unknown(void **state)
{
	static const uint32_t hidden[] = { 0x48,       0x49,	   0xe7,       0x17,
					   0xda0,      0x400,	   0x1a0,      0x79,
					   0xc0010117, 0xc0010061, 0xc0010200, 0xc0010131,
					   0xc0000104, 0xc001011f, 0xffffffff, 0x40000000 };
	uint64_t val;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(hidden); i++) {
		assert_false(vcpu_rdmsr(&v, hidden[i], &val));
		assert_false(vcpu_wrmsr(&v, hidden[i], 0));
	}
	assert_int_equal(logged, 2 * ARRAY_SIZE(hidden));
	for (int i = 0; i < 1000; i++)
		vcpu_rdmsr(&v, 0x12345, &val);
	assert_int_equal(logged, 32);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_apic, setup),
		cmocka_unit_test_setup(test_memory_types, setup),
		cmocka_unit_test_setup(test_time_stamps, setup),
		cmocka_unit_test_setup(test_listed, setup),
		cmocka_unit_test_setup(test_unknown, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
