/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* Walking a guest's page tables: every mode, page size, right and fault. */
/* sources: vmkernel/vmm/guest_walk.c */
#include "test_lib.h"

#include <string.h>

#include "cpu/x86.h"
#include "vmm/guest_walk.h"

#define MEM_BYTES (64 * 4096ull)
#define P 1ull
#define W 2ull
#define U 4ull
#define A 0x20ull
#define D 0x40ull
#define PS 0x80ull
#define NX (1ull << 63)
#define PSE (1ull << 4)
#define SMEP (1ull << 20)
#define SMAP (1ull << 21)

static uint8_t mem[MEM_BYTES] __attribute__((aligned(4096)));
static struct guest_view v;
static struct walk_result r;
static struct guest_fault fault;

static uint8_t *ram(void *opaque, uint64_t gpa)
{
	(void)opaque;
	return gpa < MEM_BYTES ? mem + gpa : NULL;
}

static void set64(uint64_t table, unsigned int index, uint64_t entry)
{
	memcpy(mem + table + index * 8, &entry, 8);
}

static uint64_t get64(uint64_t table, unsigned int index)
{
	uint64_t entry;

	memcpy(&entry, mem + table + index * 8, 8);
	return entry;
}

static void set32(uint64_t table, unsigned int index, uint32_t entry)
{
	memcpy(mem + table + index * 4, &entry, 4);
}

static int setup(void **state)
{
	(void)state;
	memset(mem, 0, sizeof(mem));
	v = (struct guest_view){ .cr0 = CR0_PE | CR0_PG | CR0_WP, .phys_bits = 40, .ram = ram };
	return 0;
}

/* Long mode, tables at 1000, 2000, 3000, 4000; the address is made of index 1, 2, 3, 4. */
#define LONG_GVA ((1ull << 39) | (2ull << 30) | (3ull << 21) | (4ull << 12) | 0x567)

static void long_mode(uint64_t rights)
{
	v.efer = EFER_LMA | EFER_NXE;
	v.cr4 = CR4_PAE;
	v.cr3 = 0x1000 | 0xfff; /* low bits are flags or a PCID */
	set64(0x1000, 1, 0x2000 | P | rights);
	set64(0x2000, 2, 0x3000 | P | rights);
	set64(0x3000, 3, 0x4000 | P | rights);
	set64(0x4000, 4, 0x123456000ull | P | rights);
}

static void expect(uint64_t gva, uint32_t access, uint64_t gpa)
{
	assert_true(guest_walk(&v, gva, access, &r, &fault));
	assert_int_equal(r.gpa, gpa);
}

static void expect_fault(uint64_t gva, uint32_t access, uint32_t code)
{
	assert_false(guest_walk(&v, gva, access, &r, &fault));
	assert_int_equal(fault.vector, 14);
	assert_true(fault.has_code);
	assert_int_equal(fault.code, code);
	assert_int_equal(fault.cr2, gva);
}

static void test_no_paging(void **state)
{
	(void)state;
	v.cr0 = CR0_PE;
	expect(0x12345678, 0, 0x12345678);
	expect(0x1ffffffffull, WALK_WRITE, 0xffffffff);
}

static void test_four_levels(void **state)
{
	(void)state;
	long_mode(W | U);
	expect(LONG_GVA, WALK_USER, 0x123456567ull);
	assert_int_equal(r.levels, 4);
	assert_ptr_equal(r.entry[3].where, mem + 0x4000 + 4 * 8);
	for (unsigned int i = 0; i < r.levels; i++)
		assert_int_equal(*r.entry[i].where, r.entry[i].value);
	assert_int_equal(get64(0x1000, 1) & (A | D), A);
	assert_int_equal(get64(0x4000, 4) & (A | D), A);
	expect(LONG_GVA, WALK_USER | WALK_WRITE, 0x123456567ull);
	assert_int_equal(get64(0x3000, 3) & (A | D), A);
	assert_int_equal(get64(0x4000, 4) & (A | D), A | D);
	expect_fault(LONG_GVA + 4096, WALK_USER, PF_U);
	expect_fault(LONG_GVA + (1ull << 39), WALK_WRITE, PF_W);
}

static void test_large_pages(void **state)
{
	(void)state;
	long_mode(W | U);
	set64(0x3000, 3, 0x7fe00000ull | P | PS | W);
	expect(LONG_GVA, WALK_WRITE, 0x7fe04567);
	assert_int_equal(r.page_mask, 0x1fffff);
	set64(0x2000, 2, 0x40000000ull | P | PS | W);
	expect(LONG_GVA, 0, 0x40604567);
	/* A page of 512 GiB there is not. */
	set64(0x1000, 1, 0x2000 | P | PS | W);
	expect_fault(LONG_GVA, 0, PF_P | PF_RSVD);
}

static void test_five_levels(void **state)
{
	(void)state;
	long_mode(W | U);
	v.cr4 |= CR4_LA57;
	v.cr3 = 0x5000;
	set64(0x5000, 7, 0x1000 | P | W | U);
	expect(LONG_GVA | 7ull << 48, WALK_WRITE, 0x123456567ull);
	expect_fault(LONG_GVA, 0, 0);
}

static void test_rights(void **state)
{
	(void)state;
	long_mode(0); /* read-only, supervisor */
	expect(LONG_GVA, 0, 0x123456567ull);
	expect_fault(LONG_GVA, WALK_USER, PF_P | PF_U);
	expect_fault(LONG_GVA, WALK_WRITE, PF_P | PF_W);
	v.cr0 &= ~CR0_WP;
	expect(LONG_GVA, WALK_WRITE, 0x123456567ull);
	/* One level without the right takes it from all. */
	long_mode(W | U);
	set64(0x2000, 2, 0x3000 | P | U);
	expect_fault(LONG_GVA, WALK_WRITE | WALK_USER, PF_P | PF_W | PF_U);
	set64(0x2000, 2, 0x3000 | P | W);
	expect_fault(LONG_GVA, WALK_USER, PF_P | PF_U);
}

static void test_execute(void **state)
{
	(void)state;
	long_mode(W | U);
	expect(LONG_GVA, WALK_FETCH, 0x123456567ull);
	set64(0x3000, 3, 0x4000 | P | W | U | NX);
	expect_fault(LONG_GVA, WALK_FETCH, PF_P | PF_ID);
	expect(LONG_GVA, 0, 0x123456567ull);
	/* Without EFER.NXE the bit is reserved. */
	v.efer &= ~EFER_NXE;
	expect_fault(LONG_GVA, 0, PF_P | PF_RSVD);
}

static void test_smep_smap(void **state)
{
	(void)state;
	long_mode(W | U);
	v.cr4 |= SMEP | SMAP;
	expect_fault(LONG_GVA, WALK_FETCH, PF_P | PF_ID);
	expect(LONG_GVA, WALK_FETCH | WALK_USER, 0x123456567ull);
	expect_fault(LONG_GVA, 0, PF_P);
	expect(LONG_GVA, WALK_USER, 0x123456567ull);
	v.rflags |= RFLAGS_AC;
	expect(LONG_GVA, 0, 0x123456567ull);
}

static void test_reserved_and_outside(void **state)
{
	(void)state;
	long_mode(W | U);
	set64(0x4000, 4, 1ull << 40 | P | W | U);
	expect_fault(LONG_GVA, 0, PF_P | PF_RSVD);
	/* A table where no RAM is reads as ones. */
	set64(0x3000, 3, 0x80000000ull | P | W | U);
	expect_fault(LONG_GVA, 0, PF_P | PF_RSVD);
}

static void test_pae(void **state)
{
	uint64_t gva = 2ull << 30 | 3ull << 21 | 4ull << 12 | 0x567;

	(void)state;
	v.cr4 = CR4_PAE;
	v.cr3 = 0x1020;
	set64(0x1020, 2, 0x3000 | P);
	set64(0x3000, 3, 0x4000 | P | W);
	set64(0x4000, 4, 0x123456000ull | P | W);
	expect(gva, WALK_WRITE, 0x123456567ull);
	set64(0x3000, 3, 0x1200000ull | P | W | PS);
	expect(gva, 0, 0x1204567);
	expect_fault(3ull << 30, 0, 0);
}

static void test_32_bit(void **state)
{
	uint32_t entry;

	(void)state;
	v.cr3 = 0x1018;
	set32(0x1000, 5, 0x2000 | P | W | U);
	set32(0x2000, 6, 0x12345000 | P | W | U);
	expect(5u << 22 | 6u << 12 | 0x89, WALK_WRITE, 0x12345089);
	assert_int_equal(r.levels, 0);
	memcpy(&entry, mem + 0x2000 + 6 * 4, 4);
	assert_int_equal(entry & (A | D), A | D);
	/* A neighbour is not touched. */
	memcpy(&entry, mem + 0x2000 + 7 * 4, 4);
	assert_int_equal(entry, 0);
	/* 4 MiB, with address bits 32..39 in the entry; only if CR4 says so. */
	set32(0x1000, 5, 0x00c00000u | 0x1fu << 13 | P | W | PS);
	v.cr4 = PSE;
	expect(5u << 22 | 0x123456, 0, 0x1f00d23456ull);
	v.cr4 = 0;
	expect_fault(5u << 22, WALK_USER, PF_P | PF_U);
}

static void test_fetch(void **state)
{
	uint8_t buf[15];

	(void)state;
	long_mode(W | U);
	set64(0x4000, 4, 0x6000 | P | W | U);
	memset(mem + 0x6ff8, 0x11, 8);
	assert_int_equal(guest_fetch(&v, LONG_GVA - 0x567 + 0xff8, buf, 15, &fault), 8);
	assert_int_equal(buf[7], 0x11);
	assert_int_equal(fault.cr2, LONG_GVA - 0x567 + 0x1000);
	/* The next page is a device: it reads as ones. */
	set64(0x4000, 5, 0x1000000 | P | W | U);
	assert_int_equal(guest_fetch(&v, LONG_GVA - 0x567 + 0xff8, buf, 15, &fault), 15);
	assert_int_equal(buf[8], 0xff);
}

/* Tables of noise: any answer will do, but there is one. */
static void test_noise(void **state)
{
	(void)state;
	for (int round = 0; round < 20000; round++) {
		if (round % 100 == 0)
			for (size_t i = 0; i < MEM_BYTES; i += 8)
				set64(0, (unsigned int)(i / 8), rnd() % (MEM_BYTES * 4));
		v.cr0 = rnd();
		v.cr3 = rnd() % (MEM_BYTES * 2);
		v.cr4 = rnd();
		v.efer = rnd();
		if (!guest_walk(&v, rnd(), (uint32_t)rnd() & 7, &r, &fault))
			assert_int_equal(fault.vector, 14);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_no_paging, setup),
		cmocka_unit_test_setup(test_four_levels, setup),
		cmocka_unit_test_setup(test_large_pages, setup),
		cmocka_unit_test_setup(test_five_levels, setup),
		cmocka_unit_test_setup(test_rights, setup),
		cmocka_unit_test_setup(test_execute, setup),
		cmocka_unit_test_setup(test_smep_smap, setup),
		cmocka_unit_test_setup(test_reserved_and_outside, setup),
		cmocka_unit_test_setup(test_pae, setup),
		cmocka_unit_test_setup(test_32_bit, setup),
		cmocka_unit_test_setup(test_fetch, setup),
		cmocka_unit_test_setup(test_noise, setup),
	};

	return cmocka_run_group_tests(tests, seed_setup, NULL);
}
