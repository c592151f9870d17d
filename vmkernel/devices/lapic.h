/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * The local APIC of one VCPU: its xAPIC page, its x2APIC MSRs, IA32_APIC_BASE and
 * IA32_TSC_DEADLINE (Intel SDM volume 3, chapter "APIC"; AMD APM volume 2, chapter 16).
 * Version 14h, six LVT entries, bus clock LAPIC_BUS_HZ. Messages that leave it (IPIs,
 * EOIs) go out through callbacks; messages that reach it come in by lapic_set_irq()
 * and, for NMI, INIT and start-up, bypass it (apic_bus.h).
 */
#ifndef DEVICES_LAPIC_H
#define DEVICES_LAPIC_H

#include "devices/device.h"

struct state; /* lib/state.h */

#define LAPIC_BUS_HZ 1000000000u /* what the backdoor's GETHZ must report */
#define LAPIC_MMIO_LEN 4096u
#define LAPIC_MSR_BASE 0x1bu
#define LAPIC_MSR_TSC_DEADLINE 0x6e0u
#define LAPIC_MSR_X2APIC 0x800u
#define LAPIC_MSR_X2APIC_COUNT 0x100u

#define APIC_BASE_ADDR 0xfee00000ull
#define APIC_BASE_BSP (1ull << 8)
#define APIC_BASE_X2APIC (1ull << 10)
#define APIC_BASE_ENABLE (1ull << 11)

/* Delivery modes, as in the ICR, the LVT and an I/O APIC entry. */
enum apic_mode {
	APIC_FIXED,
	APIC_LOWEST,
	APIC_SMI,
	APIC_REMOTE_READ,
	APIC_NMI,
	APIC_INIT,
	APIC_STARTUP,
	APIC_EXTINT,
};

enum apic_shorthand { APIC_NO_SHORTHAND, APIC_SELF, APIC_ALL, APIC_OTHERS };

/* One interrupt message, from an ICR, an I/O APIC pin or an MSI. */
struct apic_msg {
	uint32_t dest;
	uint8_t vector;
	uint8_t mode; /* enum apic_mode */
	uint8_t shorthand; /* enum apic_shorthand */
	bool logical;
	bool level; /* trigger mode */
	bool deassert; /* of an INIT: ignored by the receivers */
	bool dest32; /* dest is an x2APIC one: broadcast is all 32 bits */
};

struct lapic;

struct lapic_ops {
	/* Software wrote the ICR. */
	void (*send_ipi)(void *opaque, struct lapic *from, const struct apic_msg *msg);
	/* A level-triggered interrupt was finished: tell the I/O APICs. */
	void (*eoi)(void *opaque, struct lapic *from, uint8_t vector);
	/* lapic_pending_vector() may have become a vector. */
	void (*kick)(void *opaque, struct lapic *to);
	/* An LVT entry asked for an NMI. */
	void (*nmi)(void *opaque, struct lapic *to);
	/* The guest TSC of this VCPU, running at tsc_hz. */
	uint64_t (*guest_tsc)(void *opaque, struct lapic *of);
};

enum lapic_lvt { LVT_TIMER, LVT_THERMAL, LVT_PERF, LVT_LINT0, LVT_LINT1, LVT_ERROR, LVT_COUNT };

#define LVT_TIMER_IS_PERIODIC(lvt) (((lvt) >> 17 & 3) == 1)
#define LVT_TIMER_IS_DEADLINE(lvt) (((lvt) >> 17 & 3) == 2)

struct lapic_bits { /* 256 bits, with a summary: bit n of any = word n is not zero */
	uint32_t word[8];
	uint8_t any;
};

struct lapic {
	struct dev_clock clock;
	const struct lapic_ops *ops;
	void *opaque;
	uint64_t tsc_hz, bus_hz; /* bus_hz: of the timer; LAPIC_BUS_HZ but for a real machine's */
	uint64_t base; /* IA32_APIC_BASE */
	uint32_t id;
	bool x2apic_ok; /* the guest may enable x2APIC */
	uint8_t tpr;
	uint8_t lint; /* input levels of LINT0, LINT1 (bits) */
	uint32_t ldr, dfr, svr;
	uint32_t esr, esr_new; /* as read; collected since the last write */
	uint64_t icr;
	uint32_t lvt[LVT_COUNT];
	uint32_t divide;
	uint32_t initial;
	uint64_t timer_at; /* ns of the next expiry, DEV_NEVER if stopped */
	uint64_t tsc_deadline;
	struct lapic_bits irr, isr, tmr;
};

/* tsc_hz 1 MHz .. 18 GHz; id also is the x2APIC id; bsp: the boot processor. */
void lapic_init(struct lapic *apic, uint32_t id, bool bsp, bool x2apic_ok, uint64_t tsc_hz,
		const struct dev_clock *clock, const struct lapic_ops *ops, void *opaque);
/* Power-on state. */
void lapic_reset(struct lapic *apic);
/* INIT: everything but the mode and the id goes to its reset value. */
void lapic_init_reset(struct lapic *apic);
/* What firmware leaves for the boot processor: enabled, LINT0 = ExtINT, LINT1 = NMI. */
void lapic_set_virtual_wire(struct lapic *apic);

/*
 * Register file. offset is that of the xAPIC page, a multiple of 10h; the 32-bit
 * destination half of the ICR is at 310h. Unknown registers read 0 and set an ESR bit.
 */
uint32_t lapic_read(struct lapic *apic, uint32_t offset);
void lapic_write(struct lapic *apic, uint32_t offset, uint32_t val);

/* The guest's accesses to its APIC page; ignored (zero) unless in xAPIC mode. */
uint64_t lapic_mmio_read(struct lapic *apic, uint64_t offset, unsigned int size);
void lapic_mmio_write(struct lapic *apic, uint64_t offset, unsigned int size, uint64_t val);

/* RDMSR/WRMSR of the MSRs named above. VMK_BAD_PARAM: #GP. */
vmk_status lapic_msr_read(struct lapic *apic, uint32_t msr, uint64_t *val);
vmk_status lapic_msr_write(struct lapic *apic, uint32_t msr, uint64_t val);

/* A fixed interrupt arrives. Vectors below 16 are refused and noted in the ESR. */
void lapic_set_irq(struct lapic *apic, uint8_t vector, bool level_triggered);
/* Level of a local pin: 0 = LINT0, 1 = LINT1. ExtINT is the chipset's business. */
void lapic_set_lint(struct lapic *apic, unsigned int pin, int level);

/* The vector that the processor would take now, or -1. */
int lapic_pending_vector(const struct lapic *apic);
/* The processor takes it: IRR to ISR. Returns it, or -1 if there is none. */
int lapic_ack(struct lapic *apic);
/* Whether the INTR line of the PIC reaches the processor. */
bool lapic_accepts_extint(const struct lapic *apic);
/* Whether a message to (dest, logical) is for this APIC. dest32 as in apic_msg. */
bool lapic_is_dest(const struct lapic *apic, uint32_t dest, bool logical, bool dest32);
/* The processor priority register. */
uint8_t lapic_ppr(const struct lapic *apic);

static inline bool lapic_enabled(const struct lapic *apic) /* hardware enable */
{
	return apic->base & APIC_BASE_ENABLE;
}

static inline bool lapic_x2apic(const struct lapic *apic)
{
	return apic->base & APIC_BASE_X2APIC;
}

/* CR8 is the task priority's upper half. */
static inline uint8_t lapic_get_cr8(const struct lapic *apic)
{
	return apic->tpr >> 4;
}

static inline void lapic_set_cr8(struct lapic *apic, uint8_t cr8)
{
	apic->tpr = (uint8_t)(cr8 << 4);
}

uint64_t lapic_deadline(const struct lapic *apic);
void lapic_tick(struct lapic *apic, uint64_t now);

/* Between lapic.c and lapic_timer.c. */
void lapic_timer_reset(struct lapic *apic);
void lapic_timer_write_lvt(struct lapic *apic, uint32_t val);
void lapic_timer_write_initial(struct lapic *apic, uint32_t val);
void lapic_timer_write_divide(struct lapic *apic, uint32_t val);
void lapic_timer_write_deadline(struct lapic *apic, uint64_t tsc);
uint32_t lapic_timer_current(struct lapic *apic);
/* As if initial had been written, and left of it were still to be counted; 0: none. */
void lapic_timer_resume(struct lapic *apic, uint32_t initial, uint32_t left);
void lapic_fire_lvt(struct lapic *apic, enum lapic_lvt n);

/* Saves or loads all but what lapic_init was given. */
void lapic_state(struct lapic *apic, struct state *s);

#endif
