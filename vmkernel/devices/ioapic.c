/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * The I/O APIC. An edge on an unmasked pin sends one message; an edge on a masked pin
 * is lost, as the data sheet has it. A level sends one message and sets remote IRR,
 * which holds the pin back until the EOI. Polarity is stored and not interpreted: a
 * line of this machine is asserted or it is not.
 */
#include "devices/ioapic.h"
#include "lib/state.h"

#define OFFSET_INDEX 0x00
#define OFFSET_DATA 0x10
#define OFFSET_EOI 0x40
#define REG_ID 0x00
#define REG_VERSION 0x01
#define REG_ARBITRATION 0x02
#define REG_TABLE 0x10
#define VERSION (0x20u | (IOAPIC_PINS - 1) << 16)

#define ENTRY_LOGICAL (1ull << 11)
#define ENTRY_REMOTE_IRR (1ull << 14)
#define ENTRY_LEVEL (1ull << 15)
#define ENTRY_MASKED (1ull << 16)
#define ENTRY_READ_ONLY (ENTRY_REMOTE_IRR | 1ull << 12)
#define ENTRY_KEPT (0xff0000000001ffffull & ~ENTRY_READ_ONLY)

static void send(struct ioapic *io, unsigned int pin)
{
	uint64_t e = io->entry[pin];
	struct apic_msg msg = {
		.dest = (uint32_t)(e >> 56),
		.vector = (uint8_t)e,
		.mode = e >> 8 & 7,
		.logical = e & ENTRY_LOGICAL,
		.level = e & ENTRY_LEVEL,
	};

	io->deliver(io->opaque, &msg);
}

/* A level-triggered pin that asks, is open and is not being served sends its message. */
static void serve_level(struct ioapic *io, unsigned int pin)
{
	uint64_t e = io->entry[pin];

	if (!(e & ENTRY_LEVEL) || e & (ENTRY_MASKED | ENTRY_REMOTE_IRR) || !(io->lines >> pin & 1))
		return;
	if ((e >> 8 & 7) <= APIC_LOWEST)
		io->entry[pin] |= ENTRY_REMOTE_IRR; /* only these are ever acknowledged */
	send(io, pin);
}

void ioapic_set_irq(struct ioapic *io, unsigned int pin, int level)
{
	bool rose;

	if (pin >= IOAPIC_PINS)
		return;
	rose = level && !(io->lines >> pin & 1);
	io->lines = level ? io->lines | 1u << pin : io->lines & ~(1u << pin);
	if (io->entry[pin] & ENTRY_LEVEL)
		serve_level(io, pin);
	else if (rose && !(io->entry[pin] & ENTRY_MASKED))
		send(io, pin);
}

void ioapic_eoi(struct ioapic *io, uint8_t vector)
{
	unsigned int pin;

	for (pin = 0; pin < IOAPIC_PINS; pin++) {
		if ((uint8_t)io->entry[pin] != vector || !(io->entry[pin] & ENTRY_REMOTE_IRR))
			continue;
		io->entry[pin] &= ~ENTRY_REMOTE_IRR;
		serve_level(io, pin);
	}
}

static void write_entry(struct ioapic *io, unsigned int reg, uint32_t val)
{
	unsigned int pin = reg >> 1, shift = reg & 1 ? 32 : 0;
	uint64_t e = io->entry[pin] & ~(0xffffffffull << shift);

	e |= (uint64_t)val << shift;
	e = (e & ENTRY_KEPT) | (io->entry[pin] & ENTRY_READ_ONLY);
	if (!(e & ENTRY_LEVEL))
		e &= ~ENTRY_REMOTE_IRR; /* switching to edge forgets it: drivers use that */
	io->entry[pin] = e;
	serve_level(io, pin);
}

static uint32_t read_data(const struct ioapic *io)
{
	unsigned int reg = io->index;

	if (reg == REG_ID || reg == REG_ARBITRATION)
		return (uint32_t)io->id << 24;
	if (reg == REG_VERSION)
		return VERSION;
	if (reg < REG_TABLE || reg >= REG_TABLE + 2 * IOAPIC_PINS)
		return 0;
	reg -= REG_TABLE;
	return (uint32_t)(io->entry[reg >> 1] >> (reg & 1 ? 32 : 0));
}

uint32_t ioapic_read(struct ioapic *io, uint32_t offset)
{
	if (offset == OFFSET_INDEX)
		return io->index;
	return offset == OFFSET_DATA ? read_data(io) : 0;
}

void ioapic_write(struct ioapic *io, uint32_t offset, uint32_t val)
{
	if (offset == OFFSET_INDEX) {
		io->index = (uint8_t)val;
	} else if (offset == OFFSET_EOI) {
		ioapic_eoi(io, (uint8_t)val);
	} else if (offset == OFFSET_DATA) {
		if (io->index == REG_ID)
			io->id = val >> 24 & 0xf;
		else if (io->index >= REG_TABLE && io->index < REG_TABLE + 2 * IOAPIC_PINS)
			write_entry(io, io->index - REG_TABLE, val);
	}
}

void ioapic_reset(struct ioapic *io)
{
	unsigned int pin;

	io->index = 0;
	for (pin = 0; pin < IOAPIC_PINS; pin++)
		io->entry[pin] = ENTRY_MASKED;
}

void ioapic_init(struct ioapic *io, uint8_t id,
		 void (*deliver)(void *opaque, const struct apic_msg *msg), void *opaque)
{
	io->deliver = deliver;
	io->opaque = opaque;
	io->id = id & 0xf;
	io->lines = 0;
	ioapic_reset(io);
}

void ioapic_state(struct ioapic *io, struct state *s)
{
	unsigned int pin;

	state_begin(s, "ioapic", 1);
	STATE(s, io->id);
	STATE(s, io->index);
	STATE(s, io->lines);
	STATE(s, io->entry);
	state_check(s, io->id <= 0xf && !(io->lines >> IOAPIC_PINS));
	for (pin = 0; pin < IOAPIC_PINS; pin++)
		state_check(s, !(io->entry[pin] & ~(ENTRY_KEPT | ENTRY_REMOTE_IRR)));
	state_end(s);
}

static vmk_status mmio_read(void *opaque, uint64_t offset, unsigned int size, uint64_t *val)
{
	*val = size == 4 ? ioapic_read(opaque, (uint32_t)offset) : 0;
	return VMK_OK;
}

static vmk_status mmio_write(void *opaque, uint64_t offset, unsigned int size, uint64_t val)
{
	if (size == 4 || offset == OFFSET_INDEX)
		ioapic_write(opaque, (uint32_t)offset, (uint32_t)val);
	return VMK_OK;
}

const struct dev_ops ioapic_mmio_ops = { mmio_read, mmio_write, 4 };
