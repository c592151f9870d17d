/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* What a saved core begins with (core_dump.h), kept ready for the day it is needed. */
#ifndef DEBUG_CORE_H
#define DEBUG_CORE_H

#include "core_dump.h"
#include "debug/panic.h"

extern struct ws_core vmk_core;

/* Where PCPU id has stopped; the first time counts. Any context. */
void core_note_cpu(uint32_t id, uint32_t apic_id, const struct panic_regs *r);

#endif
