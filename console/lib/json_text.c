// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/* Strings that came from anywhere, and lines of JSON; see json_text.h. */
#include "json_text.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UTF8_MAX 4u
#define REPLACEMENT "\xef\xbf\xbd"

/* Bytes of the character that text begins with; 0: it begins with none. */
static size_t character(const char *text)
{
	json_t *one;
	size_t n;

	for (n = 1; n <= UTF8_MAX && text[n - 1]; n++) {
		one = json_stringn(text, n);
		if (!one)
			continue;
		json_decref(one);
		return n;
	}
	return 0;
}

json_t *json_text(const char *bytes)
{
	json_t *text = json_string(bytes);
	char *copy, *to;
	size_t n;

	if (text)
		return text;
	copy = to = malloc(strlen(bytes) * strlen(REPLACEMENT) + 1);
	while (copy && *bytes) {
		n = character(bytes);
		to = n ? mempcpy(to, bytes, n) : stpcpy(to, REPLACEMENT);
		bytes += n ? n : 1;
	}
	if (!copy)
		return NULL;
	*to = 0;
	text = json_string(copy);
	free(copy);
	return text;
}

json_t *json_figure(const char *text)
{
	static const char digits[] = "0123456789";
	size_t n = strspn(text, digits), rest = text[n] == '.' ? strspn(text + n + 1, digits) : 0;

	/* 18 digits: what a signed number of 64 bits surely holds. */
	if (n && n <= 18 && !text[n])
		return json_integer(strtoll(text, NULL, 10));
	if (n && rest && n + rest <= 18 && !text[n + 1 + rest])
		return json_real(strtod(text, NULL));
	return json_text(text);
}

bool json_print(json_t *value)
{
	int err = value ? json_dumpf(value, stdout, JSON_COMPACT | JSON_REAL_PRECISION(15)) : -1;

	json_decref(value);
	return !err && putchar('\n') != EOF;
}
