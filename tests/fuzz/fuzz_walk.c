/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* sources: vmkernel/vmm/guest_walk.c */
/*
 * A guest's page tables, all of whose memory is hostile: the walk ends, stays inside RAM
 * and the guest's physical addresses, and only sets accessed and dirty bits. The input:
 * registers, then memory from address 0 on, repeated.
 */
#include "fuzz.h"
#include "cpu/x86.h"
#include "vmm/guest_walk.h"

#define PAGES 8u
#define BYTES (PAGES * 4096u)
#define SETS 0x6000000060ull /* A and D of one entry of 8 bytes, or of two of 4 */

static uint8_t mem[BYTES] __attribute__((aligned(4096))), before[BYTES];

static uint8_t *ram(void *opaque, uint64_t gpa)
{
	(void)opaque;
	return gpa < BYTES ? mem + gpa : NULL;
}

static void fill(struct fuzz *f)
{
	size_t len = f->left < 4096 ? f->left : 4096;

	memset(mem, 0, sizeof(mem));
	for (size_t at = 0; len && at + len <= BYTES; at += 4096)
		memcpy(mem + at, f->at, len);
	memcpy(before, mem, sizeof(mem));
}

static void check_memory(void)
{
	uint64_t was, is;

	for (size_t i = 0; i < BYTES; i += 8) {
		memcpy(&was, before + i, 8);
		memcpy(&is, mem + i, 8);
		if (is != was)
			fuzz_require((is & was) == was && !((is ^ was) & ~SETS));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f = { data, size };
	struct guest_view v = { .ram = ram };
	struct walk_result r;
	struct guest_fault fault;
	uint32_t access;
	uint64_t gva;
	uint8_t buf[INSN_MAX];

	v.cr0 = fuzz_take(&f, 4);
	v.cr4 = fuzz_take(&f, 3);
	v.cr3 = fuzz_take(&f, 2) % PAGES << 12 | fuzz_take(&f, 1);
	v.efer = fuzz_take(&f, 2);
	v.rflags = fuzz_take(&f, 3);
	v.phys_bits = 36 + fuzz_take(&f, 1) % 17;
	v.cpl = fuzz_take(&f, 1) % 4;
	access = fuzz_take(&f, 1) % 8;
	gva = fuzz_take(&f, 8);
	fill(&f);
	if (guest_walk(&v, gva, access, &r, &fault)) {
		fuzz_require(r.levels <= WALK_LEVELS_MAX);
		fuzz_require(!(r.page_mask & (r.page_mask + 1)));
		for (uint32_t i = 0; i < r.levels; i++)
			fuzz_require((uint8_t *)r.entry[i].where >= mem &&
				     (uint8_t *)r.entry[i].where <= mem + BYTES - 8);
	} else {
		fuzz_require(fault.vector == 14 || fault.vector == 13 || fault.vector == 12);
	}
	check_memory();
	fuzz_require(guest_fetch(&v, gva, buf, sizeof(buf), &fault) <= sizeof(buf));
	return 0;
}
