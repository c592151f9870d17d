/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* Names for addresses in the image, from the table that the build puts into it. */
#ifndef DEBUG_SYMBOLS_H
#define DEBUG_SYMBOLS_H

#include <stdint.h>

/* The function that holds addr and the offset in it, or NULL. */
const char *symbol_find(uint64_t addr, uint64_t *offset);

#endif
