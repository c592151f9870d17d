// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * Saving, overwriting and restoring the extended state. The list of MSRs is
 * world-switch/state_msrs.def; what the processor lacks is not touched.
 */
#include "cpu/extended.h"
#include "cpu/x86.h"
#include "lib/string.h"

#define CPUID1_ECX_OSXSAVE (1u << 27)
#define FXSAVE_BYTES 512u
#define XSAVE_AREA_ALIGN 64u

struct state_msr {
	uint32_t nr;
	uint64_t mask;
	bool (*there)(void);
};

static bool has_always(void)
{
	return true;
}

static bool has_rdtscp(void)
{
	return cpuid(0x80000001, 0).edx & 1u << 27;
}

/* Intel's IBRS (leaf 7) or AMD's (leaf 8000_0008). */
static bool has_spec_ctrl(void)
{
	return cpuid(7, 0).edx & 1u << 26 ||
	       cpuid(0x80000008, 0).ebx & (1u << 12 | 1u << 14 | 1u << 15);
}

static bool has_xsaves(void)
{
	return cpuid(1, 0).ecx & CPUID1_ECX_OSXSAVE && cpuid(0xd, 1).eax & 1u << 3;
}

static const struct state_msr msrs[] = {
#define STATE_MSR(name, nr, mask, when) { nr, mask, has_##when },
#include "state_msrs.def"
#undef STATE_MSR
};

static struct {
	uint64_t msr[ARRAY_SIZE(msrs)];
	uint64_t dr[4], dr6, dr7, cr2, cr8, xcr0;
	bool xsave;
	void *fpu;
} saved;

size_t extended_bytes(void)
{
	/* Leaf 0xd sub-leaf 0: EBX for what XCR0 enables, ECX for all that exists. */
	if (cpuid(1, 0).ecx & CPUID1_ECX_OSXSAVE)
		return ALIGN_UP((size_t)cpuid(0xd, 0).ecx, XSAVE_AREA_ALIGN);
	return FXSAVE_BYTES;
}

void extended_init(void *buffer)
{
	saved.fpu = buffer;
	saved.xsave = cpuid(1, 0).ecx & CPUID1_ECX_OSXSAVE;
	memset(buffer, 0, extended_bytes());
}

void extended_save(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(msrs); i++)
		if (msrs[i].there())
			saved.msr[i] = rdmsr(msrs[i].nr);
	saved.dr[0] = read_dr0();
	saved.dr[1] = read_dr1();
	saved.dr[2] = read_dr2();
	saved.dr[3] = read_dr3();
	saved.dr6 = read_dr6();
	saved.dr7 = read_dr7();
	saved.cr2 = read_cr2();
	saved.cr8 = read_cr8();
	if (saved.xsave) {
		saved.xcr0 = xgetbv(0);
		xsave(saved.fpu);
	} else {
		fxsave(saved.fpu);
	}
}

void extended_restore(void)
{
	if (saved.xsave) {
		xsetbv(0, saved.xcr0);
		xrstor(saved.fpu);
	} else {
		fxrstor(saved.fpu);
	}
	for (size_t i = 0; i < ARRAY_SIZE(msrs); i++)
		if (msrs[i].there())
			wrmsr(msrs[i].nr, saved.msr[i]);
	write_dr0(saved.dr[0]);
	write_dr1(saved.dr[1]);
	write_dr2(saved.dr[2]);
	write_dr3(saved.dr[3]);
	write_dr6(saved.dr6);
	write_dr7(saved.dr7);
	write_cr2(saved.cr2);
	write_cr8(saved.cr8);
}

/* xorshift64*: any value but 0 leads to the next. */
static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed >> 12;
	*seed ^= *seed << 25;
	*seed ^= *seed >> 27;
	return *seed * 0x2545f4914f6cdd1dull;
}

/* A register file full of noise: control words stay, so that it can be loaded. */
static void scramble_fpu(uint64_t *seed)
{
	static uint8_t noise[FXSAVE_BYTES] __attribute__((aligned(64)));

	fxsave(noise);
	for (size_t i = 160; i < 416; i++)
		noise[i] = (uint8_t)next_random(seed);
	for (size_t i = 32; i < 160; i++)
		if ((i - 32) % 16 < 8)
			noise[i] = (uint8_t)next_random(seed);
	fxrstor(noise);
}

void extended_scramble(uint64_t seed)
{
	seed |= 1;
	for (size_t i = 0; i < ARRAY_SIZE(msrs); i++)
		if (msrs[i].mask && msrs[i].there())
			wrmsr(msrs[i].nr, next_random(&seed) & msrs[i].mask);
	write_dr0(next_random(&seed) & 0x7fffffffffffull);
	write_dr1(next_random(&seed) & 0x7fffffffffffull);
	write_dr2(next_random(&seed) & 0x7fffffffffffull);
	write_dr3(next_random(&seed) & 0x7fffffffffffull);
	write_dr6(0);
	write_dr7(1u << 10);
	write_cr2(next_random(&seed) & 0x7fffffffffffull);
	write_cr8(next_random(&seed) & 0xf);
	scramble_fpu(&seed);
	if (saved.xsave)
		xsetbv(0, 3); /* x87 and SSE only: AVX and the rest go to their initial state */
}
