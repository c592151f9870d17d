/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* sources: vmkernel/lib/state.c
 *	vmkernel/devices/i8254.c */
/*
 * The interval timer: counts and outputs of every mode against the data sheet, latches
 * and read-back, BCD, the gate of channel 2 with the calibration loops that operating
 * systems run, interrupts that never drift, and random use.
 */
#include "test_dev.h"

#include "devices/i8254.h"
#include "devices/ticks.h"

static struct i8254 pit;
static struct fake_line irq0;

static int fresh(void **state)
{
	struct dev_irq irq = fake_irq(&irq0);

	(void)state;
	fake_ns = 7 * SEC + 123;
	i8254_init(&pit, &fake_clock, &irq);
	return 0;
}

/* Program a channel: mode, both bytes, binary. */
static void program(unsigned int n, unsigned int mode, uint16_t count)
{
	i8254_write(&pit, 3, (uint8_t)(n << 6 | 0x30 | mode << 1));
	i8254_write(&pit, n, (uint8_t)count);
	i8254_write(&pit, n, (uint8_t)(count >> 8));
}

static uint16_t read_latched(unsigned int n)
{
	uint16_t low;

	i8254_write(&pit, 3, (uint8_t)(n << 6));
	low = i8254_read(&pit, n);
	return (uint16_t)(low | i8254_read(&pit, n) << 8);
}

/* Move to the first moment at which that many counts have passed since base. */
static void at_count(uint64_t base, uint64_t counts)
{
	fake_ns = base + ticks_to_ns(counts, PIT_HZ);
}

static void mode0(void **state)
{
	uint64_t base = fake_ns;

	(void)state;
	i8254_write(&pit, 3, 0x30);
	assert_int_equal(irq0.level, 0);
	assert_true(i8254_deadline(&pit) == DEV_NEVER);
	program(0, 0, 1000);
	assert_int_equal(i8254_deadline(&pit), base + ticks_to_ns(1000, PIT_HZ));
	at_count(base, 300);
	assert_int_equal(read_latched(0), 700);
	i8254_tick(&pit, fake_ns);
	assert_int_equal(irq0.level, 0);
	at_count(base, 1000);
	i8254_tick(&pit, fake_ns);
	assert_int_equal(irq0.level, 1);
	assert_int_equal(irq0.rises, 1);
	assert_true(i8254_deadline(&pit) == DEV_NEVER);
	at_count(base, 1001);
	assert_int_equal(read_latched(0), 0xffff); /* counts on */
	assert_true(i8254_out(&pit, 0, fake_ns));
	/* The first byte of a new count stops it and drops the output when complete. */
	program(0, 0, 0);
	assert_int_equal(irq0.level, 0);
	assert_int_equal(i8254_deadline(&pit), fake_ns + ticks_to_ns(0x10000, PIT_HZ));
}

static void mode2(void **state)
{
	uint64_t base = fake_ns, k;

	(void)state;
	program(0, 2, 1193);
	assert_int_equal(irq0.level, 1);
	irq0.rises = 0;
	for (k = 1; k <= 5000; k++) {
		assert_int_equal(i8254_deadline(&pit), base + ticks_to_ns(k * 1193, PIT_HZ));
		fake_ns = i8254_deadline(&pit);
		i8254_tick(&pit, fake_ns);
	}
	assert_int_equal(irq0.rises, 5000);
	assert_int_equal(read_latched(0), 1193);
	at_count(base, 5000 * 1193 + 1192);
	assert_int_equal(read_latched(0), 1);
	assert_false(i8254_out(&pit, 0, fake_ns));
	/* Late: one interrupt for all that was missed, and in phase afterwards. */
	at_count(base, 6000 * 1193 + 600);
	i8254_tick(&pit, fake_ns);
	assert_int_equal(irq0.rises, 5001);
	assert_int_equal(i8254_deadline(&pit), base + ticks_to_ns(6001 * 1193, PIT_HZ));
	program(0, 2, 1); /* illegal: must not divide by nothing or stand still */
	assert_true(i8254_deadline(&pit) > fake_ns);
}

static void mode3(void **state)
{
	uint64_t base = fake_ns;

	(void)state;
	program(2, 3, 1000);
	i8254_write61(&pit, 0x01);
	assert_true(i8254_out(&pit, 2, base));
	at_count(base, 100);
	assert_int_equal(read_latched(2), 800); /* counts by two */
	at_count(base, 499);
	assert_true(i8254_read61(&pit) & 0x20);
	at_count(base, 500);
	assert_false(i8254_read61(&pit) & 0x20);
	assert_int_equal(read_latched(2), 1000);
	at_count(base, 1000);
	assert_true(i8254_read61(&pit) & 0x20);
	i8254_write61(&pit, 0x00); /* a closed gate forces the output high */
	at_count(base, 1700);
	assert_true(i8254_read61(&pit) & 0x20);
	program(2, 3, 1);
	i8254_write61(&pit, 0x01);
	fake_ns += 12345;
	read_latched(2);
}

static void triggered(void **state)
{
	uint64_t base;

	(void)state;
	i8254_write61(&pit, 0);
	program(2, 1, 500);
	assert_true(i8254_out(&pit, 2, fake_ns));
	fake_ns += SEC;
	assert_true(i8254_out(&pit, 2, fake_ns));
	i8254_write61(&pit, 1);
	base = fake_ns;
	assert_false(i8254_out(&pit, 2, fake_ns));
	at_count(base, 499);
	assert_false(i8254_out(&pit, 2, fake_ns));
	at_count(base, 500);
	assert_true(i8254_out(&pit, 2, fake_ns));
	program(2, 5, 500);
	i8254_write61(&pit, 0);
	i8254_write61(&pit, 1);
	base = fake_ns;
	at_count(base, 499);
	assert_true(i8254_out(&pit, 2, fake_ns));
	at_count(base, 500);
	assert_false(i8254_out(&pit, 2, fake_ns));
	at_count(base, 501);
	assert_true(i8254_out(&pit, 2, fake_ns));
	/* Mode 4 on channel 0: one pulse, the interrupt at its end. */
	program(0, 4, 500);
	base = fake_ns;
	assert_int_equal(i8254_deadline(&pit), base + ticks_to_ns(501, PIT_HZ));
	irq0.rises = 0;
	fake_ns = i8254_deadline(&pit);
	i8254_tick(&pit, fake_ns);
	assert_int_equal(irq0.rises, 1);
	assert_true(i8254_deadline(&pit) == DEV_NEVER);
}

static void gate_pauses(void **state)
{
	uint64_t base;

	(void)state;
	i8254_write61(&pit, 1);
	program(2, 0, 1000);
	base = fake_ns;
	at_count(base, 400);
	i8254_write61(&pit, 0);
	fake_ns += SEC;
	assert_int_equal(read_latched(2), 600);
	i8254_write61(&pit, 1);
	base = fake_ns;
	at_count(base, 599);
	assert_false(i8254_read61(&pit) & 0x20);
	at_count(base, 600);
	assert_true(i8254_read61(&pit) & 0x20);
}

/* How kernels measure their TSC: 50 ms on channel 2 in mode 0, polling port 61h. */
static void calibration(void **state)
{
	uint64_t start, loops = 0;
	uint8_t last, now;

	(void)state;
	i8254_write61(&pit, (i8254_read61(&pit) & ~0x02) | 0x01);
	program(2, 0, PIT_HZ / 20);
	start = fake_ns;
	while (!(i8254_read61(&pit) & 0x20)) {
		fake_ns += 1000;
		loops++;
	}
	assert_in_range(fake_ns - start, 49998000, 50002000);
	assert_in_range(loops, 49990, 50010);
	/* The quick way: high bytes of channel 2 in mode 0 count down one by one. */
	i8254_write(&pit, 3, 0xb0);
	i8254_write(&pit, 2, 0xff);
	i8254_write(&pit, 2, 0xff);
	i8254_read(&pit, 2);
	last = i8254_read(&pit, 2);
	for (loops = 0; loops < 100000; loops++) {
		fake_ns += 1000;
		i8254_read(&pit, 2);
		now = i8254_read(&pit, 2);
		assert_true(now == last || now == (uint8_t)(last - 1));
		last = now;
	}
	/* The refresh toggle toggles. */
	now = i8254_read61(&pit) & 0x10;
	fake_ns += 15085;
	assert_int_not_equal(i8254_read61(&pit) & 0x10, now);
	assert_int_equal(i8254_read61(&pit) & 0xc0, 0);
}

static void latches(void **state)
{
	uint64_t base;

	(void)state;
	program(2, 2, 0x1234);
	i8254_write61(&pit, 1);
	base = fake_ns;
	at_count(base, 4);
	i8254_write(&pit, 3, 0x80);
	at_count(base, 100);
	i8254_write(&pit, 3, 0x80); /* the first latch stands */
	assert_int_equal(i8254_read(&pit, 2), 0x30);
	assert_int_equal(i8254_read(&pit, 2), 0x12);
	/* Read-back: status first, then count. */
	at_count(base, 4);
	i8254_write(&pit, 3, 0xc0 | 0x08);
	at_count(base, 100);
	assert_int_equal(i8254_read(&pit, 2), 0x80 | 0x30 | 2 << 1);
	assert_int_equal(i8254_read(&pit, 2), 0x30);
	assert_int_equal(i8254_read(&pit, 2), 0x12);
	/* Null count between control word and count. */
	i8254_write(&pit, 3, 0xb4);
	i8254_write(&pit, 3, 0xe8);
	assert_int_equal(i8254_read(&pit, 2) & 0x40, 0x40);
	/* One-byte accesses. */
	i8254_write(&pit, 3, 0x94);
	i8254_write(&pit, 2, 50);
	assert_int_equal(i8254_read(&pit, 2), 50);
	assert_int_equal(i8254_read(&pit, 2), 50);
	i8254_write(&pit, 3, 0xa4);
	i8254_write(&pit, 2, 50);
	assert_int_equal(i8254_read(&pit, 2), 50);
	assert_int_equal(i8254_read(&pit, 3), 0xff);
}

static void bcd(void **state)
{
	uint64_t base;

	(void)state;
	i8254_write61(&pit, 1);
	i8254_write(&pit, 3, 0xb5);
	i8254_write(&pit, 2, 0x00);
	i8254_write(&pit, 2, 0x10);
	base = fake_ns;
	at_count(base, 1);
	assert_int_equal(read_latched(2), 0x0999);
	at_count(base, 999);
	assert_int_equal(read_latched(2), 0x0001);
	i8254_write(&pit, 3, 0xb1);
	i8254_write(&pit, 2, 0x00);
	i8254_write(&pit, 2, 0x00);
	base = fake_ns;
	at_count(base, 1);
	assert_int_equal(read_latched(2), 0x9999);
	i8254_write(&pit, 2, 0xff); /* digits that are none */
	i8254_write(&pit, 2, 0xff);
	read_latched(2);
}

static void hostile(void **state)
{
	unsigned int i;

	(void)state;
	rnd_seed("i8254");
	for (i = 0; i < 300000; i++) {
		switch (rnd() % 6) {
		case 0:
		case 1:
			i8254_write(&pit, (uint32_t)(rnd() % 5), (uint8_t)rnd_value());
			break;
		case 2:
			i8254_read(&pit, (uint32_t)(rnd() % 5));
			break;
		case 3:
			i8254_write61(&pit, (uint8_t)rnd());
			assert_int_equal(i8254_read61(&pit) & 0xcf, pit.port61);
			break;
		case 4:
			fake_ns += rnd() % 4 ? rnd() % 100000 : rnd() % (100 * SEC);
			break;
		default:
			i8254_tick(&pit, fake_ns);
			assert_true(i8254_deadline(&pit) > fake_ns);
			break;
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(mode0, fresh),
		cmocka_unit_test_setup(mode2, fresh),
		cmocka_unit_test_setup(mode3, fresh),
		cmocka_unit_test_setup(triggered, fresh),
		cmocka_unit_test_setup(gate_pauses, fresh),
		cmocka_unit_test_setup(calibration, fresh),
		cmocka_unit_test_setup(latches, fresh),
		cmocka_unit_test_setup(bcd, fresh),
		cmocka_unit_test_setup(hostile, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
