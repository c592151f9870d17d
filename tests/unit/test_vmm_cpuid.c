/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* What CPUID tells a guest, on a processor that has everything and on one that has little. */
/* sources: vmkernel/lib/state.c
 *	vmkernel/vmm/guest_cpuid.c */
#include "test_lib.h"

#include <string.h>

#include "vmm/guest_cpuid.h"

#define OSXSAVE (1ull << 18)
#define PKE (1ull << 22)

/* Sizes and offsets of the components, as real processors have them. */
static const struct cpuid_regs components[] = {
	[2] = { 256, 576, 0, 0 }, [3] = { 64, 960, 0, 0 },   [4] = { 64, 1024, 0, 0 },
	[5] = { 64, 1088, 0, 0 }, [6] = { 512, 1152, 0, 0 }, [7] = { 1024, 1664, 0, 0 },
	[9] = { 8, 2688, 2, 0 },
};

/* Every bit of every leaf set, within reason. */
static struct cpuid_regs rich(uint32_t leaf, uint32_t subleaf)
{
	const struct cpuid_regs ones = { ~0u, ~0u, ~0u, ~0u };

	switch (leaf) {
	case 0:
		return (struct cpuid_regs){ 0x20, 0x68747541, 0x444d4163, 0x69746e65 };
	case 1:
		return (struct cpuid_regs){ 0x00800f12, 0xff100800, ~0u, ~0u };
	case 0xd:
		if (subleaf >= 2)
			return subleaf < 10 ? components[subleaf] : (struct cpuid_regs){ 0 };
		return ones;
	case 0x80000000:
		return (struct cpuid_regs){ 0x80000028, 0, 0, 0 };
	case 0x80000008:
		return (struct cpuid_regs){ 0x3034, ~0u, ~0u, ~0u };
	default:
		return ones;
	}
}

static struct cpuid_regs poor(uint32_t leaf, uint32_t subleaf)
{
	struct cpuid_regs r = { 0 };

	(void)subleaf;
	if (leaf == 0)
		r.eax = 1;
	if (leaf == 1)
		r = (struct cpuid_regs){ 0xf40, 0x800, 0x1, 0x178bfbff };
	if (leaf == 0x80000000u)
		r.eax = 0x80000001u;
	if (leaf == 0x80000001u)
		r.edx = 0x2c100800;
	return r;
}

static struct guest_cpuid g;

static void build(struct cpuid_regs (*host)(uint32_t, uint32_t), uint32_t vcpus, uint32_t id)
{
	const struct cpuid_policy p = {
		.vcpus = vcpus,
		.id = id,
		.tsc_khz = 2600000,
		.apic_khz = 1000000,
		.hypervisor = true,
		.host = host,
	};

	guest_cpuid_build(&g, &p);
}

static struct cpuid_regs ask(uint32_t leaf, uint32_t subleaf, uint64_t cr4, uint64_t xcr0)
{
	struct cpuid_regs r = { 1, 2, 3, 4 };

	guest_cpuid_get(&g, leaf, subleaf, cr4, xcr0, &r);
	return r;
}

static void test_hidden(void **state)
{
	struct cpuid_regs r;

	(void)state;
	build(rich, 1, 0);
	assert_int_equal(ask(0, 0, 0, 1).eax, 0xd);
	r = ask(1, 0, 0, 1);
	assert_int_equal(r.ecx & (1u << 3 | 1u << 5 | 1u << 15), 0); /* MONITOR, VMX, PDCM */
	assert_int_equal(r.ecx & 1u << 27, 0);
	assert_int_equal(r.edx & (1u << 28 | 1u << 21), 0); /* HTT, DS */
	assert_int_equal(r.edx & 1u << 9, 1u << 9);
	assert_int_equal(r.ecx >> 31, 1);
	assert_int_equal(r.ecx & (1u << 21 | 1u << 24), 1u << 21 | 1u << 24);
	assert_int_equal(ask(5, 0, 0, 1).ecx, 0);
	assert_int_equal(ask(6, 0, 0, 1).eax, 4);
	assert_int_equal(ask(0xa, 0, 0, 1).eax, 0);
	assert_int_equal(ask(0x80000001u, 0, 0, 1).ecx & (1u << 2 | 1u << 12 | 1u << 22 | 1u << 29),
			 0); /* SVM, SKINIT, TOPOEXT, MWAITX */
	assert_int_equal(ask(0x80000007u, 0, 0, 1).edx, 1u << 8);
	assert_int_equal(ask(0x8000000au, 0, 0, 1).edx, 0);
	assert_int_equal(ask(0x8000001fu, 0, 0, 1).eax, 0);
	r = ask(7, 0, 0, 1);
	assert_int_equal(r.ebx & (1u << 4 | 1u << 11 | 1u << 12 | 1u << 14 | 1u << 2), 0);
	assert_int_equal(r.edx & (1u << 26 | 1u << 27 | 1u << 31 | 1u << 20), 0);
	assert_int_equal(r.ecx & 1u << 7, 0); /* shadow stacks */
	assert_int_equal(ask(0xd, 1, 0, 1).eax, 7); /* no XSAVES */
}

static void test_follows_the_registers(void **state)
{
	(void)state;
	build(rich, 1, 0);
	assert_int_equal(ask(1, 0, OSXSAVE, 1).ecx >> 27 & 1, 1);
	assert_int_equal(ask(7, 0, 0, 1).ecx >> 4 & 1, 0);
	assert_int_equal(ask(7, 0, PKE, 1).ecx >> 4 & 1, 1);
}

static void test_xsave_sizes(void **state)
{
	(void)state;
	build(rich, 1, 0);
	assert_int_equal(g.xcr0_mask, GUEST_XCR0);
	assert_int_equal(ask(0xd, 0, 0, 1).eax, GUEST_XCR0);
	assert_int_equal(ask(0xd, 0, 0, 1).ebx, 576);
	assert_int_equal(ask(0xd, 0, 0, 3).ebx, 576);
	assert_int_equal(ask(0xd, 0, 0, 7).ebx, 832);
	assert_int_equal(ask(0xd, 0, 0, 0xe7).ebx, 2688);
	assert_int_equal(ask(0xd, 0, 0, 0x2e7).ebx, 2696);
	assert_int_equal(ask(0xd, 0, 0, 1).ecx, 2696);
	/* Compacted: one after the other, PKRU (alone aligned) at a multiple of 64. */
	assert_int_equal(ask(0xd, 1, 0, 7).ebx, 832);
	assert_int_equal(ask(0xd, 1, 0, 0x207).ebx, 840);
	assert_int_equal(ask(0xd, 1, 0, 0xe7).ebx, 832 + 64 + 512 + 1024);
	assert_int_equal(ask(0xd, 7, 0, 1).eax, 1024);
	assert_int_equal(ask(0xd, 7, 0, 1).ebx, 1664);
	/* Not offered: bounds, shadow stacks, what is beyond. */
	assert_int_equal(ask(0xd, 3, 0, 1).eax, 0);
	assert_int_equal(ask(0xd, 11, 0, 1).eax, 0);
	assert_int_equal(ask(0xd, 63, 0, 1).eax, 0);
	assert_int_equal(ask(0xd, ~0u, 0, 1).eax, 0);
}

static void test_topology(void **state)
{
	struct cpuid_regs r;

	(void)state;
	build(rich, 1, 0);
	assert_int_equal(ask(1, 0, 0, 1).ebx, 0x00010800);
	r = ask(0xb, 0, 0, 1);
	assert_int_equal(r.eax, 0);
	assert_int_equal(r.ebx, 1);
	assert_int_equal(r.ecx, 0x100);
	build(rich, 6, 5);
	r = ask(0xb, 1, 0, 1);
	assert_int_equal(r.eax, 3);
	assert_int_equal(r.ebx, 6);
	assert_int_equal(r.ecx, 0x201);
	assert_int_equal(r.edx, 5);
	assert_int_equal(ask(0xb, 2, 0, 1).ebx, 0);
	assert_int_equal(ask(1, 0, 0, 1).ebx >> 24, 5);
	assert_int_equal(ask(1, 0, 0, 1).edx >> 28 & 1, 1);
	assert_int_equal(ask(0x80000008u, 0, 0, 1).ecx, 5);
	assert_int_equal(ask(0x80000008u, 0, 0, 1).eax, 0x3030); /* 52 bits are more than we map */
}

static void test_hypervisor(void **state)
{
	struct cpuid_regs r;

	(void)state;
	build(rich, 1, 0);
	r = ask(0x40000000u, 0, 0, 1);
	assert_int_equal(r.eax, 0x40000010u);
	assert_memory_equal(&r.ebx, "VMwareVMware", 12);
	r = ask(0x40000010u, 0, 0, 1);
	assert_int_equal(r.eax, 2600000);
	assert_int_equal(r.ebx, 1000000);
	assert_int_equal(r.ecx, 0);
	assert_int_equal(ask(0x40000011u, 0, 0, 1).eax, 0);
	assert_int_equal(ask(0xffffffffu, 0, 0, 1).eax, 0);
}

static void test_poor_processor(void **state)
{
	(void)state;
	build(poor, 1, 0);
	assert_int_equal(ask(0, 0, 0, 1).eax, 1);
	assert_int_equal(ask(7, 0, 0, 1).ebx, 0);
	assert_int_equal(ask(0xd, 0, 0, 1).eax, 0);
	assert_int_equal(ask(1, 0, 0, 1).ecx & 1u << 26, 0);
	assert_int_equal(g.xcr0_mask, 0);
	assert_int_equal(g.phys_bits, 36);
	assert_int_equal(g.efer_mask, EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE);
}

/* Instructions whose state XCR0 does not offer are not offered either. */
static struct cpuid_regs no_avx(uint32_t leaf, uint32_t subleaf)
{
	struct cpuid_regs r = rich(leaf, subleaf);

	if (leaf == 0xd && subleaf == 0)
		r = (struct cpuid_regs){ 3, 0, 0, 0 };
	return r;
}

static void test_no_state_no_instruction(void **state)
{
	struct cpuid_regs r;

	(void)state;
	build(no_avx, 1, 0);
	assert_int_equal(g.xcr0_mask, 3);
	assert_int_equal(ask(1, 0, 0, 1).ecx & (1u << 28 | 1u << 12 | 1u << 29), 0);
	r = ask(7, 0, 0, 1);
	assert_int_equal(r.ebx & (1u << 5 | 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31), 0);
	assert_int_equal(r.ecx & (1u << 3 | 1u << 9 | 1u << 10 | 1u << 14), 0);
	assert_int_equal(ask(7, 1, 0, 1).eax, 0);
	assert_int_equal(ask(0xd, 0, 0, 3).ebx, 576);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hidden),
		cmocka_unit_test(test_follows_the_registers),
		cmocka_unit_test(test_xsave_sizes),
		cmocka_unit_test(test_topology),
		cmocka_unit_test(test_hypervisor),
		cmocka_unit_test(test_poor_processor),
		cmocka_unit_test(test_no_state_no_instruction),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
