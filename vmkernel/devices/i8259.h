/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * The pair of Intel 8259A interrupt controllers of a PC (data sheet 231468) with the
 * edge/level control registers of EISA (ports 4d0h, 4d1h). The slave hangs on the
 * master's IRQ 2.
 */
#ifndef DEVICES_I8259_H
#define DEVICES_I8259_H

#include "devices/device.h"

struct state; /* lib/state.h */

struct i8259;

struct i8259_chip {
	struct i8259 *pair;
	bool slave;
	uint8_t lines; /* input levels now */
	uint8_t irr, isr, imr;
	uint8_t elcr; /* 1: level-triggered */
	uint8_t base; /* ICW2: vector of IR0 */
	uint8_t lowest; /* the input of lowest priority; 7 unless rotated */
	uint8_t icw_next; /* 0: not initialising, else 2, 3 or 4 */
	bool icw4_needed, single;
	bool auto_eoi, rotate_auto, special_mask, special_nested;
	bool read_isr, poll;
};

struct i8259 {
	struct dev_irq intr; /* INTR of the master */
	bool out; /* its level, as last set */
	struct i8259_chip chip[2];
};

extern const struct dev_ops i8259_pio_ops; /* opaque: a chip; 2 ports (20h, a0h) */
extern const struct dev_ops i8259_elcr_ops; /* opaque: a chip; 1 port (4d0h, 4d1h) */

void i8259_init(struct i8259 *p, const struct dev_irq *intr);
void i8259_reset(struct i8259 *p);
/* Level of input irq 0..15 (2 is the cascade: ignored). */
void i8259_set_irq(struct i8259 *p, unsigned int irq, int level);
/* Level of the INTR pin. */
bool i8259_intr(const struct i8259 *p);
/* The processor's INTA cycles: the vector; IR7's of master or slave if spurious. */
uint8_t i8259_ack(struct i8259 *p);

uint8_t i8259_read(struct i8259_chip *c, uint32_t offset);
void i8259_write(struct i8259_chip *c, uint32_t offset, uint8_t val);

/* Saves or loads all but the wiring. */
void i8259_state(struct i8259 *p, struct state *s);

#endif
