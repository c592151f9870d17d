/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * The local APIC of the running PCPU, as xAPIC or x2APIC, whichever the
 * console's kernel has chosen (APM vol. 2, chapter 16). On PCPU 0 only the
 * ICR is used, and it is put back as it was: the rest belongs to the console.
 */
#ifndef CPU_APIC_H
#define CPU_APIC_H

#include <stdbool.h>
#include <stdint.h>

/* Vectors of the vmkernel's own interrupts. */
#define VEC_SPURIOUS 0xffu
#define VEC_TIMER 0xf0u
#define VEC_KICK 0xf1u
#define VEC_NOTHING 0xf2u /* to a PCPU itself, to end a run of its guest: nothing else follows */

/* x2apic: the mode in use; maps the register page otherwise. Once, on PCPU 0. */
int apic_init(bool x2apic);

/* Switches this PCPU's local APIC on, timer calibrated against the TSC. Not on PCPU 0. */
void apic_pcpu_init(void);

/* Masks everything again before the processor is handed back. */
void apic_pcpu_exit(void);

/*
 * Its registers, by number (xAPIC offset / 16): for taking it over from the console, and giving
 * it back.
 */
uint32_t apic_reg_read(uint32_t reg);
void apic_reg_write(uint32_t reg, uint32_t val);

/* Ticks of its timer per second, divided by 1. 0: no PCPU has needed to know. */
uint64_t apic_timer_hz(void);

uint32_t apic_id(void);
void apic_eoi(void);

/* Interrupt PCPU id (maybe the caller's own), which sets its need_resched. */
void pcpu_kick(uint32_t id);

/* Fixed interrupt to a processor by APIC id: the doorbell. */
void apic_send_fixed(uint32_t apic_id, uint8_t vector);
void apic_send_nmi(uint32_t apic_id);
void apic_send_init(uint32_t apic_id);
void apic_send_sipi(uint32_t apic_id, uint8_t page);

/* Arms this PCPU's one timer: VEC_TIMER comes at or after ns (now_ns()); UINT64_MAX: never. */
void timer_arm(uint64_t ns);

#endif
