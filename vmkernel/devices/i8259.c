/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * The PIC pair. Each chip is a pure function of its registers: best() says which
 * input would be served now, and update() carries the slave's answer to the master
 * and the master's to the INTR line after every change. One liberty is taken: an
 * edge stays latched in the IRR when the line falls before the acknowledge, so a
 * short pulse of a model is never lost.
 */
#include "devices/i8259.h"
#include "lib/state.h"

#define CASCADE 2u
#define ELCR_MASTER 0xf8 /* inputs that may be level-triggered */
#define ELCR_SLAVE 0xde

#define ICW1_INIT 0x10
#define ICW1_SINGLE 0x02
#define ICW1_ICW4 0x01
#define OCW3 0x08

/* 0 for the input of highest priority in mask .. 7; 8 if mask is empty. */
static unsigned int top_rank(const struct i8259_chip *c, uint8_t mask)
{
	unsigned int rank;

	for (rank = 0; rank < 8; rank++)
		if (mask & 1 << ((c->lowest + 1 + rank) & 7))
			return rank;
	return 8;
}

static unsigned int rank_to_input(const struct i8259_chip *c, unsigned int rank)
{
	return (c->lowest + 1 + rank) & 7;
}

/* The input that would be acknowledged now, or -1. */
static int best(const struct i8259_chip *c)
{
	unsigned int rank = top_rank(c, c->irr & ~c->imr);
	uint8_t blocking = c->isr;

	if (rank == 8)
		return -1;
	if (c->special_mask)
		blocking &= ~c->imr;
	/* Special fully nested: the slave may interrupt itself through the master. */
	if (c->special_nested && !c->slave)
		blocking &= ~(1 << CASCADE);
	if (top_rank(c, blocking) <= rank)
		return -1;
	return (int)rank_to_input(c, rank);
}

static void set_input(struct i8259_chip *c, unsigned int n, int level)
{
	uint8_t bit = (uint8_t)(1 << n);

	if (level && ((c->elcr & bit) || !(c->lines & bit)))
		c->irr |= bit;
	if (!level && (c->elcr & bit))
		c->irr &= ~bit;
	c->lines = level ? c->lines | bit : c->lines & ~bit;
}

static void update(struct i8259 *p)
{
	/* Taken as a level whatever the ELCR says, so that nothing of the slave's is missed. */
	if (best(&p->chip[1]) >= 0)
		p->chip[0].irr |= 1 << CASCADE;
	else
		p->chip[0].irr &= ~(1 << CASCADE);
	if (p->out == i8259_intr(p))
		return;
	p->out = !p->out;
	dev_irq_set(&p->intr, p->out);
}

static void ack_input(struct i8259_chip *c, unsigned int n)
{
	uint8_t bit = (uint8_t)(1 << n);

	if (c->auto_eoi) {
		if (c->rotate_auto)
			c->lowest = (uint8_t)n;
	} else {
		c->isr |= bit;
	}
	if (!(c->elcr & bit))
		c->irr &= ~bit;
}

void i8259_set_irq(struct i8259 *p, unsigned int irq, int level)
{
	if (irq > 15 || irq == CASCADE)
		return;
	set_input(&p->chip[irq >> 3], irq & 7, level);
	update(p);
}

bool i8259_intr(const struct i8259 *p)
{
	return best(&p->chip[0]) >= 0;
}

uint8_t i8259_ack(struct i8259 *p)
{
	struct i8259_chip *c = &p->chip[0];
	int n = best(c);
	unsigned int vector;

	if (n == (int)CASCADE) {
		ack_input(c, CASCADE);
		c = &p->chip[1];
		n = best(c);
	}
	if (n >= 0)
		ack_input(c, (unsigned int)n);
	vector = c->base + (n >= 0 ? (unsigned int)n : 7);
	update(p);
	return (uint8_t)vector;
}

static void init_words(struct i8259_chip *c, uint8_t val)
{
	switch (c->icw_next) {
	case 2:
		c->base = val & 0xf8;
		c->icw_next = !c->single ? 3 : c->icw4_needed ? 4 : 0;
		break;
	case 3: /* wiring: fixed */
		c->icw_next = c->icw4_needed ? 4 : 0;
		break;
	default:
		c->special_nested = val & 0x10;
		c->auto_eoi = val & 0x02;
		c->icw_next = 0;
		break;
	}
}

static void start_init(struct i8259_chip *c, uint8_t val)
{
	c->irr = 0;
	c->isr = 0;
	c->imr = 0;
	c->lowest = 7;
	c->special_mask = c->read_isr = c->poll = false;
	c->special_nested = c->auto_eoi = c->rotate_auto = false;
	c->single = val & ICW1_SINGLE;
	c->icw4_needed = val & ICW1_ICW4;
	c->icw_next = 2;
	c->irr = c->lines & c->elcr; /* edges must come again; levels still stand */
}

static void ocw2(struct i8259_chip *c, uint8_t val)
{
	unsigned int n = val & 7;
	unsigned int rank = top_rank(c, c->isr);

	switch (val >> 5) {
	case 0: /* rotate in auto-EOI mode: off, on */
	case 4:
		c->rotate_auto = val >> 7;
		break;
	case 1: /* non-specific EOI, without and with rotation */
	case 5:
		if (rank == 8)
			break;
		n = rank_to_input(c, rank);
		c->isr &= ~(1 << n);
		if (val & 0x80)
			c->lowest = (uint8_t)n;
		break;
	case 3: /* specific EOI, without and with rotation */
	case 7:
		c->isr &= ~(1 << n);
		if (val & 0x80)
			c->lowest = (uint8_t)n;
		break;
	case 6: /* set priority */
		c->lowest = (uint8_t)n;
		break;
	}
}

static void ocw3(struct i8259_chip *c, uint8_t val)
{
	if (val & 0x40)
		c->special_mask = val & 0x20;
	if (val & 0x02)
		c->read_isr = val & 0x01;
	if (val & 0x04)
		c->poll = true;
}

/* Poll mode: the next read acknowledges, and says what it was. */
static uint8_t poll_read(struct i8259_chip *c)
{
	int n = best(c);

	c->poll = false;
	if (n < 0)
		return 0;
	ack_input(c, (unsigned int)n);
	return (uint8_t)(0x80 | n);
}

uint8_t i8259_read(struct i8259_chip *c, uint32_t offset)
{
	uint8_t val;

	if (c->poll)
		val = poll_read(c);
	else if (offset)
		val = c->imr;
	else
		val = c->read_isr ? c->isr : c->irr;
	update(c->pair);
	return val;
}

void i8259_write(struct i8259_chip *c, uint32_t offset, uint8_t val)
{
	if (offset) {
		if (c->icw_next)
			init_words(c, val);
		else
			c->imr = val;
	} else if (val & ICW1_INIT) {
		start_init(c, val);
	} else if (val & OCW3) {
		ocw3(c, val);
	} else {
		ocw2(c, val);
	}
	update(c->pair);
}

void i8259_reset(struct i8259 *p)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		struct i8259_chip *c = &p->chip[i];

		c->elcr = 0;
		start_init(c, 0);
		c->icw_next = 0;
		c->base = i ? 0x70 : 0x08; /* where a PC's firmware puts them */
		c->imr = 0xff;
	}
	update(p);
}

void i8259_init(struct i8259 *p, const struct dev_irq *intr)
{
	unsigned int i;

	p->intr = *intr;
	p->out = false;
	for (i = 0; i < 2; i++) {
		p->chip[i].pair = p;
		p->chip[i].slave = i;
		p->chip[i].lines = 0;
	}
	i8259_reset(p);
}

static void chip_state(struct i8259_chip *c, struct state *s)
{
	STATE(s, c->lines);
	STATE(s, c->irr);
	STATE(s, c->isr);
	STATE(s, c->imr);
	STATE(s, c->elcr);
	STATE(s, c->base);
	STATE(s, c->lowest);
	STATE(s, c->icw_next);
	state_flag(s, &c->icw4_needed);
	state_flag(s, &c->single);
	state_flag(s, &c->auto_eoi);
	state_flag(s, &c->rotate_auto);
	state_flag(s, &c->special_mask);
	state_flag(s, &c->special_nested);
	state_flag(s, &c->read_isr);
	state_flag(s, &c->poll);
	state_check(s, !(c->base & 7) && c->lowest <= 7 && c->icw_next <= 4 && c->icw_next != 1);
}

void i8259_state(struct i8259 *p, struct state *s)
{
	state_begin(s, "i8259", 1);
	state_flag(s, &p->out);
	chip_state(&p->chip[0], s);
	chip_state(&p->chip[1], s);
	state_end(s);
}

static vmk_status pio_read(void *opaque, uint64_t offset, unsigned int size, uint64_t *val)
{
	(void)size;
	*val = i8259_read(opaque, (uint32_t)offset);
	return VMK_OK;
}

static vmk_status pio_write(void *opaque, uint64_t offset, unsigned int size, uint64_t val)
{
	(void)size;
	i8259_write(opaque, (uint32_t)offset, (uint8_t)val);
	return VMK_OK;
}

static vmk_status elcr_read(void *opaque, uint64_t offset, unsigned int size, uint64_t *val)
{
	struct i8259_chip *c = opaque;

	(void)offset, (void)size;
	*val = c->elcr;
	return VMK_OK;
}

static vmk_status elcr_write(void *opaque, uint64_t offset, unsigned int size, uint64_t val)
{
	struct i8259_chip *c = opaque;

	(void)offset, (void)size;
	c->elcr = (uint8_t)val & (c->slave ? ELCR_SLAVE : ELCR_MASTER);
	/* A level input requests exactly while its line is up. */
	c->irr = (c->irr & ~c->elcr) | (c->lines & c->elcr);
	update(c->pair);
	return VMK_OK;
}

const struct dev_ops i8259_pio_ops = { pio_read, pio_write, 1 };
const struct dev_ops i8259_elcr_ops = { elcr_read, elcr_write, 1 };
