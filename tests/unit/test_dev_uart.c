/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* sources: vmkernel/lib/state.c
 *	vmkernel/devices/uart16550.c */
/*
 * The 16550A: what an operating system's probe looks at, each interrupt and its
 * priority, FIFO levels, overrun, character timeout, loopback, a back end that is
 * full, and random register traffic under invariants.
 */
#include "test_dev.h"

#include "devices/uart16550.h"

enum { RBR, IER, IIR, LCR, MCR, LSR, MSR, SCR, THR = RBR, FCR = IIR };

static struct uart16550 u;
static struct fake_line line;
static uint8_t sent[4096];
static size_t sent_len, sink_room;

static size_t sink(void *opaque, const uint8_t *buf, size_t len)
{
	size_t n = len < sink_room ? len : sink_room;

	(void)opaque;
	for (size_t i = 0; i < n; i++)
		sent[sent_len++ % sizeof(sent)] = buf[i];
	sink_room -= n;
	return n;
}

static int fresh(void **state)
{
	struct dev_irq irq = fake_irq(&line);
	const struct dev_char out = { sink, NULL };

	(void)state;
	fake_ns = 5 * SEC;
	sent_len = 0;
	sink_room = SIZE_MAX;
	uart_init(&u, &fake_clock, &irq, &out);
	return 0;
}

static void probing(void **state)
{
	(void)state;
	/* Only four IER bits exist; scratch works. */
	uart_write(&u, IER, 0xff);
	assert_int_equal(uart_read(&u, IER), 0x0f);
	uart_write(&u, IER, 0);
	uart_write(&u, SCR, 0xa5);
	assert_int_equal(uart_read(&u, SCR), 0xa5);
	/* Loopback shows OUT2 and RTS as DCD and CTS. */
	uart_write(&u, MCR, 0x10 | 0x0a);
	assert_int_equal(uart_read(&u, MSR) & 0xf0, 0x90);
	uart_write(&u, MCR, 0);
	assert_int_equal(uart_read(&u, MSR) & 0xf0, 0xb0);
	/* FIFOs: 16550A, and neither a 16650 (EFR), a 16750 (64 bytes) nor an 8250. */
	assert_int_equal(uart_read(&u, IIR) >> 6, 0);
	uart_write(&u, FCR, 0x01);
	assert_int_equal(uart_read(&u, IIR) >> 6, 3);
	uart_write(&u, LCR, 0xbf);
	assert_int_not_equal(uart_read(&u, IIR), 0);
	uart_write(&u, FCR, 0x21);
	assert_int_equal(uart_read(&u, IIR) >> 5, 6);
	uart_write(&u, LCR, 0);
	uart_write(&u, FCR, 0);
	assert_int_equal(uart_read(&u, IIR), 0x01);
	/* The divisor latch is apart from data and IER. */
	uart_write(&u, LCR, 0x83);
	uart_write(&u, 0, 0x34);
	uart_write(&u, 1, 0x12);
	uart_write(&u, LCR, 0x03);
	assert_int_equal(uart_read(&u, IER), 0);
	uart_write(&u, LCR, 0x83);
	assert_int_equal(uart_read(&u, 0), 0x34);
	assert_int_equal(uart_read(&u, 1), 0x12);
	assert_int_equal(uart_read(&u, LCR), 0x83);
	assert_int_equal(sent_len, 0);
}

static void sending(void **state)
{
	(void)state;
	uart_write(&u, MCR, 0x08);
	/* Enabling THRI with an empty THR interrupts; reading IIR ends it; again re-raises. */
	uart_write(&u, IER, 0x02);
	assert_int_equal(line.level, 1);
	assert_int_equal(uart_read(&u, IIR), 0x02);
	assert_int_equal(line.level, 0);
	assert_int_equal(uart_read(&u, IIR), 0x01);
	uart_write(&u, IER, 0);
	uart_write(&u, IER, 0x02);
	assert_int_equal(uart_read(&u, IIR), 0x02);
	/* Each byte makes a new edge, also while the line is still up. */
	line.rises = 0;
	uart_write(&u, THR, 'a');
	uart_write(&u, THR, 'b');
	assert_int_equal(line.rises, 2);
	assert_int_equal(sent_len, 2);
	assert_memory_equal(sent, "ab", 2);
	assert_int_equal(uart_read(&u, LSR), 0x60);
	/* Without OUT2 nothing reaches the line. */
	uart_write(&u, MCR, 0);
	assert_int_equal(line.level, 0);
	assert_int_equal(uart_read(&u, IIR), 0x02);
}

static void full_back_end(void **state)
{
	unsigned int i;

	(void)state;
	sink_room = 2;
	uart_write(&u, FCR, 0x01);
	uart_write(&u, MCR, 0x08);
	uart_write(&u, IER, 0x02);
	for (i = 0; i < 2 + UART_FIFO; i++)
		uart_write(&u, THR, (uint8_t)('a' + i));
	assert_int_equal(sent_len, 2);
	assert_int_equal(uart_read(&u, LSR) & 0x60, 0);
	assert_int_equal(line.level, 0);
	uart_write(&u, THR, 'X'); /* over a full FIFO: lost */
	assert_true(uart_deadline(&u) > fake_ns && uart_deadline(&u) != DEV_NEVER);
	fake_ns = uart_deadline(&u);
	uart_tick(&u, fake_ns);
	assert_true(uart_deadline(&u) > fake_ns);
	sink_room = SIZE_MAX;
	fake_ns = uart_deadline(&u);
	uart_tick(&u, fake_ns);
	assert_int_equal(sent_len, 2 + UART_FIFO);
	assert_int_equal(sent[17], 'a' + 17);
	assert_int_equal(uart_read(&u, LSR) & 0x60, 0x60);
	assert_int_equal(line.level, 1);
	assert_true(uart_deadline(&u) == DEV_NEVER);
}

static void receiving(void **state)
{
	unsigned int i;

	(void)state;
	uart_write(&u, MCR, 0x08);
	uart_write(&u, IER, 0x05);
	/* No FIFO: one byte; the next overruns and replaces it. */
	assert_int_equal(uart_rx_room(&u), 1);
	assert_false(uart_rx(&u, 'x'));
	assert_int_equal(uart_read(&u, IIR), 0x04);
	assert_false(uart_rx(&u, 'y'));
	assert_int_equal(uart_read(&u, IIR), 0x06); /* line status comes first */
	assert_int_equal(uart_read(&u, LSR), 0x63);
	assert_int_equal(uart_read(&u, LSR), 0x61);
	assert_int_equal(uart_read(&u, RBR), 'y');
	assert_int_equal(uart_read(&u, LSR), 0x60);
	assert_int_equal(line.level, 0);
	/* FIFO with trigger level 8. */
	uart_write(&u, FCR, 0x81);
	for (i = 0; i < 7; i++)
		assert_true(uart_rx(&u, (uint8_t)i));
	assert_int_equal(line.level, 0);
	assert_int_equal(uart_read(&u, IIR), 0xc1);
	assert_true(uart_rx(&u, 7));
	assert_int_equal(uart_read(&u, IIR), 0xc4);
	for (; i < UART_FIFO - 1; i++)
		uart_rx(&u, (uint8_t)(i + 1));
	assert_int_equal(uart_rx_room(&u), 0);
	uart_rx(&u, 99); /* the FIFO keeps what it has */
	assert_int_equal(uart_read(&u, LSR) & 0x02, 0x02);
	for (i = 0; i < UART_FIFO; i++)
		assert_int_equal(uart_read(&u, RBR), i);
	assert_int_equal(uart_read(&u, LSR), 0x60);
	uart_rx(&u, 1);
	uart_write(&u, FCR, 0x83);
	assert_int_equal(uart_read(&u, LSR), 0x60);
}

static void character_timeout(void **state)
{
	uint64_t four_chars = 4 * 10 * SEC / 9600;

	(void)state;
	uart_write(&u, LCR, 0x03);
	uart_write(&u, FCR, 0xc1);
	uart_write(&u, MCR, 0x08);
	uart_rx(&u, 'a');
	assert_true(uart_deadline(&u) == DEV_NEVER); /* not enabled: nobody need wake */
	uart_write(&u, IER, 0x01);
	assert_int_equal(uart_deadline(&u), fake_ns + four_chars);
	fake_ns += four_chars - 1;
	uart_rx(&u, 'b'); /* starts it anew */
	uart_tick(&u, fake_ns + 1);
	assert_int_equal(line.level, 0);
	fake_ns = uart_deadline(&u);
	uart_tick(&u, fake_ns);
	assert_int_equal(line.level, 1);
	assert_true(uart_deadline(&u) == DEV_NEVER);
	assert_int_equal(uart_read(&u, IIR), 0xcc);
	assert_int_equal(uart_read(&u, RBR), 'a');
	assert_int_equal(line.level, 0);
	fake_ns += four_chars; /* seen without a tick, too */
	assert_int_equal(uart_read(&u, IIR), 0xcc);
	assert_int_equal(uart_read(&u, RBR), 'b');
	assert_true(uart_deadline(&u) == DEV_NEVER);
}

static void loopback(void **state)
{
	(void)state;
	uart_read(&u, MSR);
	uart_write(&u, IER, 0x0f);
	uart_write(&u, MCR, 0x18);
	assert_int_equal(line.level, 0); /* the interrupt pin is cut off */
	uart_write(&u, THR, 'q');
	assert_int_equal(sent_len, 0);
	assert_int_equal(uart_rx_room(&u), 0);
	assert_false(uart_rx(&u, 'r'));
	assert_int_equal(uart_read(&u, LSR), 0x61);
	assert_int_equal(uart_read(&u, RBR), 'q');
	/* DCD stays, DSR and CTS fell: deltas; all lines from MCR. */
	assert_int_equal(uart_read(&u, MSR), 0x80 | 0x03);
	assert_int_equal(uart_read(&u, MSR), 0x80);
	uart_write(&u, MCR, 0x14);
	assert_int_equal(uart_read(&u, MSR), 0x48);
	uart_write(&u, MCR, 0x10); /* ring: counts when it ends */
	assert_int_equal(uart_read(&u, MSR), 0x04);
	uart_write(&u, MCR, 0x08);
	assert_int_equal(line.level, 1);
	assert_int_equal(uart_read(&u, IIR), 0x02);
	assert_int_equal(uart_read(&u, IIR), 0x00);
	assert_int_equal(uart_read(&u, MSR), 0xb0 | 0x0b);
	assert_int_equal(line.level, 0);
}

static void hostile(void **state)
{
	unsigned int i;

	(void)state;
	rnd_seed("uart");
	for (i = 0; i < 200000; i++) {
		uint32_t reg = (uint32_t)(rnd() % 10);

		switch (rnd() % 8) {
		case 0:
		case 1:
		case 2:
			uart_write(&u, reg, (uint8_t)rnd_value());
			break;
		case 3:
		case 4:
			uart_read(&u, reg);
			break;
		case 5:
			uart_rx(&u, (uint8_t)rnd());
			break;
		case 6:
			fake_ns += rnd() % (10 * MS);
			sink_room = rnd() % 20;
			break;
		default:
			uart_tick(&u, fake_ns);
			assert_true(uart_deadline(&u) > fake_ns);
			break;
		}
		assert_true(u.rx.count <= UART_FIFO && u.tx.count <= UART_FIFO);
		assert_true(u.rx.head < UART_FIFO && u.tx.head < UART_FIFO);
		assert_int_equal(!!(u.lsr & 0x01), u.rx.count > 0);
		assert_true(!(u.lsr & 0x20) == (u.tx.count > 0));
		assert_true(uart_rx_room(&u) <= UART_FIFO);
		if (!(u.mcr & 0x08) || (u.mcr & 0x10) || !u.ier)
			assert_int_equal(line.level, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(probing, fresh),
		cmocka_unit_test_setup(sending, fresh),
		cmocka_unit_test_setup(full_back_end, fresh),
		cmocka_unit_test_setup(receiving, fresh),
		cmocka_unit_test_setup(character_timeout, fresh),
		cmocka_unit_test_setup(loopback, fresh),
		cmocka_unit_test_setup(hostile, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
