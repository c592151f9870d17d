/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* sources: vmkernel/devices/bus.c */
/*
 * The registration table: who may claim what, how accesses are cut to what a model
 * takes, what nobody answers, and deadlines. A reference table of 65536 owners checks
 * random claims and accesses.
 */
#include "test_dev.h"

struct probe {
	uint64_t len;
	unsigned int width;
	unsigned int reads, writes;
	uint64_t last_offset, last_val;
	vmk_status st;
};

static vmk_status probe_read(void *opaque, uint64_t offset, unsigned int size, uint64_t *val)
{
	struct probe *p = opaque;

	assert_true(size <= p->width && offset + size <= p->len);
	p->reads++;
	p->last_offset = offset;
	for (unsigned int i = 0; i < 8; i++) /* more than size: the bus must cut it */
		*val |= (uint64_t)((offset + i + 1) & 0xff) << (8 * i);
	return p->st;
}

static vmk_status probe_write(void *opaque, uint64_t offset, unsigned int size, uint64_t val)
{
	struct probe *p = opaque;

	assert_true(size <= p->width && offset + size <= p->len);
	assert_true(size == 8 || val >> (8 * size) == 0);
	p->writes++;
	p->last_offset = offset;
	p->last_val = val;
	return p->st;
}

static const struct dev_ops byte_ops = { probe_read, probe_write, 1 };
static const struct dev_ops word_ops = { probe_read, probe_write, 4 };
static const struct dev_ops msr_ops = { probe_read, probe_write, 8 };

static void registering(void **state)
{
	struct dev_ops bad = byte_ops;
	struct probe p = { 0 };
	struct dev_bus bus;
	unsigned int i;

	(void)state;
	dev_bus_init(&bus);
	assert_int_equal(dev_register_pio(&bus, 0x10, 0, &byte_ops, &p), VMK_BAD_PARAM);
	assert_int_equal(dev_register_pio(&bus, 0x10, 1, NULL, &p), VMK_BAD_PARAM);
	assert_int_equal(dev_register_pio(&bus, 0xfff0, 0x11, &byte_ops, &p), VMK_BAD_PARAM);
	bad.width = 3;
	assert_int_equal(dev_register_pio(&bus, 0x10, 1, &bad, &p), VMK_BAD_PARAM);
	bad.width = 1;
	bad.read = NULL;
	assert_int_equal(dev_register_pio(&bus, 0x10, 1, &bad, &p), VMK_BAD_PARAM);
	assert_int_equal(dev_register_mmio(&bus, UINT64_MAX - 1, 3, &byte_ops, &p), VMK_BAD_PARAM);
	assert_int_equal(dev_register_mmio(&bus, UINT64_MAX - 1, 2, &byte_ops, &p), VMK_OK);
	assert_int_equal(dev_register_msr(&bus, UINT32_MAX, 2, &byte_ops, &p), VMK_BAD_PARAM);
	assert_int_equal(dev_register_msr(&bus, UINT32_MAX, 1, &byte_ops, &p), VMK_OK);
	assert_int_equal(dev_register_tick(&bus, NULL, &p), VMK_BAD_PARAM);

	assert_int_equal(dev_register_pio(&bus, 0x20, 4, &byte_ops, &p), VMK_OK);
	for (i = 0x1e; i < 0x24; i++)
		assert_int_equal(
			dev_register_pio(&bus, (uint16_t)i, i == 0x1e ? 3 : 2, &byte_ops, &p),
			i == 0x1f || i == 0x1e || i < 0x24 ? VMK_EXISTS : VMK_OK);
	assert_int_equal(dev_register_pio(&bus, 0, 0x10000, &byte_ops, &p), VMK_EXISTS);
	assert_int_equal(dev_register_pio(&bus, 0x24, 1, &byte_ops, &p), VMK_OK);
	assert_int_equal(dev_register_pio(&bus, 0x1f, 1, &byte_ops, &p), VMK_OK);
	for (i = bus.pio_count; i < DEV_MAX_PIO; i++)
		assert_int_equal(
			dev_register_pio(&bus, (uint16_t)(0x8000 - 8 * i), 2, &byte_ops, &p),
			VMK_OK);
	assert_int_equal(dev_register_pio(&bus, 0x9000, 2, &byte_ops, &p), VMK_LIMIT_EXCEEDED);
	for (i = 1; i < bus.pio_count; i++)
		assert_true(bus.pio[i - 1].base + bus.pio[i - 1].len <= bus.pio[i].base);
}

static void cutting(void **state)
{
	struct probe b = { .len = 4, .width = 1 }, w = { .len = 8, .width = 4 };
	struct dev_bus bus;
	uint64_t val;

	(void)state;
	dev_bus_init(&bus);
	assert_int_equal(dev_register_pio(&bus, 0x100, 4, &byte_ops, &b), VMK_OK);
	assert_int_equal(dev_register_pio(&bus, 0x104, 8, &word_ops, &w), VMK_OK);
	assert_int_equal(dev_register_mmio(&bus, 0xf0000000, 8, &word_ops, &w), VMK_OK);

	assert_int_equal(dev_pio_read(&bus, 0x100, 1), 0x01);
	assert_int_equal(dev_pio_read(&bus, 0x100, 4), 0x04030201);
	assert_int_equal(b.reads, 5);
	assert_int_equal(dev_pio_read(&bus, 0x104, 4), 0x04030201);
	assert_int_equal(w.reads, 1);
	/* Over an edge: bytes of both; off the end: ones for the rest. */
	assert_int_equal(dev_pio_read(&bus, 0x102, 4), 0x02010403);
	assert_int_equal(dev_pio_read(&bus, 0x10b, 2), 0xff08);
	assert_int_equal(dev_pio_read(&bus, 0xffff, 4), UINT32_MAX);
	/* Nobody, and nonsense sizes. */
	assert_int_equal(dev_pio_read(&bus, 0x200, 1), 0xff);
	assert_int_equal(dev_pio_read(&bus, 0x200, 2), 0xffff);
	assert_int_equal(dev_pio_read(&bus, 0x100, 3), UINT32_MAX);
	assert_int_equal(dev_pio_read(&bus, 0x100, 8), UINT32_MAX);
	w.writes = 0;
	dev_pio_write(&bus, 0x104, 2, 0x12345678);
	assert_int_equal(w.last_val, 0x5678);
	dev_pio_write(&bus, 0x104, 3, 0);
	dev_pio_write(&bus, 0x300, 4, 0);
	assert_int_equal(w.writes, 1);
	/* A model that answers nothing reads as ones. */
	b.st = VMK_NOT_FOUND;
	assert_int_equal(dev_pio_read(&bus, 0x100, 2), 0xffff);

	assert_int_equal(dev_mmio_read(&bus, 3, 0xf0000000, 8, &val), VMK_OK);
	assert_true(val == 0x0807060504030201);
	assert_int_equal(bus.vcpu, 3);
	assert_int_equal(dev_mmio_read(&bus, 0, 0xf0000004, 8, &val), VMK_NOT_FOUND);
	assert_true(val == UINT64_MAX);
	assert_int_equal(dev_mmio_read(&bus, 0, 0xefffffff, 2, &val), VMK_NOT_FOUND);
	assert_int_equal(val, 0xffff);
	assert_int_equal(dev_mmio_write(&bus, 0, 0xf0000006, 4, 1), VMK_NOT_FOUND);
	assert_int_equal(dev_mmio_write(&bus, 0, 0xf0000004, 4, 0xff00000001), VMK_OK);
	assert_int_equal(w.last_val, 1);
	assert_int_equal(w.last_offset, 4);
}

static void msrs(void **state)
{
	struct probe p = { .len = 8 + 0x100, .width = 8 };
	struct dev_bus bus;
	uint64_t val = 7;

	(void)state;
	dev_bus_init(&bus);
	assert_int_equal(dev_msr_read(&bus, 0, 0x1b, &val), VMK_NOT_FOUND);
	assert_int_equal(val, 0);
	assert_int_equal(dev_msr_write(&bus, 0, 0x1b, 0), VMK_NOT_FOUND);
	assert_int_equal(dev_register_msr(&bus, 0x800, 0x100, &msr_ops, &p), VMK_OK);
	assert_int_equal(dev_msr_read(&bus, 5, 0x830, &val), VMK_OK);
	assert_int_equal(p.last_offset, 0x30);
	assert_int_equal(bus.vcpu, 5);
	assert_int_equal(dev_msr_write(&bus, 6, 0x8ff, UINT64_MAX), VMK_OK);
	assert_true(p.last_val == UINT64_MAX);
	p.st = VMK_BAD_PARAM;
	assert_int_equal(dev_msr_read(&bus, 5, 0x830, &val), VMK_BAD_PARAM);
	assert_int_equal(val, 0);
	assert_int_equal(dev_msr_read(&bus, 5, 0x900, &val), VMK_NOT_FOUND);
}

struct timer {
	uint64_t at;
	unsigned int fired;
};

static uint64_t timer_deadline(void *opaque)
{
	return ((struct timer *)opaque)->at;
}

static void timer_tick(void *opaque, uint64_t now)
{
	struct timer *t = opaque;

	assert_true(now >= t->at);
	t->fired++;
	t->at = DEV_NEVER;
}

static void deadlines(void **state)
{
	static const struct dev_tick_ops ops = { timer_deadline, timer_tick };
	struct timer t[3] = { { 30, 0 }, { 10, 0 }, { 20, 0 } };
	struct dev_bus bus;
	unsigned int i;

	(void)state;
	dev_bus_init(&bus);
	assert_true(dev_deadline(&bus) == DEV_NEVER);
	for (i = 0; i < 3; i++)
		assert_int_equal(dev_register_tick(&bus, &ops, &t[i]), VMK_OK);
	assert_int_equal(dev_deadline(&bus), 10);
	dev_tick(&bus, 9);
	assert_int_equal(t[1].fired, 0);
	dev_tick(&bus, 20);
	assert_int_equal(t[1].fired, 1);
	assert_int_equal(t[2].fired, 1);
	assert_int_equal(dev_deadline(&bus), 30);
	for (i = 3; i < DEV_MAX_TICK; i++)
		assert_int_equal(dev_register_tick(&bus, &ops, &t[0]), VMK_OK);
	assert_int_equal(dev_register_tick(&bus, &ops, &t[0]), VMK_LIMIT_EXCEEDED);
}

static void random_claims(void **state)
{
	static uint8_t owner[0x10000];
	struct probe p[DEV_MAX_PIO];
	struct dev_bus bus;
	unsigned int round, i, n;

	(void)state;
	rnd_seed("bus");
	for (round = 0; round < 20; round++) {
		dev_bus_init(&bus);
		memset(owner, 0, sizeof(owner));
		for (n = 0; n < DEV_MAX_PIO;) {
			uint16_t base = (uint16_t)rnd();
			uint32_t len = (uint32_t)(rnd() % 3000);
			bool fits = len && base + len <= 0x10000, taken = false;
			vmk_status st;

			p[n] = (struct probe){ .len = len, .width = 1 };
			for (i = 0; fits && i < len; i++)
				taken |= owner[base + i];
			st = dev_register_pio(&bus, base, len, &byte_ops, &p[n]);
			assert_int_equal(st, !fits ? VMK_BAD_PARAM : taken ? VMK_EXISTS : VMK_OK);
			if (st == VMK_OK)
				memset(owner + base, (int)++n, len);
			else if (rnd() % 8 == 0)
				break;
		}
		for (i = 0; i < 0x10000; i++) {
			uint32_t got = dev_pio_read(&bus, (uint16_t)i, 1);
			unsigned int o = owner[i];

			if (!o)
				assert_int_equal(got, 0xff);
			else
				assert_int_equal(got, (p[o - 1].last_offset + 1) & 0xff);
		}
		for (i = 0; i < 1000; i++) {
			dev_pio_read(&bus, (uint16_t)rnd(), 1u << rnd() % 4);
			dev_pio_write(&bus, (uint16_t)rnd(), 1u << rnd() % 4, (uint32_t)rnd());
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(registering),	 cmocka_unit_test(cutting),
		cmocka_unit_test(msrs),		 cmocka_unit_test(deadlines),
		cmocka_unit_test(random_claims),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
