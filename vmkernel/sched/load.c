// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * The load: how many VCPUs want a PCPU, run or ready, on average over 1, 5
 * and 15 minutes. Every second or later, what they wanted since is spread
 * evenly over that time and goes into averages that forget exponentially.
 */
#include "sched/private.h"

#define STEP_NS (1000 * NS_PER_MS)
#define STEPS_MAX 7200u /* two hours later nothing is left of what was */
#define SHIFT 20u /* of the fixed point */

/* 1 - exp(-1/60), 1 - exp(-1/300), 1 - exp(-1/900) */
static const uint32_t gain[LOADS] = { 17331, 3489, 1164 };

/* ns that all have wanted since the last time. */
static uint64_t wanted_since(uint64_t now)
{
	uint64_t sum = 0, all;
	struct world *w;

	LIST_FOR_EACH(w, &sched.worlds, struct world, all) {
		if (w->kind != WORLD_VCPU)
			continue;
		sched_account(w, now);
		all = w->time[WORLD_RUNNING] + w->time[WORLD_READY];
		sum += all > w->wanted_ns ? all - w->wanted_ns : 0;
		w->wanted_ns = all;
	}
	return sum;
}

void sched_load_update(uint64_t now)
{
	uint64_t steps, mean;

	if (now < sched.load_at + STEP_NS)
		return;
	steps = (now - sched.load_at) / STEP_NS;
	mean = (wanted_since(now) >> 10) * (1u << SHIFT) / ((now - sched.load_at) >> 10);
	sched.load_at += steps * STEP_NS;
	for (uint32_t i = 0; i < LOADS; i++) {
		uint64_t load = sched.load[i];

		for (uint64_t step = 0; step < MIN(steps, (uint64_t)STEPS_MAX); step++)
			load = (load * ((1u << SHIFT) - gain[i]) + mean * gain[i]) >> SHIFT;
		sched.load[i] = load;
	}
}

void sched_load_get(uint64_t now, uint32_t *hundredths)
{
	spin_lock(&sched.lock);
	sched_load_update(now);
	for (uint32_t i = 0; i < LOADS; i++)
		hundredths[i] = (uint32_t)((sched.load[i] * 100 + (1u << SHIFT) / 2) >> SHIFT);
	spin_unlock(&sched.lock);
}
