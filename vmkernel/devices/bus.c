/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * The registration table of one VM: which model answers which port, guest-physical
 * address or MSR, and who wants to be called at a time. Ranges are kept sorted, so a
 * lookup is a binary search of at most six steps. Models may assume that every
 * access they see lies wholly inside what they registered and is no wider than they
 * asked for; this file is where that is made true.
 */
#include "devices/device.h"

static uint64_t size_mask(unsigned int size)
{
	return size >= 8 ? UINT64_MAX : (1ull << (8 * size)) - 1;
}

static bool size_ok(unsigned int size, unsigned int max)
{
	return size && size <= max && !(size & (size - 1));
}

/* The range that holds addr, or NULL. */
static const struct dev_range *find(const struct dev_range *tab, uint32_t count, uint64_t addr)
{
	uint32_t lo = 0, hi = count;

	while (lo < hi) {
		uint32_t mid = (lo + hi) / 2;

		if (addr < tab[mid].base)
			hi = mid;
		else if (addr - tab[mid].base >= tab[mid].len)
			lo = mid + 1;
		else
			return &tab[mid];
	}
	return NULL;
}

static vmk_status insert(struct dev_range *tab, uint32_t *count, uint32_t max,
			 struct dev_range range, uint64_t last_addr)
{
	uint32_t at, i;

	if (!range.len || !range.ops || !range.ops->read || !range.ops->write ||
	    !size_ok(range.ops->width, 8) || range.base > last_addr ||
	    range.len - 1 > last_addr - range.base)
		return VMK_BAD_PARAM;
	for (at = 0; at < *count && tab[at].base < range.base; at++)
		if (range.base - tab[at].base < tab[at].len)
			return VMK_EXISTS;
	if (at < *count && tab[at].base - range.base < range.len)
		return VMK_EXISTS;
	if (*count == max)
		return VMK_LIMIT_EXCEEDED;
	for (i = *count; i > at; i--)
		tab[i] = tab[i - 1];
	tab[at] = range;
	(*count)++;
	return VMK_OK;
}

/* One access that lies wholly inside r, cut into pieces the model can take. */
static vmk_status range_read(const struct dev_range *r, uint64_t offset, unsigned int size,
			     uint64_t *val)
{
	unsigned int step = size < r->ops->width ? size : r->ops->width;
	unsigned int done;
	vmk_status st = VMK_OK;

	*val = 0;
	for (done = 0; done < size; done += step) {
		uint64_t piece = 0;

		st = r->ops->read(r->opaque, offset + done, step, &piece);
		if (st < 0)
			piece = UINT64_MAX;
		*val |= (piece & size_mask(step)) << (8 * done);
	}
	return st;
}

static vmk_status range_write(const struct dev_range *r, uint64_t offset, unsigned int size,
			      uint64_t val)
{
	unsigned int step = size < r->ops->width ? size : r->ops->width;
	unsigned int done;
	vmk_status st = VMK_OK;

	for (done = 0; done < size; done += step)
		st = r->ops->write(r->opaque, offset + done, step,
				   val >> (8 * done) & size_mask(step));
	return st;
}

void dev_bus_init(struct dev_bus *bus)
{
	bus->vcpu = 0;
	bus->pio_count = 0;
	bus->mmio_count = 0;
	bus->msr_count = 0;
	bus->tick_count = 0;
}

vmk_status dev_register_pio(struct dev_bus *bus, uint16_t base, uint32_t len,
			    const struct dev_ops *ops, void *opaque)
{
	return insert(bus->pio, &bus->pio_count, DEV_MAX_PIO,
		      (struct dev_range){ base, len, ops, opaque }, 0xffff);
}

vmk_status dev_register_mmio(struct dev_bus *bus, uint64_t gpa_base, uint64_t len,
			     const struct dev_ops *ops, void *opaque)
{
	return insert(bus->mmio, &bus->mmio_count, DEV_MAX_MMIO,
		      (struct dev_range){ gpa_base, len, ops, opaque }, UINT64_MAX);
}

vmk_status dev_register_msr(struct dev_bus *bus, uint32_t first, uint32_t count,
			    const struct dev_ops *ops, void *opaque)
{
	return insert(bus->msr, &bus->msr_count, DEV_MAX_MSR,
		      (struct dev_range){ first, count, ops, opaque }, UINT32_MAX);
}

vmk_status dev_register_tick(struct dev_bus *bus, const struct dev_tick_ops *ops, void *opaque)
{
	if (!ops || !ops->deadline || !ops->tick)
		return VMK_BAD_PARAM;
	if (bus->tick_count == DEV_MAX_TICK)
		return VMK_LIMIT_EXCEEDED;
	bus->tick[bus->tick_count++] = (struct dev_ticker){ ops, opaque };
	return VMK_OK;
}

/* NOLINTNEXTLINE(misc-no-recursion): a wide access, then its bytes */
uint32_t dev_pio_read(struct dev_bus *bus, uint16_t port, unsigned int size)
{
	const struct dev_range *r = find(bus->pio, bus->pio_count, port);
	uint64_t val;
	uint32_t i;

	if (!size_ok(size, 4))
		return UINT32_MAX;
	if (r && port - r->base + size <= r->len) {
		range_read(r, port - r->base, size, &val);
		return (uint32_t)val;
	}
	if (size == 1)
		return 0xff;
	for (i = 0, val = 0; i < size; i++)
		val |= (uint64_t)dev_pio_read(bus, (uint16_t)(port + i), 1) << (8 * i);
	return (uint32_t)val;
}

/* NOLINTNEXTLINE(misc-no-recursion): as above */
void dev_pio_write(struct dev_bus *bus, uint16_t port, unsigned int size, uint32_t val)
{
	const struct dev_range *r = find(bus->pio, bus->pio_count, port);
	uint32_t i;

	if (!size_ok(size, 4))
		return;
	if (r && port - r->base + size <= r->len) {
		range_write(r, port - r->base, size, val & size_mask(size));
		return;
	}
	for (i = 0; size > 1 && i < size; i++)
		dev_pio_write(bus, (uint16_t)(port + i), 1, val >> (8 * i) & 0xff);
}

static const struct dev_range *find_mmio(struct dev_bus *bus, uint32_t vcpu, uint64_t gpa,
					 unsigned int size)
{
	const struct dev_range *r = find(bus->mmio, bus->mmio_count, gpa);

	bus->vcpu = vcpu;
	if (!r || !size_ok(size, 8) || r->len - (gpa - r->base) < size)
		return NULL;
	return r;
}

vmk_status dev_mmio_read(struct dev_bus *bus, uint32_t vcpu, uint64_t gpa, unsigned int size,
			 uint64_t *val)
{
	const struct dev_range *r = find_mmio(bus, vcpu, gpa, size);

	if (!r) {
		*val = size_mask(size);
		return VMK_NOT_FOUND;
	}
	return range_read(r, gpa - r->base, size, val);
}

vmk_status dev_mmio_write(struct dev_bus *bus, uint32_t vcpu, uint64_t gpa, unsigned int size,
			  uint64_t val)
{
	const struct dev_range *r = find_mmio(bus, vcpu, gpa, size);

	if (!r)
		return VMK_NOT_FOUND;
	return range_write(r, gpa - r->base, size, val & size_mask(size));
}

vmk_status dev_msr_read(struct dev_bus *bus, uint32_t vcpu, uint32_t msr, uint64_t *val)
{
	const struct dev_range *r = find(bus->msr, bus->msr_count, msr);
	vmk_status st;

	bus->vcpu = vcpu;
	*val = 0;
	if (!r)
		return VMK_NOT_FOUND;
	st = r->ops->read(r->opaque, msr - r->base, 8, val);
	if (st < 0)
		*val = 0;
	return st;
}

vmk_status dev_msr_write(struct dev_bus *bus, uint32_t vcpu, uint32_t msr, uint64_t val)
{
	const struct dev_range *r = find(bus->msr, bus->msr_count, msr);

	bus->vcpu = vcpu;
	if (!r)
		return VMK_NOT_FOUND;
	return r->ops->write(r->opaque, msr - r->base, 8, val);
}

uint64_t dev_deadline(const struct dev_bus *bus)
{
	uint64_t first = DEV_NEVER;
	uint32_t i;

	for (i = 0; i < bus->tick_count; i++) {
		uint64_t d = bus->tick[i].ops->deadline(bus->tick[i].opaque);

		if (d < first)
			first = d;
	}
	return first;
}

void dev_tick(struct dev_bus *bus, uint64_t now)
{
	uint32_t i;

	for (i = 0; i < bus->tick_count; i++)
		if (bus->tick[i].ops->deadline(bus->tick[i].opaque) <= now)
			bus->tick[i].ops->tick(bus->tick[i].opaque, now);
}
