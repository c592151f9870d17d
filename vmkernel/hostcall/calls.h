/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * One function for each line of hostcall.def, named hc_call_<function>: it
 * checks every argument (and may refuse), then acts, and puts results into
 * the same struct. The struct is a copy that the console cannot change
 * meanwhile; strings in it are NUL-terminated or refused.
 *
 * Context: PCPU 0, interrupts off, the console waits: be done in well under
 * a millisecond. Returns VMK_OK or an enum vmk_error.
 */
#ifndef HOSTCALL_CALLS_H
#define HOSTCALL_CALLS_H

#include "crossing.h"
#include "error.h"
#include "hostcall.h"
#include "lib/types.h"

#define HOSTCALL(nr, NAME, fn, args, text) int hc_call_##fn(struct args *a);
#include "hostcall.def"
#undef HOSTCALL

/* Looks after the other PCPUs, by hostcall_ops. */
void call_look(void);

/* Called at every arrival; x->call says what is wanted. */
void hostcall_dispatch(struct crossing *x);

/* True if the array holds a NUL. */
bool hostcall_string_ok(const char *array, size_t size);

/* What hostcall/ asks of boot/, which is above it. */
struct hostcall_ops {
	int (*pcpu_start)(uint32_t apic_id, uint32_t phase, uint32_t *pcpu);
	int (*farewell)(bool force);
	int (*seal)(const struct hc_seal *a);
	void (*leave_scrambled)(uint64_t seed) __attribute__((noreturn));
	void (*look)(void); /* at each call: after the other PCPUs */
	int (*mem_give)(hpa_t piece);
	int (*mem_take)(struct hc_mem_take *a);
};
void hostcall_init(const struct hostcall_ops *ops, hpa_t log_region);

#endif
