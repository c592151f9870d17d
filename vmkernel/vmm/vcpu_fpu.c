// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * Extended state of VCPUs: FPU, SSE, AVX and so on, with XCR0 and TSC_AUX.
 * The vmkernel never uses it, so it stays in the registers of the PCPU from
 * the VCPU's coming to its going, and need not be loaded again if nobody
 * else was there in between.
 */
#include "cpu/pcpu.h"
#include "cpu/x86.h"
#include "lib/string.h"
#include "mm/direct_map.h"
#include "mm/pages.h"
#include "vmm/vm.h"

#define FXSAVE_BYTES 512u
#define FCW_RESET 0x037fu /* what FNINIT leaves */
#define MXCSR_RESET 0x1f80u
#define MXCSR_OFFSET 24
#define MXCSR_ALL 0xffffu
#define MXCSR_MM (1u << 17)
#define CPUID81_ECX_MISALIGNSSE (1u << 7)
#define XSAVE_HEADER_WORDS 8u
#define XCR0_LEGACY 3ull /* x87 and SSE */
#define CPUID1_ECX_XSAVE (1u << 26)
#define CPUID81_EDX_RDTSCP (1u << 27)
#define NO_PCPU UINT32_MAX

static bool has_xsave(void)
{
	return cpuid(1, 0).ecx & CPUID1_ECX_XSAVE;
}

/* Enough for everything that the processor has, whatever XCR0 says. */
static unsigned int area_order(void)
{
	return pages_order(has_xsave() ? cpuid(0xd, 0).ecx : FXSAVE_BYTES);
}

int fpu_init(struct vcpu *v)
{
	hpa_t area;
	int err = pages_alloc_zero(area_order(), PAGES_VMM, &area);

	if (!err)
		v->fpu = phys_to_virt(area);
	return err;
}

void fpu_free(struct vcpu *v)
{
	if (v->fpu)
		pages_free(virt_to_phys(v->fpu), area_order(), PAGES_VMM);
	v->fpu = NULL;
}

/* Initial state: a header of zeros says so, but for what is loaded always. */
void fpu_reset(struct vcpu *v)
{
	const uint16_t fcw = FCW_RESET;
	const uint32_t mxcsr = MXCSR_RESET;

	memset(v->fpu, 0, PAGE_SIZE << area_order());
	memcpy(v->fpu, &fcw, sizeof(fcw));
	memcpy(v->fpu + MXCSR_OFFSET, &mxcsr, sizeof(mxcsr));
	v->fpu_pcpu = NO_PCPU;
	v->xcr0 = 1;
	v->tsc_aux = 0;
}

/* What XRSTOR would refuse: its #GP would be ours. */
static bool image_ok(const struct vcpu *v)
{
	const uint64_t *header = (const uint64_t *)(v->fpu + FXSAVE_BYTES);
	uint32_t mxcsr, mask = MXCSR_ALL;

	memcpy(&mxcsr, v->fpu + MXCSR_OFFSET, sizeof(mxcsr));
	if (v->cpuid->extended[1].ecx & CPUID81_ECX_MISALIGNSSE)
		mask |= MXCSR_MM;
	if (mxcsr & ~mask || header[0] & ~(v->cpuid->xcr0_mask | XCR0_LEGACY))
		return false;
	for (unsigned int i = 1; i < XSAVE_HEADER_WORDS; i++)
		if (header[i])
			return false;
	return true;
}

void fpu_state(struct vcpu *v, struct state *s)
{
	uint64_t *header = (uint64_t *)(v->fpu + FXSAVE_BYTES);
	bool xsave = has_xsave(), had = xsave;

	state_begin(s, "fpu", 1);
	state_flag(s, &had);
	state_check(s, had == xsave);
	/* Components that the guest cannot reach are as at reset, whatever XSAVE says. */
	if (!s->loading)
		*header &= v->cpuid->xcr0_mask | XCR0_LEGACY;
	state_bytes(s, v->fpu, guest_cpuid_xsave_bytes(v->cpuid));
	STATE(s, v->xcr0);
	STATE(s, v->tsc_aux);
	state_check(s, image_ok(v) && vcpu_xcr0_ok(v, v->xcr0) && !(v->tsc_aux >> 32));
	if (s->loading)
		v->fpu_pcpu = NO_PCPU;
	state_end(s);
}

void fpu_pcpu_init(struct vmm_pcpu *p)
{
	uint64_t cr4 = CR4_OSFXSR | CR4_OSXMMEXCPT;

	write_cr0((read_cr0() & ~(CR0_TS | CR0_EM)) | CR0_MP);
	if (has_xsave())
		cr4 |= CR4_OSXSAVE;
	write_cr4(read_cr4() | cr4);
	if (has_xsave())
		p->xcr0_all = cpuid(0xd, 0).eax & GUEST_XCR0;
	p->tsc_aux = UINT64_MAX;
}

void fpu_load(struct vcpu *v, struct vmm_pcpu *p)
{
	uint32_t here = this_pcpu()->id;
	bool still_there = v->fpu_pcpu == here && v->fpu_stamp == p->fpu_stamp;

	if (p->xcr0_all) {
		xsetbv(0, p->xcr0_all);
		if (!still_there)
			xrstor(v->fpu);
		xsetbv(0, v->xcr0);
	} else if (!still_there) {
		fxrstor(v->fpu);
	}
	v->fpu_pcpu = here;
	v->fpu_stamp = ++p->fpu_stamp;
	if (p->tsc_aux != v->tsc_aux)
		fpu_tsc_aux(v);
}

/* The guest reads it by RDTSCP and RDPID, without us. */
void fpu_tsc_aux(struct vcpu *v)
{
	struct vmm_pcpu *p = this_pcpu()->vmm;

	p->tsc_aux = v->tsc_aux;
	if (cpuid(0x80000001u, 0).edx & CPUID81_EDX_RDTSCP)
		wrmsr(MSR_TSC_AUX, v->tsc_aux);
}

/* QEMU's SVM lets a guest's XSETBV through, so what the processor has is what counts. */
void fpu_note_xcr0(struct vcpu *v)
{
	struct vmm_pcpu *p = this_pcpu()->vmm;

	if (p->xcr0_all)
		v->xcr0 = xgetbv(0) & (v->xcr0_all ? UINT64_MAX : p->xcr0_all);
}

void fpu_put(struct vcpu *v, struct vmm_pcpu *p)
{
	fpu_note_xcr0(v);
	if (p->xcr0_all) {
		xsetbv(0, p->xcr0_all);
		xsave(v->fpu);
	} else {
		fxsave(v->fpu);
	}
}
