/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* Safe handling of text: bounded copies, numbers. Any context. */
#ifndef LIB_TEXT_H
#define LIB_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Copies src with its NUL into dst of size bytes, cut if it must be; dst is
 * always terminated (size > 0). VMK_OK, or VMK_LIMIT_EXCEEDED if it was cut.
 */
int strscpy(char *dst, const char *src, size_t size);

/*
 * As strscpy, with what would break a line of a table replaced by '_': control characters,
 * quotation marks, and blanks unless they may stay. For names that came from elsewhere.
 */
void text_plain(char *dst, const char *src, size_t size, bool blanks);

/*
 * The whole of text as an unsigned number: decimal, or hexadecimal after 0x.
 * A newline at the end is allowed, nothing else. VMK_BAD_PARAM if it is no
 * number, VMK_LIMIT_EXCEEDED if it does not fit; *val is then untouched.
 */
int parse_u64(const char *text, uint64_t *val);

#endif
