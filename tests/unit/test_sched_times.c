/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* sources: vmkernel/sched/sched.c vmkernel/sched/account.c vmkernel/sched/world.c
 *	vmkernel/sched/load.c vmkernel/sched/sched_vsi.c vmkernel/sched/status.c
 *	vmkernel/vsi/vsi.c vmkernel/lib/text.c
 *	vmkernel/lib/format.c vmkernel/lib/spinlock.c tests/fake/panic.c */
/*
 * The sums that esxtop shows: of every PCPU, its worlds and its idling make
 * all of its time, to the nanosecond, whatever moves, waits, comes or goes;
 * and so do a world's states.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sched/private.h"
#include "sched_sim.h"
#include "vsi/vsi.h"

#define LINE_LEN 32u
#define PCPUS 3u

struct pcpu_times {
	uint64_t now, idle, busy, worlds, departed;
	uint32_t count;
};

static char text[8192];

/* All of a leaf, in pieces of another length each time. */
static void get(const char *path)
{
	uint32_t len, next, offset = 0;

	do {
		uint32_t size = 1 + (uint32_t)(rnd() % 100);

		assert_true(offset + size < sizeof(text));
		assert_int_equal(vsi_get(path, offset, text + offset, size, &len, &next), VMK_OK);
		text[offset + len] = '\0';
		offset = next;
	} while (offset);
}

static struct pcpu_times times_of(uint32_t pcpu)
{
	struct pcpu_times t = { 0 };
	char path[64], *line;

	snprintf(path, sizeof(path), "/sched/pcpus/%u/times", pcpu);
	get(path);
	assert_int_equal(strlen(text) % LINE_LEN, 0);
	assert_int_equal(sscanf(text, " now %lu idle %lu busy %lu", &t.now, &t.idle, &t.busy), 3);
	for (line = text + 3 * LINE_LEN; *line; line += LINE_LEN) {
		uint64_t ns;
		uint32_t id;

		assert_int_equal(line[LINE_LEN - 1], '\n');
		assert_int_equal(sscanf(line, "%u %lu", &id, &ns), 2);
		assert_true(id >= WORLD_ID_CONSOLE + SCHED_PCPU_MAX && ns > 0);
		t.worlds += ns;
		t.count++;
	}
	return t;
}

static void stop(struct sim_world *s)
{
	while (world_stop(&s->w, sim.now) == VMK_BUSY)
		sim_run(MS);
	assert_int_equal(world_destroy(&s->w), VMK_OK);
	s->used = false;
}

/* Everything since start is accounted for on each PCPU. */
static void check_pcpus(uint64_t start)
{
	uint32_t pcpu;

	for (pcpu = 1; pcpu <= PCPUS; pcpu++) {
		struct pcpu_times t = times_of(pcpu);

		assert_true(t.now == sim.now);
		assert_true(t.idle + t.busy == t.now - start);
	}
}

static void test_pcpus_add_up(void **state)
{
	uint64_t start, on_pcpus = 0, used = 0, stopped_ns;
	struct sim_world *gone;
	uint32_t i;

	(void)state;
	sim_start(PCPUS);
	start = sim.now;
	check_pcpus(start);
	for (i = 0; i < 8; i++)
		sim_add(i, 500 + 300 * i, (1 + i) * MS, i % 3 ? 2 * i * MS : 0);
	for (i = 0; i < 200; i++) {
		sim_run(rnd() % (20 * MS));
		check_pcpus(start);
	}
	for (i = 1; i <= PCPUS; i++) {
		struct pcpu_times t = times_of(i);

		assert_true(t.worlds == t.busy);
		on_pcpus += t.worlds;
	}
	for (i = 0; i < 8; i++)
		used += sim_used(&sim.world[i]);
	assert_true(used == on_pcpus);
	/* Worlds that go leave their time behind in what the PCPU was busy. */
	gone = &sim.world[3];
	stop(gone);
	stopped_ns = gone->w.time[WORLD_RUNNING];
	sim_run(100 * MS);
	check_pcpus(start);
	for (on_pcpus = 0, i = 1; i <= PCPUS; i++)
		on_pcpus += times_of(i).busy - times_of(i).worlds;
	assert_true(on_pcpus == stopped_ns);
}

/* Between one world's end and the choice of the next, the PCPU counts as idle. */
static void test_no_gap(void **state)
{
	struct sim_world *s;
	uint64_t start, until;

	(void)state;
	sim_start(PCPUS);
	start = sim.now;
	s = sim_add(0, 1000, SCHED_NEVER, 0);
	assert_ptr_equal(sched_pick(1, sim.now, &until), &s->w);
	sim.now += 5 * MS;
	sched_put(1, &s->w, sim.now, RUN_PREEMPTED);
	sim.now += 2 * MS;
	assert_true(times_of(1).idle == 2 * MS);
	assert_ptr_equal(sched_pick(1, sim.now, &until), &s->w);
	sim.now += 3 * MS;
	assert_true(times_of(1).idle == 2 * MS && times_of(1).busy == 8 * MS);
	check_pcpus(start);
}

/* PCPUs look at the clock, then wait for the lock; others may be ahead of them then. */
static void test_late_clocks(void **state)
{
	struct world_times times;
	struct sim_world *s;
	uint64_t start, until, late;

	(void)state;
	sim_start(PCPUS);
	start = sim.now;
	s = sim_add(0, 1000, SCHED_NEVER, 0);
	for (uint32_t i = 0; i < 100; i++) {
		late = sim.now + rnd() % MS;
		sim.now = late + rnd() % MS;
		if (i % 3)
			world_get_times(&s->w, sim.now, &times);
		if (i % 2)
			world_get_times(&sched.pcpu[1].idle_world, sim.now, &times);
		assert_ptr_equal(sched_pick(1, late, &until), &s->w);
		sim.now += 2 * MS;
		check_pcpus(start);
		late = sim.now + rnd() % MS;
		sim.now = late + rnd() % MS;
		if (i % 3)
			world_get_times(&sched.pcpu[1].idle_world, sim.now, &times);
		if (i % 2)
			world_get_times(&s->w, sim.now, &times);
		sched_put(1, &s->w, late, RUN_PREEMPTED);
		sim.now += 2 * MS;
		check_pcpus(start);
	}
}

static void test_world_adds_up(void **state)
{
	uint64_t now, used, ready, wait, capped, stopped, sys, made;
	struct sim_world *s;
	char path[64];

	(void)state;
	sim_start(1);
	made = sim.now;
	s = sim_add(0, 1000, 7 * MS, 3 * MS);
	sim_hog(1, 1000);
	assert_int_equal(world_set_shares(&s->w, 1000, 0, 20, sim.now), VMK_OK);
	sim_run(SEC);
	world_charge_sys(&s->w, 12345);
	snprintf(path, sizeof(path), "/sched/worlds/%u/times", s->w.id);
	get(path);
	assert_int_equal(sscanf(text, "%lu %lu %lu %lu %lu %lu %lu", &now, &used, &ready, &wait,
				&capped, &stopped, &sys),
			 7);
	assert_true(now == sim.now && used && ready && wait && capped && !stopped);
	assert_int_equal(sys, 12345);
	assert_true(used + ready + wait + capped + stopped == now - made);
}

static int setup(void **state)
{
	(void)state;
	return sched_vsi_init();
}

/* Between two worlds a PCPU does not idle; with nobody to take, it does from the first moment. */
static void test_between(void **state)
{
	uint64_t start;

	(void)state;
	sim_start(PCPUS);
	start = sim.now;
	for (uint32_t i = 0; i < 2 * PCPUS; i++)
		sim_hog(i, 1000);
	sim_run(5 * MS);
	for (int round = 0; round < 100; round++) {
		uint64_t idle = times_of(1).idle;

		sim.now += MS;
		sim_put(1);
		sim.now += 7 * MS;
		if (round & 1)
			idle += times_of(1).idle - idle; /* who asks now sees it idle */
		sim_pick(1);
		sim.now += MS;
		assert_true(times_of(1).idle == idle);
		check_pcpus(start);
	}
	for (uint32_t i = 0; i < 2 * PCPUS; i++)
		stop(&sim.world[i]);
	sim_pick(1);
	sim.now += 9 * MS;
	assert_true(times_of(1).idle + times_of(1).busy == sim.now - start);
}

/* Column of world i's line in /sched/cpu. */
static double column(uint32_t i, const char *heading)
{
	char id[16], *line, *word, *save;
	uint32_t at = 0;

	get("/sched/cpu");
	word = strstr(text, heading);
	assert_non_null(word);
	for (char *p = text; p < word; p++)
		at += p[0] == ' ' && p[1] != ' ';
	snprintf(id, sizeof(id), "\n%6u ", sim.world[i].w.id);
	line = strstr(text, id);
	assert_non_null(line);
	word = strtok_r(line, " \n", &save);
	while (--at)
		word = strtok_r(NULL, " \n", &save);
	return atof(word);
}

static void test_status(void **state)
{
	(void)state;
	sim_start(2);
	for (uint32_t i = 0; i < 3; i++)
		sim_hog(i, 1000);
	sim_run(5 * SEC);
	for (uint32_t i = 0; i < 3; i++) {
		assert_float_equal(column(i, "emin"), 66, 0);
		assert_float_equal(column(i, "usedsec"), 10 / 3., 0.05);
		assert_float_equal(column(i, "extrasec"), 0, 0.1);
		world_set_group(&sim.world[i].w, i + 1);
		assert_float_equal(column(i, "vm"), i + 1, 0);
	}
	/* 150 % are left for 3000 shares: 1000 have 50, 2000 have 100. */
	assert_int_equal(world_set_shares(&sim.world[0].w, 1000, 0, 50, sim.now), VMK_OK);
	assert_int_equal(world_set_shares(&sim.world[2].w, 2000, 0, 0, sim.now), VMK_OK);
	assert_float_equal(column(0, "emin"), 50, 0);
	assert_float_equal(column(1, "emin"), 50, 1);
	assert_float_equal(column(2, "emin"), 100, 1);
	assert_int_equal(world_set_shares(&sim.world[1].w, 1, 80, 0, sim.now), VMK_OK);
	assert_float_equal(column(1, "emin"), 80, 0);
	/* What the others do not take is extra. */
	stop(&sim.world[0]);
	stop(&sim.world[2]);
	sim_add(0, 1000, MS, 99 * MS);
	sim_add(2, 1000, MS, 99 * MS);
	assert_int_equal(world_set_shares(&sim.world[1].w, 1000, 0, 0, sim.now), VMK_OK);
	sim_run(30 * SEC);
	assert_float_equal(column(1, "emin"), 66, 0);
	assert_float_equal(column(1, "extrasec"), 30 * 0.33, 1.5);
	assert_float_equal(column(0, "extrasec"), 0, 0.01);
}

static void loads(double *load)
{
	get("/sched/cpu-load");
	assert_int_equal(
		sscanf(strstr(text, "\nvcpus"), " vcpus %lf %lf %lf", &load[0], &load[1], &load[2]),
		3);
}

static void test_load(void **state)
{
	double load[3];

	(void)state;
	sim_start(2);
	loads(load);
	assert_float_equal(load[0] + load[1] + load[2], 0, 0);
	for (uint32_t i = 0; i < 3; i++)
		sim_hog(i, 1000);
	sim_run(60 * SEC); /* 3 * (1 - 1/e), … */
	loads(load);
	assert_float_equal(load[0], 1.90, 0.1);
	assert_float_equal(load[1], 0.54, 0.05);
	assert_float_equal(load[2], 0.19, 0.03);
	sim_run(600 * SEC);
	loads(load);
	assert_float_equal(load[0], 3, 0.02);
	for (uint32_t i = 0; i < 3; i++)
		stop(&sim.world[i]);
	/* Nobody comes by for a long time: what was is forgotten all the same. */
	sim.now += 300 * SEC;
	loads(load);
	assert_float_equal(load[0], 3 * 0.0067, 0.02);
	assert_true(load[1] > 0.5 && load[1] < 1.5);
	sim.now += 1000000 * SEC;
	loads(load);
	assert_float_equal(load[0] + load[1] + load[2], 0, 0.02);
	/* Two that look at the same moment, and one whose clock is behind. */
	for (int i = -2; i < 3; i++)
		for (int j = 0; j < 3; j++)
			sched_load_update(sim.now + SEC + (uint64_t)(int64_t)i);
}

static void test_affinity_text(void **state)
{
	static const char *const bad[] = { "",	  ",",	  "1,", ",1",	"1,,2", "1 2", "1-2",
					   "ALL", "none", "-1", "all,", "1\n2", "0x",  "99999" };
	uint64_t pcpus = 77;

	(void)state;
	sim_start(3);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(world_parse_affinity(bad[i], &pcpus), VMK_BAD_PARAM);
	assert_int_equal(world_parse_affinity("64", &pcpus), VMK_LIMIT_EXCEEDED);
	assert_int_equal(world_parse_affinity("1,0", &pcpus), VMK_LIMIT_EXCEEDED);
	assert_int_equal(pcpus, 77);
	assert_int_equal(world_parse_affinity("3,1", &pcpus), VMK_OK);
	assert_true(pcpus == (BIT(1) | BIT(3)));
	assert_int_equal(world_parse_affinity("all", &pcpus), VMK_OK);
	assert_true(pcpus == SCHED_ANY_PCPU);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pcpus_add_up),  cmocka_unit_test(test_between),
		cmocka_unit_test(test_no_gap),	      cmocka_unit_test(test_late_clocks),
		cmocka_unit_test(test_world_adds_up), cmocka_unit_test(test_status),
		cmocka_unit_test(test_load),	      cmocka_unit_test(test_affinity_text),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
