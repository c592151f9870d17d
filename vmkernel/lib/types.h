/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* Address types that cannot be mixed up, and the small macros that every file uses. */
#ifndef LIB_TYPES_H
#define LIB_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE_SHIFT 12u
#define PAGE_SIZE 4096ull
#define LARGE_PAGE_SHIFT 21u
#define LARGE_PAGE_SIZE 0x200000ull

#define NS_PER_MS 1000000ull
#define BIT(n) (1ull << (n))
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
/* Arguments are evaluated twice: no side effects. */
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))
/* align: a power of two, of the same width as x. */
#define ALIGN_DOWN(x, align) ((x) / (align) * (align))
#define ALIGN_UP(x, align) ALIGN_DOWN((x) + ((align)-1), align)
#define IS_ALIGNED(x, align) ((x) % (align) == 0)

/* The struct of which ptr points at the member. */
#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

/*
 * 1 if the Kconfig symbol is defined as 1, else 0: for use in plain if, so
 * that code which is switched off still compiles. How: VMK_ONE_1 exists and
 * puts a comma, so that the second of the arguments becomes 1.
 */
#define VMK_ONE_1 0,
#define VMK_SECOND(first, second, ...) second
/* NOLINTNEXTLINE(bugprone-macro-parentheses): a comma is no operand */
#define VMK_IS_ONE2(maybe_comma) VMK_SECOND(maybe_comma 1, 0, 0)
#define VMK_IS_ONE1(value) VMK_IS_ONE2(VMK_ONE_##value)
#define IS_ENABLED(symbol) VMK_IS_ONE1(symbol)

/* Host-physical (machine) address. 0 is never handed out: it means "none". */
typedef struct {
	uint64_t v;
} hpa_t;

/* Guest-physical address: means nothing without a VM, and is hostile until checked. */
typedef struct {
	uint64_t v;
} gpa_t;

#define HPA_NONE ((hpa_t){ 0 })

static inline hpa_t hpa(uint64_t v)
{
	return (hpa_t){ v };
}

static inline bool hpa_is_none(hpa_t a)
{
	return a.v == 0;
}

static inline bool hpa_eq(hpa_t a, hpa_t b)
{
	return a.v == b.v;
}

static inline hpa_t hpa_add(hpa_t a, uint64_t bytes)
{
	return (hpa_t){ a.v + bytes };
}

static inline gpa_t gpa(uint64_t v)
{
	return (gpa_t){ v };
}

static inline gpa_t gpa_add(gpa_t a, uint64_t bytes)
{
	return (gpa_t){ a.v + bytes };
}

static inline bool gpa_eq(gpa_t a, gpa_t b)
{
	return a.v == b.v;
}

#endif
