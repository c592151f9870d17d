/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* sources: vmkernel/sched/sched.c vmkernel/sched/account.c vmkernel/sched/world.c
 *	vmkernel/sched/load.c vmkernel/lib/text.c vmkernel/lib/format.c vmkernel/lib/spinlock.c
 *	tests/fake/panic.c */
/*
 * Who gets how much: shares across PCPUs, also those that no PCPU can give;
 * minima, maxima, sleepers, newcomers; that no time is lost or counted twice.
 */
#include "sched_sim.h"
#include "sched/private.h"

/* All time of all PCPUs is some world's or idle. */
static void check_conservation(uint64_t began)
{
	uint64_t sum = 0, wall = sim.now - began;

	for (uint32_t i = 0; i < SIM_WORLDS; i++)
		if (sim.world[i].used)
			sum += sim_used(&sim.world[i]);
	for (uint32_t i = 1; i <= sim.pcpus; i++) {
		struct world_times times;

		world_get_times(&sched.pcpu[i].idle_world, sim.now, &times);
		sum += times.used_ns;
	}
	assert_int_equal(sum, wall * sim.pcpus);
}

static void test_equal(void **state)
{
	uint64_t began;

	(void)state;
	sim_start(3);
	began = sim.now;
	for (uint32_t i = 0; i < 8; i++)
		sim_hog(i, 1000);
	sim_run(20 * SEC);
	for (uint32_t i = 0; i < 8; i++)
		assert_near(sim_used(&sim.world[i]), 20 * SEC * 3 / 8, 1, 0);
	check_conservation(began);
}

/* What each of n hogs is due of ns on some PCPUs: nobody can use more than one. */
static void entitle(uint32_t n, uint32_t pcpus, uint64_t ns, double *due)
{
	bool full[SIM_WORLDS] = { false };
	bool again = true;

	while (again) {
		double shares = 0, capacity = pcpus;

		again = false;
		for (uint32_t i = 0; i < n; i++) {
			shares += full[i] ? 0 : sim.world[i].w.shares;
			capacity -= full[i];
		}
		for (uint32_t i = 0; i < n; i++) {
			double part = capacity * sim.world[i].w.shares / shares;

			due[i] = (double)ns * (full[i] ? 1 : part);
			if (!full[i] && part > 1)
				again = full[i] = true;
		}
	}
}

static void test_random_shares(void **state)
{
	(void)state;
	for (int round = 0; round < 40; round++) {
		uint32_t pcpus = (uint32_t)rnd_between(1, 6), n = (uint32_t)rnd_between(pcpus, 16);
		double due[SIM_WORLDS];

		sim_start(pcpus);
		for (uint32_t i = 0; i < n; i++)
			sim_hog(i, (uint32_t)rnd_between(100, 4000));
		sim_run(2 * SEC);
		sim_mark();
		sim_run(30 * SEC);
		entitle(n, pcpus, 30 * SEC, due);
		for (uint32_t i = 0; i < n; i++)
			assert_near(sim_since(&sim.world[i]), due[i], 3, 25 * MS);
	}
}

/* Runs that end far too late are paid for: shares, minimum and maximum hold all the same. */
static void test_late(void **state)
{
	static const uint32_t shares[] = { 500, 500, 500, 500, 1000, 1000, 2000, 2000 };

	(void)state;
	sim_start(3);
	sim.late = 90 * MS;
	for (uint32_t i = 0; i < 8; i++)
		sim_hog(i, shares[i]);
	sim_run(5 * SEC);
	sim_mark();
	sim_run(100 * SEC);
	for (uint32_t i = 0; i < 8; i++)
		assert_near(sim_since(&sim.world[i]), 300 * SEC / 8000 * shares[i], 3, 0);
	assert_int_equal(world_set_shares(&sim.world[4].w, 1000, 60, 0, sim.now), VMK_OK);
	assert_int_equal(world_set_shares(&sim.world[6].w, 2000, 0, 20, sim.now), VMK_OK);
	sim_run(5 * SEC);
	sim_mark();
	sim_run(100 * SEC);
	for (uint32_t i = 0; i < 8; i++)
		assert_near(sim_since(&sim.world[i]),
			    i == 4   ? 60 * SEC
			    : i == 6 ? 20 * SEC
				     : 220 * SEC / 5000 * shares[i],
			    4, 0);
}

static void test_infeasible(void **state)
{
	(void)state;
	sim_start(2);
	sim_hog(0, 100000);
	for (uint32_t i = 1; i < 4; i++)
		sim_hog(i, 1000);
	sim_run(10 * SEC);
	assert_near(sim_used(&sim.world[0]), 10 * SEC, 1, 0);
	for (uint32_t i = 1; i < 4; i++)
		assert_near(sim_used(&sim.world[i]), 10 * SEC / 3, 1, 0);
	/* A newcomer is neither favoured nor starved for what the giant could not take. */
	sim_mark();
	sim_hog(4, 1000);
	sim_run(SEC);
	for (uint32_t i = 1; i < 5; i++)
		assert_near(sim_since(&sim.world[i]), SEC / 4, 5, 25 * MS);
	/* And when the others go, it takes nothing from who comes after. */
	for (uint32_t i = 1; i < 5; i++)
		while (world_stop(&sim.world[i].w, sim.now))
			sim_run(MS);
	sim_run(5 * SEC);
	sim_mark();
	sim_hog(5, 1000);
	sim_hog(6, 1000);
	sim_run(2 * SEC);
	assert_near(sim_since(&sim.world[5]), SEC, 3, 0);
	assert_near(sim_since(&sim.world[6]), SEC, 3, 0);
}

static void test_tiny_share(void **state)
{
	(void)state;
	sim_start(1);
	sim_hog(0, 10000);
	sim_hog(1, 100);
	sim_run(100 * SEC);
	assert_near(sim_used(&sim.world[1]), 100 * SEC / 101, 5, 0);
}

/* What slept does not get its time back, nor does it lose what is its due. */
static void test_hoarder(void **state)
{
	struct sim_world *s;

	(void)state;
	sim_start(1);
	sim_hog(0, 1000);
	s = sim_add(1, 1000, MS, SCHED_NEVER);
	sim_run(10 * SEC);
	assert_true(sim_used(s) < 2 * MS);
	s->burst = s->left = SCHED_NEVER;
	sim_mark();
	sim_wake(s);
	sim_run(SEC);
	assert_near(sim_since(s), SEC / 2, 0, 45 * MS);
	sim_mark();
	sim_run(10 * SEC);
	assert_near(sim_since(s), 5 * SEC, 1, 0);
}

/*
 * Who goes to sleep for a moment just before each end of a slice, so that no tick ever finds it
 * running, gets what it is entitled to, and takes nothing from those who never sleep.
 */
static void test_thieves(void **state)
{
	static const uint64_t moments[] = { US, 50 * US, MS };

	(void)state;
	for (int round = 0; round < 60; round++) {
		uint32_t pcpus = (uint32_t)rnd_between(1, 4);
		uint32_t n = pcpus + (uint32_t)rnd_between(1, 4);
		uint32_t thieves = (uint32_t)rnd_between(1, n - 1);
		double due[SIM_WORLDS];

		sim_start(pcpus);
		for (uint32_t i = 0; i < n; i++) {
			sim_hog(i, 1000);
			if (i >= thieves)
				continue;
			sim.world[i].yield = moments[rnd() % 3];
			sim.world[i].sleep = moments[rnd() % 3];
		}
		sim_run(SEC);
		sim_mark();
		sim_run(60 * SEC);
		entitle(n, pcpus, 60 * SEC, due);
		for (uint32_t i = 0; i < n; i++)
			assert_near(sim_since(&sim.world[i]), due[i], 1, 0);
	}
}

/* Who asks for less than its share gets all of that, soon after it asks. */
static void test_sleepers(void **state)
{
	(void)state;
	sim_start(3);
	for (uint32_t i = 0; i < 6; i++)
		sim_hog(i, 1000);
	for (uint32_t i = 6; i < 12; i++)
		sim_add(i, 1000, 200 * US, 9800 * US); /* 2 % */
	sim_run(20 * SEC);
	for (uint32_t i = 6; i < 12; i++) {
		assert_near(sim_used(&sim.world[i]), 20 * SEC / 50, 10, 0);
		assert_true(sim.world[i].worst_delay < 12 * MS);
	}
	for (uint32_t i = 0; i < 6; i++)
		assert_near(sim_used(&sim.world[i]), 20 * SEC * 288 / 600, 2, 0);
}

static void test_max(void **state)
{
	static const uint32_t max[] = { 1, 10, 37, 50, 99, 100 };

	(void)state;
	sim_start(6);
	for (uint32_t i = 0; i < 6; i++) {
		sim_hog(i, 1000);
		assert_int_equal(world_set_shares(&sim.world[i].w, 1000, 0, max[i], sim.now),
				 VMK_OK);
	}
	sim_run(SEC);
	sim_mark();
	sim_run(10 * SEC);
	for (uint32_t i = 0; i < 6; i++)
		assert_near(sim_since(&sim.world[i]), 10 * SEC * max[i] / 100, 1, 5 * MS);
	/* In any 200 ms, too. */
	for (int round = 0; round < 50; round++) {
		sim_mark();
		sim_run(200 * MS);
		for (uint32_t i = 0; i < 6; i++)
			assert_true(sim_since(&sim.world[i]) <= 240 * MS * max[i] / 100 + MS);
	}
}

static void test_max_leaves_rest(void **state)
{
	(void)state;
	sim_start(1);
	sim_hog(0, 100000);
	assert_int_equal(world_set_shares(&sim.world[0].w, 100000, 0, 30, sim.now), VMK_OK);
	sim_hog(1, 1000);
	sim_hog(2, 2000);
	sim_run(20 * SEC);
	assert_near(sim_used(&sim.world[0]), 6 * SEC, 2, 0);
	assert_near(sim_used(&sim.world[1]), 14 * SEC / 3, 3, 0);
	assert_near(sim_used(&sim.world[2]), 28 * SEC / 3, 3, 0);
}

static void test_min(void **state)
{
	(void)state;
	sim_start(1);
	sim_hog(0, 10);
	sim_hog(1, 10000);
	sim_hog(2, 20000);
	assert_int_equal(world_set_shares(&sim.world[0].w, 10, 25, 0, sim.now), VMK_OK);
	sim_run(SEC);
	sim_mark();
	sim_run(20 * SEC);
	assert_near(sim_since(&sim.world[0]), 5 * SEC, 2, 0);
	assert_near(sim_since(&sim.world[1]), 5 * SEC, 3, 0);
	assert_near(sim_since(&sim.world[2]), 10 * SEC, 3, 0);
	/* A minimum below the share changes nothing. */
	assert_int_equal(world_set_shares(&sim.world[0].w, 10000, 5, 0, sim.now), VMK_OK);
	sim_mark();
	sim_run(20 * SEC);
	assert_near(sim_since(&sim.world[0]), 5 * SEC, 2, 0);
	assert_near(sim_since(&sim.world[2]), 10 * SEC, 2, 0);
}

static void test_all_minima(void **state)
{
	static const uint32_t min[] = { 90, 60, 30, 20 };

	(void)state;
	sim_start(2);
	for (uint32_t i = 0; i < 4; i++) {
		sim_hog(i, 1000);
		assert_int_equal(world_set_shares(&sim.world[i].w, 1000, min[i], 0, sim.now),
				 VMK_OK);
	}
	sim_run(SEC);
	sim_mark();
	sim_run(20 * SEC);
	for (uint32_t i = 0; i < 4; i++)
		assert_near(sim_since(&sim.world[i]), 20 * SEC * min[i] / 100, 3, 0);
}

/* Anything at once: no time is lost, and nobody is forgotten. */
static void test_chaos(void **state)
{
	uint64_t began, used[30] = { 0 };

	(void)state;
	sim_start(4);
	began = sim.now;
	for (uint32_t i = 0; i < 30; i++)
		sim_add(i, (uint32_t)rnd_between(500, 2000), rnd_between(10 * US, 30 * MS),
			rnd() % 3 ? rnd_between(US, 50 * MS) : SCHED_NEVER);
	sim_hog(30, 1000); /* so that no PCPU idles: there are five hogs */
	sim_hog(31, 1000);
	sim_hog(32, 1000);
	sim_hog(33, 1000);
	for (int i = 0; i < 20000; i++) {
		struct sim_world *s = &sim.world[rnd() % 30];

		if (rnd() % 20 == 0)
			world_set_shares(&s->w, (uint32_t)rnd_between(500, 2000),
					 (uint32_t)(rnd() % 15), rnd() & 1 ? 0 : 40, sim.now);
		else if (rnd() % 20 == 0)
			world_stop(&s->w, sim.now);
		else if (rnd() % 3 == 0)
			world_start(&s->w, sim.now);
		else
			sim_wake(s);
		sim_run(rnd() % (2 * MS));
		if (i % 5000 == 4999)
			for (uint32_t j = 0; j < 30; j++) {
				assert_true(sim_used(&sim.world[j]) > used[j]);
				used[j] = sim_used(&sim.world[j]);
			}
	}
	check_conservation(began);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_equal),	   cmocka_unit_test(test_random_shares),
		cmocka_unit_test(test_late),	   cmocka_unit_test(test_infeasible),
		cmocka_unit_test(test_tiny_share), cmocka_unit_test(test_hoarder),
		cmocka_unit_test(test_thieves),	   cmocka_unit_test(test_sleepers),
		cmocka_unit_test(test_max),	   cmocka_unit_test(test_max_leaves_rest),
		cmocka_unit_test(test_min),	   cmocka_unit_test(test_all_minima),
		cmocka_unit_test(test_chaos),
	};

	return cmocka_run_group_tests(tests, seed_setup, NULL);
}
