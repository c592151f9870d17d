/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * What CPUID tells a guest: the processor's own answers, less what a VM has
 * not, plus the hypervisor's leaves. Made once per VCPU, so that the exit is
 * a table look-up.
 */
#ifndef VMM_GUEST_CPUID_H
#define VMM_GUEST_CPUID_H

#include "cpu/x86.h"
#include "lib/state.h"
#include "lib/types.h"

#define CPUID_BASIC 14u /* leaves 0 .. 0xd */
#define CPUID_HYPER 17u /* 0x40000000 .. 0x40000010 */
#define CPUID_EXTENDED 9u /* 0x80000000 .. 0x80000008 */
#define CPUID_XSTATES 10u /* components of the extended state that may be offered */

/* XCR0 bits that a guest may have: x87, SSE, AVX, AVX-512, PKRU. */
#define GUEST_XCR0 0x2e7ull

struct guest_cpuid {
	struct cpuid_regs basic[CPUID_BASIC];
	struct cpuid_regs leaf7_1;
	struct cpuid_regs hyper[CPUID_HYPER];
	struct cpuid_regs extended[CPUID_EXTENDED];
	struct cpuid_regs xstate[CPUID_XSTATES]; /* 0xd, sub-leaf n; 0 and 1 as templates */
	uint64_t xcr0_mask; /* what XSETBV may set; 0: no XSAVE */
	uint64_t efer_mask; /* EFER bits that may be set */
	uint32_t vcpus, id;
	uint8_t phys_bits;
};

struct cpuid_policy {
	uint32_t vcpus, id; /* of the VM; of this VCPU, also its APIC id */
	uint64_t tsc_khz;
	uint64_t apic_khz; /* bus clock of the local APIC's timer */
	bool hypervisor; /* show the hypervisor's leaves */
	struct cpuid_regs (*host)(uint32_t leaf, uint32_t subleaf);
};

void guest_cpuid_build(struct guest_cpuid *g, const struct cpuid_policy *policy);

/* Leaves whose answer depends on more than the leaf. */
#define CPUID_VARYING (1u << 1 | 1u << 7 | 1u << 0xb | 1u << 0xd)

/* The answer for a leaf if it is always the same, or NULL: ask guest_cpuid_get. */
static inline const struct cpuid_regs *guest_cpuid_fixed(const struct guest_cpuid *g, uint32_t leaf)
{
	if (leaf - 0x80000000u < CPUID_EXTENDED)
		return &g->extended[leaf - 0x80000000u];
	if (leaf < CPUID_BASIC && !(CPUID_VARYING >> leaf & 1))
		return &g->basic[leaf];
	return NULL;
}

/* The answer for leaf and sub-leaf, given the VCPU's CR4 and XCR0. */
void guest_cpuid_get(const struct guest_cpuid *g, uint32_t leaf, uint32_t subleaf, uint64_t cr4,
		     uint64_t xcr0, struct cpuid_regs *out);

/* Bytes of an XSAVE area with all that the guest may have. */
uint32_t guest_cpuid_xsave_bytes(const struct guest_cpuid *g);

/*
 * Saves what a guest knows of its processor. Loading changes nothing: the state is bad if
 * the guest has seen what this processor does not have.
 */
void guest_cpuid_state(const struct guest_cpuid *g, struct state *s);

#endif
