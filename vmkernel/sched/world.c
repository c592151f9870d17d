// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * Worlds: making and removing them, their shares, starting and stopping.
 * Since a world's stack is empty whenever it does not run, one that does not
 * run is stopped by nothing but a change of its state.
 */
#include "error.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "lib/text.h"
#include "sched/private.h"

void sched_world_setup(struct world *w, enum world_kind kind, uint32_t id, const char *name)
{
	memset(w, 0, sizeof(*w));
	strscpy(w->name, name, sizeof(w->name));
	w->kind = kind;
	w->id = id;
	w->wait_until = w->due = SCHED_NEVER;
	w->pcpu = SCHED_NO_PCPU;
	w->shares = SCHED_SHARES_DEFAULT;
	w->affinity = SCHED_ANY_PCPU;
	w->state = WORLD_STOPPED;
	list_init(&w->queue);
}

void world_init(struct world *w, enum world_kind kind, const char *name, world_run_fn run,
		void *ctx, uint64_t now)
{
	sched_world_setup(w, kind, 0, name);
	w->run = run;
	w->ctx = ctx;
	w->since = now;
	sched_reset_limits(w, now);
	spin_lock(&sched.lock);
	w->id = sched.next_id++;
	w->vtime = sched.vnow;
	list_add_tail(&sched.worlds, &w->all);
	spin_unlock(&sched.lock);
}

int world_destroy(struct world *w)
{
	int err = VMK_BUSY;

	spin_lock(&sched.lock);
	if (w->state == WORLD_STOPPED) {
		sched.min_total -= w->min_pct;
		list_del(&w->all);
		err = VMK_OK;
	}
	spin_unlock(&sched.lock);
	return err;
}

int world_set_shares(struct world *w, uint32_t shares, uint32_t min_pct, uint32_t max_pct,
		     uint64_t now)
{
	int err = VMK_OK;

	if (!shares || shares > SCHED_SHARES_MAX || min_pct > 100 || max_pct > 100 ||
	    (max_pct && min_pct > max_pct))
		return VMK_BAD_PARAM;
	spin_lock(&sched.lock);
	sched_account(w, now);
	if (min_pct > w->min_pct &&
	    sched.min_total - w->min_pct + min_pct > sched_pcpus_online() * 100) {
		err = VMK_OVERCOMMIT;
	} else {
		sched.min_total += min_pct - w->min_pct;
		w->shares = shares;
		w->vrest = 0;
		if (min_pct != w->min_pct || max_pct != w->max_pct) {
			w->min_pct = min_pct;
			w->max_pct = max_pct;
			sched_reset_limits(w, now);
		}
		sched_bound_lag(w);
		sched_bound_debt(w);
	}
	spin_unlock(&sched.lock);
	return err;
}

void world_set_affinity(struct world *w, uint64_t pcpus, uint64_t now)
{
	uint32_t target;

	VMK_ASSERT(pcpus);
	spin_lock(&sched.lock);
	w->affinity = pcpus;
	target = sched_place(w, now);
	if (w->state == WORLD_RUNNING && !(pcpus & BIT(w->pcpu)))
		target = w->pcpu;
	spin_unlock(&sched.lock);
	sched_kick(target);
}

void world_set_console(struct world *w)
{
	spin_lock(&sched.lock);
	/* The idle world of PCPU 0, of which nobody has heard, takes the id of a new one. */
	sched.pcpu[0].idle_world.id = w->id;
	list_del(&sched.console.all);
	w->id = WORLD_ID_CONSOLE;
	strscpy(w->name, sched.console.name, sizeof(w->name));
	w->affinity = BIT(0);
	spin_unlock(&sched.lock);
}

int world_parse_affinity(const char *text, uint64_t *pcpus)
{
	uint64_t set = 0, pcpu;
	char number[4];
	size_t len;

	if (!strcmp(text, "all") || !strcmp(text, "default")) {
		*pcpus = SCHED_ANY_PCPU;
		return VMK_OK;
	}
	for (;; text++) {
		for (len = 0; text[len] && text[len] != ',' && len < sizeof(number) - 1; len++)
			number[len] = text[len];
		number[len] = '\0';
		text += len;
		if (parse_u64(number, &pcpu) || (*text && *text != ','))
			return VMK_BAD_PARAM;
		if (pcpu >= SCHED_PCPU_MAX || !(sched.online & BIT(pcpu)))
			return VMK_LIMIT_EXCEEDED;
		set |= BIT(pcpu);
		if (!*text)
			break;
	}
	*pcpus = set;
	return VMK_OK;
}

void world_set_group(struct world *w, uint32_t group)
{
	spin_lock(&sched.lock);
	w->group = group;
	spin_unlock(&sched.lock);
}

int world_start(struct world *w, uint64_t now)
{
	uint32_t target = SCHED_NO_PCPU;
	int err = VMK_BAD_STATE;

	spin_lock(&sched.lock);
	if (w->state == WORLD_STOPPED) {
		w->stop_pending = false;
		sched_make_ready(w, now);
		target = sched_place(w, now);
		err = VMK_OK;
	}
	spin_unlock(&sched.lock);
	sched_kick(target);
	return err;
}

int world_stop(struct world *w, uint64_t now)
{
	uint32_t target = SCHED_NO_PCPU;

	spin_lock(&sched.lock);
	if (w->state == WORLD_RUNNING) {
		w->stop_pending = true;
		target = w->pcpu;
	} else if (w->state != WORLD_STOPPED) {
		sched_account_state(w, WORLD_STOPPED, now);
	}
	spin_unlock(&sched.lock);
	sched_kick(target);
	return target == SCHED_NO_PCPU ? VMK_OK : VMK_BUSY;
}

void sched_wake(struct world *w, uint64_t now)
{
	uint32_t target = SCHED_NO_PCPU;

	spin_lock(&sched.lock);
	if (w->state == WORLD_WAITING) {
		w->wakes++;
		sched_make_ready(w, now);
		target = sched_place(w, now);
	} else if (w->state == WORLD_RUNNING) {
		w->wake_pending = true;
		target = w->pcpu;
	}
	spin_unlock(&sched.lock);
	sched_kick(target);
}

void world_get_times(struct world *w, uint64_t now, struct world_times *times)
{
	spin_lock(&sched.lock);
	sched_account(w, now);
	*times = (struct world_times){
		.used_ns = w->time[WORLD_RUNNING],
		.sys_ns = w->sys_ns,
		.ready_ns = w->time[WORLD_READY],
		.wait_ns = w->time[WORLD_WAITING],
		.capped_ns = w->time[WORLD_CAPPED],
		.stopped_ns = w->time[WORLD_STOPPED],
	};
	spin_unlock(&sched.lock);
}
