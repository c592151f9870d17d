// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * Time. A world's time in each state is added up whenever its state changes
 * or somebody asks. Time that it ran is weighed by its shares into its
 * virtual time, taken off the credit of its minimum and off the budget of
 * its maximum; both fill with time and hold a moment's worth at most.
 *
 * Virtual times are compared by signed difference, so that they may wrap.
 */
#include "sched/private.h"

#define WEIGHT_SCALE 1024u /* virtual time of 1 ns at one share */
#define LAG_NS (30 * NS_PER_MS) /* a sleeper comes back with this much advantage at most */
#define BEHIND_NS (100 * NS_PER_MS) /* and who never slept, but had to wait, with this much */
#define DEBT_LAPSES_NS (60000 * NS_PER_MS) /* after such a sleep */
#define MIN_WINDOW_NS (200 * NS_PER_MS) /* a minimum is owed for this long at most */
#define MAX_WINDOW_NS (40 * NS_PER_MS) /* a maximum is saved up for this long at most */
#define MAX_DELAY_NS (400 * NS_PER_MS) /* or this long, while it waits for a PCPU */

uint64_t sched_weigh(const struct world *w, uint64_t ns)
{
	return ns * WEIGHT_SCALE / w->shares;
}

static void add_vtime(struct world *w, uint64_t ns)
{
	uint64_t weighed = ns * WEIGHT_SCALE + w->vrest;

	w->vtime += weighed / w->shares;
	w->vrest = weighed % w->shares;
}

void sched_bound_lag(struct world *w)
{
	bool slept = w->state != WORLD_RUNNING && w->state != WORLD_READY;
	uint64_t low = sched.vnow - sched_weigh(w, slept ? LAG_NS : BEHIND_NS);

	if ((int64_t)(w->vtime - low) < 0)
		w->vtime = low;
}

void sched_bound_debt(struct world *w)
{
	uint64_t high = sched.vnow + sched_weigh(w, 2 * sched.slice_ns);

	if ((int64_t)(w->vtime - high) > 0)
		w->vtime = high;
}

static int64_t clamp(int64_t v, int64_t lo, int64_t hi)
{
	return MAX(lo, MIN(v, hi));
}

static void fill_limits(struct world *w, uint64_t now)
{
	uint64_t passed = now > w->budget_at ? now - w->budget_at : 0;
	int64_t window = (int64_t)(w->min_pct * MIN_WINDOW_NS / 100);
	int64_t full = (int64_t)(w->max_pct * MAX_WINDOW_NS / 100);

	w->budget_at += passed;
	if (w->state == WORLD_READY || w->state == WORLD_RUNNING) {
		w->min_credit += (int64_t)(passed * w->min_pct / 100);
		full = (int64_t)(w->max_pct * MAX_DELAY_NS / 100);
	}
	w->max_budget += (int64_t)(passed * w->max_pct / 100);
	w->min_credit = clamp(w->min_credit, -window, window);
	w->max_budget = MIN(w->max_budget, full);
}

void sched_account(struct world *w, uint64_t now)
{
	/* PCPUs read the clock before they get the lock: now may lie a little back. */
	uint64_t passed = now > w->since ? now - w->since : 0;

	fill_limits(w, now);
	w->time[w->state] += passed;
	w->since += passed;
	if (w->state == WORLD_RUNNING && w->kind != WORLD_IDLE) {
		w->pcpu_ns[w->pcpu] += passed;
		sched.pcpu[w->pcpu].busy_ns += passed;
	}
	if (w->state == WORLD_RUNNING) {
		add_vtime(w, passed);
		w->min_credit -= (int64_t)passed;
		w->max_budget -= (int64_t)passed;
	}
	if (w->state == WORLD_WAITING && passed >= DEBT_LAPSES_NS &&
	    (int64_t)(w->vtime - sched.vnow) > 0)
		w->vtime = sched.vnow;
}

void sched_account_state(struct world *w, enum sched_state state, uint64_t now)
{
	sched_account(w, now);
	w->state = state;
	list_del(&w->queue);
	if (state == WORLD_READY)
		list_add_tail(&sched.ready, &w->queue);
	else if (state == WORLD_CAPPED || (state == WORLD_WAITING && w->due != SCHED_NEVER))
		list_add_tail(&sched.timed, &w->queue);
}

void sched_reset_limits(struct world *w, uint64_t now)
{
	w->budget_at = now;
	w->min_credit = 0;
	w->max_budget = (int64_t)(w->max_pct * MAX_WINDOW_NS / 100);
}

bool sched_is_capped(const struct world *w)
{
	return w->max_pct && w->max_budget <= 0;
}

/* Not before half the window has filled, so that it then runs for more than an instant. */
uint64_t sched_cap_end(const struct world *w, uint64_t now)
{
	int64_t wanted = (int64_t)(w->max_pct * MAX_WINDOW_NS / 200) - w->max_budget;

	return now + (uint64_t)wanted * 100 / w->max_pct;
}

/* While it runs, the budget fills too. */
uint64_t sched_cap_left(const struct world *w)
{
	if (!w->max_pct || w->max_pct >= 100)
		return SCHED_NEVER;
	return (uint64_t)MAX(w->max_budget, 0) * 100 / (100 - w->max_pct) + 1;
}
