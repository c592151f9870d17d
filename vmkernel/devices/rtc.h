/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * The real-time clock and CMOS memory of a PC (Motorola MC146818A data sheet), ports
 * 70h and 71h, 128 bytes, century at 32h. Time is the wall clock handed in plus an
 * offset, which changes when the guest sets the time. Starts in UTC, BCD, 24 hours.
 */
#ifndef DEVICES_RTC_H
#define DEVICES_RTC_H

#include "devices/device.h"

struct state; /* lib/state.h */

#define RTC_PORTS 2u
#define RTC_NVRAM 128u
#define RTC_CENTURY 0x32u

struct rtc {
	struct dev_clock clock; /* monotonic: deadlines and the periodic interrupt */
	struct dev_clock wall; /* ns since 1970-01-01 UTC */
	struct dev_irq irq;
	uint8_t index;
	uint8_t cmos[RTC_NVRAM]; /* time registers: only what was written while frozen */
	int64_t offset_s; /* to be added to wall for the guest's time: seconds, */
	uint32_t offset_ns; /* and 0 .. 999999999 */
	int64_t seen_s; /* guest second up to which UF and AF are worked out */
	uint64_t seen_period; /* periods of the rate up to which PF is worked out */
	uint64_t rate_base; /* clock, ns, at which the rate was set */
	uint64_t next; /* the deadline */
};

extern const struct dev_ops rtc_pio_ops;
extern const struct dev_tick_ops rtc_tick_ops;

/* mem_bytes is what the CMOS memory-size bytes tell. */
void rtc_init(struct rtc *rtc, const struct dev_clock *clock, const struct dev_clock *wall,
	      const struct dev_irq *irq, uint64_t mem_bytes);
/* The reset pin: interrupts off; time and memory stay. */
void rtc_reset(struct rtc *rtc);

/* CMOS byte, as a guest would reach it by index and data port; index is cut to 7 bits. */
uint8_t rtc_read(struct rtc *rtc, uint8_t index);
void rtc_write(struct rtc *rtc, uint8_t index, uint8_t val);

uint64_t rtc_deadline(const struct rtc *rtc);
void rtc_tick(struct rtc *rtc, uint64_t now);

/* Calendar arithmetic (rtc_time.c). Years 1970 .. 9999; fields out of range are clamped. */
struct rtc_tm {
	int32_t year;
	uint8_t month, day, hour, minute, second; /* month and day from 1 */
	uint8_t weekday; /* 1 = Sunday; ignored by rtc_tm_seconds */
};

struct rtc_tm rtc_tm_from_seconds(int64_t seconds);
int64_t rtc_tm_seconds(const struct rtc_tm *tm);

/*
 * Saves or loads all but what rtc_init was given. The guest's time goes on: what passed in
 * between is missing in no clock that it can set itself by.
 */
void rtc_state(struct rtc *rtc, struct state *s);

#endif
