/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * Which machines go on and off with the service, and in which order: the keys
 * autostart, autostart.order, autostart.delay, autostop, autostop.order. Pure.
 */
#ifndef AUTOSTART_H
#define AUTOSTART_H

#include <stdbool.h>
#include <stddef.h>
#include "vmx_file.h"

#define AUTOSTART_LAST 1000000u /* order of a machine that names none */

enum autostop { AUTOSTOP_SOFT, AUTOSTOP_HARD };

struct autostart {
	size_t index; /* in the list of registered machines; breaks ties */
	bool start;
	unsigned int start_order; /* up from 0 */
	unsigned int delay; /* s until the next one is started */
	enum autostop stop;
	bool has_stop_order;
	unsigned int stop_order;
};

/* What a machine's file says; a value that is wrong counts as not given. */
void autostart_read(const struct vmx_file *f, size_t index, struct autostart *a);

/* Sorts all by start_order; those equal as they are registered. */
void autostart_sort(struct autostart *list, size_t count);

/* Those with an order of their own first, by it; then the others, last started first. */
void autostop_sort(struct autostart *list, size_t count);

#endif
