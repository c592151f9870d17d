// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * The order in which the service starts and stops machines. The keys are read one
 * by one rather than through vmx_config: a file that cannot start any more
 * must still be stopped in its turn.
 */
#include "autostart.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "tool.h"

static bool read_number(const struct vmx_file *f, const char *key, unsigned int max,
			unsigned int *out)
{
	const char *text = vmx_file_get(f, key);
	uint64_t value;

	if (!text || !tool_number(text, 0, max, &value))
		return false;
	*out = (unsigned int)value;
	return true;
}

void autostart_read(const struct vmx_file *f, size_t index, struct autostart *a)
{
	const char *start = vmx_file_get(f, "autostart");
	const char *stop = vmx_file_get(f, "autostop");

	*a = (struct autostart){ .index = index, .start_order = AUTOSTART_LAST };
	a->start = start && !strcasecmp(start, "poweron");
	read_number(f, "autostart.order", AUTOSTART_LAST, &a->start_order);
	read_number(f, "autostart.delay", 3600, &a->delay);
	a->stop = stop && !strcasecmp(stop, "poweroff") ? AUTOSTOP_HARD : AUTOSTOP_SOFT;
	a->has_stop_order = read_number(f, "autostop.order", AUTOSTART_LAST, &a->stop_order);
}

static int compare(size_t a, size_t b)
{
	return (a > b) - (a < b);
}

static int by_start(const void *left, const void *right)
{
	const struct autostart *a = left, *b = right;

	return a->start_order != b->start_order ? compare(a->start_order, b->start_order)
						: compare(a->index, b->index);
}

static int by_stop(const void *left, const void *right)
{
	const struct autostart *a = left, *b = right;

	if (a->has_stop_order != b->has_stop_order)
		return a->has_stop_order ? -1 : 1;
	if (a->has_stop_order && a->stop_order != b->stop_order)
		return compare(a->stop_order, b->stop_order);
	return by_start(right, left);
}

void autostart_sort(struct autostart *list, size_t count)
{
	if (count)
		qsort(list, count, sizeof(*list), by_start);
}

void autostop_sort(struct autostart *list, size_t count)
{
	if (count)
		qsort(list, count, sizeof(*list), by_stop);
}
