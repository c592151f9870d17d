/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* vmk_panic for unit tests: the test fails, unless it waits for the panic (panic.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/assert.h"
#include "panic.h"

bool fake_panic_expected;
const char *fake_panic_text = "";

void vmk_panic(const char *fmt, ...)
{
	char reason[300];
	va_list args;

	va_start(args, fmt);
	vsnprintf(reason, sizeof(reason), fmt, args);
	va_end(args);
	if (fake_panic_expected && strstr(reason, fake_panic_text))
		_exit(FAKE_PANIC_EXIT);
	fail_msg("vmk_panic: %s", reason);
	abort();
}
