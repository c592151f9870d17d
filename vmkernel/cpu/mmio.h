/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* Device registers in memory, at fixed addresses in every PCPU's tables (boot/arrival.c). */
#ifndef CPU_MMIO_H
#define CPU_MMIO_H

#include <stdint.h>

#define MMIO_BASE 0x00007f0000000000ull /* PML4 entry 254 */
#define MMIO_LAPIC MMIO_BASE

static inline uint32_t mmio_read32(uint64_t va)
{
	return *(volatile uint32_t *)va;
}

static inline void mmio_write32(uint64_t va, uint32_t val)
{
	*(volatile uint32_t *)va = val;
}

#endif
