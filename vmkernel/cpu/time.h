/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* Time since the vmkernel's arrival, from the TSC, which all PCPUs share. */
#ifndef CPU_TIME_H
#define CPU_TIME_H

#include <stdint.h>

extern uint64_t tsc_khz; /* of the processor's TSC; set once at boot */

/* Starts the clock at 0. khz: as calibrated, > 0; wall_ns: UTC now, ns since 1970. */
void time_init(uint64_t khz, uint64_t wall_ns);

/* Nanoseconds since time_init. Any context. */
uint64_t now_ns(void);

/* UTC, ns since 1970. Any context. */
uint64_t wall_clock_ns(void);

/* TSC value at which now_ns() reaches ns. */
uint64_t ns_to_tsc(uint64_t ns);

/* A difference of TSC values in nanoseconds. */
uint64_t tsc_to_ns(uint64_t tsc);

/* Busy-waits; us: at most 1000. */
void delay_us(uint32_t us);

#endif
