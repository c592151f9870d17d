/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * A National Semiconductor 16550A serial port (data sheet PC16550D). Eight byte-wide
 * ports. Output is as fast as the back end; the divisor only sets the time of the
 * character-timeout interrupt. The interrupt reaches the line only while OUT2 is set
 * and loopback is off, as on every PC.
 */
#ifndef DEVICES_UART16550_H
#define DEVICES_UART16550_H

#include "devices/device.h"

struct state; /* lib/state.h */

#define UART_FIFO 16u
#define UART_PORTS 8u

struct uart_fifo {
	uint8_t byte[UART_FIFO];
	uint8_t head;
	uint8_t count;
};

struct uart16550 {
	struct dev_clock clock;
	struct dev_irq irq;
	struct dev_char out;
	uint8_t ier, fcr, lcr, mcr, lsr, msr, scr;
	uint8_t dll, dlm;
	bool thre_pending; /* THR ran empty since the guest was last told */
	uint64_t timeout_at; /* character timeout, DEV_NEVER if none is running */
	uint64_t retry_at; /* when to offer unsent bytes to the back end again */
	struct uart_fifo rx, tx;
};

extern const struct dev_ops uart_pio_ops;
extern const struct dev_tick_ops uart_tick_ops;

void uart_init(struct uart16550 *u, const struct dev_clock *clock, const struct dev_irq *irq,
	       const struct dev_char *out);
/* Master reset; bytes not yet accepted by the back end are lost. */
void uart_reset(struct uart16550 *u);

/* Register access; offset 0..7 (others read 0xff). */
uint8_t uart_read(struct uart16550 *u, uint32_t offset);
void uart_write(struct uart16550 *u, uint32_t offset, uint8_t val);

/* How many bytes uart_rx() takes before the guest loses one. */
unsigned int uart_rx_room(const struct uart16550 *u);
/*
 * A byte arrives on the line. Without room it is an overrun (LSR.OE) and the byte is
 * lost, as on the wire: ask uart_rx_room() first. Returns whether there is room for more.
 */
bool uart_rx(struct uart16550 *u, uint8_t byte);

uint64_t uart_deadline(const struct uart16550 *u);
void uart_tick(struct uart16550 *u, uint64_t now);

/* Saves or loads all but what uart_init was given. */
void uart_state(struct uart16550 *u, struct state *s);

#endif
