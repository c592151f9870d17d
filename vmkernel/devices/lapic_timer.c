/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * The timer of a local APIC: one-shot, periodic and TSC-deadline. A VM's bus clock is
 * 1 GHz, so a tick is a nanosecond and a count is arithmetic on the clock. A masked
 * timer runs on but has no deadline: what it missed is caught up with at the next
 * access. Periods that nobody could serve in time are merged into one interrupt.
 */
#include "devices/lapic.h"
#include "devices/ticks.h"

_Static_assert(LAPIC_BUS_HZ == NS_PER_SEC, "a bus tick is a nanosecond");

#define LVT_MASKED (1u << 16)
#define TIMER_MODE(lvt) ((lvt) >> 17 & 3)
#define MODE_PERIODIC 1u
#define MODE_TSC_DEADLINE 2u

static unsigned int mode(const struct lapic *apic)
{
	return TIMER_MODE(apic->lvt[LVT_TIMER]);
}

/* log2 of the divisor: bits 3, 1, 0 of the register; 111b means 1. */
static unsigned int divide_shift(const struct lapic *apic)
{
	unsigned int code = (apic->divide & 3) | (apic->divide & 8) >> 1;

	return (code + 1) & 7;
}

static uint64_t count_to_ns(const struct lapic *apic, uint32_t count)
{
	uint64_t ticks = (uint64_t)count << divide_shift(apic);

	return apic->bus_hz == NS_PER_SEC ? ticks : ticks_to_ns(ticks, apic->bus_hz);
}

static void stop(struct lapic *apic)
{
	apic->initial = 0;
	apic->tsc_deadline = 0;
	apic->timer_at = DEV_NEVER;
}

void lapic_timer_reset(struct lapic *apic)
{
	apic->divide = 0;
	stop(apic);
}

void lapic_timer_write_lvt(struct lapic *apic, uint32_t val)
{
	lapic_tick(apic, dev_now(&apic->clock));
	if ((TIMER_MODE(val) == MODE_TSC_DEADLINE) != (mode(apic) == MODE_TSC_DEADLINE))
		stop(apic);
	apic->lvt[LVT_TIMER] = val;
}

void lapic_timer_write_initial(struct lapic *apic, uint32_t val)
{
	uint64_t now = dev_now(&apic->clock);

	lapic_tick(apic, now);
	if (mode(apic) == MODE_TSC_DEADLINE)
		return;
	apic->initial = val;
	apic->timer_at = val ? now + count_to_ns(apic, val) : DEV_NEVER;
}

void lapic_timer_resume(struct lapic *apic, uint32_t initial, uint32_t left)
{
	apic->initial = initial;
	apic->timer_at = left ? dev_now(&apic->clock) + count_to_ns(apic, left) : DEV_NEVER;
}

void lapic_timer_write_divide(struct lapic *apic, uint32_t val)
{
	uint64_t now = dev_now(&apic->clock);
	uint32_t left = lapic_timer_current(apic);

	apic->divide = val & 0xb;
	if (mode(apic) == MODE_TSC_DEADLINE || apic->timer_at == DEV_NEVER)
		return;
	/* A running count goes on from where it is, at the new speed. */
	apic->timer_at = now + count_to_ns(apic, left ? left : 1);
}

void lapic_timer_write_deadline(struct lapic *apic, uint64_t tsc)
{
	uint64_t now = dev_now(&apic->clock);
	uint64_t current;

	lapic_tick(apic, now);
	if (mode(apic) != MODE_TSC_DEADLINE)
		return;
	apic->tsc_deadline = tsc;
	apic->timer_at = DEV_NEVER;
	if (!tsc)
		return;
	current = apic->ops->guest_tsc(apic->opaque, apic);
	if (tsc > current)
		apic->timer_at = add_sat(now, ticks_to_ns(tsc - current, apic->tsc_hz));
	else
		apic->timer_at = now;
	lapic_tick(apic, now);
}

uint32_t lapic_timer_current(struct lapic *apic)
{
	uint64_t now = dev_now(&apic->clock);

	lapic_tick(apic, now);
	if (mode(apic) == MODE_TSC_DEADLINE || apic->timer_at == DEV_NEVER)
		return 0;
	now = apic->timer_at - now;
	if (apic->bus_hz != NS_PER_SEC)
		now = ns_to_ticks(now, apic->bus_hz);
	return (uint32_t)(now >> divide_shift(apic));
}

uint64_t lapic_deadline(const struct lapic *apic)
{
	return apic->lvt[LVT_TIMER] & LVT_MASKED ? DEV_NEVER : apic->timer_at;
}

void lapic_tick(struct lapic *apic, uint64_t now)
{
	uint64_t period;

	if (now < apic->timer_at)
		return;
	if (mode(apic) == MODE_PERIODIC) {
		period = count_to_ns(apic, apic->initial);
		apic->timer_at = now - (now - apic->timer_at) % period + period;
	} else {
		apic->timer_at = DEV_NEVER;
		apic->tsc_deadline = 0;
	}
	lapic_fire_lvt(apic, LVT_TIMER);
}
