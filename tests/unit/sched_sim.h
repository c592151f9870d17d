/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * A machine for the scheduler's tests: PCPUs, timers, kicks and worlds that
 * compute and sleep, in simulated time. Everything goes through the functions
 * that the vmkernel's loops use.
 */
#ifndef SCHED_SIM_H
#define SCHED_SIM_H

#include "test_lib.h"

#include "lib/types.h"
#include "sched/sched.h"

#define US 1000ull
#define MS 1000000ull
#define SEC 1000000000ull
#define SIM_WORLDS 64u
#define SIM_KICK_NS (2 * US)

struct sim_world {
	struct world w;
	uint64_t burst; /* ns that it computes before it sleeps; SCHED_NEVER: always */
	uint64_t sleep; /* ns that it then sleeps; SCHED_NEVER: until woken */
	uint64_t yield; /* not 0: it sleeps so much before the end of its slice, too */
	uint64_t left; /* of the burst */
	uint64_t woken_at; /* when it last wanted to run */
	uint64_t worst_delay; /* from then until it ran */
	uint64_t mark; /* used at sim_mark() */
	bool used;
};

struct sim_pcpu {
	struct sim_world *current;
	uint64_t began; /* the run */
	uint64_t event; /* when its run or its idling ends */
	uint64_t kick; /* when a kick arrives */
	bool online;
};

static struct {
	uint64_t now;
	uint32_t pcpus;
	uint64_t late; /* so much later than its slice every fourth run may end */
	struct sim_pcpu pcpu[SCHED_PCPU_MAX];
	struct sim_world world[SIM_WORLDS];
} sim;

static void sim_kick(uint32_t pcpu)
{
	sim.pcpu[pcpu].kick = MIN(sim.pcpu[pcpu].kick, sim.now + SIM_KICK_NS);
}

static uint64_t sim_now(void)
{
	return sim.now;
}

static const struct sched_hooks sim_hooks = { .kick = sim_kick, .now_ns = sim_now };

static inline uint64_t add_ns(uint64_t a, uint64_t b)
{
	return a + b < a ? SCHED_NEVER : a + b;
}

/* The PCPU's loop: takes the next world, and says when that will end. */
static inline void sim_pick(uint32_t pcpu)
{
	struct sim_pcpu *p = &sim.pcpu[pcpu];
	uint64_t until, deadline;
	struct world *w = sched_pick(pcpu, sim.now, &until);

	deadline = sched_next_deadline(pcpu, sim.now);
	p->kick = SCHED_NEVER;
	p->began = sim.now;
	p->event = deadline;
	p->current = w ? container_of(w, struct sim_world, w) : NULL;
	if (!w)
		return;
	assert_true(until > sim.now && until >= deadline);
	if (p->current->woken_at != SCHED_NEVER) {
		p->current->worst_delay =
			MAX(p->current->worst_delay, sim.now - p->current->woken_at);
		p->current->woken_at = SCHED_NEVER;
	}
	if (p->current->yield)
		p->current->left = until - sim.now > p->current->yield
					   ? until - sim.now - p->current->yield
					   : 1;
	/* Nobody stops at once: exits take their time. */
	p->event = add_ns(p->event, rnd() % (20 * US));
	if (sim.late && rnd() % 4 == 0)
		p->event = add_ns(p->event, rnd() % sim.late);
	p->event = MIN(p->event, add_ns(sim.now, p->current->left));
}

/* What runs on the PCPU stops now. */
static inline void sim_put(uint32_t pcpu)
{
	struct sim_pcpu *p = &sim.pcpu[pcpu];
	struct sim_world *s = p->current;
	enum run_result why = RUN_PREEMPTED;

	p->current = NULL;
	if (!s)
		return;
	if (s->left != SCHED_NEVER)
		s->left -= sim.now - p->began;
	if (!s->left) {
		s->left = s->burst;
		s->w.wait_until = add_ns(sim.now, s->sleep);
		s->woken_at = s->w.wait_until;
		why = RUN_WAIT;
	}
	sched_put(pcpu, &s->w, sim.now, why);
}

static inline void sim_run_until(uint64_t end)
{
	for (;;) {
		uint64_t first = end;
		uint32_t who = SCHED_NO_PCPU;

		for (uint32_t i = 0; i < SCHED_PCPU_MAX; i++) {
			uint64_t at = MIN(sim.pcpu[i].event, sim.pcpu[i].kick);

			if (sim.pcpu[i].online && at < first) {
				first = at;
				who = i;
			}
		}
		sim.now = MAX(sim.now, first);
		if (who == SCHED_NO_PCPU)
			return;
		sim_put(who);
		sim_pick(who);
	}
}

static inline void sim_run(uint64_t ns)
{
	sim_run_until(sim.now + ns);
}

/* A new machine: PCPUs 1 .. pcpus. */
static inline void sim_start(uint32_t pcpus)
{
	sim.now = rnd() % (1000 * SEC);
	sim.pcpus = pcpus;
	sim.late = 0;
	for (uint32_t i = 0; i < SIM_WORLDS; i++)
		sim.world[i].used = false;
	sched_init(&sim_hooks, sim.now);
	for (uint32_t i = 0; i < SCHED_PCPU_MAX; i++) {
		sim.pcpu[i] = (struct sim_pcpu){ .online = i && i <= pcpus };
		if (sim.pcpu[i].online) {
			sched_pcpu_online(i, sim.now);
			sim_pick(i);
		}
	}
}

/* Makes world n, started; see struct sim_world. */
static inline struct sim_world *sim_add(uint32_t n, uint32_t shares, uint64_t burst, uint64_t sleep)
{
	struct sim_world *s = &sim.world[n];
	char name[16];

	*s = (struct sim_world){ .burst = burst, .sleep = sleep, .left = burst, .used = true };
	snprintf(name, sizeof(name), "world%u", n);
	s->woken_at = SCHED_NEVER;
	world_init(&s->w, WORLD_VCPU, name, NULL, s, sim.now);
	assert_int_equal(world_set_shares(&s->w, shares, 0, 0, sim.now), VMK_OK);
	assert_int_equal(world_start(&s->w, sim.now), VMK_OK);
	return s;
}

/* A world that always computes. */
static inline struct sim_world *sim_hog(uint32_t n, uint32_t shares)
{
	return sim_add(n, shares, SCHED_NEVER, 0);
}

static inline void sim_wake(struct sim_world *s)
{
	if (s->w.state == WORLD_WAITING)
		s->woken_at = sim.now;
	sched_wake(&s->w, sim.now);
}

static inline uint64_t sim_used(struct sim_world *s)
{
	struct world_times times;

	world_get_times(&s->w, sim.now, &times);
	return times.used_ns;
}

static inline void sim_mark(void)
{
	for (uint32_t i = 0; i < SIM_WORLDS; i++)
		if (sim.world[i].used)
			sim.world[i].mark = sim_used(&sim.world[i]);
}

/* ns used since sim_mark(). */
static inline uint64_t sim_since(struct sim_world *s)
{
	return sim_used(s) - s->mark;
}

/* used lies within percent of wanted, or slack ns. */
#define assert_near(used, wanted, percent, slack)                                              \
	do {                                                                                   \
		double u = (double)(used), w = (double)(wanted);                               \
		double off = u > w ? u - w : w - u;                                            \
		if (off > w * (percent) / 100.0 && off > (double)(slack))                      \
			fail_msg("%s: used %.3f ms, wanted %.3f ms", #used, u / 1e6, w / 1e6); \
	} while (0)

#endif
