// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * The load: how many VCPUs want a PCPU, run or ready, on average over 1, 5
 * and 15 minutes. Every second or later, what they wanted since is spread
 * evenly over that time and goes into averages that forget exponentially.
 *
 * And who is entitled to how much: what a world would get if all that are not
 * stopped wanted all that they may have. For one factor, the same for all,
 * that is shares times factor, but no less than the minimum and no more than
 * the maximum; and the factor is such that it is all that the PCPUs have.
 */
#include "sched/private.h"

#define STEP_NS (1000 * NS_PER_MS)
#define STEPS_MAX 7200u /* two hours later nothing is left of what was */
#define SHIFT 20u /* of the fixed point */
#define FACTOR_MAX (100ull << SHIFT) /* percent of one PCPU for one share */

/* 1 - exp(-1/60), 1 - exp(-1/300), 1 - exp(-1/900) */
static const uint32_t gain[LOADS] = { 17331, 3489, 1164 };

uint32_t sched_load_entitled(const struct world *w, uint64_t factor)
{
	uint32_t most = w->max_pct ? w->max_pct : 100;

	if (w->kind == WORLD_IDLE || w->kind == WORLD_CONSOLE || w->state == WORLD_STOPPED)
		return 0;
	return MAX(w->min_pct, (uint32_t)MIN((uint64_t)most, w->shares * factor >> SHIFT));
}

uint64_t sched_load_factor(void)
{
	uint64_t low = 0, high = FACTOR_MAX, all = 100ull * sched_pcpus_online();
	const struct world *w;

	while (low < high) {
		uint64_t middle = (low + high + 1) / 2, sum = 0;

		LIST_FOR_EACH(w, &sched.worlds, const struct world, all)
			sum += sched_load_entitled(w, middle);
		if (sum <= all)
			low = middle;
		else
			high = middle - 1;
	}
	return low;
}

/* What w wanted in the time that has passed, up to now. */
static uint64_t measure(struct world *w, uint64_t passed, uint64_t factor, uint64_t now)
{
	uint64_t wanted, used, entitled, since;

	sched_account(w, now);
	used = w->time[WORLD_RUNNING];
	wanted = used + w->time[WORLD_READY];
	entitled = passed * sched_load_entitled(w, factor) / 100;
	if (used > w->used_ns + entitled)
		w->extra_ns += used - w->used_ns - entitled;
	w->used_ns = used;
	/* begin_time() may take a moment of READY back. */
	since = wanted > w->wanted_ns ? wanted - w->wanted_ns : 0;
	w->wanted_ns = wanted;
	return since;
}

void sched_load_update(uint64_t now)
{
	uint64_t steps, mean, factor, passed, wanted = 0;
	struct world *w;

	if (now < sched.load_seen + STEP_NS)
		return;
	factor = sched_load_factor();
	passed = now - sched.load_seen;
	LIST_FOR_EACH(w, &sched.worlds, struct world, all)
		if (w->kind == WORLD_VCPU)
			wanted += measure(w, passed, factor, now);
	mean = (wanted >> 10 << SHIFT) / (passed >> 10);
	steps = (now - sched.load_at) / STEP_NS;
	sched.load_seen = now;
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
