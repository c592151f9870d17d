// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * The local APIC (APM vol. 2, chapter 16): xAPIC registers are 16 bytes
 * apart in one page, x2APIC has the same registers as MSRs 0x800 + n.
 * The timer is the APIC's own, or the TSC deadline where CPUID has it.
 */
#include "cpu/apic.h"
#include "cpu/mmio.h"
#include "cpu/pcpu.h"
#include "cpu/time.h"
#include "cpu/x86.h"

/* Register numbers (xAPIC offset / 16). */
#define APIC_ID 0x02u
#define APIC_TPR 0x08u
#define APIC_EOI 0x0bu
#define APIC_SVR 0x0fu
#define APIC_ICR 0x30u
#define APIC_ICR2 0x31u
#define APIC_LVT_TIMER 0x32u
#define APIC_LVT_LINT0 0x35u
#define APIC_LVT_LINT1 0x36u
#define APIC_LVT_ERROR 0x37u
#define APIC_TIMER_INIT 0x38u
#define APIC_TIMER_CURRENT 0x39u
#define APIC_TIMER_DIV 0x3eu

#define LVT_MASKED (1u << 16)
#define LVT_TSC_DEADLINE (2u << 17)
#define SVR_ENABLE (1u << 8)
#define ICR_BUSY (1u << 12)
#define ICR_ASSERT (1u << 14)
#define ICR_NMI (4u << 8)
#define ICR_INIT (5u << 8)
#define ICR_STARTUP (6u << 8)
#define TIMER_DIV_1 0xbu
#define CPUID1_ECX_TSC_DEADLINE (1u << 24)
#define CALIBRATE_US 1000u

static bool x2apic_mode;
static bool tsc_deadline;
static uint64_t
	timer_mult; /* timer ticks per ns, 32.32, measured by the first PCPU that is taken */

uint32_t apic_reg_read(uint32_t reg)
{
	if (x2apic_mode)
		return (uint32_t)rdmsr(MSR_X2APIC + reg);
	return mmio_read32(MMIO_LAPIC + reg * 16);
}

void apic_reg_write(uint32_t reg, uint32_t val)
{
	if (x2apic_mode)
		wrmsr(MSR_X2APIC + reg, val);
	else
		mmio_write32(MMIO_LAPIC + reg * 16, val);
}

int apic_init(bool x2apic)
{
	x2apic_mode = x2apic;
	tsc_deadline = (cpuid(1, 0).ecx & CPUID1_ECX_TSC_DEADLINE) != 0;
	timer_mult = 0;
	return 0;
}

uint32_t apic_id(void)
{
	uint32_t id = apic_reg_read(APIC_ID);

	return x2apic_mode ? id : id >> 24;
}

void apic_eoi(void)
{
	apic_reg_write(APIC_EOI, 0);
}

/* The console may be between its own writes of ICR high and low: high is put back. */
static void icr_send(uint32_t dest, uint32_t low)
{
	uint32_t high;

	if (x2apic_mode) {
		wrmsr(MSR_X2APIC + APIC_ICR, (uint64_t)dest << 32 | low);
		return;
	}
	high = apic_reg_read(APIC_ICR2);
	apic_reg_write(APIC_ICR2, dest << 24);
	apic_reg_write(APIC_ICR, low);
	while (apic_reg_read(APIC_ICR) & ICR_BUSY)
		cpu_relax();
	apic_reg_write(APIC_ICR2, high);
}

void apic_send_fixed(uint32_t dest, uint8_t vector)
{
	icr_send(dest, ICR_ASSERT | vector);
}

void apic_send_nmi(uint32_t dest)
{
	icr_send(dest, ICR_ASSERT | ICR_NMI);
}

void apic_send_init(uint32_t dest)
{
	icr_send(dest, ICR_ASSERT | ICR_INIT);
}

void apic_send_sipi(uint32_t dest, uint8_t page)
{
	icr_send(dest, ICR_ASSERT | ICR_STARTUP | page);
}

void pcpu_kick(uint32_t id)
{
	struct pcpu *pcpu = pcpu_get(id);

	if (pcpu && (pcpu->state == PCPU_ONLINE || pcpu->state == PCPU_STOPPING))
		apic_send_fixed(pcpu->apic_id, VEC_KICK);
}

static void timer_calibrate(void)
{
	uint64_t tsc;
	uint32_t ticks;

	apic_reg_write(APIC_TIMER_INIT, UINT32_MAX);
	tsc = rdtsc();
	delay_us(CALIBRATE_US);
	ticks = UINT32_MAX - apic_reg_read(APIC_TIMER_CURRENT);
	tsc = rdtsc() - tsc;
	apic_reg_write(APIC_TIMER_INIT, 0);
	timer_mult = (((uint64_t)ticks * tsc_khz / tsc) << 32) / 1000000;
	if (!timer_mult)
		timer_mult = 1;
}

uint64_t apic_timer_hz(void)
{
	return (uint64_t)(((unsigned __int128)timer_mult * 1000000000u) >> 32);
}

void apic_pcpu_init(void)
{
	apic_reg_write(APIC_SVR, SVR_ENABLE | VEC_SPURIOUS);
	apic_reg_write(APIC_TPR, 0);
	apic_reg_write(APIC_LVT_LINT0, LVT_MASKED);
	apic_reg_write(APIC_LVT_LINT1, LVT_MASKED);
	apic_reg_write(APIC_LVT_ERROR, LVT_MASKED);
	apic_reg_write(APIC_TIMER_DIV, TIMER_DIV_1);
	apic_reg_write(APIC_LVT_TIMER, LVT_MASKED | VEC_TIMER);
	if (tsc_deadline)
		apic_reg_write(APIC_LVT_TIMER, LVT_TSC_DEADLINE | VEC_TIMER);
	else if (!timer_mult)
		timer_calibrate();
	if (!tsc_deadline)
		apic_reg_write(APIC_LVT_TIMER, VEC_TIMER);
	this_pcpu()->timer_deadline_ns = UINT64_MAX;
}

void apic_pcpu_exit(void)
{
	timer_arm(UINT64_MAX);
	apic_reg_write(APIC_LVT_TIMER, LVT_MASKED | VEC_TIMER);
	apic_reg_write(APIC_SVR, VEC_SPURIOUS);
}

static void timer_arm_count(uint64_t ns)
{
	uint64_t now = now_ns(), ticks;

	if (ns == UINT64_MAX) {
		apic_reg_write(APIC_TIMER_INIT, 0);
		return;
	}
	ticks = ns > now ? (uint64_t)(((unsigned __int128)(ns - now) * timer_mult) >> 32) + 1 : 1;
	apic_reg_write(APIC_TIMER_INIT, ticks > UINT32_MAX ? UINT32_MAX : (uint32_t)ticks);
}

void timer_arm(uint64_t ns)
{
	struct pcpu *pcpu = this_pcpu();

	if (pcpu->timer_deadline_ns == ns && ns == UINT64_MAX)
		return;
	pcpu->timer_deadline_ns = ns;
	if (tsc_deadline)
		wrmsr(MSR_TSC_DEADLINE, ns == UINT64_MAX ? 0 : ns_to_tsc(ns));
	else
		timer_arm_count(ns);
}
