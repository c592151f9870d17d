/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* sources: vmkernel/sched/sched.c vmkernel/sched/account.c vmkernel/sched/world.c
 *	vmkernel/sched/load.c vmkernel/sched/sched_vsi.c vmkernel/sched/status.c
 *	vmkernel/vsi/vsi.c vmkernel/lib/text.c
 *	vmkernel/lib/format.c vmkernel/lib/spinlock.c tests/fake/panic.c */
/*
 * Worlds: their states, wakes that race with waiting, which PCPU is kicked,
 * deadlines, affinity, PCPUs that come and go, the loop's one step, and what
 * the VSI tree shows.
 */
#include <pthread.h>
#include <sched.h>
#include <string.h>

#include "sched_sim.h"
#include "panic.h"
#include "vsi/vsi.h"

#define NO_KICK(n) assert_true(sim.pcpu[n].kick == SCHED_NEVER)
#define KICKED(n) assert_true(sim.pcpu[n].kick != SCHED_NEVER)

static uint64_t until;

/* A machine whose PCPUs do only what the test says. */
static void manual(uint32_t pcpus)
{
	sim_start(pcpus);
	for (uint32_t i = 0; i < SCHED_PCPU_MAX; i++)
		sim.pcpu[i].kick = SCHED_NEVER;
}

static struct world *pick(uint32_t pcpu)
{
	sim.pcpu[pcpu].kick = SCHED_NEVER;
	return sched_pick(pcpu, sim.now, &until);
}

static struct world *new_world(uint32_t n)
{
	struct world *w = &sim.world[n].w;

	world_init(w, WORLD_VCPU, "w", NULL, NULL, sim.now);
	return w;
}

static void test_states(void **state)
{
	struct world *w, *v;

	(void)state;
	manual(1);
	w = new_world(0);
	v = new_world(1);
	assert_int_equal(w->id, WORLD_ID_CONSOLE + SCHED_PCPU_MAX);
	assert_int_equal(v->id, w->id + 1);
	sched_wake(w, sim.now); /* not started: nothing */
	assert_null(pick(1));
	assert_int_equal(world_start(w, sim.now), VMK_OK);
	KICKED(1);
	assert_int_equal(world_start(w, sim.now), VMK_BAD_STATE);
	assert_int_equal(world_destroy(w), VMK_BUSY);
	assert_ptr_equal(pick(1), w);
	assert_int_equal(w->state, WORLD_RUNNING);
	assert_ptr_equal(sched_current(1), w);
	assert_int_equal(sched_current_id(1), w->id);
	assert_true(until == sim.now + SCHED_SLICE_NS);
	sim.now += 3 * MS;
	w->wait_until = SCHED_NEVER;
	sched_put(1, w, sim.now, RUN_WAIT);
	assert_int_equal(w->state, WORLD_WAITING);
	assert_int_equal(sched_current_id(1), WORLD_ID_CONSOLE + 1);
	assert_int_equal(sim_used(&sim.world[0]), 3 * MS);
	assert_null(pick(1));
	sched_wake(w, sim.now);
	KICKED(1);
	assert_ptr_equal(pick(1), w);
	assert_int_equal(world_stop(w, sim.now), VMK_BUSY);
	KICKED(1);
	sched_put(1, w, sim.now, RUN_PREEMPTED);
	assert_int_equal(w->state, WORLD_STOPPED);
	assert_int_equal(world_stop(w, sim.now), VMK_OK);
	world_start(w, sim.now);
	assert_int_equal(world_stop(w, sim.now), VMK_OK); /* it never ran */
	assert_null(pick(1));
	world_start(w, sim.now);
	pick(1);
	sched_put(1, w, sim.now, RUN_STOP);
	assert_int_equal(world_destroy(w), VMK_OK);
	assert_int_equal(world_destroy(v), VMK_OK);
}

static void test_wakes_are_not_lost(void **state)
{
	struct world *w;

	(void)state;
	manual(2);
	w = new_world(0);
	world_start(w, sim.now);
	assert_ptr_equal(pick(1), w);
	sched_wake(w, sim.now); /* after it looked at its work, before it waits */
	KICKED(1);
	w->wait_until = SCHED_NEVER;
	sched_put(1, w, sim.now, RUN_WAIT);
	assert_int_equal(w->state, WORLD_READY);
	assert_ptr_equal(pick(1), w); /* this clears the wake: it looks again */
	sched_put(1, w, sim.now, RUN_WAIT);
	assert_int_equal(w->state, WORLD_WAITING);
	assert_null(pick(1));
	sched_wake(w, sim.now);
	sched_wake(w, sim.now);
	assert_int_equal(w->wakes, 1);
	assert_ptr_equal(pick(1), w);
	w->wait_until = sim.now; /* a deadline that has passed is no wait */
	sched_put(1, w, sim.now, RUN_WAIT);
	assert_int_equal(w->state, WORLD_READY);
}

static void test_deadlines(void **state)
{
	struct world *w;

	(void)state;
	manual(2);
	w = new_world(0);
	world_start(w, sim.now);
	assert_ptr_equal(pick(2), w);
	assert_true(sched_next_deadline(2, sim.now) == until);
	assert_true(sched_next_deadline(1, sim.now) == SCHED_NEVER);
	w->wait_until = sim.now + 5 * MS;
	sched_put(2, w, sim.now, RUN_WAIT);
	assert_null(pick(2));
	assert_true(sched_next_deadline(2, sim.now) == sim.now + 5 * MS);
	assert_true(sched_next_deadline(1, sim.now) == SCHED_NEVER);
	sched_pcpu_offline(2, sim.now); /* PCPU 1 inherits */
	KICKED(1);
	assert_null(pick(1));
	assert_true(sched_next_deadline(1, sim.now) == sim.now + 5 * MS);
	sim.now += 5 * MS - 1;
	assert_null(pick(1));
	sim.now++;
	assert_ptr_equal(pick(1), w);
	assert_int_equal(w->moves, 1);
}

static void test_place(void **state)
{
	struct world *a, *b, *c;

	(void)state;
	manual(2);
	a = new_world(0);
	b = new_world(1);
	c = new_world(2);
	world_start(a, sim.now);
	assert_ptr_equal(pick(1), a);
	world_start(b, sim.now);
	KICKED(2); /* the idle one */
	assert_ptr_equal(pick(2), b);
	c->shares = 1000;
	sim.now += 2 * MS;
	sched_put(1, a, sim.now, RUN_PREEMPTED);
	assert_ptr_equal(pick(1), a);
	world_start(c, sim.now); /* both run for 2 ms: c is behind by more than 1 ms */
	assert_true((sim.pcpu[1].kick != SCHED_NEVER) != (sim.pcpu[2].kick != SCHED_NEVER));
	sched_put(2, b, sim.now, RUN_WAIT);
	assert_ptr_equal(pick(2), c);
	/* One that knows PCPU 2 goes there when both are idle. */
	sched_put(2, c, sim.now, RUN_WAIT);
	sched_put(1, a, sim.now, RUN_WAIT);
	assert_null(pick(1));
	assert_null(pick(2));
	sched_wake(c, sim.now);
	KICKED(2);
	NO_KICK(1);
	sched_wake(b, sim.now); /* PCPU 2 is spoken for */
	KICKED(1);
}

static void test_no_needless_moves(void **state)
{
	(void)state;
	sim_start(3);
	for (uint32_t i = 0; i < 3; i++)
		sim_hog(i, 1000 + 10 * i);
	sim_run(10 * SEC);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(sim.world[i].w.moves, 0);
	/* A fourth makes them move, but not at every turn. */
	sim_hog(3, 1000);
	sim_run(10 * SEC);
	for (uint32_t i = 0; i < 4; i++)
		assert_true(sim.world[i].w.moves <= sim.world[i].w.switches * 6 / 10);
}

static void test_idle_pcpus_pull(void **state)
{
	(void)state;
	sim_start(3);
	for (uint32_t i = 0; i < 3; i++)
		sim_hog(i, 1000);
	sim_add(3, 1000, 3 * MS, 30 * MS);
	sim_run(10 * SEC);
	for (uint32_t i = 0; i < 3; i++) /* together they get all that the sleeper leaves */
		assert_near(sim_used(&sim.world[i]), 10 * SEC - 10 * SEC / 33, 1, 0);
	assert_near(sim_used(&sim.world[3]), 10 * SEC / 11, 4, 0);
}

static void test_affinity(void **state)
{
	(void)state;
	sim_start(2);
	for (uint32_t i = 0; i < 3; i++) {
		sim_hog(i, 1000);
		world_set_affinity(&sim.world[i].w, BIT(2), sim.now);
	}
	sim_run(100 * MS);
	sim_mark();
	sim_run(9 * SEC);
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(sim.world[i].w.pcpu, 2);
		assert_near(sim_since(&sim.world[i]), 3 * SEC, 1, 0);
	}
	sim_hog(3, 1000);
	sim_run(SEC);
	assert_near(sim_used(&sim.world[3]), SEC, 2, 0);
}

static void test_shares_refused(void **state)
{
	struct world *w, *v;

	(void)state;
	manual(1);
	w = new_world(0);
	v = new_world(1);
	assert_int_equal(world_set_shares(w, 0, 0, 0, sim.now), VMK_BAD_PARAM);
	assert_int_equal(world_set_shares(w, SCHED_SHARES_MAX + 1, 0, 0, sim.now), VMK_BAD_PARAM);
	assert_int_equal(world_set_shares(w, 1, 101, 0, sim.now), VMK_BAD_PARAM);
	assert_int_equal(world_set_shares(w, 1, 0, 101, sim.now), VMK_BAD_PARAM);
	assert_int_equal(world_set_shares(w, 1, 50, 49, sim.now), VMK_BAD_PARAM);
	assert_int_equal(world_set_shares(w, 1, 60, 0, sim.now), VMK_OK);
	assert_int_equal(world_set_shares(v, 1, 41, 0, sim.now), VMK_OVERCOMMIT);
	assert_int_equal(v->shares, SCHED_SHARES_DEFAULT);
	assert_int_equal(world_set_shares(v, 1, 40, 0, sim.now), VMK_OK);
	assert_int_equal(world_set_shares(w, 1, 61, 0, sim.now), VMK_OVERCOMMIT);
	assert_int_equal(world_set_shares(w, 1, 10, 0, sim.now), VMK_OK);
	assert_int_equal(world_set_shares(v, 1, 90, 0, sim.now), VMK_OK);
	assert_int_equal(world_destroy(v), VMK_OK);
	assert_int_equal(world_set_shares(w, 1, 100, 0, sim.now), VMK_OK);
}

static void test_bugs_panic(void **state)
{
	struct world *w;

	(void)state;
	manual(2);
	w = new_world(0);
	world_start(w, sim.now);
	EXPECT_PANIC(sched_put(1, w, sim.now, RUN_WAIT));
	assert_ptr_equal(pick(1), w);
	EXPECT_PANIC(sched_put(2, w, sim.now, RUN_WAIT));
	EXPECT_PANIC(pick(1));
	EXPECT_PANIC(sched_pcpu_offline(1, sim.now));
	EXPECT_PANIC(world_set_affinity(w, 0, 0));
}

static uint64_t armed;
static unsigned int runs;

static void arm(uint64_t ns)
{
	armed = ns;
}

static enum run_result run_three_times(struct world *w, uint64_t run_until)
{
	assert_ptr_equal(w->ctx, &runs);
	assert_true(armed == run_until);
	sim.now += MS;
	world_charge_sys(w, 100);
	w->wait_until = sim.now + MS;
	return ++runs < 3 ? RUN_WAIT : RUN_STOP;
}

static void test_loop(void **state)
{
	static const struct sched_hooks hooks = { .now_ns = sim_now, .arm_timer = arm };
	struct world_times times;
	struct world w;

	(void)state;
	sched_init(&hooks, sim.now);
	sched_pcpu_online(1, sim.now);
	assert_int_equal(sched_pcpus_online(), 1);
	assert_false(sched_run_once(1));
	assert_true(armed == SCHED_NEVER);
	world_init(&w, WORLD_HELPER,
		   "a name that is much too long for a world, and so is cut somewhere",
		   run_three_times, &runs, sim.now);
	world_start(&w, sim.now);
	for (int i = 0; i < 2; i++) {
		assert_true(sched_run_once(1));
		assert_false(sched_run_once(1));
		assert_true(armed == sim.now + MS);
		sim.now = armed;
	}
	assert_true(sched_run_once(1));
	assert_false(sched_run_once(1));
	assert_true(armed == SCHED_NEVER);
	world_get_times(&w, sim.now, &times);
	assert_int_equal(times.used_ns, 3 * MS);
	assert_int_equal(times.wait_ns, 2 * MS);
	assert_int_equal(times.sys_ns, 300);
}

#define RING 5
static struct world ring[RING];
static uint32_t laps;

static uint64_t real_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * SEC + (uint64_t)ts.tv_nsec;
}

static void arm_nothing(uint64_t ns)
{
	(void)ns;
}

/* Each world wakes the next: one lost wake, and all stand still. */
static enum run_result pass_on(struct world *w, uint64_t run_until)
{
	uint32_t i = (uint32_t)(w - ring);

	(void)run_until;
	if (i == 0)
		__atomic_fetch_add(&laps, 1, __ATOMIC_RELAXED);
	sched_wake(&ring[(i + 1) % RING], real_now());
	return RUN_WAIT;
}

static void *pcpu_thread(void *arg)
{
	while (__atomic_load_n(&laps, __ATOMIC_RELAXED) < 3000)
		if (!sched_run_once((uint32_t)(uintptr_t)arg))
			sched_yield();
	return NULL;
}

static void test_threads(void **state)
{
	static const struct sched_hooks hooks = { .now_ns = real_now, .arm_timer = arm_nothing };
	pthread_t threads[3];

	(void)state;
	sched_init(&hooks, real_now());
	for (uint32_t i = 1; i <= 3; i++)
		sched_pcpu_online(i, real_now());
	for (uint32_t i = 0; i < RING; i++) {
		world_init(&ring[i], WORLD_HELPER, "ring", pass_on, NULL, real_now());
		world_start(&ring[i], real_now());
	}
	for (uintptr_t i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, pcpu_thread, (void *)(i + 1)),
				 0);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	assert_true(laps >= 3000);
}

static const char *get(const char *path)
{
	static char buf[800];
	uint32_t len, next;

	assert_int_equal(vsi_get(path, 0, buf, sizeof(buf) - 1, &len, &next), VMK_OK);
	buf[len] = '\0';
	return buf;
}

static void test_vsi(void **state)
{
	char path[900], buf[800];
	uint32_t len, next;
	struct sim_world *s;

	(void)state;
	sim_start(2);
	assert_int_equal(sched_vsi_init(), VMK_OK);
	s = sim_add(0, 700, 5 * MS, 5 * MS);
	sim_run(SEC);
	assert_int_equal(vsi_list("/sched/worlds", 0, buf, sizeof(buf), &len, &next), VMK_OK);
	buf[len] = '\0';
	snprintf(path, sizeof(path), "1024/\n1025/\n1026/\n%u/\n", s->w.id);
	assert_string_equal(buf, path);
	assert_int_equal(vsi_list("/sched/worlds/1025", 0, buf, sizeof(buf), &len, &next), VMK_OK);
	for (char *name = buf, *end; name < buf + len; name = end + 1) {
		end = memchr(name, '\n', (size_t)(buf + len - name));
		*end = '\0';
		snprintf(path, sizeof(path), "/sched/worlds/%u/%s", s->w.id, name);
		assert_true(strlen(get(path)) > 1);
	}
	snprintf(path, sizeof(path), "/sched/worlds/%u/shares", s->w.id);
	assert_string_equal(get(path), "700\n");
	assert_string_equal(get("/sched/worlds/1025/name"), "idle1\n");
	assert_string_equal(get("/sched/worlds/1024/kind"), "console\n");
	assert_true(strtoull(get("/sched/pcpus/1/idle"), NULL, 10) > SEC / 3);
	assert_true(strtoull(get("/sched/pcpus/1/current"), NULL, 10) > 1024);
	get("/sched/pcpus/2/kicks");
	assert_int_equal(vsi_get("/sched/pcpus/3/idle", 0, buf, 10, &len, &next), VMK_NOT_FOUND);
	assert_int_equal(vsi_get("/sched/worlds/9/name", 0, buf, 10, &len, &next), VMK_NOT_FOUND);
	assert_int_equal(vsi_set("/sched/slice_ns", "2000000"), VMK_OK);
	assert_int_equal(vsi_set("/sched/slice_ns", "0"), VMK_LIMIT_EXCEEDED);
	sim_hog(1, 1000);
	sim_hog(2, 1000);
	sim_run(SEC);
	assert_true(sim.world[1].w.switches > 250);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_wakes_are_not_lost),
		cmocka_unit_test(test_deadlines),
		cmocka_unit_test(test_place),
		cmocka_unit_test(test_no_needless_moves),
		cmocka_unit_test(test_idle_pcpus_pull),
		cmocka_unit_test(test_affinity),
		cmocka_unit_test(test_shares_refused),
		cmocka_unit_test(test_bugs_panic),
		cmocka_unit_test(test_loop),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_vsi),
	};

	return cmocka_run_group_tests(tests, seed_setup, NULL);
}
