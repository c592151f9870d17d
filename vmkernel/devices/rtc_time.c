/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * Calendar arithmetic of the real-time clock: seconds since 1970 to a Gregorian date
 * and back, without tables of years. The trick is to let years begin in March, so
 * that the leap day comes last and months have a regular pattern of lengths.
 */
#include "devices/rtc.h"

#define DAY 86400
#define DAYS_400_YEARS 146097
#define DAYS_TO_1970 719468 /* from 0000-03-01 */

/* Days from 1 March to the first of the month that is m months after March. */
static int32_t march_days(int32_t m)
{
	return (153 * m + 2) / 5;
}

/* Days from 0000-03-01 to 1 March of that year. */
static int64_t year_days(int64_t year)
{
	return 365 * year + year / 4 - year / 100 + year / 400;
}

static int32_t clamp(int32_t val, int32_t low, int32_t high)
{
	return val < low ? low : val > high ? high : val;
}

int64_t rtc_tm_seconds(const struct rtc_tm *tm)
{
	int32_t month = clamp(tm->month, 1, 12);
	int64_t year = clamp(tm->year, 1970, 9999) - (month < 3);
	int64_t days;

	days = year_days(year) + march_days((month + 9) % 12) + clamp(tm->day, 1, 31) - 1 -
	       DAYS_TO_1970;
	return days * DAY + clamp(tm->hour, 0, 23) * 3600 + clamp(tm->minute, 0, 59) * 60 +
	       clamp(tm->second, 0, 59);
}

struct rtc_tm rtc_tm_from_seconds(int64_t seconds)
{
	int64_t days, year;
	int32_t left, month;
	struct rtc_tm tm;

	if (seconds < 0)
		seconds = 0;
	days = seconds / DAY + DAYS_TO_1970;
	/* A guess that is never low, and at most one year high. */
	year = days * 400 / DAYS_400_YEARS + 1;
	while (year_days(year) > days)
		year--;
	left = (int32_t)(days - year_days(year));
	month = (5 * left + 2) / 153;
	tm.year = (int32_t)(year + (month >= 10));
	tm.month = (uint8_t)((month + 2) % 12 + 1);
	tm.day = (uint8_t)(left - march_days(month) + 1);
	tm.weekday = (uint8_t)((seconds / DAY + 4) % 7 + 1); /* 1970-01-01 was a Thursday */
	left = (int32_t)(seconds % DAY);
	tm.hour = (uint8_t)(left / 3600);
	tm.minute = (uint8_t)(left / 60 % 60);
	tm.second = (uint8_t)(left % 60);
	return tm;
}
