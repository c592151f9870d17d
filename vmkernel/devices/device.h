/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * The contract between device models and whoever runs a virtual machine.
 *
 * A model is a struct of state plus read, write and tick functions. It is handed
 * its clock, interrupt line and back end, holds no pointer to hardware, never
 * allocates and never blocks. All of a VM's models are called with that VM's one
 * device lock held, so no model has a lock of its own. What a guest does to a
 * model can never fail an assertion; at worst the access is ignored.
 */
#ifndef DEVICES_DEVICE_H
#define DEVICES_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

#define DEV_MAX_PIO 48u
#define DEV_MAX_MMIO 32u
#define DEV_MAX_MSR 16u
#define DEV_MAX_TICK 48u

/* "No deadline": the model needs no call until something else touches it. */
#define DEV_NEVER UINT64_MAX

/*
 * Accessors of one claimed range. offset counts from the base of the range (ports,
 * bytes of guest-physical address, or MSR numbers); size is 1, 2, 4 or 8 bytes
 * (MSRs: always 8) and at most width: the bus cuts wider accesses into pieces of
 * width bytes, low address first. *val is preset to 0 and cut to size afterwards.
 * A negative return means: nobody there (ports and MMIO read all ones, writes are
 * dropped), or #GP for an MSR.
 */
struct dev_ops {
	vmk_status (*read)(void *opaque, uint64_t offset, unsigned int size, uint64_t *val);
	vmk_status (*write)(void *opaque, uint64_t offset, unsigned int size, uint64_t val);
	unsigned int width;
};

/*
 * Something that wants to be called at a time. deadline() is an absolute time of
 * the VM's clock in ns, or DEV_NEVER; tick(now) does what is due, and may be
 * called early, late or for nothing. After tick(now), deadline() is later than now.
 */
struct dev_tick_ops {
	uint64_t (*deadline)(void *opaque);
	void (*tick)(void *opaque, uint64_t now);
};

/* A source of time in ns that never goes back; zero is any point the giver chooses. */
struct dev_clock {
	uint64_t (*now_ns)(void *opaque);
	void *opaque;
};

/* An interrupt line. level: 1 asserted, 0 not; setting the same level twice is harmless. */
struct dev_irq {
	void (*set)(void *opaque, int level);
	void *opaque;
};

/* A byte sink. write() takes up to len bytes and returns how many it took (0: full). */
struct dev_char {
	size_t (*write)(void *opaque, const uint8_t *buf, size_t len);
	void *opaque;
};

struct dev_range {
	uint64_t base;
	uint64_t len;
	const struct dev_ops *ops;
	void *opaque;
};

struct dev_ticker {
	const struct dev_tick_ops *ops;
	void *opaque;
};

/* Who claims what in one VM. Ranges are kept sorted by base and never overlap. */
struct dev_bus {
	uint32_t vcpu; /* whose access is being dispatched: for per-VCPU models */
	uint32_t pio_count;
	uint32_t mmio_count;
	uint32_t msr_count;
	uint32_t tick_count;
	struct dev_range pio[DEV_MAX_PIO];
	struct dev_range mmio[DEV_MAX_MMIO];
	struct dev_range msr[DEV_MAX_MSR];
	struct dev_ticker tick[DEV_MAX_TICK];
};

void dev_bus_init(struct dev_bus *bus);

/*
 * Claim a range; ops and opaque must outlive the bus. Errors: VMK_BAD_PARAM (empty,
 * wraps, beyond the space, no ops), VMK_EXISTS (overlaps), VMK_LIMIT_EXCEEDED.
 */
vmk_status dev_register_pio(struct dev_bus *bus, uint16_t base, uint32_t len,
			    const struct dev_ops *ops, void *opaque);
vmk_status dev_register_mmio(struct dev_bus *bus, uint64_t gpa_base, uint64_t len,
			     const struct dev_ops *ops, void *opaque);
vmk_status dev_register_msr(struct dev_bus *bus, uint32_t first, uint32_t count,
			    const struct dev_ops *ops, void *opaque);
vmk_status dev_register_tick(struct dev_bus *bus, const struct dev_tick_ops *ops, void *opaque);

/*
 * Guest access to a port; size 1, 2 or 4. An unclaimed port (or a bad size) reads
 * all ones of that size and swallows writes. An access that runs over the end of a
 * range is done byte by byte.
 */
uint32_t dev_pio_read(struct dev_bus *bus, uint16_t port, unsigned int size);
void dev_pio_write(struct dev_bus *bus, uint16_t port, unsigned int size, uint32_t val);

/*
 * Guest access of vcpu to guest-physical address gpa; size 1, 2, 4 or 8. Reads always
 * set *val: all ones with VMK_NOT_FOUND if nobody (or not wholly one model) claims it.
 */
vmk_status dev_mmio_read(struct dev_bus *bus, uint32_t vcpu, uint64_t gpa, unsigned int size,
			 uint64_t *val);
vmk_status dev_mmio_write(struct dev_bus *bus, uint32_t vcpu, uint64_t gpa, unsigned int size,
			  uint64_t val);

/* Guest RDMSR/WRMSR of vcpu. Negative: the caller injects #GP(0). *val is 0 then. */
vmk_status dev_msr_read(struct dev_bus *bus, uint32_t vcpu, uint32_t msr, uint64_t *val);
vmk_status dev_msr_write(struct dev_bus *bus, uint32_t vcpu, uint32_t msr, uint64_t val);

/* The earliest deadline of all registered models (DEV_NEVER: none). */
uint64_t dev_deadline(const struct dev_bus *bus);
/* Run every model whose deadline is at or before now (ns of the VM's clock). */
void dev_tick(struct dev_bus *bus, uint64_t now);

/* Shorthands for models. */
static inline uint64_t dev_now(const struct dev_clock *clock)
{
	return clock->now_ns(clock->opaque);
}

static inline void dev_irq_set(const struct dev_irq *irq, int level)
{
	if (irq->set)
		irq->set(irq->opaque, level);
}

#endif
