/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* A panic of the vmkernel is a finding. */
#include <stdarg.h>

#include "fuzz.h"
#include "lib/assert.h"

void vmk_panic(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fputs("vmk_panic: ", stderr);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
	va_end(args);
	abort();
}
