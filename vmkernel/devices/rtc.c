/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * The real-time clock. Nothing counts here: the time is the wall clock plus an offset,
 * and the flags of register C are worked out for the time that has passed since the
 * last look (catch_up). Only an enabled interrupt sets a deadline. While the guest
 * holds the clock still (SET, or the divider in reset) the time registers are plain
 * memory; releasing it turns them into a new offset.
 */
#include "devices/rtc.h"

#include "devices/ticks.h"
#include "lib/state.h"

enum {
	SECONDS,
	SECONDS_ALARM,
	MINUTES,
	MINUTES_ALARM,
	HOURS,
	HOURS_ALARM,
	WEEKDAY,
	DAY,
	MONTH,
	YEAR,
	REG_A,
	REG_B,
	REG_C,
	REG_D,
};

#define A_UIP 0x80
#define A_DIVIDER 0x70
#define A_RATE 0x0f
#define B_SET 0x80
#define B_INTERRUPTS 0x70
#define B_PIE 0x40
#define B_AIE 0x20
#define B_UIE 0x10
#define B_SQWE 0x08
#define B_BINARY 0x04
#define B_24H 0x02
#define C_IRQF 0x80
#define D_VALID 0x80
#define HOUR_PM 0x80
#define ALARM_ANY 0xc0
#define DAY_SECONDS 86400u
#define UIP_NS 244000u /* update in progress this long before a new second */
#define DIVIDER_NS 500000000u /* a released divider ticks first after half a second */
#define LOW_RAM_MAX (3ull << 30)
#define OFFSET_MAX_S (1ll << 38) /* the year 9999 lies before that */

struct guest_time {
	int64_t s;
	uint32_t ns;
};

static struct guest_time guest_now(const struct rtc *rtc)
{
	uint64_t wall = dev_now(&rtc->wall);
	uint64_t ns = wall % NS_PER_SEC + rtc->offset_ns;
	int64_t s = (int64_t)(wall / NS_PER_SEC) + rtc->offset_s + (int64_t)(ns / NS_PER_SEC);

	return (struct guest_time){ s < 0 ? 0 : s, (uint32_t)(ns % NS_PER_SEC) };
}

static bool divider_reset(const struct rtc *rtc)
{
	return (rtc->cmos[REG_A] & 0x60) == 0x60;
}

static bool frozen(const struct rtc *rtc)
{
	return (rtc->cmos[REG_B] & B_SET) || divider_reset(rtc);
}

static uint8_t encode(const struct rtc *rtc, unsigned int val)
{
	return (uint8_t)(rtc->cmos[REG_B] & B_BINARY ? val : val / 10 << 4 | val % 10);
}

static unsigned int decode(const struct rtc *rtc, uint8_t raw)
{
	return rtc->cmos[REG_B] & B_BINARY ? raw : (raw >> 4) * 10u + (raw & 15);
}

static uint8_t encode_hour(const struct rtc *rtc, unsigned int hour)
{
	if (rtc->cmos[REG_B] & B_24H)
		return encode(rtc, hour);
	return encode(rtc, (hour + 11) % 12 + 1) | (hour >= 12 ? HOUR_PM : 0);
}

static unsigned int decode_hour(const struct rtc *rtc, uint8_t raw)
{
	if (rtc->cmos[REG_B] & B_24H)
		return decode(rtc, raw);
	return decode(rtc, raw & ~HOUR_PM) % 12 + (raw & HOUR_PM ? 12 : 0);
}

static uint8_t time_register(const struct rtc *rtc, const struct rtc_tm *tm, uint8_t index)
{
	switch (index) {
	case SECONDS:
		return encode(rtc, tm->second);
	case MINUTES:
		return encode(rtc, tm->minute);
	case HOURS:
		return encode_hour(rtc, tm->hour);
	case WEEKDAY:
		return encode(rtc, tm->weekday);
	case DAY:
		return encode(rtc, tm->day);
	case MONTH:
		return encode(rtc, tm->month);
	case YEAR:
		return encode(rtc, (unsigned int)tm->year % 100);
	default:
		return encode(rtc, (unsigned int)tm->year / 100);
	}
}

static bool is_time(uint8_t index)
{
	return index == SECONDS || index == MINUTES || index == HOURS || index == RTC_CENTURY ||
	       (index >= WEEKDAY && index <= YEAR);
}

/* Copy the running time into the registers, for the guest to change. */
static void freeze_time(struct rtc *rtc)
{
	struct rtc_tm tm = rtc_tm_from_seconds(guest_now(rtc).s);
	unsigned int i;

	for (i = 0; i < RTC_NVRAM; i++)
		if (is_time((uint8_t)i))
			rtc->cmos[i] = time_register(rtc, &tm, (uint8_t)i);
}

/* Make the guest's time what the registers say, ns into that second. */
static void set_time(struct rtc *rtc, uint32_t ns)
{
	struct rtc_tm tm = {
		.year = (int32_t)(decode(rtc, rtc->cmos[YEAR]) +
				  100 * decode(rtc, rtc->cmos[RTC_CENTURY])),
		.month = (uint8_t)decode(rtc, rtc->cmos[MONTH]),
		.day = (uint8_t)decode(rtc, rtc->cmos[DAY]),
		.hour = (uint8_t)decode_hour(rtc, rtc->cmos[HOURS]),
		.minute = (uint8_t)decode(rtc, rtc->cmos[MINUTES]),
		.second = (uint8_t)decode(rtc, rtc->cmos[SECONDS]),
	};
	uint64_t wall = dev_now(&rtc->wall);
	uint32_t wall_ns = (uint32_t)(wall % NS_PER_SEC);

	rtc->seen_s = rtc_tm_seconds(&tm);
	rtc->offset_s = rtc->seen_s - (int64_t)(wall / NS_PER_SEC);
	if (ns < wall_ns) {
		rtc->offset_s--;
		ns += (uint32_t)NS_PER_SEC;
	}
	rtc->offset_ns = ns - wall_ns;
}

static bool alarm_field(uint8_t raw, unsigned int want, unsigned int have)
{
	return (raw & ALARM_ANY) == ALARM_ANY || want == have;
}

/* Seconds from second-of-day sod to the next alarm, 1 .. 86400; 0 if there is none. */
static uint32_t alarm_distance(const struct rtc *rtc, uint32_t sod)
{
	const uint8_t *c = rtc->cmos;
	unsigned int h = decode_hour(rtc, c[HOURS_ALARM]);
	unsigned int m = decode(rtc, c[MINUTES_ALARM]);
	unsigned int s = decode(rtc, c[SECONDS_ALARM]);
	uint32_t d = 1;

	if (!(alarm_field(c[HOURS_ALARM], 1, h < 24) && alarm_field(c[MINUTES_ALARM], 1, m < 60) &&
	      alarm_field(c[SECONDS_ALARM], 1, s < 60)))
		return 0;
	for (;;) { /* skip whole hours, then minutes, then seconds: at most 24 + 60 + 60 steps */
		uint32_t t = (sod + d) % DAY_SECONDS;

		if (!alarm_field(c[HOURS_ALARM], h, t / 3600))
			d += 3600 - t % 3600;
		else if (!alarm_field(c[MINUTES_ALARM], m, t / 60 % 60))
			d += 60 - t % 60;
		else if (!alarm_field(c[SECONDS_ALARM], s, t % 60))
			d++;
		else
			return d;
	}
}

/* The periodic rate in Hz; 0: off. Rates 1 and 2 are those of 8 and 9. */
static uint32_t rate_hz(const struct rtc *rtc)
{
	unsigned int rate = rtc->cmos[REG_A] & A_RATE;

	if (!rate)
		return 0;
	return 32768u >> ((rate < 3 ? rate + 7 : rate) - 1);
}

/* When the first enabled interrupt comes that is not pending yet. */
static void rearm(struct rtc *rtc, uint64_t now)
{
	uint8_t want = rtc->cmos[REG_B] & B_INTERRUPTS & ~rtc->cmos[REG_C];
	struct guest_time t = guest_now(rtc);
	uint32_t dist = 0;

	rtc->next = DEV_NEVER;
	if (rtc->cmos[REG_C] & rtc->cmos[REG_B] & B_INTERRUPTS)
		return; /* the line is up: nothing new to tell */
	if ((want & B_PIE) && rate_hz(rtc))
		rtc->next = rtc->rate_base + ticks_to_ns(rtc->seen_period + 1, rate_hz(rtc));
	if (frozen(rtc))
		return;
	if (want & B_UIE)
		dist = 1;
	else if (want & B_AIE)
		dist = alarm_distance(rtc, (uint32_t)(rtc->seen_s % DAY_SECONDS));
	if (dist && now + dist * NS_PER_SEC - t.ns < rtc->next)
		rtc->next = now + dist * NS_PER_SEC - t.ns;
}

/* Set the flags for what has happened since the last call, and the line with them. */
static void catch_up(struct rtc *rtc)
{
	uint64_t now = dev_now(&rtc->clock);
	int64_t s = guest_now(rtc).s;
	uint64_t periods;
	uint32_t dist;

	if (!frozen(rtc) && s > rtc->seen_s) {
		rtc->cmos[REG_C] |= B_UIE;
		dist = alarm_distance(rtc, (uint32_t)(rtc->seen_s % DAY_SECONDS));
		if (dist && dist <= s - rtc->seen_s)
			rtc->cmos[REG_C] |= B_AIE;
	}
	rtc->seen_s = s; /* may go back, if the wall clock was set */
	if (rate_hz(rtc)) {
		periods = ns_to_ticks(now - rtc->rate_base, rate_hz(rtc));
		if (periods > rtc->seen_period)
			rtc->cmos[REG_C] |= B_PIE;
		rtc->seen_period = periods;
	}
	rearm(rtc, now);
	dev_irq_set(&rtc->irq, (rtc->cmos[REG_C] & rtc->cmos[REG_B] & B_INTERRUPTS) != 0);
}

static uint8_t read_c(struct rtc *rtc)
{
	uint8_t val;

	catch_up(rtc);
	val = rtc->cmos[REG_C];
	if (val & rtc->cmos[REG_B] & B_INTERRUPTS)
		val |= C_IRQF;
	rtc->cmos[REG_C] = 0;
	catch_up(rtc);
	return val;
}

uint8_t rtc_read(struct rtc *rtc, uint8_t index)
{
	struct guest_time t = guest_now(rtc);
	struct rtc_tm tm;

	index &= RTC_NVRAM - 1;
	if (index == REG_A)
		return rtc->cmos[REG_A] | (!frozen(rtc) && t.ns >= NS_PER_SEC - UIP_NS ? A_UIP : 0);
	if (index == REG_C)
		return read_c(rtc);
	if (!is_time(index) || frozen(rtc))
		return rtc->cmos[index];
	tm = rtc_tm_from_seconds(t.s);
	return time_register(rtc, &tm, index);
}

static void write_a(struct rtc *rtc, uint8_t val)
{
	bool held = divider_reset(rtc);
	uint8_t old = rtc->cmos[REG_A];

	if ((val & 0x60) == 0x60 && !frozen(rtc))
		freeze_time(rtc);
	rtc->cmos[REG_A] = val & ~A_UIP;
	if (held && !divider_reset(rtc))
		set_time(rtc, DIVIDER_NS);
	if ((old ^ val) & (A_RATE | A_DIVIDER)) {
		rtc->rate_base = dev_now(&rtc->clock);
		rtc->seen_period = 0;
	}
}

static void write_b(struct rtc *rtc, uint8_t val)
{
	bool was_set = rtc->cmos[REG_B] & B_SET;

	if (val & B_SET) {
		val &= ~B_UIE;
		if (!frozen(rtc))
			freeze_time(rtc);
	}
	rtc->cmos[REG_B] = val;
	if (was_set && !frozen(rtc))
		set_time(rtc, guest_now(rtc).ns);
}

void rtc_write(struct rtc *rtc, uint8_t index, uint8_t val)
{
	bool running = !frozen(rtc);

	index &= RTC_NVRAM - 1;
	catch_up(rtc);
	if (index == REG_A) {
		write_a(rtc, val);
	} else if (index == REG_B) {
		write_b(rtc, val);
	} else if (index == REG_C || index == REG_D) {
		return; /* read-only */
	} else if (is_time(index) && running) {
		freeze_time(rtc);
		rtc->cmos[index] = val;
		set_time(rtc, guest_now(rtc).ns);
	} else {
		rtc->cmos[index] = val;
	}
	catch_up(rtc);
}

uint64_t rtc_deadline(const struct rtc *rtc)
{
	return rtc->next;
}

void rtc_tick(struct rtc *rtc, uint64_t now)
{
	if (now >= rtc->next)
		catch_up(rtc);
}

void rtc_reset(struct rtc *rtc)
{
	rtc->index = 0;
	rtc->cmos[REG_B] &= ~(B_INTERRUPTS | B_SQWE);
	rtc->cmos[REG_C] = 0;
	catch_up(rtc);
}

static void put16(struct rtc *rtc, unsigned int at, uint64_t val)
{
	if (val > 0xffff)
		val = 0xffff;
	rtc->cmos[at] = (uint8_t)val;
	rtc->cmos[at + 1] = (uint8_t)(val >> 8);
}

/* The memory sizes a PC's firmware leaves in the CMOS, and its checksum. */
static void init_nvram(struct rtc *rtc, uint64_t mem_bytes)
{
	uint64_t low = mem_bytes < LOW_RAM_MAX ? mem_bytes : LOW_RAM_MAX;
	uint64_t high = (mem_bytes - low) >> 16;
	uint16_t sum = 0;
	unsigned int i;

	rtc->cmos[0x14] = 0x02; /* equipment: a coprocessor, no diskette, no display */
	put16(rtc, 0x15, 640);
	put16(rtc, 0x17, low > 1 << 20 ? (low - (1 << 20)) >> 10 : 0);
	put16(rtc, 0x30, low > 1 << 20 ? (low - (1 << 20)) >> 10 : 0);
	put16(rtc, 0x34, low > 16 << 20 ? (low - (16 << 20)) >> 16 : 0);
	rtc->cmos[0x5b] = (uint8_t)high;
	rtc->cmos[0x5c] = (uint8_t)(high >> 8);
	rtc->cmos[0x5d] = (uint8_t)(high >> 16);
	for (i = 0x10; i < 0x2e; i++)
		sum += rtc->cmos[i];
	rtc->cmos[0x2e] = (uint8_t)(sum >> 8);
	rtc->cmos[0x2f] = (uint8_t)sum;
}

void rtc_init(struct rtc *rtc, const struct dev_clock *clock, const struct dev_clock *wall,
	      const struct dev_irq *irq, uint64_t mem_bytes)
{
	*rtc = (struct rtc){ .clock = *clock, .wall = *wall, .irq = *irq };
	rtc->cmos[REG_A] = 0x26; /* 32768 Hz crystal, rate 1024 Hz */
	rtc->cmos[REG_B] = B_24H;
	rtc->cmos[REG_D] = D_VALID;
	rtc->rate_base = dev_now(clock);
	rtc->seen_s = guest_now(rtc).s;
	init_nvram(rtc, mem_bytes);
	rtc_reset(rtc);
}

void rtc_state(struct rtc *rtc, struct state *s)
{
	state_begin(s, "rtc", 1);
	STATE(s, rtc->index);
	STATE(s, rtc->cmos);
	STATE(s, rtc->offset_s);
	STATE(s, rtc->offset_ns);
	STATE(s, rtc->seen_s);
	STATE(s, rtc->seen_period);
	STATE(s, rtc->rate_base);
	state_check(s, rtc->index < RTC_NVRAM && rtc->offset_s > -OFFSET_MAX_S &&
			       rtc->offset_s < OFFSET_MAX_S && rtc->offset_ns < NS_PER_SEC &&
			       rtc->seen_s >= 0 && rtc->seen_s < OFFSET_MAX_S &&
			       !(rtc->cmos[REG_A] & A_UIP) &&
			       rtc->rate_base <= dev_now(&rtc->clock));
	rtc->next = s->loading ? 0 : rtc->next; /* worked out at the next look */
	state_end(s);
}

static vmk_status pio_read(void *opaque, uint64_t offset, unsigned int size, uint64_t *val)
{
	struct rtc *rtc = opaque;

	(void)size;
	*val = offset ? rtc_read(rtc, rtc->index) : 0xff; /* the index is write-only */
	return VMK_OK;
}

static vmk_status pio_write(void *opaque, uint64_t offset, unsigned int size, uint64_t val)
{
	struct rtc *rtc = opaque;

	(void)size;
	if (offset)
		rtc_write(rtc, rtc->index, (uint8_t)val);
	else
		rtc->index = val & (RTC_NVRAM - 1); /* bit 7 masks NMIs, of which there are none */
	return VMK_OK;
}

static uint64_t tick_deadline(void *opaque)
{
	return rtc_deadline(opaque);
}

static void tick(void *opaque, uint64_t now)
{
	rtc_tick(opaque, now);
}

const struct dev_ops rtc_pio_ops = { pio_read, pio_write, 1 };
const struct dev_tick_ops rtc_tick_ops = { tick_deadline, tick };
