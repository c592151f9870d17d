/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * Address spaces of the vmkernel itself (not of guests): 4- or 5-level page
 * tables (APM vol. 2, 5.3), whichever mode the console's processor runs in,
 * because CR4.LA57 cannot change while paging is on.
 *
 * All PCPUs share every table below their own top ones; only PML4 entry 255
 * differs (cpu/pcpu.h). So everything shared is mapped before the first
 * PCPU's root is made. Context: boot and PCPU_START only, on PCPU 0.
 */
#ifndef MM_SPACE_H
#define MM_SPACE_H

#include "lib/types.h"

#define PTE_P (1ull << 0)
#define PTE_W (1ull << 1)
#define PTE_PWT (1ull << 3)
#define PTE_PCD (1ull << 4)
#define PTE_PS (1ull << 7)
#define PTE_NX (1ull << 63)
#define PTE_ADDR 0x000ffffffffff000ull

/* Rights of a mapping. Never W without NX. */
#define MAP_RX PTE_P
#define MAP_RO (PTE_P | PTE_NX)
#define MAP_RW (PTE_P | PTE_W | PTE_NX)
#define MAP_MMIO (PTE_P | PTE_W | PTE_NX | PTE_PCD | PTE_PWT)

/* la57: the mode of all spaces made from now on. */
void space_init(bool la57);

/* A new top table; its PML4s are empty. VMK_NO_MEMORY or VMK_OK. */
int space_new(hpa_t *root);

/*
 * Maps bytes (page multiple) at va to hpa, with 2 MiB pages where both allow.
 * Maps over what was there. VMK_NO_MEMORY: some pages may have been mapped.
 */
int space_map(hpa_t root, uint64_t va, hpa_t hpa, uint64_t bytes, uint64_t rights);

/*
 * The direct map grows while all PCPUs run: a piece within 1 GiB, mapped in from, and then in all
 * its clones by space_share. space_keep_spares, once, sets tables aside for that, so that it does
 * not change what is free. VMK_NO_MEMORY: nothing is mapped.
 */
int space_keep_spares(void);
int space_grow(hpa_t from, uint64_t va, hpa_t hpa, uint64_t bytes, uint64_t rights);
void space_share(hpa_t from, hpa_t clone, uint64_t va);

/*
 * Takes pages of 2 MiB of the direct map away again; their tables stay. Flushes this processor.
 * Others may keep translations, which do no harm: nobody uses the addresses, and these will never
 * mean another page.
 */
void space_unmap_large(hpa_t root, uint64_t va, uint64_t bytes);

/* Takes one 4 KiB page away again; its tables stay. Flushes it on this processor. */
void space_unmap_page(hpa_t root, uint64_t va);

/* A top table that shares all of from but PML4 entry 255, which is empty. */
int space_clone(hpa_t from, hpa_t *root);

/* Machine address behind va in any tables reachable through the direct map; VMK_NOT_FOUND. */
int space_translate(hpa_t root, uint64_t va, hpa_t *hpa);

/* Frees a clone's own tables (its top, and what hangs on entry 255), not what they map. */
void space_free_clone(hpa_t root);

#endif
