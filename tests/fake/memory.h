/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* Memory of the host that plays machine memory, behind the direct map. */
#ifndef FAKE_MEMORY_H
#define FAKE_MEMORY_H

#include <stdint.h>

#define FAKE_MEMORY_HPA 0x10000000ull

/* Maps bytes (a multiple of 2 MiB) and gives them to pages_init() as one extent. */
void fake_memory_init(uint64_t bytes);

/* Maps bytes at FAKE_MEMORY_HPA and sets the direct map, no more. */
void fake_memory_map(uint64_t bytes);

#endif
