// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * CPUID policy. Feature words are lists of what is allowed: a bit that a
 * future processor invents stays hidden until somebody has thought about it.
 * Allowed is what needs nothing of us but what we switch anyway: general
 * registers, control registers, the extended state below XCR0. Numbers: APM
 * vol. 3, appendix E; Intel SDM vol. 2, CPUID; VMware's hypervisor leaves as
 * Linux reads them.
 */
#include "vmm/guest_cpuid.h"
#include "lib/string.h"

#define B(n) (1u << (n))

/* Leaf 1 ECX: SSE3 PCLMULQDQ SSSE3 FMA CX16 PCID SSE4.1 SSE4.2 MOVBE POPCNT AES XSAVE AVX F16C
 * RDRAND */
#define ECX1_ALLOWED                                                                          \
	(B(0) | B(1) | B(9) | B(12) | B(13) | B(17) | B(19) | B(20) | B(22) | B(23) | B(25) | \
	 B(26) | B(28) | B(29) | B(30))
#define ECX1_X2APIC B(21)
#define ECX1_TSC_DEADLINE B(24)
#define ECX1_XSAVE B(26)
#define ECX1_OSXSAVE B(27)
#define ECX1_HYPERVISOR B(31)
/* Leaf 1 EDX: all the classic ones from FPU to SSE2 but PSN, DS, ACPI, SS; no HTT, TM, PBE */
#define EDX1_ALLOWED 0x078bfbffu
#define EDX1_APIC B(9)
#define EDX1_HTT B(28)
/* Leaf 7 EBX: FSGSBASE BMI1 AVX2 SMEP BMI2 ERMS INVPCID, AVX-512 family, RDSEED ADX SMAP
 * CLFLUSHOPT CLWB SHA */
#define EBX7_ALLOWED                                                                               \
	(B(0) | B(3) | B(5) | B(7) | B(8) | B(9) | B(10) | B(16) | B(17) | B(18) | B(19) | B(20) | \
	 B(21) | B(23) | B(24) | B(28) | B(29) | B(30) | B(31))
/* Leaf 7 ECX: VBMI UMIP PKU VBMI2 GFNI VAES VPCLMULQDQ VNNI BITALG VPOPCNTDQ LA57 RDPID */
#define ECX7_ALLOWED \
	(B(1) | B(2) | B(3) | B(6) | B(8) | B(9) | B(10) | B(11) | B(12) | B(14) | B(16) | B(22))
#define ECX7_PKU B(3)
#define ECX7_OSPKE B(4)
/* Leaf 7 EDX: FSRM, AVX512_VP2INTERSECT */
#define EDX7_ALLOWED (B(4) | B(8))
/* Leaf 7.1 EAX: AVX_VNNI AVX512_BF16 */
#define EAX7_1_ALLOWED (B(4) | B(5))
#define EAX6_ARAT B(2) /* the local APIC's timer never stops */
/* 0x80000001 ECX: LAHF ALTMOVCR8 ABM SSE4A MISALIGNSSE 3DNOWPREFETCH XOP FMA4 TBM */
#define ECX81_ALLOWED (B(0) | B(4) | B(5) | B(6) | B(7) | B(8) | B(11) | B(16) | B(21))
#define ECX81_CMP_LEGACY B(1)
/* 0x80000001 EDX: SYSCALL NX MMXEXT FFXSR 1GB RDTSCP LM, and those repeated of leaf 1 */
#define EDX81_OWN (B(11) | B(20) | B(22) | B(25) | B(26) | B(27) | B(29))
#define EDX81_REPEATED 0x0183f3ffu
#define EDX81_NX B(20)
#define EDX81_FFXSR B(25)
#define EDX87_INVARIANT_TSC B(8)
/* 0x80000008 EBX: CLZERO XSAVEERPTR */
#define EBX88_ALLOWED (B(0) | B(2))
/* 0xd.1 EAX: XSAVEOPT XSAVEC XGETBV1; no XSAVES, so that XSS need not be switched */
#define EAXD1_ALLOWED (B(0) | B(1) | B(2))

#define XSAVE_LEGACY_BYTES 576u /* the x87 and SSE region, and the header */
#define XSTATE_ALIGN64 B(1) /* ECX of a component: aligned in the compacted form */
#define AVX512_STATES 0xe0ull

#define HYPER_MAX 0x40000010u
#define PHYS_BITS_MAX 48u /* what nested tables of four levels map */

#define CR4_OSXSAVE_BIT 18
#define CR4_PKE_BIT 22

/* All or none of AVX-512's three components; AVX-512 wants AVX wants SSE. */
static uint64_t offered_xcr0(const struct cpuid_policy *p)
{
	struct cpuid_regs r = p->host(0xd, 0);
	uint64_t mask = (((uint64_t)r.edx << 32) | r.eax) & GUEST_XCR0;

	if ((mask & AVX512_STATES) != AVX512_STATES || !(mask & 4))
		mask &= ~AVX512_STATES;
	return (mask & 3) == 3 ? mask : 0;
}

static void build_xstate(struct guest_cpuid *g, const struct cpuid_policy *p)
{
	if (!(g->basic[1].ecx & ECX1_XSAVE))
		return;
	g->xcr0_mask = offered_xcr0(p);
	if (!g->xcr0_mask) {
		g->basic[1].ecx &= ~ECX1_XSAVE;
		return;
	}
	g->xstate[0].eax = (uint32_t)g->xcr0_mask;
	g->xstate[0].edx = (uint32_t)(g->xcr0_mask >> 32);
	g->xstate[1].eax = p->host(0xd, 1).eax & EAXD1_ALLOWED;
	for (uint32_t i = 2; i < CPUID_XSTATES; i++)
		if (g->xcr0_mask >> i & 1)
			g->xstate[i] = p->host(0xd, i);
}

static void build_features(struct guest_cpuid *g, const struct cpuid_policy *p)
{
	struct cpuid_regs *r = &g->basic[1];

	*r = p->host(1, 0);
	r->ebx = (r->ebx & 0xff00) | p->vcpus << 16 | p->id << 24;
	r->ecx = (r->ecx & ECX1_ALLOWED) | ECX1_X2APIC | ECX1_TSC_DEADLINE;
	r->edx = (r->edx & EDX1_ALLOWED) | EDX1_APIC;
	if (p->hypervisor)
		r->ecx |= ECX1_HYPERVISOR;
	if (p->vcpus > 1)
		r->edx |= EDX1_HTT;
	if (g->basic[0].eax >= 6)
		g->basic[6].eax = EAX6_ARAT;
	if (g->basic[0].eax >= 7) {
		r = &g->basic[7];
		*r = p->host(7, 0);
		g->leaf7_1.eax = r->eax >= 1 ? p->host(7, 1).eax & EAX7_1_ALLOWED : 0;
		r->eax = g->leaf7_1.eax ? 1 : 0;
		r->ebx &= EBX7_ALLOWED;
		r->ecx &= ECX7_ALLOWED;
		r->edx &= EDX7_ALLOWED;
	}
}

/* No AVX-512 or protection keys without their state, no AVX without XSAVE. */
static void drop_stateless(struct guest_cpuid *g)
{
	if (!(g->xcr0_mask & 4)) {
		g->basic[1].ecx &= ~(B(12) | B(28) | B(29));
		g->basic[7].ebx &= ~B(5);
		g->basic[7].ecx &= ~(B(9) | B(10));
		g->leaf7_1.eax = 0;
		g->extended[1].ecx &= ~(B(11) | B(16));
	}
	if (!(g->xcr0_mask & AVX512_STATES)) {
		g->basic[7].ebx &= ~(B(16) | B(17) | B(21) | B(28) | B(30) | B(31));
		g->basic[7].ecx &= ~(B(1) | B(6) | B(11) | B(12) | B(14));
		g->basic[7].edx &= ~B(8);
		g->leaf7_1.eax &= ~B(5);
	}
	if (!(g->xcr0_mask & BIT(9)))
		g->basic[7].ecx &= ~ECX7_PKU;
}

static void build_extended(struct guest_cpuid *g, const struct cpuid_policy *p)
{
	struct cpuid_regs *e = g->extended;
	uint32_t max = MIN(p->host(0x80000000u, 0).eax, 0x80000000u + CPUID_EXTENDED - 1);

	for (uint32_t i = 0; i < CPUID_EXTENDED && 0x80000000u + i <= max; i++)
		e[i] = p->host(0x80000000u + i, 0);
	e[0].eax = max;
	e[1].ecx = (e[1].ecx & ECX81_ALLOWED) | (p->vcpus > 1 ? ECX81_CMP_LEGACY : 0);
	e[1].edx = (e[1].edx & EDX81_OWN) | (e[1].edx & g->basic[1].edx & EDX81_REPEATED);
	e[7] = (struct cpuid_regs){ .edx = e[7].edx & EDX87_INVARIANT_TSC };
	g->phys_bits = (uint8_t)MIN(max >= 0x80000008u ? e[8].eax & 0xff : 36u, PHYS_BITS_MAX);
	e[8].eax = (e[8].eax & 0xff00) | g->phys_bits;
	e[8].ebx &= EBX88_ALLOWED;
	e[8].ecx = p->vcpus - 1;
	e[8].edx = 0;
	g->efer_mask = EFER_SCE | EFER_LME | EFER_LMA;
	if (e[1].edx & EDX81_NX)
		g->efer_mask |= EFER_NXE;
	if (e[1].edx & EDX81_FFXSR)
		g->efer_mask |= BIT(14);
}

static void build_hypervisor(struct guest_cpuid *g, const struct cpuid_policy *p)
{
	struct cpuid_regs *h = g->hyper;

	if (!p->hypervisor)
		return;
	h[0].eax = HYPER_MAX;
	memcpy(&h[0].ebx, "VMwa", 4);
	memcpy(&h[0].ecx, "reVM", 4);
	memcpy(&h[0].edx, "ware", 4);
	h[0x10].eax = (uint32_t)p->tsc_khz;
	h[0x10].ebx = (uint32_t)p->apic_khz;
}

void guest_cpuid_build(struct guest_cpuid *g, const struct cpuid_policy *p)
{
	memset(g, 0, sizeof(*g));
	g->vcpus = p->vcpus;
	g->id = p->id;
	g->basic[0] = p->host(0, 0);
	g->basic[0].eax = MIN(g->basic[0].eax, CPUID_BASIC - 1);
	build_features(g, p);
	build_extended(g, p);
	build_xstate(g, p);
	if (!g->xcr0_mask)
		g->basic[0].eax = MIN(g->basic[0].eax, 0xcu);
	drop_stateless(g);
	build_hypervisor(g, p);
}

/* Bytes of an XSAVE area with the components of xcr0. */
static uint32_t xsave_bytes(const struct guest_cpuid *g, uint64_t xcr0, bool compacted)
{
	uint32_t size = XSAVE_LEGACY_BYTES;

	for (uint32_t i = 2; i < CPUID_XSTATES; i++) {
		const struct cpuid_regs *c = &g->xstate[i];

		if (!(xcr0 >> i & 1))
			continue;
		if (!compacted)
			size = MAX(size, c->ebx + c->eax);
		else
			size = (c->ecx & XSTATE_ALIGN64 ? ALIGN_UP(size, 64u) : size) + c->eax;
	}
	return size;
}

uint32_t guest_cpuid_xsave_bytes(const struct guest_cpuid *g)
{
	return xsave_bytes(g, g->xcr0_mask, false);
}

static void get_xstate(const struct guest_cpuid *g, uint32_t subleaf, uint64_t xcr0,
		       struct cpuid_regs *out)
{
	if (subleaf >= CPUID_XSTATES || !g->xcr0_mask)
		return;
	*out = g->xstate[subleaf];
	if (subleaf == 0) {
		out->ebx = xsave_bytes(g, xcr0, false);
		out->ecx = xsave_bytes(g, g->xcr0_mask, false);
	} else if (subleaf == 1 && out->eax & B(1)) {
		out->ebx = xsave_bytes(g, xcr0, true);
	}
}

/* Leaf 0xb: one thread a core, all cores in one package. */
static void get_topology(const struct guest_cpuid *g, uint32_t subleaf, struct cpuid_regs *out)
{
	uint32_t shift = 0;

	out->ecx = subleaf & 0xff;
	out->edx = g->id;
	if (subleaf == 0) {
		out->ebx = 1;
		out->ecx |= 1u << 8;
	} else if (subleaf == 1) {
		while (1u << shift < g->vcpus)
			shift++;
		out->eax = shift;
		out->ebx = g->vcpus;
		out->ecx |= 2u << 8;
	}
}

void guest_cpuid_get(const struct guest_cpuid *g, uint32_t leaf, uint32_t subleaf, uint64_t cr4,
		     uint64_t xcr0, struct cpuid_regs *out)
{
	const struct cpuid_regs *fixed = guest_cpuid_fixed(g, leaf);

	*out = fixed ? *fixed : (struct cpuid_regs){ 0 };
	if (leaf - 0x40000000u < CPUID_HYPER)
		*out = g->hyper[leaf - 0x40000000u];
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): &g->… is taken for NULL */
	if (fixed || leaf > g->basic[0].eax)
		return;
	switch (leaf) {
	case 1:
		*out = g->basic[1];
		if (cr4 >> CR4_OSXSAVE_BIT & 1)
			out->ecx |= ECX1_OSXSAVE;
		break;
	case 7:
		if (subleaf <= 1)
			*out = subleaf ? g->leaf7_1 : g->basic[7];
		if (!subleaf && out->ecx & ECX7_PKU && cr4 >> CR4_PKE_BIT & 1)
			out->ecx |= ECX7_OSPKE;
		break;
	case 0xb:
		get_topology(g, subleaf, out);
		break;
	case 0xd:
		get_xstate(g, subleaf, xcr0, out);
		break;
	}
}

/* ---- saving and loading ------------------------------------------------------------------- */

/* Bits of which a guest may lose none, but need not notice new ones. */
static void feature_word(uint32_t have, struct state *s)
{
	uint32_t had = have;

	STATE(s, had);
	state_check(s, !(had & ~have));
}

static void same_regs(const struct cpuid_regs *have, struct state *s)
{
	struct cpuid_regs had = *have;

	STATE(s, had);
	state_check(s, !memcmp(&had, have, sizeof(had)));
}

void guest_cpuid_state(const struct guest_cpuid *g, struct state *s)
{
	struct cpuid_regs vendor = g->basic[0];
	uint8_t phys_bits = g->phys_bits;

	state_begin(s, "cpu", 1);
	vendor.eax = 0;
	same_regs(&vendor, s);
	feature_word(g->basic[1].ecx, s);
	feature_word(g->basic[1].edx, s);
	feature_word(g->basic[7].ebx, s);
	feature_word(g->basic[7].ecx, s);
	feature_word(g->basic[7].edx, s);
	feature_word(g->leaf7_1.eax, s);
	feature_word(g->extended[1].ecx, s);
	feature_word(g->extended[1].edx, s);
	feature_word(g->extended[8].ebx, s);
	feature_word((uint32_t)g->efer_mask, s);
	STATE(s, phys_bits);
	state_check(s, phys_bits <= g->phys_bits);
	/* The layout of the XSAVE area must be the same. */
	for (uint32_t i = 0; i < CPUID_XSTATES; i++)
		same_regs(&g->xstate[i], s);
	state_end(s);
}
