/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* sources: vmkernel/debug/log.c vmkernel/vsi/vsi.c vmkernel/lib/text.c vmkernel/lib/format.c
 *	vmkernel/lib/spinlock.c tests/fake/panic.c */
/* The log: the form of a line, levels, the ring as its reader sees it, a hostile header. */
#include "test_lib.h"
#include <string.h>

#include "debug/log.h"
#include "ring.h"
#include "vsi/vsi.h"

static uint64_t now;
static char sink[200000];
static size_t sink_len;
static uint8_t *region;

static uint64_t now_hook(void)
{
	return now;
}

static uint32_t pcpu_hook(void)
{
	return 3;
}

static uint32_t world_hook(void)
{
	return 1099;
}

static void raw_hook(const char *text, size_t len)
{
	assert_true(sink_len + len < sizeof(sink));
	memcpy(sink + sink_len, text, len);
	sink_len += len;
	sink[sink_len] = '\0';
}

static const struct log_hooks hooks = { now_hook, pcpu_hook, world_hook, raw_hook };

static int setup(void **state)
{
	(void)state;
	sink_len = 0;
	now = 0;
	free(region);
	region = malloc(WS_LOG_RING_PAGES * WS_PAGE_SIZE);
	memset(region, 0xee, WS_LOG_RING_PAGES * WS_PAGE_SIZE);
	log_set_hooks(&hooks);
	log_set_level(LOG_LEVEL_DEBUG);
	log_init(region, 77);
	return 0;
}

static void test_form(void **state)
{
	char want[300];
	int line;

	(void)state;
	now = ((2ull * 24 + 3) * 3600 + 4 * 60 + 5) * 1000000000ull + 6999999;
	line = __LINE__ + 1;
	LOG(INFO, "Sched", "world %u %s", 7u, "up");
	snprintf(want, sizeof(want), "2:03:04:05.006 cpu3:1099)Sched: %d: world 7 up\n", line);
	assert_string_equal(sink, want);
	sink_len = 0;
	line = __LINE__ + 1;
	LOG(ERROR, "Mem", "bad\nline\x1b");
	LOG(WARNING, "Mem", "odd");
	snprintf(want, sizeof(want),
		 "2:03:04:05.006 cpu3:1099)ALERT: Mem: %d: bad?line?\n"
		 "2:03:04:05.006 cpu3:1099)WARNING: Mem: %d: odd\n",
		 line, line + 1);
	assert_string_equal(sink, want);
}

static void test_levels(void **state)
{
	(void)state;
	log_set_level(LOG_LEVEL_WARNING);
	LOG(INFO, "X", "no");
	LOG(DEBUG, "X", "no");
	assert_int_equal(sink_len, 0);
	LOG(WARNING, "X", "yes");
	assert_true(sink_len > 0);
	assert_int_equal(vsi_set("/log/level", "4"), VMK_LIMIT_EXCEEDED);
	assert_int_equal(vsi_set("/log/level", "0"), VMK_OK);
	sink_len = 0;
	LOG(WARNING, "X", "no");
	assert_int_equal(sink_len, 0);
	log_set_level(1000);
	LOG(DEBUG, "X", "yes");
	assert_true(sink_len > 0);
}

static void test_long_line(void **state)
{
	char text[2000];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	LOG(INFO, "X", "%s", text);
	assert_int_equal(sink_len, LOG_LINE_MAX - 1);
	assert_int_equal(sink[sink_len - 1], '\n');
	sink_len = 0;
	log_raw(text, sizeof(text) - 1);
	assert_int_equal(sink_len, sizeof(text) - 1);
}

/* A reader that follows the ring sees what the sink sees, whatever is done to the header. */
static void test_ring(void **state)
{
	struct ws_ring *ring = (struct ws_ring *)region;
	static char tail[WS_LOG_RING_SIZE];
	uint64_t total = 0, seen = 0;

	(void)state;
	assert_int_equal(ring->magic, WS_RING_MAGIC);
	assert_int_equal(ring->size, WS_LOG_RING_SIZE);
	assert_int_equal(ring->data_offset, WS_PAGE_SIZE);
	assert_int_equal(log_tail(tail, sizeof(tail)), 0);
	for (int i = 0; i < 8000; i++) {
		char text[300];
		size_t n = rnd() % sizeof(text);

		memset(text, 'a' + i % 26, n);
		text[n ? n - 1 : 0] = '\0';
		sink_len = 0;
		LOG(INFO, "Ring", "%s", text);
		total += sink_len;
		assert_int_equal(ring->head, total);
		for (size_t j = 0; j < sink_len; j++, seen++)
			assert_int_equal(region[WS_PAGE_SIZE + seen % WS_LOG_RING_SIZE], sink[j]);
		ring->tail = rnd();
		ring->head = rnd();
		ring->size = (uint32_t)rnd();
		ring->data_offset = (uint32_t)rnd();
	}
	assert_int_equal(log_tail(tail, 100), 100);
	assert_memory_equal(tail + 100 - MIN(sink_len, 100), sink + sink_len - MIN(sink_len, 100),
			    MIN(sink_len, 100));
	assert_int_equal(log_tail(tail, sizeof(tail) + 5), sizeof(tail));
}

static void test_no_hooks(void **state)
{
	(void)state;
	log_set_hooks(NULL);
	LOG(INFO, "X", "early");
	assert_int_equal(sink_len, 0);
	assert_non_null(strstr((char *)region + WS_PAGE_SIZE, "0:00:00:00.000 cpu0:0)X: "));
}

static int group_setup(void **state)
{
	assert_int_equal(log_vsi_init(), VMK_OK);
	return seed_setup(state);
}

static int group_teardown(void **state)
{
	(void)state;
	free(region);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_form, setup),
		cmocka_unit_test_setup(test_levels, setup),
		cmocka_unit_test_setup(test_long_line, setup),
		cmocka_unit_test_setup(test_ring, setup),
		cmocka_unit_test_setup(test_no_hooks, setup),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
