/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * Worlds and who runs them. A world is a state machine: its run function is
 * called on some PCPU's one stack, does work until a given time or until it
 * must wait, and returns saying why. There is no other context switch.
 *
 * One queue serves all PCPUs: whoever is free takes the ready world that has
 * had least time for its shares (virtual time). A minimum puts a world that
 * is behind it before all others, a maximum is a hard cap. Time is in ns,
 * comes from outside and is accounted at every stop, never by ticks.
 *
 * All functions may be called by any PCPU, interrupts off; they take the lock
 * of RANK_SCHED, and call the kick hook after dropping it.
 */
#ifndef SCHED_SCHED_H
#define SCHED_SCHED_H

#include "lib/list.h"
#include "lib/types.h"

#define SCHED_PCPU_MAX 64u
#define SCHED_NO_PCPU UINT32_MAX
#define SCHED_NEVER UINT64_MAX
#define SCHED_SLICE_NS 10000000ull
#define SCHED_SHARES_DEFAULT 1000u
#define SCHED_SHARES_MAX 100000u
#define SCHED_ANY_PCPU UINT64_MAX /* affinity: every PCPU */

#define WORLD_NAME_MAX 72u
#define WORLD_ID_CONSOLE 1024u /* idle world of PCPU n: 1024 + n; all others come after */

enum world_kind {
	WORLD_CONSOLE,
	WORLD_IDLE,
	WORLD_HELPER,
	WORLD_VCPU,
};

enum sched_state {
	WORLD_STOPPED, /* new, or stopped: not scheduled until world_start */
	WORLD_READY,
	WORLD_RUNNING,
	WORLD_WAITING, /* for sched_wake or its deadline */
	WORLD_CAPPED, /* could run, but has had its maximum */
	WORLD_STATES
};

/* Why a run function returned. */
enum run_result {
	RUN_PREEMPTED, /* would go on: until has passed, or somebody else is wanted here */
	RUN_WAIT, /* nothing to do before sched_wake or world->wait_until */
	RUN_STOP, /* nothing to do before world_start */
};

struct world;

/* Works until until_ns at most. Context: a PCPU's loop, no lock held, interrupts off. */
typedef enum run_result (*world_run_fn)(struct world *w, uint64_t until_ns);

/* Lives inside its owner's struct; private to sched/ but for what says otherwise. */
struct world {
	char name[WORLD_NAME_MAX]; /* read-only */
	uint32_t id; /* read-only */
	enum world_kind kind; /* read-only */
	world_run_fn run;
	void *ctx; /* the owner's */
	uint64_t wait_until; /* set by run before it returns RUN_WAIT; SCHED_NEVER: only a wake */
	uint32_t pcpu; /* where it runs or last ran, SCHED_NO_PCPU: nowhere yet; readable */
	uint32_t group; /* id of the VM whose VCPU it is, 0: none */
	uint32_t shares, min_pct, max_pct; /* as world_set_shares; readable */
	uint64_t affinity; /* bit per PCPU that may run it */
	volatile uint32_t state; /* enum sched_state; readable */
	bool wake_pending, stop_pending;
	uint64_t since; /* up to here time[] is right */
	uint64_t ready_at; /* when it last became READY */
	uint64_t due; /* WAITING, CAPPED: when sched makes it ready */
	uint64_t vtime; /* weighted time used; compared by difference */
	uint64_t vrest; /* of the division by shares */
	int64_t min_credit; /* ns that its minimum owes it; < 0: it has had more */
	int64_t max_budget; /* ns left below its maximum */
	uint64_t budget_at; /* when the two were brought up to date */
	uint64_t time[WORLD_STATES]; /* ns in each state, up to since */
	uint64_t pcpu_ns[SCHED_PCPU_MAX]; /* RUNNING, by the PCPU; not kept for idle worlds */
	uint64_t sys_ns; /* part of RUNNING in the vmkernel, as charged */
	uint64_t wanted_ns, used_ns; /* time[] when the load was last measured: wanted, and got */
	uint64_t extra_ns; /* RUNNING beyond what it was entitled to, up to then */
	uint64_t switches, moves, wakes; /* times picked, picked elsewhere than before, woken */
	struct list all, queue;
};

/* What sched asks of its surroundings; kick may be NULL; the timer serves sched_run_once only. */
struct sched_hooks {
	void (*kick)(uint32_t pcpu); /* make pcpu, maybe the caller's own, call sched_pick soon */
	uint64_t (*now_ns)(void);
	void (*arm_timer)(uint64_t ns); /* this PCPU's timer; SCHED_NEVER: off */
};

/* Once, on one PCPU; hooks must stay. Makes the console's world and the idle worlds. */
void sched_init(const struct sched_hooks *hooks, uint64_t now);

/*
 * pcpu (< SCHED_PCPU_MAX) starts or ceases to be scheduled on; not while a world runs
 * there. Worlds that wait there go on elsewhere.
 */
void sched_pcpu_online(uint32_t pcpu, uint64_t now);
void sched_pcpu_offline(uint32_t pcpu, uint64_t now);
uint32_t sched_pcpus_online(void);

/*
 * Makes *w (any contents) a world, STOPPED, with default shares. name is
 * cut if too long. run and ctx as in struct world.
 */
void world_init(struct world *w, enum world_kind kind, const char *name, world_run_fn run,
		void *ctx, uint64_t now);

/* Takes w out; VMK_BUSY unless it is STOPPED. */
int world_destroy(struct world *w);

/*
 * shares: 1..SCHED_SHARES_MAX. min_pct, max_pct: percent of one PCPU, 0..100;
 * max_pct 0: no limit. VMK_BAD_PARAM; VMK_OVERCOMMIT: all minima together
 * are more than the PCPUs online. Nothing is changed then.
 */
int world_set_shares(struct world *w, uint32_t shares, uint32_t min_pct, uint32_t max_pct,
		     uint64_t now);

/* Bit per PCPU that may run w, at least one. A world that is ready is placed anew. */
void world_set_affinity(struct world *w, uint64_t pcpus, uint64_t now);

/*
 * As text: "all", "default", or numbers of PCPUs with commas between them. VMK_BAD_PARAM;
 * VMK_LIMIT_EXCEEDED: a PCPU that runs no worlds.
 */
int world_parse_affinity(const char *text, uint64_t *pcpus);

/* w, STOPPED, is the console from now on: it has its id and name, and runs on PCPU 0 only. */
void world_set_console(struct world *w);

/* For what is shown only. */
void world_set_group(struct world *w, uint32_t group);

/* STOPPED to READY; VMK_BAD_STATE otherwise. */
int world_start(struct world *w, uint64_t now);

/*
 * To STOPPED. VMK_OK: it is. VMK_BUSY: it runs on some PCPU, which has been kicked
 * and will stop it when run returns; call again.
 */
int world_stop(struct world *w, uint64_t now);

/*
 * There is something to do for w. WAITING: becomes READY, and a PCPU that is idle or runs
 * a lesser world is kicked. RUNNING: its PCPU is kicked, and if it waits now it is READY
 * at once: no wake is ever lost. STOPPED: nothing. Locks of lower rank may be held.
 */
void sched_wake(struct world *w, uint64_t now);

/*
 * The next world for pcpu, RUNNING from now, or NULL: idle until a kick or the
 * deadline. *until: when its run must return. Wakes all whose deadline has passed.
 */
struct world *sched_pick(uint32_t pcpu, uint64_t now, uint64_t *until);

/* w, which runs on pcpu, has returned with why. */
void sched_put(uint32_t pcpu, struct world *w, uint64_t now, enum run_result why);

/* When pcpu's timer must come: end of the slice, or a deadline of a world that waits here. */
uint64_t sched_next_deadline(uint32_t pcpu, uint64_t now);

/* pick, arm, run, put, with the hooks; false if there was nothing to run: idle then. */
bool sched_run_once(uint32_t pcpu);

/* The world that runs on pcpu, or NULL. No lock: for the log, and for pcpu itself. */
struct world *sched_current(uint32_t pcpu);

/* Id of what runs on pcpu: its idle world's (PCPU 0: the console's) if nothing else does. */
uint32_t sched_current_id(uint32_t pcpu);

/* ns of the running stint of w that the vmkernel spent on its behalf. Context: its PCPU. */
static inline void world_charge_sys(struct world *w, uint64_t ns)
{
	w->sys_ns += ns;
}

struct world_times {
	uint64_t used_ns, sys_ns, ready_ns, wait_ns, capped_ns, stopped_ns;
};

/* Times of w up to now, this state included. An idle world is RUNNING while its PCPU idles. */
void world_get_times(struct world *w, uint64_t now, struct world_times *times);

struct vsi_text;

/* Table of the worlds of a group, 0: of all; and the PCPUs that may run w. */
void sched_put_status(uint32_t group, struct vsi_text *out);
void sched_put_affinity(struct world *w, struct vsi_text *out);

/* Registers /sched; needs the now_ns hook. */
int sched_vsi_init(void);

#endif
