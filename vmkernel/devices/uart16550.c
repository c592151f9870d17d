/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * The serial port of a guest: a 16550A as Linux's 8250 driver probes and drives it.
 * Whatever a register access changes, update_irq() works out the line from scratch,
 * so no path can forget it. A byte written while the line is up for "transmitter
 * empty" lowers the line and raises it again: the PIC needs that edge.
 */
#include "devices/uart16550.h"

#include "devices/ticks.h"
#include "lib/state.h"

enum { RBR_THR, IER, IIR_FCR, LCR, MCR, LSR, MSR, SCR };

#define IER_RDI 0x01
#define IER_THRI 0x02
#define IER_RLSI 0x04
#define IER_MSI 0x08
#define IIR_NONE 0x01
#define IIR_MSI 0x00
#define IIR_THRI 0x02
#define IIR_RDI 0x04
#define IIR_RLSI 0x06
#define IIR_TIMEOUT 0x0c
#define IIR_FIFOS 0xc0
#define FCR_ENABLE 0x01
#define FCR_CLEAR_RX 0x02
#define FCR_CLEAR_TX 0x04
#define FCR_KEPT 0xc9
#define LCR_DLAB 0x80
#define MCR_OUT2 0x08
#define MCR_LOOP 0x10
#define MCR_KEPT 0x1f
#define LSR_DR 0x01
#define LSR_OE 0x02
#define LSR_ERRORS 0x1e
#define LSR_THRE 0x20
#define LSR_TEMT 0x40
#define MSR_LINES 0xf0
#define MSR_CONNECTED 0xb0 /* DCD, DSR, CTS: somebody is always there */

#define BAUD_BASE 115200u
#define RETRY_NS 1000000u /* a full back end is asked again after this */

static void fifo_clear(struct uart_fifo *f)
{
	f->head = 0;
	f->count = 0;
}

static void fifo_push(struct uart_fifo *f, uint8_t byte)
{
	f->byte[(f->head + f->count) % UART_FIFO] = byte;
	f->count++;
}

static uint8_t fifo_pop(struct uart_fifo *f)
{
	uint8_t byte = f->byte[f->head];

	f->head = (f->head + 1) % UART_FIFO;
	f->count--;
	return byte;
}

static bool fifo_mode(const struct uart16550 *u)
{
	return u->fcr & FCR_ENABLE;
}

static unsigned int rx_capacity(const struct uart16550 *u)
{
	return fifo_mode(u) ? UART_FIFO : 1;
}

static unsigned int rx_trigger(const struct uart16550 *u)
{
	static const uint8_t level[4] = { 1, 4, 8, 14 };

	return fifo_mode(u) ? level[u->fcr >> 6] : 1;
}

/* Four character times at the programmed speed. */
static uint64_t char_timeout_ns(const struct uart16550 *u)
{
	uint64_t divisor = u->dll | u->dlm << 8;
	uint64_t bits = 1 + 5 + (u->lcr & 3) + !!(u->lcr & 8) + 1 + !!(u->lcr & 4);

	return 4 * bits * (divisor ? divisor : 1) * NS_PER_SEC / BAUD_BASE;
}

/* The highest-priority cause, or IIR_NONE. */
static uint8_t pending_cause(const struct uart16550 *u)
{
	if ((u->ier & IER_RLSI) && (u->lsr & LSR_ERRORS))
		return IIR_RLSI;
	if ((u->ier & IER_RDI) && u->rx.count >= rx_trigger(u))
		return IIR_RDI;
	if ((u->ier & IER_RDI) && u->rx.count && u->timeout_at == 0)
		return IIR_TIMEOUT;
	if ((u->ier & IER_THRI) && u->thre_pending)
		return IIR_THRI;
	if ((u->ier & IER_MSI) && (u->msr & ~MSR_LINES))
		return IIR_MSI;
	return IIR_NONE;
}

static void update_irq(struct uart16550 *u)
{
	bool gate = (u->mcr & MCR_OUT2) && !(u->mcr & MCR_LOOP);

	dev_irq_set(&u->irq, gate && pending_cause(u) != IIR_NONE);
}

/* The receive FIFO was touched: the character timeout starts anew, or ends. */
static void restart_timeout(struct uart16550 *u)
{
	if (fifo_mode(u) && u->rx.count)
		u->timeout_at = dev_now(&u->clock) + char_timeout_ns(u);
	else
		u->timeout_at = DEV_NEVER;
}

static void receive(struct uart16550 *u, uint8_t byte)
{
	if (u->rx.count == rx_capacity(u)) {
		u->lsr |= LSR_OE;
		if (fifo_mode(u))
			return; /* the FIFO keeps what it has */
		fifo_clear(&u->rx);
	}
	fifo_push(&u->rx, byte);
	u->lsr |= LSR_DR;
	restart_timeout(u);
}

/* Offer what waits to the back end; what it refuses stays for the next tick. */
static void transmit(struct uart16550 *u)
{
	while (u->tx.count) {
		const uint8_t *byte = &u->tx.byte[u->tx.head];

		if (u->out.write && !u->out.write(u->out.opaque, byte, 1)) {
			u->retry_at = dev_now(&u->clock) + RETRY_NS;
			return;
		}
		fifo_pop(&u->tx);
	}
	u->retry_at = DEV_NEVER;
	if (!(u->lsr & LSR_THRE))
		u->thre_pending = true;
	u->lsr |= LSR_THRE | LSR_TEMT;
}

static void write_thr(struct uart16550 *u, uint8_t val)
{
	u->thre_pending = false;
	u->lsr &= ~(LSR_THRE | LSR_TEMT);
	update_irq(u);
	if (u->mcr & MCR_LOOP)
		receive(u, val);
	else if (u->tx.count < (fifo_mode(u) ? UART_FIFO : 1))
		fifo_push(&u->tx, val); /* else: written over a full FIFO, lost */
	transmit(u);
}

/* Modem inputs follow the outputs in loopback, else the (always present) peer. */
static void update_modem(struct uart16550 *u)
{
	uint8_t old = u->msr & MSR_LINES, lines = MSR_CONNECTED, delta;

	if (u->mcr & MCR_LOOP)
		lines = (u->mcr & 0x02) << 3 | (u->mcr & 0x01) << 5 | (u->mcr & 0x0c) << 4;
	delta = (old ^ lines) >> 4 & 0x0b;
	if ((old & 0x40) && !(lines & 0x40))
		delta |= 0x04; /* ring: trailing edge only */
	u->msr = lines | (u->msr & 0x0f) | delta;
}

static void write_fcr(struct uart16550 *u, uint8_t val)
{
	if ((val ^ u->fcr) & FCR_ENABLE)
		val |= FCR_CLEAR_RX | FCR_CLEAR_TX; /* changing the mode empties both */
	if (!(val & FCR_ENABLE))
		val &= ~0xc8; /* other bits are not programmed without the enable bit */
	if (val & FCR_CLEAR_RX) {
		fifo_clear(&u->rx);
		u->lsr &= ~LSR_DR;
	}
	if (val & FCR_CLEAR_TX) {
		fifo_clear(&u->tx);
		transmit(u);
	}
	u->fcr = val & FCR_KEPT;
	restart_timeout(u);
}

static void write_ier(struct uart16550 *u, uint8_t val)
{
	/* Enabling the interrupt with an empty THR raises it at once; drivers count on it. */
	if ((val & ~u->ier & IER_THRI) && (u->lsr & LSR_THRE))
		u->thre_pending = true;
	u->ier = val & 0x0f;
}

static uint8_t read_rbr(struct uart16550 *u)
{
	uint8_t byte = 0;

	if (u->rx.count)
		byte = fifo_pop(&u->rx);
	if (!u->rx.count)
		u->lsr &= ~LSR_DR;
	restart_timeout(u);
	return byte;
}

static uint8_t read_iir(struct uart16550 *u)
{
	uint8_t cause = pending_cause(u);

	if (cause == IIR_THRI)
		u->thre_pending = false; /* told */
	return cause | (fifo_mode(u) ? IIR_FIFOS : 0);
}

static uint8_t read_lsr(struct uart16550 *u)
{
	uint8_t val = u->lsr;

	u->lsr &= ~LSR_ERRORS;
	return val;
}

static uint8_t read_msr(struct uart16550 *u)
{
	uint8_t val = u->msr;

	u->msr &= MSR_LINES;
	return val;
}

static uint8_t read_register(struct uart16550 *u, uint32_t offset)
{
	bool dlab = u->lcr & LCR_DLAB;

	switch (offset) {
	case RBR_THR:
		return dlab ? u->dll : read_rbr(u);
	case IER:
		return dlab ? u->dlm : u->ier;
	case IIR_FCR:
		return read_iir(u);
	case LCR:
		return u->lcr;
	case MCR:
		return u->mcr;
	case LSR:
		return read_lsr(u);
	case MSR:
		return read_msr(u);
	case SCR:
		return u->scr;
	default:
		return 0xff;
	}
}

uint8_t uart_read(struct uart16550 *u, uint32_t offset)
{
	uint8_t val;

	uart_tick(u, dev_now(&u->clock));
	val = read_register(u, offset);
	update_irq(u);
	return val;
}

void uart_write(struct uart16550 *u, uint32_t offset, uint8_t val)
{
	bool dlab = u->lcr & LCR_DLAB;

	switch (offset) {
	case RBR_THR:
		if (dlab)
			u->dll = val;
		else
			write_thr(u, val);
		break;
	case IER:
		if (dlab)
			u->dlm = val;
		else
			write_ier(u, val);
		break;
	case IIR_FCR:
		write_fcr(u, val);
		break;
	case LCR:
		u->lcr = val;
		break;
	case MCR:
		u->mcr = val & MCR_KEPT;
		update_modem(u);
		break;
	case SCR:
		u->scr = val;
		break;
	default: /* LSR and MSR are for factory tests only */
		break;
	}
	update_irq(u);
}

unsigned int uart_rx_room(const struct uart16550 *u)
{
	if (u->mcr & MCR_LOOP)
		return 0; /* the input pin is cut off: let the peer wait */
	return rx_capacity(u) - u->rx.count;
}

bool uart_rx(struct uart16550 *u, uint8_t byte)
{
	if (!(u->mcr & MCR_LOOP))
		receive(u, byte);
	update_irq(u);
	return uart_rx_room(u) > 0;
}

uint64_t uart_deadline(const struct uart16550 *u)
{
	uint64_t at = u->timeout_at ? u->timeout_at : DEV_NEVER;

	if (!(u->ier & IER_RDI))
		at = DEV_NEVER; /* nobody would be told: caught up with at the next access */
	return at < u->retry_at ? at : u->retry_at;
}

void uart_tick(struct uart16550 *u, uint64_t now)
{
	if (u->timeout_at <= now)
		u->timeout_at = 0; /* has happened, and stays so until the FIFO is touched */
	if (u->retry_at <= now)
		transmit(u);
	update_irq(u);
}

void uart_reset(struct uart16550 *u)
{
	u->ier = u->fcr = u->lcr = u->mcr = u->scr = 0;
	u->dll = 12; /* 9600 baud */
	u->dlm = 0;
	u->lsr = LSR_THRE | LSR_TEMT;
	u->msr = MSR_CONNECTED;
	u->thre_pending = false;
	u->timeout_at = DEV_NEVER;
	u->retry_at = DEV_NEVER;
	fifo_clear(&u->rx);
	fifo_clear(&u->tx);
	update_irq(u);
}

void uart_init(struct uart16550 *u, const struct dev_clock *clock, const struct dev_irq *irq,
	       const struct dev_char *out)
{
	u->clock = *clock;
	u->irq = *irq;
	u->out = *out;
	uart_reset(u);
}

static void fifo_state(struct uart_fifo *f, struct state *s)
{
	STATE(s, f->byte);
	STATE(s, f->head);
	STATE(s, f->count);
	state_check(s, f->head < UART_FIFO && f->count <= UART_FIFO);
}

void uart_state(struct uart16550 *u, struct state *s)
{
	state_begin(s, "uart", 1);
	STATE(s, u->ier);
	STATE(s, u->fcr);
	STATE(s, u->lcr);
	STATE(s, u->mcr);
	STATE(s, u->lsr);
	STATE(s, u->msr);
	STATE(s, u->scr);
	STATE(s, u->dll);
	STATE(s, u->dlm);
	state_flag(s, &u->thre_pending);
	STATE(s, u->timeout_at);
	STATE(s, u->retry_at);
	fifo_state(&u->rx, s);
	fifo_state(&u->tx, s);
	state_check(s, !(u->ier & ~0x0f) && !(u->fcr & ~FCR_KEPT) && !(u->mcr & ~MCR_KEPT) &&
			       u->rx.count <= rx_capacity(u));
	state_end(s);
}

static vmk_status pio_read(void *opaque, uint64_t offset, unsigned int size, uint64_t *val)
{
	(void)size;
	*val = uart_read(opaque, (uint32_t)offset);
	return VMK_OK;
}

static vmk_status pio_write(void *opaque, uint64_t offset, unsigned int size, uint64_t val)
{
	(void)size;
	uart_write(opaque, (uint32_t)offset, (uint8_t)val);
	return VMK_OK;
}

static uint64_t tick_deadline(void *opaque)
{
	return uart_deadline(opaque);
}

static void tick(void *opaque, uint64_t now)
{
	uart_tick(opaque, now);
}

const struct dev_ops uart_pio_ops = { pio_read, pio_write, 1 };
const struct dev_tick_ops uart_tick_ops = { tick_deadline, tick };
