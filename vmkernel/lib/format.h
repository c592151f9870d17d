/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * Formatted text: %d %i %u %x %X %o %c %s %p %% with l, ll, z, h and hh,
 * the flags - 0 + space #, width and precision (also *). What it does not
 * know is copied as it stands. Any context, no floating point, no locale.
 */
#ifndef LIB_FORMAT_H
#define LIB_FORMAT_H

#include <stdarg.h>
#include <stddef.h>

/*
 * Writes at most size bytes into buf, NUL included (size 0: nothing, buf may
 * be NULL). Returns the length that the whole text has, without the NUL.
 */
int vmk_vsnprintf(char *buf, size_t size, const char *fmt, va_list args)
	__attribute__((format(printf, 3, 0)));
int vmk_snprintf(char *buf, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
