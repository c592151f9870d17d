/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* Bring-up and farewell: the vmkernel's life between the first crossing and the last. */
#ifndef BOOT_BOOT_H
#define BOOT_BOOT_H

#include "boot_info.h"
#include "crossing.h"
#include "hostcall.h"
#include "lib/types.h"

/* The crossing that this vmkernel came through, and the loader's word; set at the arrival. */
extern struct crossing *crossing;
extern struct ws_boot_info boot_info;

/* PCPU 0 has its own tables, struct and stacks. */
extern bool pcpu0_up;

/* The address space that every PCPU's is cloned from. */
extern hpa_t kernel_root;

struct pcpu;

/*
 * C part of the first arrival: runs the bring-up list; a step that fails has
 * everything before it undone, and the error goes back in the call block.
 */
void arrival(struct crossing *x, const struct ws_boot_info *info);

/* After it, on PCPU 0's own stack: gives the loader's tables and stack back. */
void arrival_done(void);

/* boot/stop.c: what happens to each PCPU when the vmkernel dies. */
struct panic_hooks;
extern const struct panic_hooks stop_hooks;

/*
 * boot/watchdog.c: looks, once in a while, whether every PCPU still comes by its loop; one
 * that does not, though it was sent an interrupt, is a panic. Called by all that live.
 */
void watchdog_look(void);

/* boot/nmi_test.c: /debug/nmis, and its part of a PCPU's loop; true: call it again. */
struct vsi_node;
extern struct vsi_node nmis_node;
bool nmi_test_pass(uint32_t pcpu);

/* /version, /uptime, /pcpus, /debug. */
int boot_vsi_init(void);

/* boot/pcpu_setup.c: memory and tables of one PCPU. id < PCPU_MAX and not in use. */
int pcpu_create(uint32_t id, uint32_t apic_id, bool console);
void pcpu_destroy(uint32_t id); /* not the one that runs this */

/* Fills GDT and TSS of the running PCPU's struct. Loads nothing. */
void pcpu_fill_tables(struct pcpu *pcpu);

/* boot/pcpus.c: the processors that Linux gives away. */
int pcpus_start(uint32_t apic_id, uint32_t phase, uint32_t *pcpu);
int pcpus_stop_all(void); /* VMK_BUSY: not all have stopped yet; call again */
bool pcpu_runs(uint32_t id); /* it executes code of ours, or is about to */
void pcpus_reset(void); /* INIT to all: from then on they are the console's */
void pcpus_release(void); /* their memory back */

/* boot/given.c: memory that comes and goes while all of this runs; the hostcalls' contract. */
int given_add(hpa_t piece);
int given_take(struct hc_mem_take *a);

/* What a PCPU does all day; PCPU 0 once the console is sealed. */
void pcpu_loop(void) __attribute__((noreturn));

/* Entered by boot/entry.S on a PCPU's own tables and stack. */
void pcpu_main(void) __attribute__((noreturn));

/* Asm symbols of boot/entry.S. */
void hostcall_entry(void);
void pcpu_entry(void);
void scramble_and_leave(struct crossing *x, uint64_t seed) __attribute__((noreturn));

#endif
