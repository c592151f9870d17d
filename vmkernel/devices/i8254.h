/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * The Intel 8254 interval timer (data sheet 231164) at ports 40h-43h, all six modes,
 * and the system control port 61h that gates channel 2 and shows its output and the
 * refresh toggle. Counters are not counted: a value is worked out from the clock when
 * somebody looks.
 */
#ifndef DEVICES_I8254_H
#define DEVICES_I8254_H

#include "devices/device.h"

struct state; /* lib/state.h */

#define PIT_HZ 1193182u
#define PIT_PORTS 4u

struct i8254_channel {
	uint8_t mode; /* 0..5 */
	uint8_t access; /* 1 low byte, 2 high byte, 3 low then high */
	bool bcd;
	bool gate;
	bool null_count; /* a mode is set, its count is not loaded yet */
	bool counting; /* counts since start; else stands at paused_at */
	uint32_t reload; /* 1 .. 10000h, in counts (BCD already decoded) */
	uint64_t start; /* clock, ns, of the load or trigger that is counted */
	uint64_t paused_at; /* elapsed counts while not counting */
	bool write_high, read_high; /* next byte of a two-byte access is the high one */
	uint8_t write_low;
	uint8_t latched; /* bytes of latch still to be read */
	uint16_t latch;
	bool status_latched;
	uint8_t status;
};

struct i8254 {
	struct dev_clock clock;
	struct dev_irq irq; /* output of channel 0 */
	struct i8254_channel ch[3];
	uint64_t next_edge; /* when channel 0's output rises next, or DEV_NEVER */
	uint8_t port61; /* bits 0-3 as written */
};

extern const struct dev_ops i8254_pio_ops;
extern const struct dev_ops i8254_port61_ops;
extern const struct dev_tick_ops i8254_tick_ops;

void i8254_init(struct i8254 *pit, const struct dev_clock *clock, const struct dev_irq *irq);
void i8254_reset(struct i8254 *pit);

uint8_t i8254_read(struct i8254 *pit, uint32_t offset);
void i8254_write(struct i8254 *pit, uint32_t offset, uint8_t val);
uint8_t i8254_read61(struct i8254 *pit);
void i8254_write61(struct i8254 *pit, uint8_t val);
/* Level of a channel's output pin now. */
bool i8254_out(const struct i8254 *pit, unsigned int channel, uint64_t now);

uint64_t i8254_deadline(const struct i8254 *pit);
void i8254_tick(struct i8254 *pit, uint64_t now);

/* Saves or loads all but what i8254_init was given. */
void i8254_state(struct i8254 *pit, struct state *s);

#endif
