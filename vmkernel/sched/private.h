/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* What the files of sched/ share. Everything here is under sched.lock. */
#ifndef SCHED_PRIVATE_H
#define SCHED_PRIVATE_H

#include "lib/spinlock.h"
#include "sched/sched.h"

#define SLICE_MIN_NS NS_PER_MS
#define SLICE_MAX_NS (100 * NS_PER_MS)
#define LOADS 3u /* averages, over 1, 5 and 15 minutes */

struct sched_pcpu {
	bool between; /* has put a world and not picked the next yet */
	bool preempted; /* kicked for a better world, which it has not picked yet */
	struct world *current;
	uint64_t slice_end; /* of current */
	uint64_t kicks; /* sent to it */
	uint64_t busy_ns; /* that it ran worlds, those that are gone as well */
	struct world idle_world;
};

struct sched {
	struct spinlock lock;
	const struct sched_hooks *hooks;
	uint64_t slice_ns;
	uint64_t vnow; /* virtual time: the highest at which anybody was picked for it */
	uint32_t next_id;
	uint64_t online; /* bit per PCPU */
	uint64_t idle; /* of these: nothing to run, and not kicked for anything yet */
	uint32_t min_total; /* percent that all minima add up to */
	struct list worlds; /* all, by id */
	struct list ready; /* READY */
	struct list timed; /* WAITING with a deadline, and CAPPED */
	struct sched_pcpu pcpu[SCHED_PCPU_MAX];
	struct world console;
	uint64_t load_at; /* up to here load[] is right, in whole seconds */
	uint64_t load_seen; /* when it was last measured */
	uint64_t load[LOADS]; /* VCPUs that want a PCPU, averages in fixed point */
};

extern struct sched sched;

/* account.c: time */

/* Accounts and begins another state; the queues follow. */
void sched_account_state(struct world *w, enum sched_state state, uint64_t now);

/* Brings w's times, virtual time, minimum and maximum up to now; in any state. */
void sched_account(struct world *w, uint64_t now);

/* Virtual time for ns of w's time. */
uint64_t sched_weigh(const struct world *w, uint64_t ns);

/* Nobody saves up more than a moment's time. */
void sched_bound_lag(struct world *w);

/*
 * Nobody owes more than a moment's time for what it was given out of turn, by its minimum. Not
 * for when it comes back: it pays for all that it ran, however late its slice was ended.
 */
void sched_bound_debt(struct world *w);

/* True if w has a maximum and has used it up. */
bool sched_is_capped(const struct world *w);

/* When a capped world may run again. */
uint64_t sched_cap_end(const struct world *w, uint64_t now);

/* For how long w may run before it is capped. */
uint64_t sched_cap_left(const struct world *w);

/* A world's credit and budget start anew: its minimum or maximum was set. */
void sched_reset_limits(struct world *w, uint64_t now);

/* sched.c: places */

/* w, in no queue, wants to run: READY, or CAPPED. */
void sched_make_ready(struct world *w, uint64_t now);

/* The PCPU to be kicked so that w, just made READY, runs soon; SCHED_NO_PCPU: none. */
uint32_t sched_place(const struct world *w, uint64_t now);

/* Without the lock. */
void sched_kick(uint32_t pcpu);

/* A world with its id and place among all; sched.lock is not held. */
void sched_world_setup(struct world *w, enum world_kind kind, uint32_t id, const char *name);

/* load.c */

/*
 * What all worlds get if each gets what it is entitled to, is this factor times shares, within
 * minimum and maximum. Under the lock.
 */
uint64_t sched_load_factor(void);

/* Percent of one PCPU that w is entitled to, 0: it does not compete. */
uint32_t sched_load_entitled(const struct world *w, uint64_t factor);

/* Load and extra time go on to now; to be called whenever a world leaves its PCPU. As above. */
void sched_load_update(uint64_t now);

/* The averages, without the lock. */
void sched_load_get(uint64_t now, uint32_t *hundredths);

struct vsi_node;
int sched_status_init(struct vsi_node *folder); /* status.c */

#endif
