/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* What all tools with --json need besides jansson. */
#ifndef JSON_TEXT_H
#define JSON_TEXT_H

#include <jansson.h>
#include <stdbool.h>

/* A string of any bytes; those that are no UTF-8 become U+FFFD. NULL: no memory. */
json_t *json_text(const char *bytes);

/* A number if text is one, as 12 or 12.345, else a string. */
json_t *json_figure(const char *text);

/* One line on standard output; takes the reference. False: no memory, or it takes no more. */
bool json_print(json_t *value);

#endif
