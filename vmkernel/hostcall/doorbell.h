/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* The vmkernel's one way to call the console: an interrupt that says "look at your events". */
#ifndef HOSTCALL_DOORBELL_H
#define HOSTCALL_DOORBELL_H

#include "hostcall.h"

/* Rings, if the console gave a doorbell. Any PCPU, interrupts off, any lock held. */
void doorbell_ring(void);

int doorbell_decode(const struct hc_doorbell *args);
void doorbell_invoke(const struct hc_doorbell *args);

#endif
