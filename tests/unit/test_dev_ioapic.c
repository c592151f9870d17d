/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* sources: vmkernel/lib/state.c
 *	vmkernel/devices/ioapic.c */
/*
 * The I/O APIC: registers as operating systems probe them, edges and levels, remote
 * IRR and EOI, masks, routing fields, and random use in which no level is ever lost.
 */
#include "test_dev.h"

#include "devices/ioapic.h"

static struct ioapic io;
static struct apic_msg last;
static unsigned int messages;

static void deliver(void *opaque, const struct apic_msg *msg)
{
	(void)opaque;
	last = *msg;
	messages++;
}

static int fresh(void **state)
{
	(void)state;
	ioapic_init(&io, 0xf, deliver, NULL);
	messages = 0;
	return 0;
}

static uint32_t reg(uint8_t index)
{
	ioapic_write(&io, 0, index);
	return ioapic_read(&io, 0x10);
}

static void set_reg(uint8_t index, uint32_t val)
{
	ioapic_write(&io, 0, index);
	ioapic_write(&io, 0x10, val);
}

static void set_entry(unsigned int pin, uint64_t val)
{
	set_reg((uint8_t)(0x11 + 2 * pin), (uint32_t)(val >> 32));
	set_reg((uint8_t)(0x10 + 2 * pin), (uint32_t)val);
}

static void registers(void **state)
{
	unsigned int i;
	uint64_t val = 7;

	(void)state;
	assert_int_equal(reg(0), 0xf000000);
	assert_int_equal(reg(1), 0x170020);
	assert_int_equal(reg(2), 0xf000000);
	set_reg(0, 0x5000000);
	assert_int_equal(reg(0), 0x5000000);
	set_reg(1, 0);
	assert_int_equal(reg(1), 0x170020);
	for (i = 0; i < 48; i++)
		assert_int_equal(reg((uint8_t)(0x10 + i)), i & 1 ? 0 : 0x10000);
	set_entry(3, UINT64_MAX);
	assert_int_equal(reg(0x16), 0x1afff); /* delivery status, remote IRR: read-only */
	assert_int_equal(reg(0x17), 0xff000000);
	assert_int_equal(reg(3), 0);
	assert_int_equal(reg(0x40), 0);
	assert_int_equal(reg(0xff), 0);
	set_reg(0xff, 1);
	/* Only aligned 32-bit accesses reach a register. */
	ioapic_write(&io, 0, 1);
	ioapic_mmio_ops.read(&io, 0x10, 2, &val);
	assert_int_equal(val, 0);
	ioapic_mmio_ops.read(&io, 0x10, 4, &val);
	assert_int_equal(val, 0x170020);
	ioapic_mmio_ops.read(&io, 0x14, 4, &val);
	assert_int_equal(val, 0);
	ioapic_mmio_ops.write(&io, 0, 1, 0x10); /* a byte suffices for the index */
	assert_int_equal(ioapic_read(&io, 0), 0x10);
}

static void edges(void **state)
{
	(void)state;
	ioapic_set_irq(&io, 4, 1);
	ioapic_set_irq(&io, 4, 0);
	assert_int_equal(messages, 0);
	ioapic_set_irq(&io, 4, 1);
	set_entry(4, 2ull << 56 | 0x31);
	assert_int_equal(messages, 0); /* an edge behind the mask is lost */
	ioapic_set_irq(&io, 4, 1);
	assert_int_equal(messages, 0);
	ioapic_set_irq(&io, 4, 0);
	ioapic_set_irq(&io, 4, 1);
	assert_int_equal(messages, 1);
	assert_int_equal(last.vector, 0x31);
	assert_int_equal(last.dest, 2);
	assert_false(last.logical || last.level || last.dest32);
	assert_int_equal(last.mode, APIC_FIXED);
	ioapic_eoi(&io, 0x31);
	assert_int_equal(messages, 1);
	set_entry(4, 0x0full << 56 | 0x932);
	ioapic_set_irq(&io, 4, 0);
	ioapic_set_irq(&io, 4, 1);
	assert_true(last.logical);
	assert_int_equal(last.mode, APIC_LOWEST);
	ioapic_set_irq(&io, 24, 1);
	ioapic_set_irq(&io, UINT32_MAX, 1);
}

static void levels(void **state)
{
	(void)state;
	ioapic_set_irq(&io, 9, 1);
	set_entry(9, 0x8039);
	assert_int_equal(messages, 1); /* unmasking finds the level */
	assert_true(last.level);
	assert_int_equal(reg(0x22), 0xc039);
	ioapic_set_irq(&io, 9, 0);
	ioapic_set_irq(&io, 9, 1);
	assert_int_equal(messages, 1); /* held back by remote IRR */
	ioapic_eoi(&io, 0x38);
	assert_int_equal(messages, 1);
	ioapic_eoi(&io, 0x39);
	assert_int_equal(messages, 2); /* still asks */
	ioapic_set_irq(&io, 9, 0);
	ioapic_write(&io, 0x40, 0x39); /* the EOI register does the same */
	assert_int_equal(messages, 2);
	assert_int_equal(reg(0x22), 0x8039);
	/* Masked while in service: EOI clears it, unmasking sends it again. */
	ioapic_set_irq(&io, 9, 1);
	set_entry(9, 0x18039);
	assert_int_equal(reg(0x22), 0x1c039);
	ioapic_eoi(&io, 0x39);
	assert_int_equal(messages, 3);
	set_entry(9, 0x8039);
	assert_int_equal(messages, 4);
	/* Going to edge and back forgets remote IRR (how drivers emulate an EOI). */
	set_entry(9, 0x10039);
	set_entry(9, 0x18039);
	assert_int_equal(reg(0x22), 0x18039);
	/* NMIs are never acknowledged, so nothing may wait for it. */
	set_entry(9, 0x8439);
	assert_int_equal(last.mode, APIC_NMI);
	assert_int_equal(reg(0x22), 0x8439);
}

static void hostile(void **state)
{
	unsigned int i, pin;
	uint64_t val;

	(void)state;
	rnd_seed("ioapic");
	for (i = 0; i < 300000; i++) {
		switch (rnd() % 5) {
		case 0:
			ioapic_mmio_ops.write(&io, rnd() % 4096, 1u << rnd() % 3, rnd_value());
			break;
		case 1:
			ioapic_mmio_ops.read(&io, rnd() % 4096, 1u << rnd() % 3, &val);
			break;
		case 2:
			set_reg((uint8_t)(rnd() % 0x44), (uint32_t)rnd_value());
			break;
		case 3:
			ioapic_eoi(&io, (uint8_t)rnd_value());
			break;
		default:
			ioapic_set_irq(&io, (unsigned int)(rnd() % 26), rnd() & 1);
			break;
		}
		for (pin = 0; pin < IOAPIC_PINS; pin++) {
			uint64_t e = io.entry[pin];

			assert_true((e & 0x8000) || !(e & 0x4000));
			/* A level that asks, is open and acknowledgeable has been sent. */
			if ((e & 0x8000) && !(e & 0x10000) && (io.lines >> pin & 1) &&
			    (e >> 8 & 7) <= 1)
				assert_true(e & 0x4000);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(registers, fresh),
		cmocka_unit_test_setup(edges, fresh),
		cmocka_unit_test_setup(levels, fresh),
		cmocka_unit_test_setup(hostile, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
