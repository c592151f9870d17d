/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * The interval timer. A channel remembers when its count was loaded; everything else
 * (count, output level, next edge) is arithmetic on the ticks elapsed since, so an
 * idle guest costs nothing and no rounding error ever adds up. Edges of channel 0
 * that nobody could see in time are merged into one. A new count takes effect at
 * once, also in modes 2 and 3, where the chip would finish the running period.
 */
#include "devices/i8254.h"

#include "devices/ticks.h"
#include "lib/state.h"

#define REFRESH_NS 15085u /* half a period of the refresh toggle */
#define ACCESS_BOTH 3u
#define PORT61_GATE2 0x01
#define PORT61_KEPT 0x0f
#define PORT61_REFRESH 0x10
#define PORT61_OUT2 0x20

static uint64_t elapsed(const struct i8254_channel *ch, uint64_t now)
{
	if (!ch->counting)
		return ch->paused_at;
	return now > ch->start ? ns_to_ticks(now - ch->start, PIT_HZ) : 0;
}

/* A period in the repeating modes; a count of 1 is illegal there and taken as 2. */
static uint32_t period(const struct i8254_channel *ch)
{
	return ch->reload > 1 ? ch->reload : 2;
}

static bool channel_out(const struct i8254_channel *ch, uint64_t now)
{
	uint64_t n = elapsed(ch, now);

	if (ch->null_count)
		return ch->mode != 0;
	switch (ch->mode) {
	case 0:
		return n >= ch->reload;
	case 1:
		return !ch->counting || n >= ch->reload;
	case 2:
		return !ch->gate || n % period(ch) != period(ch) - 1;
	case 3:
		return !ch->gate || n % period(ch) < (period(ch) + 1) / 2;
	default:
		return n != ch->reload;
	}
}

/* The counting element as the guest reads it. */
static uint16_t channel_count(const struct i8254_channel *ch, uint64_t now)
{
	uint64_t n = elapsed(ch, now);
	uint32_t wrap = ch->bcd ? 10000 : 0x10000;
	uint32_t count;

	if (ch->mode == 2)
		count = period(ch) - (uint32_t)(n % period(ch));
	else if (ch->mode == 3)
		count = (period(ch) & ~1u) - 2 * (uint32_t)(n % (period(ch) / 2));
	else
		count = (ch->reload + wrap - (uint32_t)(n % wrap)) % wrap;
	count %= wrap;
	if (ch->bcd)
		count = count % 10 | count / 10 % 10 << 4 | count / 100 % 10 << 8 |
			count / 1000 << 12;
	return (uint16_t)count;
}

/* When channel 0's output rises next after now. */
static uint64_t next_rise(const struct i8254_channel *ch, uint64_t now)
{
	uint64_t n = elapsed(ch, now), edge;

	if (ch->null_count || !ch->counting)
		return DEV_NEVER;
	switch (ch->mode) {
	case 2:
	case 3:
		edge = (n / period(ch) + 1) * period(ch);
		break;
	case 0:
		edge = ch->reload;
		break;
	default:
		edge = ch->reload + 1;
		break;
	}
	return edge > n ? add_sat(ch->start, ticks_to_ns(edge, PIT_HZ)) : DEV_NEVER;
}

/* Channel 0 was programmed anew. */
static void follow_irq(struct i8254 *pit, uint64_t now)
{
	pit->next_edge = next_rise(&pit->ch[0], now);
	dev_irq_set(&pit->irq, channel_out(&pit->ch[0], now));
}

static uint32_t decode_count(const struct i8254_channel *ch, uint16_t raw)
{
	if (!raw)
		return ch->bcd ? 10000 : 0x10000;
	if (!ch->bcd)
		return raw;
	return (raw & 15) + (raw >> 4 & 15) * 10 + (raw >> 8 & 15) * 100 + (raw >> 12) * 1000;
}

static void load(struct i8254_channel *ch, uint16_t raw, uint64_t now)
{
	bool triggered = ch->mode == 1 || ch->mode == 5;

	ch->reload = decode_count(ch, raw);
	if (triggered && ch->counting)
		return; /* counts from the next trigger on */
	ch->null_count = false;
	ch->paused_at = 0;
	ch->start = now;
	ch->counting = ch->gate && !triggered;
}

static void write_count(struct i8254 *pit, unsigned int n, uint8_t val, uint64_t now)
{
	struct i8254_channel *ch = &pit->ch[n];

	if (ch->access == ACCESS_BOTH && !ch->write_high) {
		ch->write_low = val;
		ch->write_high = true;
		if (ch->mode == 0) { /* the first byte stops the count */
			ch->paused_at = 0;
			ch->counting = false;
			ch->null_count = true;
		}
	} else if (ch->access == ACCESS_BOTH) {
		ch->write_high = false;
		load(ch, (uint16_t)(val << 8 | ch->write_low), now);
	} else {
		load(ch, (uint16_t)(ch->access == 2 ? val << 8 : val), now);
	}
	if (n == 0)
		follow_irq(pit, now);
}

static void latch_count(struct i8254_channel *ch, uint64_t now)
{
	if (ch->latched)
		return; /* the first latch stands until it is read */
	ch->latch = channel_count(ch, now);
	ch->latched = ch->access == ACCESS_BOTH ? 2 : 1;
}

static void latch_status(struct i8254_channel *ch, uint64_t now)
{
	if (ch->status_latched)
		return;
	ch->status = (uint8_t)(channel_out(ch, now) << 7 | ch->null_count << 6 | ch->access << 4 |
			       ch->mode << 1 | ch->bcd);
	ch->status_latched = true;
}

static void set_mode(struct i8254_channel *ch, uint8_t val)
{
	uint8_t mode = val >> 1 & 7;

	ch->mode = mode > 5 ? mode - 4 : mode;
	ch->access = val >> 4 & 3;
	ch->bcd = val & 1;
	ch->write_high = ch->read_high = false;
	ch->latched = 0;
	ch->status_latched = false;
	ch->null_count = true;
	ch->counting = false;
	ch->paused_at = 0;
}

static void write_control(struct i8254 *pit, uint8_t val, uint64_t now)
{
	unsigned int n = val >> 6;

	if (n == 3) { /* read-back command */
		for (n = 0; n < 3; n++) {
			if (!(val & 2 << n))
				continue;
			if (!(val & 0x20))
				latch_count(&pit->ch[n], now);
			if (!(val & 0x10))
				latch_status(&pit->ch[n], now);
		}
	} else if (!(val & 0x30)) {
		latch_count(&pit->ch[n], now);
	} else {
		set_mode(&pit->ch[n], val);
		if (n == 0)
			follow_irq(pit, now);
	}
}

static uint8_t read_count(struct i8254_channel *ch, uint64_t now)
{
	uint16_t count = ch->latched ? ch->latch : channel_count(ch, now);
	bool high = ch->access == 2;

	if (ch->status_latched) {
		ch->status_latched = false;
		return ch->status;
	}
	if (ch->access == ACCESS_BOTH) {
		high = ch->read_high;
		ch->read_high = !high;
	}
	if (ch->latched)
		ch->latched--;
	return (uint8_t)(high ? count >> 8 : count);
}

uint8_t i8254_read(struct i8254 *pit, uint32_t offset)
{
	uint64_t now = dev_now(&pit->clock);

	i8254_tick(pit, now);
	return offset < 3 ? read_count(&pit->ch[offset], now) : 0xff;
}

void i8254_write(struct i8254 *pit, uint32_t offset, uint8_t val)
{
	uint64_t now = dev_now(&pit->clock);

	i8254_tick(pit, now);
	if (offset < 3)
		write_count(pit, offset, val, now);
	else if (offset == 3)
		write_control(pit, val, now);
}

static void set_gate(struct i8254_channel *ch, bool gate, uint64_t now)
{
	if (gate == ch->gate)
		return;
	if (ch->mode == 0 || ch->mode == 4) { /* the gate stops and resumes the count */
		ch->paused_at = elapsed(ch, now);
		ch->start = now - ticks_to_ns(ch->paused_at, PIT_HZ);
		ch->counting = gate && !ch->null_count;
	} else if (gate) { /* a rising gate starts it anew */
		ch->paused_at = 0;
		ch->start = now;
		ch->counting = !ch->null_count;
	} else if (ch->mode == 2 || ch->mode == 3) {
		ch->paused_at = 0;
		ch->counting = false;
	}
	ch->gate = gate;
}

uint8_t i8254_read61(struct i8254 *pit)
{
	uint64_t now = dev_now(&pit->clock);
	uint8_t val = pit->port61;

	if (now / REFRESH_NS & 1)
		val |= PORT61_REFRESH;
	if (channel_out(&pit->ch[2], now))
		val |= PORT61_OUT2;
	return val;
}

void i8254_write61(struct i8254 *pit, uint8_t val)
{
	pit->port61 = val & PORT61_KEPT;
	set_gate(&pit->ch[2], val & PORT61_GATE2, dev_now(&pit->clock));
}

bool i8254_out(const struct i8254 *pit, unsigned int channel, uint64_t now)
{
	return channel_out(&pit->ch[channel % 3], now);
}

uint64_t i8254_deadline(const struct i8254 *pit)
{
	return pit->next_edge;
}

void i8254_tick(struct i8254 *pit, uint64_t now)
{
	if (now < pit->next_edge)
		return;
	pit->next_edge = next_rise(&pit->ch[0], now);
	dev_irq_set(&pit->irq, 0);
	dev_irq_set(&pit->irq, 1);
}

void i8254_reset(struct i8254 *pit)
{
	unsigned int n;

	for (n = 0; n < 3; n++) {
		struct i8254_channel *ch = &pit->ch[n];

		*ch = (struct i8254_channel){ .gate = n != 2, .reload = 0x10000 };
		set_mode(ch, ACCESS_BOTH << 4);
	}
	pit->port61 = 0;
	follow_irq(pit, dev_now(&pit->clock));
}

void i8254_init(struct i8254 *pit, const struct dev_clock *clock, const struct dev_irq *irq)
{
	pit->clock = *clock;
	pit->irq = *irq;
	i8254_reset(pit);
}

static void channel_state(struct i8254_channel *ch, struct state *s)
{
	STATE(s, ch->mode);
	STATE(s, ch->access);
	state_flag(s, &ch->bcd);
	state_flag(s, &ch->gate);
	state_flag(s, &ch->null_count);
	state_flag(s, &ch->counting);
	STATE(s, ch->reload);
	STATE(s, ch->start);
	STATE(s, ch->paused_at);
	state_flag(s, &ch->write_high);
	state_flag(s, &ch->read_high);
	STATE(s, ch->write_low);
	STATE(s, ch->latched);
	STATE(s, ch->latch);
	state_flag(s, &ch->status_latched);
	STATE(s, ch->status);
	state_check(s, ch->mode <= 5 && ch->access >= 1 && ch->access <= ACCESS_BOTH &&
			       ch->reload >= 1 && ch->reload <= 0x10000 && ch->latched <= 2);
}

void i8254_state(struct i8254 *pit, struct state *s)
{
	unsigned int n;

	state_begin(s, "i8254", 1);
	for (n = 0; n < 3; n++)
		channel_state(&pit->ch[n], s);
	STATE(s, pit->next_edge);
	STATE(s, pit->port61);
	state_check(s, !(pit->port61 & ~PORT61_KEPT));
	state_end(s);
}

static vmk_status pio_read(void *opaque, uint64_t offset, unsigned int size, uint64_t *val)
{
	(void)size;
	*val = i8254_read(opaque, (uint32_t)offset);
	return VMK_OK;
}

static vmk_status pio_write(void *opaque, uint64_t offset, unsigned int size, uint64_t val)
{
	(void)size;
	i8254_write(opaque, (uint32_t)offset, (uint8_t)val);
	return VMK_OK;
}

static vmk_status port61_read(void *opaque, uint64_t offset, unsigned int size, uint64_t *val)
{
	(void)offset, (void)size;
	*val = i8254_read61(opaque);
	return VMK_OK;
}

static vmk_status port61_write(void *opaque, uint64_t offset, unsigned int size, uint64_t val)
{
	(void)offset, (void)size;
	i8254_write61(opaque, (uint8_t)val);
	return VMK_OK;
}

static uint64_t tick_deadline(void *opaque)
{
	return i8254_deadline(opaque);
}

static void tick(void *opaque, uint64_t now)
{
	i8254_tick(opaque, now);
}

const struct dev_ops i8254_pio_ops = { pio_read, pio_write, 1 };
const struct dev_ops i8254_port61_ops = { port61_read, port61_write, 1 };
const struct dev_tick_ops i8254_tick_ops = { tick_deadline, tick };
