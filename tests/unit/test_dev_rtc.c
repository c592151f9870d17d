/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* sources: vmkernel/lib/state.c
 *	vmkernel/devices/rtc.c vmkernel/devices/rtc_time.c */
/*
 * The real-time clock: calendar against the C library, every register format, setting
 * the time as operating systems do it, all three interrupts and their deadlines, the
 * memory-size bytes, and random use.
 */
#include "test_dev.h"

#include "devices/rtc.h"

static struct rtc rtc;
static struct fake_line irq8;
static uint64_t wall_base;
static const struct dev_clock wall = { fake_now, &wall_base };

static const struct rtc_tm leap = {
	.year = 2024, .month = 2, .day = 29, .hour = 23, .minute = 59, .second = 58
};

static int fresh(void **state)
{
	struct dev_irq irq = fake_irq(&irq8);

	(void)state;
	fake_ns = 11 * SEC + 400 * MS;
	wall_base = (uint64_t)rtc_tm_seconds(&leap) * SEC - 11 * SEC;
	rtc_init(&rtc, &fake_clock, &wall, &irq, 256ull << 20);
	return 0;
}

static void calendar(void **state)
{
	struct rtc_tm tm;
	unsigned int i;
	struct tm ref;
	time_t t;

	(void)state;
	rnd_seed("rtc calendar");
	for (i = 0; i < 200000; i++) {
		t = i < 100000 ? (time_t)i * 86400 + 86399 : (time_t)(rnd() % 253402300800ull);
		gmtime_r(&t, &ref);
		tm = rtc_tm_from_seconds(t);
		assert_int_equal(tm.year, ref.tm_year + 1900);
		assert_int_equal(tm.month, ref.tm_mon + 1);
		assert_int_equal(tm.day, ref.tm_mday);
		assert_int_equal(tm.hour, ref.tm_hour);
		assert_int_equal(tm.minute, ref.tm_min);
		assert_int_equal(tm.second, ref.tm_sec);
		assert_int_equal(tm.weekday, ref.tm_wday + 1);
		assert_true(rtc_tm_seconds(&tm) == t);
	}
	assert_int_equal(rtc_tm_from_seconds(-5).year, 1970);
	tm = (struct rtc_tm){ .year = -7, .month = 99, .day = 99, .hour = 99 };
	assert_true(rtc_tm_seconds(&tm) > 0);
}

static void formats(void **state)
{
	(void)state;
	assert_int_equal(rtc_read(&rtc, 0), 0x58);
	assert_int_equal(rtc_read(&rtc, 2), 0x59);
	assert_int_equal(rtc_read(&rtc, 4), 0x23);
	assert_int_equal(rtc_read(&rtc, 6), 5); /* a Thursday */
	assert_int_equal(rtc_read(&rtc, 7), 0x29);
	assert_int_equal(rtc_read(&rtc, 8), 0x02);
	assert_int_equal(rtc_read(&rtc, 9), 0x24);
	assert_int_equal(rtc_read(&rtc, 0x32), 0x20);
	assert_int_equal(rtc_read(&rtc, 0x0d), 0x80);
	assert_int_equal(rtc_read(&rtc, 0x0a), 0x26);
	rtc_write(&rtc, 0x0b, 0x04); /* binary, 12 hours */
	assert_int_equal(rtc_read(&rtc, 0), 58);
	assert_int_equal(rtc_read(&rtc, 4), 0x80 | 11);
	assert_int_equal(rtc_read(&rtc, 0x32), 20);
	fake_ns += 2 * SEC; /* midnight of 1 March */
	assert_int_equal(rtc_read(&rtc, 4), 12);
	assert_int_equal(rtc_read(&rtc, 7), 1);
	assert_int_equal(rtc_read(&rtc, 8), 3);
	rtc_write(&rtc, 0x0b, 0x00); /* BCD, 12 hours */
	fake_ns += 12 * 3600 * SEC;
	assert_int_equal(rtc_read(&rtc, 4), 0x92);
	/* Update in progress: the last 244 us of a second, and only those. */
	fake_ns = fake_ns / SEC * SEC + 999755999;
	assert_int_equal(rtc_read(&rtc, 0x0a) & 0x80, 0);
	fake_ns++;
	assert_int_equal(rtc_read(&rtc, 0x0a) & 0x80, 0x80);
	fake_ns += 244000;
	assert_int_equal(rtc_read(&rtc, 0x0a) & 0x80, 0);
}

static void put_time(void)
{
	rtc_write(&rtc, 0, 0x10);
	rtc_write(&rtc, 2, 0x20);
	rtc_write(&rtc, 4, 0x07);
	rtc_write(&rtc, 7, 0x31);
	rtc_write(&rtc, 8, 0x12);
	rtc_write(&rtc, 9, 0x99);
	rtc_write(&rtc, 0x32, 0x19);
}

static void setting(void **state)
{
	(void)state;
	/* As Linux does: SET, divider reset, registers, then both back. */
	rtc_write(&rtc, 0x0b, 0x82);
	rtc_write(&rtc, 0x0a, 0x76);
	put_time();
	fake_ns += 5 * SEC;
	assert_int_equal(rtc_read(&rtc, 0), 0x10); /* stands still */
	rtc_write(&rtc, 0x0b, 0x02);
	rtc_write(&rtc, 0x0a, 0x26);
	assert_int_equal(rtc_read(&rtc, 0), 0x10);
	fake_ns += 500 * MS - 1;
	assert_int_equal(rtc_read(&rtc, 0), 0x10);
	fake_ns += 1; /* half a second after the divider was released */
	assert_int_equal(rtc_read(&rtc, 0), 0x11);
	assert_int_equal(rtc_read(&rtc, 9), 0x99);
	assert_int_equal(rtc_read(&rtc, 0x32), 0x19);
	assert_int_equal(rtc_read(&rtc, 6), 6); /* 1999-12-31: Friday, whatever was written */
	fake_ns += 24 * 3600 * SEC;
	assert_int_equal(rtc_read(&rtc, 9), 0x00);
	assert_int_equal(rtc_read(&rtc, 0x32), 0x20);
	/* SET alone keeps the phase. */
	fake_ns = fake_ns / SEC * SEC + 700 * MS;
	rtc_write(&rtc, 0x0b, 0x82);
	put_time();
	rtc_write(&rtc, 0x0b, 0x02);
	assert_int_equal(rtc_read(&rtc, 0), 0x10);
	assert_int_equal(rtc_read(&rtc, 4), 0x07);
	/* A register written on the run. */
	rtc_write(&rtc, 2, 0x33);
	assert_int_equal(rtc_read(&rtc, 2), 0x33);
	assert_int_equal(rtc_read(&rtc, 4), 0x07);
	/* Reset keeps the time. */
	rtc_reset(&rtc);
	assert_int_equal(rtc_read(&rtc, 2), 0x33);
}

static void update_interrupt(void **state)
{
	(void)state;
	assert_true(rtc_deadline(&rtc) == DEV_NEVER);
	rtc_write(&rtc, 0x0b, 0x12);
	assert_int_equal(rtc_deadline(&rtc), 12 * SEC);
	fake_ns = 12 * SEC - 1;
	rtc_tick(&rtc, fake_ns);
	assert_int_equal(irq8.level, 0);
	fake_ns = 12 * SEC;
	rtc_tick(&rtc, fake_ns);
	assert_int_equal(irq8.level, 1);
	assert_true(rtc_deadline(&rtc) == DEV_NEVER); /* nothing to tell until C is read */
	fake_ns = 14 * SEC + 1;
	assert_int_equal(rtc_read(&rtc, 0x0c) & ~0x60, 0x90); /* (midnight was an alarm, too) */
	assert_int_equal(irq8.level, 0);
	assert_int_equal(rtc_deadline(&rtc), 15 * SEC);
	assert_int_equal(rtc_read(&rtc, 0x0c), 0);
	/* Flags come without being enabled, and enabling later raises the line. */
	rtc_write(&rtc, 0x0b, 0x02);
	fake_ns = 16 * SEC;
	rtc_write(&rtc, 0x0b, 0x12);
	assert_int_equal(irq8.level, 1);
	rtc_write(&rtc, 0x0b, 0x92); /* SET clears UIE */
	assert_int_equal(rtc_read(&rtc, 0x0b), 0x82);
	assert_int_equal(irq8.level, 0);
}

static void alarm_interrupt(void **state)
{
	(void)state;
	rtc_write(&rtc, 1, 0x05);
	rtc_write(&rtc, 3, 0xc0);
	rtc_write(&rtc, 5, 0xff);
	rtc_write(&rtc, 0x0b, 0x22); /* every minute at :05; now is :58 */
	assert_int_equal(rtc_deadline(&rtc), (11 + 7) * SEC);
	fake_ns = rtc_deadline(&rtc);
	rtc_tick(&rtc, fake_ns);
	assert_int_equal(irq8.level, 1);
	assert_int_equal(rtc_read(&rtc, 0x0c) & 0xa0, 0xa0);
	assert_int_equal(rtc_deadline(&rtc), (11 + 67) * SEC);
	rtc_write(&rtc, 5, 0x12); /* 12:30:05, tomorrow of 00:00:05 */
	rtc_write(&rtc, 3, 0x30);
	assert_int_equal(rtc_deadline(&rtc), 18 * SEC + (12 * 3600 + 30 * 60) * SEC);
	/* Passed unseen: the flag is there all the same. */
	rtc_write(&rtc, 0x0b, 0x02);
	fake_ns += 5 * 24 * 3600 * SEC;
	assert_int_equal(rtc_read(&rtc, 0x0c) & 0x30, 0x30);
	/* An alarm that can never come. */
	rtc_write(&rtc, 5, 0x24);
	rtc_write(&rtc, 0x0b, 0x22);
	assert_true(rtc_deadline(&rtc) == DEV_NEVER);
	rtc_write(&rtc, 5, 0x23);
	rtc_write(&rtc, 1, 0x60);
	assert_true(rtc_deadline(&rtc) == DEV_NEVER);
}

static void periodic_interrupt(void **state)
{
	uint64_t base = fake_ns, k;

	(void)state;
	rtc_write(&rtc, 0x0a, 0x2f); /* 2 Hz */
	rtc_write(&rtc, 0x0b, 0x42);
	for (k = 1; k < 10; k++) {
		assert_int_equal(rtc_deadline(&rtc), base + k * 500 * MS);
		fake_ns = rtc_deadline(&rtc);
		rtc_tick(&rtc, fake_ns);
		assert_int_equal(irq8.level, 1);
		assert_int_equal(rtc_read(&rtc, 0x0c) & 0xc0, 0xc0);
	}
	rtc_write(&rtc, 0x0a, 0x26);
	base = fake_ns;
	assert_int_equal(rtc_deadline(&rtc), base + SEC / 1024 + 1);
	rtc_write(&rtc, 0x0a, 0x21); /* rate 1 is that of 8: 256 Hz */
	assert_int_equal(rtc_deadline(&rtc), base + SEC / 256);
	rtc_write(&rtc, 0x0a, 0x20);
	assert_true(rtc_deadline(&rtc) == DEV_NEVER);
	rtc_write(&rtc, 0x0a, 0x2f);
	rtc_reset(&rtc);
	assert_true(rtc_deadline(&rtc) == DEV_NEVER);
}

static void memory(void **state)
{
	struct dev_irq irq = fake_irq(&irq8);
	uint16_t sum = 0;
	uint64_t val;
	uint8_t i;

	(void)state;
	assert_int_equal(rtc_read(&rtc, 0x15) | rtc_read(&rtc, 0x16) << 8, 640);
	assert_int_equal(rtc_read(&rtc, 0x30) | rtc_read(&rtc, 0x31) << 8, 0xffff);
	assert_int_equal(rtc_read(&rtc, 0x34) | rtc_read(&rtc, 0x35) << 8, 240 << 4);
	assert_int_equal(rtc_read(&rtc, 0x5b), 0);
	for (i = 0x10; i < 0x2e; i++)
		sum = (uint16_t)(sum + rtc_read(&rtc, i));
	assert_int_equal(rtc_read(&rtc, 0x2e) << 8 | rtc_read(&rtc, 0x2f), sum);
	rtc_init(&rtc, &fake_clock, &wall, &irq, 5ull << 30);
	assert_int_equal(rtc_read(&rtc, 0x34) | rtc_read(&rtc, 0x35) << 8, 0xbf00);
	assert_int_equal(rtc_read(&rtc, 0x5b) | rtc_read(&rtc, 0x5c) << 8, 0x8000);
	rtc_init(&rtc, &fake_clock, &wall, &irq, 0);
	assert_int_equal(rtc_read(&rtc, 0x30), 0);
	/* Through the ports; bit 7 of the index is the NMI mask. */
	rtc_pio_ops.write(&rtc, 0, 1, 0xc0);
	rtc_pio_ops.write(&rtc, 1, 1, 0x77);
	rtc_pio_ops.read(&rtc, 1, 1, &val);
	assert_int_equal(val, 0x77);
	assert_int_equal(rtc_read(&rtc, 0x40), 0x77);
	rtc_pio_ops.read(&rtc, 0, 1, &val);
	assert_int_equal(val, 0xff);
	rtc_write(&rtc, 0x0d, 0); /* read-only */
	assert_int_equal(rtc_read(&rtc, 0x0d), 0x80);
}

static void hostile(void **state)
{
	unsigned int i;

	(void)state;
	rnd_seed("rtc");
	for (i = 0; i < 200000; i++) {
		uint8_t reg = (uint8_t)(rnd() % 4 ? rnd() % 14 : rnd());

		switch (rnd() % 6) {
		case 0:
		case 1:
			rtc_write(&rtc, reg, (uint8_t)rnd_value());
			break;
		case 2:
			rtc_read(&rtc, reg);
			break;
		case 3:
			fake_ns += rnd() % 4 ? rnd() % SEC : rnd() % (1000 * SEC);
			break;
		case 4:
			if (rnd() % 50 == 0)
				wall_base =
					rnd() % (4000000000ull * SEC); /* the host's clock is set */
			break;
		default:
			rtc_tick(&rtc, fake_ns);
			assert_true(rtc_deadline(&rtc) > fake_ns);
			break;
		}
		assert_true(rtc.offset_ns < SEC);
		assert_int_equal(rtc.cmos[0x0d], 0x80);
		assert_int_equal(irq8.level, (rtc.cmos[0x0b] & rtc.cmos[0x0c] & 0x70) != 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calendar),
		cmocka_unit_test_setup(formats, fresh),
		cmocka_unit_test_setup(setting, fresh),
		cmocka_unit_test_setup(update_interrupt, fresh),
		cmocka_unit_test_setup(alarm_interrupt, fresh),
		cmocka_unit_test_setup(periodic_interrupt, fresh),
		cmocka_unit_test_setup(memory, fresh),
		cmocka_unit_test_setup(hostile, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
