/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* All memory of the vmkernel is mapped at direct_map_base + machine address. */
#ifndef MM_DIRECT_MAP_H
#define MM_DIRECT_MAP_H

#include "lib/types.h"

#define DIRECT_MAP_MAX BIT(46) /* machine addresses from here on are refused */

/* WS_DIRECT_MAP in the vmkernel; a test points it at memory of its own. Constant once set. */
extern uint64_t direct_map_base;

/* Any context. addr must lie in the extents that were handed over. */
static inline void *phys_to_virt(hpa_t addr)
{
	return (void *)(uintptr_t)(direct_map_base + addr.v);
}

/* p must point into the direct map: heap and page memory, not the image or a stack. */
static inline hpa_t virt_to_phys(const void *p)
{
	return hpa((uint64_t)(uintptr_t)p - direct_map_base);
}

#endif
