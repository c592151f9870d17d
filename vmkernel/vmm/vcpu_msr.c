// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * MSRs of a guest: those of its local APIC go to the device models, time
 * stamps and memory types are kept here, and the rest is a list (msrs.def).
 * The memory types have no effect: a guest's RAM is write-back.
 */
#include "cpu/x86.h"
#include "debug/log.h"
#include "vmm/vm.h"

#define MSR_TSC 0x10u
#define MSR_TOP_MEM 0xc001001au
#define MSR_TOP_MEM2 0xc001001du
#define LOGGED_MAX 32u /* unknown MSRs of one VCPU that are worth a line */

enum msr_writes { WRITES_FAULT, WRITES_IGNORED };

static bool is_apic(uint32_t msr)
{
	return msr - LAPIC_MSR_X2APIC < LAPIC_MSR_X2APIC_COUNT || msr == LAPIC_MSR_TSC_DEADLINE ||
	       msr == LAPIC_MSR_BASE;
}

static bool apic_read(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	vmk_status st;

	spin_lock(&v->vm->lock);
	st = dev_msr_read(&v->vm->chipset.bus, v->id, msr, val);
	vcpu_access_done(v);
	return st >= 0;
}

static bool apic_write(struct vcpu *v, uint32_t msr, uint64_t val)
{
	vmk_status st;

	spin_lock(&v->vm->lock);
	st = dev_msr_write(&v->vm->chipset.bus, v->id, msr, val);
	vcpu_access_done(v);
	return st >= 0;
}

/* ---- memory types: APM vol. 2, 7.7 ------------------------------------------------------- */

static uint64_t *mtrr(struct vcpu *v, uint32_t msr)
{
	struct guest_mtrrs *m = &v->mtrrs;

	if (msr - 0x200 < 2 * MTRR_RANGES)
		return &m->range[msr - 0x200];
	switch (msr) {
	case 0x250:
		return &m->fixed[0];
	case 0x258:
	case 0x259:
		return &m->fixed[msr - 0x258 + 1];
	case 0x2ff:
		return &m->def_type;
	default:
		return msr - 0x268 < 8 ? &m->fixed[msr - 0x268 + 3] : NULL;
	}
}

/* As firmware leaves them: RAM write-back, the VGA window and what lies below 4 GiB uncached. */
void msr_reset(struct vcpu *v)
{
	struct guest_mtrrs *m = &v->mtrrs;
	uint64_t phys = BIT(v->cpuid->phys_bits) - 1;

	*m = (struct guest_mtrrs){ .def_type = 0xc06 };
	m->range[0] = 0xc0000000ull;
	m->range[1] = (phys & ~0x3fffffffull) | 0x800;
	for (unsigned int i = 0; i < 2; i++)
		m->fixed[i] = 0x0606060606060606ull;
	for (unsigned int i = 3; i < 11; i++)
		m->fixed[i] = 0x0505050505050505ull;
	v->msrs_logged = 0;
}

/* ---- the list ------------------------------------------------------------------------------ */

static bool listed_read(uint32_t msr, uint64_t *val)
{
	switch (msr) {
#define MSR(nr, NAME, read, writes) \
	case nr:                    \
		*val = (read);      \
		return true;
#include "vmm/msrs.def"
#undef MSR
	default:
		return false;
	}
}

static bool listed_write(uint32_t msr)
{
	switch (msr) {
#define MSR(nr, NAME, read, writes) \
	case nr:                    \
		return (writes) == WRITES_IGNORED;
#include "vmm/msrs.def"
#undef MSR
	default:
		return false;
	}
}

static bool unknown(struct vcpu *v, const char *what, uint32_t msr, uint64_t val)
{
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): &v->… is taken for NULL */
	if (v->msrs_logged < LOGGED_MAX) {
		v->msrs_logged++;
		LOG(DEBUG, "VMM", "%s: %s MSR 0x%x (0x%llx)", v->vm->label, what, msr,
		    (unsigned long long)val);
	}
	return false;
}

bool vcpu_rdmsr(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	const uint64_t *p;

	if (is_apic(msr))
		return apic_read(v, msr, val);
	p = mtrr(v, msr);
	if (p) {
		*val = *p;
		return true;
	}
	switch (msr) {
	case MSR_TSC:
		*val = rdtsc() + v->vm->tsc_offset;
		return true;
	case MSR_TSC_AUX:
		*val = v->tsc_aux;
		return true;
	case MSR_TOP_MEM:
		*val = MIN(v->vm->mem.bytes, 3ull << 30);
		return true;
	case MSR_TOP_MEM2:
		*val = v->vm->mem.bytes > 3ull << 30 ? v->vm->mem.bytes + BIT(30) : 0;
		return true;
	default:
		return listed_read(msr, val) || unknown(v, "reads", msr, 0);
	}
}

bool vcpu_wrmsr(struct vcpu *v, uint32_t msr, uint64_t val)
{
	uint64_t *p;

	if (is_apic(msr))
		return apic_write(v, msr, val);
	p = mtrr(v, msr);
	if (p) {
		*p = val;
		return true;
	}
	switch (msr) {
	case MSR_TSC:
		v->vm->tsc_offset = val - rdtsc();
		vcpu_attend(v, ATT_TIME);
		return true;
	case MSR_TSC_AUX:
		if (val >> 32)
			return false;
		v->tsc_aux = val;
		fpu_tsc_aux(v);
		return true;
	case MSR_TOP_MEM:
	case MSR_TOP_MEM2:
		return true;
	default:
		return listed_write(msr) || unknown(v, "writes", msr, val);
	}
}
