/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * The fixed-width integer types of the ABI, and the few macros its headers
 * share. Every header in this folder compiles alone as C99, as freestanding
 * gnu11, inside a Linux module and as C++.
 */
#ifndef WS_TYPES_H
#define WS_TYPES_H

#ifdef __KERNEL__
#include <linux/types.h>
#include <linux/stddef.h>
#else
#include <stddef.h>
#include <stdint.h>
#endif

#ifdef __cplusplus
#define WS_STATIC_ASSERT(cond) static_assert(cond, #cond)
#else
#define WS_STATIC_ASSERT(cond) _Static_assert(cond, #cond)
#endif

/* Both sides compile these: an ABI struct that moves does not build. */
#define WS_ASSERT_SIZE(type, size) WS_STATIC_ASSERT(sizeof(struct type) == (size))
#define WS_ASSERT_OFFSET(type, field, off) WS_STATIC_ASSERT(offsetof(struct type, field) == (off))

#define WS_PAGE_SIZE 4096u

/* What the module and the vmkernel must agree on; a mismatch is refused with both numbers. */
#define WS_ABI_MAJOR 1u
#define WS_ABI_MINOR 1u

#endif
