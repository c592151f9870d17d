// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/* sources: console/lib/serial_ring.c */
/* Serial rings from the console's side: order, wrap-around, loss, headers that lie. */
#include "test_lib.h"
#include <stdlib.h>
#include <string.h>

#include "serial_ring.h"

static uint8_t *region;
static struct serial_ring out, in;

static int make_region(void **state)
{
	struct ws_vm_channel *c;

	(void)state;
	region = calloc(WS_VM_CHANNEL_PAGES, WS_PAGE_SIZE);
	c = (struct ws_vm_channel *)region;
	c->serial_out = (struct ws_ring){ .magic = WS_RING_MAGIC,
					  .size = WS_VM_SERIAL_OUT_SIZE,
					  .data_offset = WS_VM_SERIAL_OUT_OFFSET };
	c->serial_in = (struct ws_ring){ .magic = WS_RING_MAGIC,
					 .size = WS_VM_SERIAL_IN_SIZE,
					 .data_offset = WS_VM_SERIAL_IN_OFFSET };
	assert_true(serial_rings_open(region, &out, &in));
	return 0;
}

static int free_region(void **state)
{
	(void)state;
	free(region);
	return 0;
}

/* What the vmkernel does: byte number n of the output is n * 7. */
static void produce(size_t len)
{
	while (len--) {
		out.data[out.header->head % out.size] = out.header->head * 7;
		out.header->head++;
	}
}

static void consume(uint64_t *pos, size_t len, uint64_t *lost)
{
	uint8_t buf[1000];

	while (len) {
		size_t n = serial_ring_peek(&out, pos, buf, len < sizeof(buf) ? len : sizeof(buf),
					    lost),
		       i;

		assert_true(n > 0);
		for (i = 0; i < n; i++)
			assert_int_equal(buf[i], (uint8_t)((*pos + i) * 7));
		*pos += n;
		len -= n;
	}
}

static void test_out(void **state)
{
	uint64_t pos = 0, lost = 0;
	uint8_t buf[8];
	int i;

	(void)state;
	assert_int_equal(serial_ring_peek(&out, &pos, buf, sizeof(buf), &lost), 0);
	for (i = 0; i < 300; i++) {
		produce(777);
		consume(&pos, 777, &lost);
	}
	assert_int_equal(lost, 0);
	assert_int_equal(serial_ring_oldest(&out), pos - out.size);
}

static void test_lost(void **state)
{
	uint64_t pos = 0, lost = 0;
	uint8_t buf[8];

	(void)state;
	produce(out.size);
	assert_int_equal(serial_ring_oldest(&out), 0);
	produce(10);
	consume(&pos, 1, &lost);
	assert_int_equal(lost, 10);
	assert_int_equal(pos, 11);
	consume(&pos, out.size - 1, &lost);
	assert_int_equal(pos, out.size + 10);
	/* A position from nowhere is not followed. */
	pos = 1ull << 60;
	assert_int_equal(serial_ring_peek(&out, &pos, buf, sizeof(buf), &lost), 0);
	assert_int_equal(pos, out.size + 10);
}

static void test_in(void **state)
{
	uint8_t buf[WS_VM_SERIAL_IN_SIZE + 100], got[sizeof(buf)];
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof(buf); i++)
		buf[i] = i * 3;
	assert_int_equal(serial_ring_room(&in), in.size);
	assert_int_equal(serial_ring_put(&in, buf, 100), 100);
	in.header->tail = 100;
	n = serial_ring_put(&in, buf, sizeof(buf));
	assert_int_equal(n, in.size);
	assert_int_equal(serial_ring_room(&in), 0);
	assert_int_equal(serial_ring_put(&in, buf, 1), 0);
	for (i = 0; i < n; i++)
		got[i] = in.data[(100 + i) % in.size];
	assert_memory_equal(got, buf, n);
	/* A tail that runs ahead of the head gives no room. */
	in.header->tail = in.header->head + 5;
	assert_int_equal(serial_ring_put(&in, buf, 10), 0);
}

static void test_headers(void **state)
{
	struct ws_vm_channel *c = (struct ws_vm_channel *)region;

	(void)state;
	c->serial_out.size = 4 * WS_VM_SERIAL_OUT_SIZE;
	assert_false(serial_rings_open(region, &out, &in));
	c->serial_out.size = WS_VM_SERIAL_OUT_SIZE;
	c->serial_in.data_offset = 0;
	assert_false(serial_rings_open(region, &out, &in));
	c->serial_in.data_offset = WS_VM_SERIAL_IN_OFFSET;
	c->serial_in.magic = 0;
	assert_false(serial_rings_open(region, &out, &in));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_out, make_region, free_region),
		cmocka_unit_test_setup_teardown(test_lost, make_region, free_region),
		cmocka_unit_test_setup_teardown(test_in, make_region, free_region),
		cmocka_unit_test_setup_teardown(test_headers, make_region, free_region),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
