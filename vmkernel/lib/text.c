// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * Bounded copies and numbers from text. What comes here was often typed by
 * somebody on the console: it is believed in nothing.
 */
#include "lib/text.h"
#include "error.h"
#include "lib/string.h"

int strscpy(char *dst, const char *src, size_t size)
{
	size_t len = strnlen(src, size);

	if (len < size) {
		memcpy(dst, src, len + 1);
		return VMK_OK;
	}
	memcpy(dst, src, size - 1);
	dst[size - 1] = '\0';
	return VMK_LIMIT_EXCEEDED;
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 16;
}

int parse_u64(const char *text, uint64_t *val)
{
	uint64_t base = 10, v = 0;
	bool too_big = false;

	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		base = 16;
		text += 2;
	}
	if ((uint64_t)digit_of(*text) >= base)
		return VMK_BAD_PARAM;
	for (; (uint64_t)digit_of(*text) < base; text++) {
		uint64_t digit = (uint64_t)digit_of(*text);

		too_big |= v > (UINT64_MAX - digit) / base;
		v = v * base + digit;
	}
	if (*text == '\n')
		text++;
	if (*text)
		return VMK_BAD_PARAM;
	if (too_big)
		return VMK_LIMIT_EXCEEDED;
	*val = v;
	return VMK_OK;
}

void text_plain(char *dst, const char *src, size_t size, bool blanks)
{
	strscpy(dst, src, size);
	for (; *dst; dst++)
		if ((unsigned char)*dst < ' ' || *dst == 0x7f || *dst == '"' ||
		    (*dst == ' ' && !blanks))
			*dst = '_';
}
