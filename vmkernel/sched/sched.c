// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * The one run queue. A PCPU that is free looks through all ready worlds: they
 * are few, and so the order that minima, shares and nearness ask for need not
 * be kept in a structure, only compared. Whoever makes a world ready says
 * which PCPU should look: an idle one, else the one whose world has had most
 * of its share.
 *
 * The virtual time of all, vnow, follows the worlds that are picked for their
 * virtual time. A world with more shares than one PCPU can give stays behind
 * it, as far as sched_bound_vtime lets it, and takes nothing from the others.
 */
#include "lib/assert.h"
#include "lib/format.h"
#include "lib/string.h"
#include "sched/private.h"

#define NEAR_NS NS_PER_MS /* so much longer a world waits for the PCPU that it knows */
#define PREEMPT_NS NS_PER_MS /* so far behind must a woken world be to push another out */

struct sched sched = {
	.lock = SPINLOCK_INIT(RANK_SCHED),
	.worlds = LIST_INIT(sched.worlds),
};

void sched_kick(uint32_t pcpu)
{
	if (pcpu != SCHED_NO_PCPU && sched.hooks->kick)
		sched.hooks->kick(pcpu);
}

/* The lowest PCPU of a mask that has one. */
static uint32_t lowest(uint64_t mask)
{
	return (uint32_t)__builtin_ctzll(mask);
}

void sched_init(const struct sched_hooks *hooks, uint64_t now)
{
	char name[16];

	sched.hooks = hooks;
	sched.slice_ns = SCHED_SLICE_NS;
	sched.vnow = 0;
	sched.online = sched.idle = 0;
	sched.min_total = 0;
	sched.load_at = sched.load_seen = now;
	memset(sched.load, 0, sizeof(sched.load));
	sched.next_id = WORLD_ID_CONSOLE + SCHED_PCPU_MAX;
	list_init(&sched.worlds);
	list_init(&sched.ready);
	list_init(&sched.timed);
	sched_world_setup(&sched.console, WORLD_CONSOLE, WORLD_ID_CONSOLE, "console");
	sched.console.since = now;
	sched.console.pcpu = 0;
	list_add_tail(&sched.worlds, &sched.console.all);
	for (uint32_t i = 0; i < SCHED_PCPU_MAX; i++) {
		sched.pcpu[i] = (struct sched_pcpu){ .current = NULL };
		vmk_snprintf(name, sizeof(name), "idle%u", i);
		sched_world_setup(&sched.pcpu[i].idle_world, WORLD_IDLE, WORLD_ID_CONSOLE + i,
				  name);
		sched.pcpu[i].idle_world.pcpu = i;
		list_init(&sched.pcpu[i].idle_world.all);
	}
}

void sched_pcpu_online(uint32_t pcpu, uint64_t now)
{
	struct sched_pcpu *p = &sched.pcpu[pcpu];

	spin_lock(&sched.lock);
	if (!(sched.online & BIT(pcpu))) {
		sched.online |= BIT(pcpu);
		sched.idle |= BIT(pcpu);
		p->idle_world.since = now;
		p->idle_world.state = WORLD_RUNNING;
		list_add_tail(&sched.worlds, &p->idle_world.all);
	}
	spin_unlock(&sched.lock);
}

void sched_pcpu_offline(uint32_t pcpu, uint64_t now)
{
	struct sched_pcpu *p = &sched.pcpu[pcpu];
	uint32_t heir = SCHED_NO_PCPU;

	spin_lock(&sched.lock);
	VMK_ASSERT(!p->current);
	if (sched.online & BIT(pcpu)) {
		sched.online &= ~BIT(pcpu);
		sched.idle &= ~BIT(pcpu);
		sched_account_state(&p->idle_world, WORLD_STOPPED, now);
		list_del(&p->idle_world.all);
	}
	if (sched.online)
		heir = lowest(sched.online); /* takes over the deadlines */
	spin_unlock(&sched.lock);
	sched_kick(heir);
}

uint32_t sched_pcpus_online(void)
{
	uint64_t left = __atomic_load_n(&sched.online, __ATOMIC_RELAXED);
	uint32_t count = 0;

	for (; left; left &= left - 1)
		count++;
	return count;
}

void sched_make_ready(struct world *w, uint64_t now)
{
	sched_account(w, now);
	sched_bound_lag(w);
	if (sched_is_capped(w)) {
		w->due = sched_cap_end(w, now);
		sched_account_state(w, WORLD_CAPPED, now);
	} else {
		sched_account_state(w, WORLD_READY, now);
	}
	w->ready_at = w->since;
}

/* An idle PCPU for w, its last one if possible; it counts as busy from now on. */
static uint32_t claim_idle(const struct world *w)
{
	uint64_t idle = sched.idle & w->affinity;
	uint32_t found;

	if (!idle)
		return SCHED_NO_PCPU;
	found = w->pcpu != SCHED_NO_PCPU && idle & BIT(w->pcpu) ? w->pcpu : lowest(idle);
	sched.idle &= ~BIT(found);
	sched.pcpu[found].kicks++;
	return found;
}

/* By how much w should run rather than the world that runs on p; 0 or less: not. */
static int64_t advantage(const struct world *w, const struct sched_pcpu *p, uint64_t now)
{
	const struct world *r = p->current;
	uint64_t running = now > r->since ? now - r->since : 0;
	uint64_t vtime = r->vtime + sched_weigh(r, running);

	if (r->min_credit > 0)
		return 0;
	if (w->min_credit > 0)
		return INT64_MAX;
	return (int64_t)(vtime - w->vtime - sched_weigh(w, PREEMPT_NS));
}

uint32_t sched_place(const struct world *w, uint64_t now)
{
	uint32_t best = SCHED_NO_PCPU;
	int64_t most = 0;

	if (w->state != WORLD_READY)
		return SCHED_NO_PCPU;
	best = claim_idle(w);
	if (best != SCHED_NO_PCPU)
		return best;
	for (uint64_t left = sched.online & w->affinity; left; left &= left - 1) {
		struct sched_pcpu *p = &sched.pcpu[lowest(left)];

		if (p->current && !p->preempted && advantage(w, p, now) > most) {
			most = advantage(w, p, now);
			best = lowest(left);
		}
	}
	if (best != SCHED_NO_PCPU) {
		sched.pcpu[best].preempted = true;
		sched.pcpu[best].kicks++;
	}
	return best;
}

/* Worlds whose deadline has passed, or whose cap has ended, are ready. */
static void expire(uint64_t now)
{
	struct world *w, *next;

	LIST_FOR_EACH_SAFE(w, next, &sched.timed, struct world, queue)
		if (w->due <= now)
			sched_make_ready(w, now);
}

/* True if a should go before b: minima first, the one that is longest behind. */
static bool goes_before(const struct world *a, const struct world *b)
{
	bool a_owed = a->min_credit > 0, b_owed = b->min_credit > 0;

	if (a_owed && b_owed)
		return a->min_credit * b->min_pct > b->min_credit * a->min_pct;
	if (a_owed || b_owed)
		return a_owed;
	return (int64_t)(a->vtime - b->vtime) < 0;
}

/* True if near may go before best because it knows this PCPU. */
static bool near_enough(const struct world *near, const struct world *best)
{
	uint64_t ahead = MIN(sched_weigh(near, NEAR_NS), sched_weigh(best, NEAR_NS));

	return (int64_t)(near->vtime - best->vtime - ahead) <= 0;
}

static struct world *best_ready(uint32_t pcpu, uint64_t now)
{
	struct world *w, *best = NULL, *near = NULL, *first = NULL;

	LIST_FOR_EACH(w, &sched.ready, struct world, queue) {
		sched_account(w, now);
		if (!first || (int64_t)(w->vtime - first->vtime) < 0)
			first = w;
		if (!(w->affinity & BIT(pcpu)))
			continue;
		if (!best || goes_before(w, best))
			best = w;
		if (w->pcpu == pcpu && (!near || goes_before(w, near)))
			near = w;
	}
	if (!best || best->min_credit > 0)
		return best;
	if (best == first && (int64_t)(best->vtime - sched.vnow) > 0)
		sched.vnow = best->vtime;
	return near && near_enough(near, best) ? near : best;
}

/* The PCPU's time is the idle world's from now on, or no longer. */
static void give_idle_time(struct sched_pcpu *p, bool idle, uint64_t now)
{
	enum sched_state state = idle ? WORLD_RUNNING : WORLD_WAITING;

	if (p->idle_world.state != state)
		sched_account_state(&p->idle_world, state, now);
}

/*
 * The PCPU is w's. From one world to the next it does not idle: that time, in which w waited,
 * is w's, too.
 */
static void begin_time(struct sched_pcpu *p, struct world *w, uint64_t now)
{
	uint64_t from;

	sched_account_state(w, WORLD_RUNNING, now);
	from = p->between ? MAX(p->idle_world.since, w->ready_at) : now;
	w->time[WORLD_READY] -= now - from;
	w->since = from;
	give_idle_time(p, false, from);
}

static void begin(struct sched_pcpu *p, uint32_t pcpu, struct world *w, uint64_t now)
{
	begin_time(p, w, now);
	sched_bound_debt(w);
	w->wake_pending = false;
	w->switches++;
	if (w->pcpu != pcpu && w->pcpu != SCHED_NO_PCPU)
		w->moves++;
	w->pcpu = pcpu;
	p->slice_end = now + MIN(sched.slice_ns, sched_cap_left(w));
}

/* An idle PCPU that should take one of the worlds that are still ready. */
static uint32_t spill(void)
{
	struct world *w;
	uint32_t target = SCHED_NO_PCPU;

	LIST_FOR_EACH(w, &sched.ready, struct world, queue) {
		target = claim_idle(w);
		if (target != SCHED_NO_PCPU)
			break;
	}
	return target;
}

/*
 * When the PCPU goes from w to idle or back: others may have brought either up to a moment
 * after this PCPU looked at its clock, and no time may lie between the two, nor in both.
 */
static uint64_t handover(const struct sched_pcpu *p, const struct world *w, uint64_t now)
{
	return MAX(now, MAX(w->since, p->idle_world.since));
}

struct world *sched_pick(uint32_t pcpu, uint64_t now, uint64_t *until)
{
	struct sched_pcpu *p = &sched.pcpu[pcpu];
	struct world *w = NULL;
	uint32_t target;

	spin_lock(&sched.lock);
	VMK_ASSERT(!p->current);
	expire(now);
	p->preempted = false;
	if (sched.online & BIT(pcpu)) {
		w = best_ready(pcpu, now);
		sched.idle = w ? sched.idle & ~BIT(pcpu) : sched.idle | BIT(pcpu);
	}
	if (w) {
		now = handover(p, w, now);
		begin(p, pcpu, w, now);
	}
	p->between = false;
	target = spill();
	__atomic_store_n(&p->current, w, __ATOMIC_RELAXED);
	*until = w ? p->slice_end : SCHED_NEVER;
	spin_unlock(&sched.lock);
	sched_kick(target);
	return w;
}

void sched_put(uint32_t pcpu, struct world *w, uint64_t now, enum run_result why)
{
	struct sched_pcpu *p = &sched.pcpu[pcpu];

	spin_lock(&sched.lock);
	VMK_ASSERT(p->current == w && w->state == WORLD_RUNNING);
	__atomic_store_n(&p->current, NULL, __ATOMIC_RELAXED);
	now = handover(p, w, now);
	w->due = w->wait_until;
	if (why == RUN_STOP || w->stop_pending) {
		sched_account_state(w, WORLD_STOPPED, now);
	} else if (why == RUN_WAIT && !w->wake_pending && w->due > now) {
		sched_account_state(w, WORLD_WAITING, now);
	} else {
		sched_make_ready(w, now);
	}
	/* It idles, unless the next pick finds somebody: worlds and idle make all of its time. */
	if (sched.online & BIT(pcpu))
		give_idle_time(p, true, now);
	sched_load_update(now);
	p->between = true;
	spin_unlock(&sched.lock);
}

uint64_t sched_next_deadline(uint32_t pcpu, uint64_t now)
{
	struct sched_pcpu *p = &sched.pcpu[pcpu];
	uint64_t deadline;
	struct world *w;

	spin_lock(&sched.lock);
	deadline = p->current ? p->slice_end : SCHED_NEVER;
	LIST_FOR_EACH(w, &sched.timed, struct world, queue)
		if (w->pcpu == pcpu || w->pcpu == SCHED_NO_PCPU || !(sched.online & BIT(w->pcpu)))
			deadline = MIN(deadline, w->due);
	spin_unlock(&sched.lock);
	return MAX(deadline, now);
}

bool sched_run_once(uint32_t pcpu)
{
	const struct sched_hooks *hooks = sched.hooks;
	uint64_t now = hooks->now_ns(), until;
	struct world *w = sched_pick(pcpu, now, &until);
	enum run_result why;

	/* TOUR(18): Some other processor, woken by an interrupt, has picked the VCPU's world. It
	 * sets its timer for the end of the slice and calls the world's run function: that is
	 * all of the context switch. */
	hooks->arm_timer(sched_next_deadline(pcpu, now));
	if (!w)
		return false;
	why = w->run(w, until);
	sched_put(pcpu, w, hooks->now_ns(), why);
	return true;
}

struct world *sched_current(uint32_t pcpu)
{
	return __atomic_load_n(&sched.pcpu[pcpu].current, __ATOMIC_RELAXED);
}

uint32_t sched_current_id(uint32_t pcpu)
{
	const struct world *w = pcpu < SCHED_PCPU_MAX ? sched_current(pcpu) : NULL;

	return w ? w->id : WORLD_ID_CONSOLE + pcpu;
}
