/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* sources: vmkernel/lib/state.c
 *	vmkernel/devices/i8259.c */
/*
 * The PIC pair: initialisation as operating systems do it, priority, cascade, edges
 * and levels, every kind of EOI, special mask, polling, spurious interrupts, and
 * random use in which an acknowledge always matches what INTR promised.
 */
#include "test_dev.h"

#include "devices/i8259.h"

static struct i8259 pic;
static struct fake_line intr;

#define M (&pic.chip[0])
#define S (&pic.chip[1])

static void program(uint8_t icw4)
{
	i8259_write(M, 0, 0x11);
	i8259_write(M, 1, 0x30);
	i8259_write(M, 1, 0x04);
	i8259_write(M, 1, icw4);
	i8259_write(S, 0, 0x11);
	i8259_write(S, 1, 0x38);
	i8259_write(S, 1, 0x02);
	i8259_write(S, 1, icw4);
	i8259_write(M, 1, 0x00);
	i8259_write(S, 1, 0x00);
}

static int fresh(void **state)
{
	struct dev_irq irq = fake_irq(&intr);

	(void)state;
	i8259_init(&pic, &irq);
	program(0x01);
	return 0;
}

static void pulse(unsigned int irq)
{
	i8259_set_irq(&pic, irq, 1);
	i8259_set_irq(&pic, irq, 0);
}

static void probing(void **state)
{
	(void)state;
	i8259_write(M, 1, 0xff & ~4);
	assert_int_equal(i8259_read(M, 1), 0xfb);
	i8259_write(S, 1, 0x5a);
	assert_int_equal(i8259_read(S, 1), 0x5a);
	i8259_reset(&pic);
	i8259_set_irq(&pic, 1, 1);
	assert_int_equal(intr.level, 0); /* reset masks everything */
}

static void priority(void **state)
{
	(void)state;
	pulse(4);
	assert_int_equal(intr.level, 1);
	pulse(1);
	assert_int_equal(i8259_ack(&pic), 0x31);
	assert_int_equal(intr.level, 0); /* 4 waits for 1 */
	assert_int_equal(i8259_read(M, 0), 0x10);
	i8259_write(M, 0, 0x0b);
	assert_int_equal(i8259_read(M, 0), 0x02);
	i8259_write(M, 0, 0x20);
	assert_int_equal(intr.level, 1);
	assert_int_equal(i8259_ack(&pic), 0x34);
	pulse(0); /* higher: interrupts 4 */
	assert_int_equal(i8259_ack(&pic), 0x30);
	i8259_write(M, 0, 0x64); /* specific EOI of 4 */
	assert_int_equal(i8259_read(M, 0), 0x01);
	i8259_write(M, 0, 0x20);
	assert_int_equal(i8259_read(M, 0), 0x00);
	/* Masked requests wait. */
	i8259_write(M, 1, 0x08);
	pulse(3);
	assert_int_equal(intr.level, 0);
	i8259_write(M, 1, 0x00);
	assert_int_equal(i8259_ack(&pic), 0x33);
}

static void cascade(void **state)
{
	(void)state;
	pulse(12);
	pulse(8);
	pulse(3);
	i8259_set_irq(&pic, 2, 1); /* nobody can drive the cascade from outside */
	assert_int_equal(i8259_ack(&pic), 0x38);
	assert_int_equal(intr.level, 0);
	i8259_write(M, 0, 0x20);
	assert_int_equal(i8259_ack(&pic), 0x33); /* slave still busy with 8 */
	i8259_write(M, 0, 0x20);
	i8259_write(S, 0, 0x20);
	assert_int_equal(i8259_ack(&pic), 0x3c);
	i8259_write(S, 0, 0x64);
	i8259_write(M, 0, 0x62);
	assert_int_equal(intr.level, 0);
	/* With special fully nested mode a higher slave input gets through. */
	program(0x11);
	pulse(12);
	assert_int_equal(i8259_ack(&pic), 0x3c);
	pulse(9);
	assert_int_equal(intr.level, 1);
	assert_int_equal(i8259_ack(&pic), 0x39);
}

static void levels(void **state)
{
	uint64_t val = 0;

	(void)state;
	i8259_elcr_ops.write(M, 0, 1, 0xff);
	i8259_elcr_ops.write(S, 0, 1, 0xff);
	i8259_elcr_ops.read(M, 0, 1, &val);
	assert_int_equal(val, 0xf8);
	i8259_elcr_ops.read(S, 0, 1, &val);
	assert_int_equal(val, 0xde);
	i8259_set_irq(&pic, 9, 1);
	assert_int_equal(i8259_ack(&pic), 0x39);
	i8259_write(S, 0, 0x20);
	i8259_write(M, 0, 0x20);
	assert_int_equal(intr.level, 1); /* still asks */
	i8259_set_irq(&pic, 9, 0);
	assert_int_equal(intr.level, 0);
	assert_int_equal(i8259_ack(&pic), 0x37); /* too late: spurious, and nothing in service */
	i8259_write(M, 0, 0x0b);
	assert_int_equal(i8259_read(M, 0), 0x00);
	/* An edge input asks once per edge. */
	i8259_set_irq(&pic, 1, 1);
	i8259_set_irq(&pic, 1, 1);
	assert_int_equal(i8259_ack(&pic), 0x31);
	i8259_write(M, 0, 0x20);
	assert_int_equal(intr.level, 0);
	/* Initialising forgets edges, keeps levels. */
	i8259_set_irq(&pic, 5, 1);
	program(0x01);
	assert_int_equal(i8259_ack(&pic), 0x35);
	i8259_set_irq(&pic, 5, 0);
}

static void rotation(void **state)
{
	(void)state;
	i8259_write(M, 0, 0xc3); /* 3 lowest: 4 is highest */
	pulse(3);
	pulse(0);
	pulse(4);
	assert_int_equal(i8259_ack(&pic), 0x34);
	i8259_write(M, 0, 0xa0); /* EOI, rotating: 4 becomes lowest */
	assert_int_equal(i8259_ack(&pic), 0x30);
	i8259_write(M, 0, 0xe0);
	assert_int_equal(i8259_ack(&pic), 0x33);
	i8259_write(M, 0, 0x20);
	/* Automatic EOI leaves nothing in service, and rotates if told. */
	program(0x03);
	i8259_write(M, 0, 0x80);
	pulse(5);
	pulse(6);
	assert_int_equal(i8259_ack(&pic), 0x35);
	pulse(5);
	assert_int_equal(i8259_ack(&pic), 0x36);
	assert_int_equal(i8259_ack(&pic), 0x35);
	i8259_write(M, 0, 0x0b);
	assert_int_equal(i8259_read(M, 0), 0);
	/* Two requests of the slave at once, acknowledged without any EOI between. */
	pulse(8);
	pulse(10);
	assert_int_equal(i8259_ack(&pic), 0x38);
	assert_int_equal(i8259_ack(&pic), 0x3a);
	assert_int_equal(intr.level, 0);
}

static void special_mask_and_poll(void **state)
{
	(void)state;
	pulse(1);
	assert_int_equal(i8259_ack(&pic), 0x31);
	pulse(6);
	assert_int_equal(intr.level, 0);
	i8259_write(M, 1, 0x02);
	i8259_write(M, 0, 0x68); /* special mask: a masked in-service bit does not block */
	assert_int_equal(intr.level, 1);
	i8259_write(M, 0, 0x0c); /* poll */
	assert_int_equal(i8259_read(M, 0), 0x86);
	assert_int_equal(intr.level, 0);
	i8259_write(M, 0, 0x0c);
	assert_int_equal(i8259_read(M, 0), 0x00);
	assert_int_equal(i8259_read(M, 1), 0x02);
}

static void hostile(void **state)
{
	unsigned int i;

	(void)state;
	rnd_seed("i8259");
	for (i = 0; i < 300000; i++) {
		struct i8259_chip *c = &pic.chip[rnd() & 1];
		uint8_t vector;
		bool was;

		switch (rnd() % 6) {
		case 0:
			i8259_write(c, rnd() & 1, (uint8_t)rnd_value());
			break;
		case 1:
			i8259_read(c, rnd() & 1);
			break;
		case 2:
			i8259_elcr_ops.write(c, 0, 1, (uint8_t)rnd());
			break;
		case 3:
			was = i8259_intr(&pic);
			vector = i8259_ack(&pic);
			if (!was)
				assert_int_equal(vector & 7, 7);
			break;
		default:
			i8259_set_irq(&pic, (unsigned int)(rnd() % 18), rnd() & 1);
			break;
		}
		assert_int_equal(intr.level, i8259_intr(&pic));
		assert_true(pic.chip[0].lowest < 8 && pic.chip[1].lowest < 8);
		assert_true(pic.chip[0].icw_next <= 4 && pic.chip[0].icw_next != 1);
		for (unsigned int n = 0; n < 2; n++) /* level inputs request while they are up */
			assert_int_equal(pic.chip[n].irr & pic.chip[n].elcr,
					 pic.chip[n].lines & pic.chip[n].elcr);
	}
	/* Whatever happened, a fresh initialisation gets it going. */
	for (i = 0; i < 16; i++)
		i8259_set_irq(&pic, i, 0);
	i8259_elcr_ops.write(M, 0, 1, 0);
	i8259_elcr_ops.write(S, 0, 1, 0);
	program(0x01);
	pulse(14);
	assert_int_equal(i8259_ack(&pic), 0x3e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(probing, fresh),
		cmocka_unit_test_setup(priority, fresh),
		cmocka_unit_test_setup(cascade, fresh),
		cmocka_unit_test_setup(levels, fresh),
		cmocka_unit_test_setup(rotation, fresh),
		cmocka_unit_test_setup(special_mask_and_poll, fresh),
		cmocka_unit_test_setup(hostile, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
