/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* What must never happen, and what happens then. */
#ifndef LIB_ASSERT_H
#define LIB_ASSERT_H

#include "lib/types.h"

/* The purple screen: stops the vmkernel. Any context. Tests have one of their own. */
void vmk_panic(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

/*
 * Stops the vmkernel if cond is false: our bug, for nothing that a guest or
 * the console does can get here. Compiled, but never evaluated, without
 * CONFIG_ASSERTIONS.
 */
#define VMK_ASSERT(cond)                                                                     \
	do {                                                                                 \
		if (IS_ENABLED(CONFIG_ASSERTIONS) && !(cond))                                \
			vmk_panic("%s:%d: assertion failed: %s", __FILE__, __LINE__, #cond); \
	} while (0)

#endif
