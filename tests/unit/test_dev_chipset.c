/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* sources: vmkernel/lib/state.c
 *	vmkernel/devices/chipset.c vmkernel/devices/bus.c vmkernel/devices/uart16550.c
 *	vmkernel/devices/i8259.c vmkernel/devices/i8254.c vmkernel/devices/lapic.c
 *	vmkernel/devices/lapic_face.c vmkernel/devices/lapic_timer.c vmkernel/devices/apic_bus.c
 *	vmkernel/devices/ioapic.c vmkernel/devices/rtc.c vmkernel/devices/rtc_time.c
 *	vmkernel/devices/acpi_pm.c vmkernel/devices/i8042.c vmkernel/devices/pci_host.c
 *	vmkernel/devices/backdoor.c
 */
/*
 * The whole PC: interrupts from a device to the vector that a VCPU takes, by PIC and
 * by I/O APIC, shared lines, start-up of other processors, power and reset; then every
 * port, MMIO page and MSR touched with every size, and a long random run in which
 * everything must stay answerable and every deadline in the future.
 */
#include "test_dev.h"

#include "devices/chipset.h"

#define VCPUS 4u

static struct chipset cs;
static struct chipset_config cfg;
static unsigned int offs, resets, kicks[VCPUS], nmis[VCPUS], inits[VCPUS], sipis[VCPUS];
static uint8_t last_sipi;
static char out[256];
static size_t out_len;

static void kick(void *opaque, uint32_t vcpu)
{
	assert_ptr_equal(opaque, &cfg);
	assert_true(vcpu < VCPUS);
	kicks[vcpu]++;
}

static void nmi(void *opaque, uint32_t vcpu)
{
	(void)opaque;
	nmis[vcpu]++;
}

static void init(void *opaque, uint32_t vcpu)
{
	(void)opaque;
	inits[vcpu]++;
}

static void sipi(void *opaque, uint32_t vcpu, uint8_t vector)
{
	(void)opaque;
	sipis[vcpu]++;
	last_sipi = vector;
}

static void power_off(void *opaque)
{
	(void)opaque;
	offs++;
}

static void reset(void *opaque)
{
	(void)opaque;
	resets++;
}

static uint64_t guest_tsc(void *opaque, uint32_t vcpu)
{
	(void)opaque, (void)vcpu;
	return fake_ns * 2;
}

static size_t serial_write(void *opaque, const uint8_t *buf, size_t len)
{
	(void)opaque;
	for (size_t i = 0; i < len; i++)
		out[out_len++ % sizeof(out)] = (char)buf[i];
	return len;
}

static int fresh(void **state)
{
	static uint64_t wall_base = 1700000000ull * SEC;

	(void)state;
	fake_ns = SEC;
	offs = resets = 0;
	out_len = 0;
	memset(kicks, 0, sizeof(kicks));
	memset(nmis, 0, sizeof(nmis));
	memset(inits, 0, sizeof(inits));
	memset(sipis, 0, sizeof(sipis));
	cfg = (struct chipset_config){
		.vcpus = VCPUS,
		.x2apic = true,
		.mem_bytes = 128 << 20,
		.tsc_hz = 2 * SEC,
		.clock = { fake_now, NULL },
		.wall = { fake_now, &wall_base },
		.serial = { serial_write, NULL },
		.cb = { kick, nmi, init, sipi, power_off, reset, guest_tsc },
		.opaque = &cfg,
	};
	memset(&cs, 0xa5, sizeof(cs));
	assert_int_equal(chipset_init(&cs, &cfg), VMK_OK);
	return 0;
}

static void outb(uint16_t port, uint8_t val)
{
	dev_pio_write(&cs.bus, port, 1, val);
}

static uint8_t inb(uint16_t port)
{
	return (uint8_t)dev_pio_read(&cs.bus, port, 1);
}

static void apic_write(uint32_t vcpu, uint32_t reg, uint32_t val)
{
	assert_int_equal(dev_mmio_write(&cs.bus, vcpu, CHIPSET_LAPIC_BASE + reg, 4, val), VMK_OK);
}

static uint32_t apic_read(uint32_t vcpu, uint32_t reg)
{
	uint64_t val;

	assert_int_equal(dev_mmio_read(&cs.bus, vcpu, CHIPSET_LAPIC_BASE + reg, 4, &val), VMK_OK);
	return (uint32_t)val;
}

static void route(unsigned int pin, uint64_t entry)
{
	dev_mmio_write(&cs.bus, 0, CHIPSET_IOAPIC_BASE, 4, 0x11 + 2 * pin);
	dev_mmio_write(&cs.bus, 0, CHIPSET_IOAPIC_BASE + 0x10, 4, entry >> 32);
	dev_mmio_write(&cs.bus, 0, CHIPSET_IOAPIC_BASE, 4, 0x10 + 2 * pin);
	dev_mmio_write(&cs.bus, 0, CHIPSET_IOAPIC_BASE + 0x10, 4, entry & UINT32_MAX);
}

static void init_pics(void)
{
	outb(0x20, 0x11);
	outb(0x21, 0x30);
	outb(0x21, 0x04);
	outb(0x21, 0x01);
	outb(0xa0, 0x11);
	outb(0xa1, 0x38);
	outb(0xa1, 0x02);
	outb(0xa1, 0x01);
	outb(0x21, 0x00);
	outb(0xa1, 0x00);
}

static void configs(void **state)
{
	struct chipset_config bad;

	(void)state;
	bad = cfg, bad.vcpus = 0;
	assert_int_equal(chipset_init(&cs, &bad), VMK_BAD_PARAM);
	bad = cfg, bad.vcpus = CHIPSET_MAX_VCPUS + 1;
	assert_int_equal(chipset_init(&cs, &bad), VMK_BAD_PARAM);
	bad = cfg, bad.tsc_hz = 999999;
	assert_int_equal(chipset_init(&cs, &bad), VMK_BAD_PARAM);
	bad = cfg, bad.cb.sipi = NULL;
	assert_int_equal(chipset_init(&cs, &bad), VMK_BAD_PARAM);
	bad = cfg, bad.wall.now_ns = NULL;
	assert_int_equal(chipset_init(&cs, &bad), VMK_BAD_PARAM);
	bad = cfg, bad.vcpus = CHIPSET_MAX_VCPUS;
	assert_int_equal(chipset_init(&cs, &bad), VMK_OK);
	assert_true(chipset_deadline(&cs) == DEV_NEVER); /* an idle machine sleeps */
}

static void tick_to_deadline(void)
{
	assert_true(chipset_deadline(&cs) != DEV_NEVER);
	fake_ns = chipset_deadline(&cs);
	chipset_tick(&cs, fake_ns);
}

static void timer_by_pic(void **state)
{
	(void)state;
	init_pics();
	outb(0x43, 0x34);
	outb(0x40, 11932 & 0xff);
	outb(0x40, 11932 >> 8);
	/* Setting the mode raised the output once: take that away first. */
	while (chipset_has_interrupt(&cs, 0)) {
		assert_int_equal(chipset_take_interrupt(&cs, 0), 0x30);
		outb(0x20, 0x20);
	}
	kicks[0] = 0;
	tick_to_deadline();
	assert_true(kicks[0] > 0);
	assert_true(chipset_pending_extint(&cs, 0));
	assert_false(chipset_has_interrupt(&cs, 1)); /* only the boot processor has the wire */
	assert_int_equal(chipset_take_interrupt(&cs, 1), -1);
	assert_int_equal(chipset_take_interrupt(&cs, 99), -1);
	assert_int_equal(chipset_take_interrupt(&cs, 0), 0x30);
	assert_false(chipset_has_interrupt(&cs, 0));
	outb(0x20, 0x60);
	apic_write(0, 0x350, 0x10700); /* LINT0 masked: the PIC is cut off */
	tick_to_deadline();
	assert_false(chipset_has_interrupt(&cs, 0));
	apic_write(0, 0x350, 0x700);
	assert_true(chipset_has_interrupt(&cs, 0));
}

static void timer_by_ioapic(void **state)
{
	(void)state;
	outb(0x43, 0x34);
	outb(0x40, 11932 & 0xff);
	outb(0x40, 11932 >> 8);
	route(2, 1ull << 56 | 0x30);
	apic_write(1, 0xf0, 0x1ff);
	tick_to_deadline();
	assert_int_equal(chipset_take_interrupt(&cs, 1), 0x30);
	assert_false(chipset_has_interrupt(&cs, 0));
	assert_int_equal(apic_read(1, 0x110), 1u << 16);
	assert_int_equal(apic_read(0, 0x110), 0); /* each VCPU sees its own page */
	apic_write(1, 0xb0, 0);
	tick_to_deadline();
	assert_int_equal(chipset_take_interrupt(&cs, 1), 0x30);
}

static void serial(void **state)
{
	(void)state;
	route(4, 0x34);
	outb(0x3fc, 0x0b);
	outb(0x3f9, 0x03);
	assert_int_equal(chipset_take_interrupt(&cs, 0), 0x34);
	assert_int_equal(inb(0x3fa), 0x02);
	outb(0x3f8, 'h');
	apic_write(0, 0xb0, 0);
	assert_int_equal(chipset_take_interrupt(&cs, 0), 0x34);
	outb(0x3f8, 'i');
	assert_memory_equal(out, "hi", 2);
	apic_write(0, 0xb0, 0);
	assert_int_equal(inb(0x3fa), 0x02);
	while (chipset_take_interrupt(&cs, 0) >= 0)
		apic_write(0, 0xb0, 0);
	uart_rx(&cs.com1, 'x');
	assert_int_equal(chipset_take_interrupt(&cs, 0), 0x34);
	assert_int_equal(inb(0x3f8), 'x');
}

static void shared_level_line(void **state)
{
	struct dev_irq a, b;

	(void)state;
	assert_int_equal(chipset_connect_irq(&cs, 2, &a), VMK_BAD_PARAM);
	assert_int_equal(chipset_connect_irq(&cs, 16, &a), VMK_BAD_PARAM);
	assert_int_equal(chipset_connect_irq(&cs, 9, &a), VMK_OK);
	assert_int_equal(chipset_connect_irq(&cs, 9, &b), VMK_OK);
	route(9, 0x8039);
	dev_irq_set(&a, 1);
	dev_irq_set(&b, 1);
	assert_int_equal(chipset_take_interrupt(&cs, 0), 0x39);
	dev_irq_set(&a, 0);
	apic_write(0, 0xb0, 0);
	assert_int_equal(chipset_take_interrupt(&cs, 0), 0x39); /* b still asks */
	dev_irq_set(&b, 0);
	apic_write(0, 0xb0, 0);
	assert_false(chipset_has_interrupt(&cs, 0));
	while (cs.line_count < CHIPSET_MAX_LINES)
		assert_int_equal(chipset_connect_irq(&cs, 10, &a), VMK_OK);
	assert_int_equal(chipset_connect_irq(&cs, 10, &a), VMK_LIMIT_EXCEEDED);
}

static void power(void **state)
{
	(void)state;
	route(CHIPSET_IRQ_SCI, 0x8039);
	assert_false(chipset_power_button(&cs));
	outb(CHIPSET_SMI_CMD, ACPI_PM_CMD_ENABLE);
	dev_pio_write(&cs.bus, CHIPSET_PM_BASE, 2, 0xffff);
	dev_pio_write(&cs.bus, CHIPSET_PM_BASE + 2, 2, 0x100);
	assert_true(chipset_power_button(&cs));
	assert_int_equal(chipset_take_interrupt(&cs, 0), 0x39);
	dev_pio_write(&cs.bus, CHIPSET_PM_BASE, 2, 0x100);
	apic_write(0, 0xb0, 0);
	assert_false(chipset_has_interrupt(&cs, 0));
	dev_pio_write(&cs.bus, CHIPSET_PM_BASE + ACPI_PM1_CNT, 2, ACPI_SLP_TYP_S5 << 10 | 1 << 13);
	assert_int_equal(offs, 1);
	/* The same SCI by the PIC: firmware has made it a level. */
	chipset_reset(&cs);
	init_pics();
	outb(CHIPSET_SMI_CMD, ACPI_PM_CMD_ENABLE);
	dev_pio_write(&cs.bus, CHIPSET_PM_BASE + 2, 2, 0x100);
	assert_true(chipset_power_button(&cs));
	assert_int_equal(chipset_take_interrupt(&cs, 0), 0x39);
	outb(0xa0, 0x20);
	outb(0x20, 0x20);
	assert_int_equal(chipset_take_interrupt(&cs, 0), 0x39);
	outb(CHIPSET_RESET_PORT, CHIPSET_RESET_VALUE);
	assert_int_equal(resets, 1);
	outb(0x64, 0xfe);
	assert_int_equal(resets, 2);
	chipset_reset(&cs);
	assert_false(chipset_has_interrupt(&cs, 0));
	assert_true(chipset_deadline(&cs) == DEV_NEVER);
	assert_true(lapic_accepts_extint(&cs.lapic[0]));
}

static void other_processors(void **state)
{
	uint64_t val;

	(void)state;
	apic_write(0, 0x310, 2 << 24);
	apic_write(0, 0x300, 0xc500);
	apic_write(0, 0x300, 0x8500);
	apic_write(0, 0x300, 0x4699);
	assert_int_equal(inits[2], 1);
	assert_int_equal(sipis[2], 1);
	assert_int_equal(last_sipi, 0x99);
	assert_int_equal(inits[0] + inits[1] + inits[3], 0);
	/* x2APIC of one VCPU, by its own MSRs. */
	assert_int_equal(dev_msr_read(&cs.bus, 2, 0x1b, &val), VMK_OK);
	assert_int_equal(val, 0xfee00800);
	assert_int_equal(dev_msr_write(&cs.bus, 2, 0x1b, val | 0x400), VMK_OK);
	assert_int_equal(dev_msr_read(&cs.bus, 2, 0x802, &val), VMK_OK);
	assert_int_equal(val, 2);
	assert_int_equal(dev_msr_read(&cs.bus, 1, 0x802, &val), VMK_BAD_PARAM);
	assert_int_equal(dev_msr_write(&cs.bus, 2, 0x80f, 0x1ff), VMK_OK);
	assert_int_equal(dev_msr_write(&cs.bus, 2, 0x832, 0x400ee), VMK_OK);
	assert_int_equal(dev_msr_write(&cs.bus, 2, 0x6e0, 2 * fake_ns + 1000), VMK_OK);
	assert_int_equal(chipset_deadline(&cs), fake_ns + 500);
	kicks[2] = 0;
	tick_to_deadline();
	assert_int_equal(kicks[2], 1);
	assert_int_equal(chipset_take_interrupt(&cs, 2), 0xee);
	/* NMI to all others. */
	apic_write(0, 0x300, 3 << 18 | 0x4400);
	assert_int_equal(nmis[0], 0);
	assert_int_equal(nmis[1] + nmis[2] + nmis[3], 3);
	assert_int_equal(dev_msr_read(&cs.bus, 0, 0x1a0, &val), VMK_NOT_FOUND);
}

static void every_address(void **state)
{
	static const uint64_t vals[] = { 0, UINT64_MAX, 0x5555555555555555, 1 };
	unsigned int size, v;
	uint64_t off, val;
	uint32_t a;

	(void)state;
	for (size = 1; size <= 8; size *= 2) {
		for (v = 0; v < 4; v++) {
			for (a = 0; a < 0x10000; a++) {
				val = dev_pio_read(&cs.bus, (uint16_t)a, size);
				assert_true(size >= 4 || val >> (8 * size) == 0);
				dev_pio_write(&cs.bus, (uint16_t)a, size, (uint32_t)vals[v]);
			}
			for (off = 0; off < 4096; off++) {
				uint64_t gpa =
					(off & 1 ? CHIPSET_LAPIC_BASE : CHIPSET_IOAPIC_BASE) + off;

				dev_mmio_read(&cs.bus, (uint32_t)off % 8, gpa, size, &val);
				assert_true(size == 8 || val >> (8 * size) == 0);
				dev_mmio_write(&cs.bus, (uint32_t)off % 8, gpa, size, vals[v]);
			}
		}
	}
	for (a = 0; a < 0x1000; a++) {
		dev_msr_read(&cs.bus, a % 8, a, &val);
		for (v = 0; v < 4; v++)
			dev_msr_write(&cs.bus, a % 8, a, vals[v]);
	}
	assert_int_equal(inb(0x80), 0xff);
	assert_int_equal(inb(0x2f9), 0xff);
}

/* A port, biased to those that somebody claims. */
static uint16_t some_port(void)
{
	const struct dev_range *r = &cs.bus.pio[rnd() % cs.bus.pio_count];

	return rnd() % 16 ? (uint16_t)(r->base + rnd() % r->len) : (uint16_t)rnd();
}

static uint64_t some_gpa(void)
{
	uint64_t base = rnd() & 1 ? CHIPSET_LAPIC_BASE : CHIPSET_IOAPIC_BASE;

	switch (rnd() % 4) {
	case 0:
		return base + rnd() % 4096;
	case 1:
		return CHIPSET_IOAPIC_BASE + rnd() % 2 * 16;
	default:
		return base + rnd() % 0x40 * 16;
	}
}

static void random_step(void)
{
	uint32_t vcpu = (uint32_t)(rnd() % (VCPUS + 1));
	uint64_t val;

	switch (rnd() % 10) {
	case 0:
	case 1:
		dev_pio_write(&cs.bus, some_port(), 1u << rnd() % 4, (uint32_t)rnd_value());
		break;
	case 2:
		dev_pio_read(&cs.bus, some_port(), 1u << rnd() % 4);
		break;
	case 3:
	case 4:
		dev_mmio_write(&cs.bus, vcpu, some_gpa(), 1u << rnd() % 4, rnd_value());
		break;
	case 5:
		dev_mmio_read(&cs.bus, vcpu, some_gpa(), 1u << rnd() % 4, &val);
		break;
	case 6:
		if (rnd() % 2)
			dev_msr_write(&cs.bus, vcpu, 0x800 + (uint32_t)(rnd() % 0x40), rnd_value());
		else
			dev_msr_write(&cs.bus, vcpu, rnd() % 2 ? 0x1b : 0x6e0,
				      rnd() % 2 ? 0xfee00000 | (rnd() & 0xd00) : rnd_value());
		break;
	case 7:
		uart_rx(&cs.com1, (uint8_t)rnd());
		if (rnd() % 100 == 0)
			chipset_power_button(&cs);
		if (rnd() % 1000 == 0)
			chipset_reset(&cs);
		break;
	case 8:
		fake_ns += rnd() % 4 ? rnd() % MS : rnd() % (10 * SEC);
		break;
	default:
		chipset_tick(&cs, fake_ns);
		assert_true(chipset_deadline(&cs) > fake_ns);
		break;
	}
}

static void hostile(void **state)
{
	uint32_t i, vcpu;

	(void)state;
	rnd_seed("chipset");
	for (i = 0; i < 400000; i++) {
		random_step();
		vcpu = (uint32_t)(rnd() % VCPUS);
		if (chipset_has_interrupt(&cs, vcpu))
			assert_in_range(chipset_take_interrupt(&cs, vcpu), 0, 255);
		else
			assert_int_equal(chipset_take_interrupt(&cs, vcpu), -1);
		for (vcpu = 0; vcpu < VCPUS; vcpu++)
			assert_int_equal(cs.lapic[vcpu].id, vcpu);
	}
	/* A reset makes it a working machine again. */
	chipset_reset(&cs);
	timer_by_pic(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(configs, fresh),
		cmocka_unit_test_setup(timer_by_pic, fresh),
		cmocka_unit_test_setup(timer_by_ioapic, fresh),
		cmocka_unit_test_setup(serial, fresh),
		cmocka_unit_test_setup(shared_level_line, fresh),
		cmocka_unit_test_setup(power, fresh),
		cmocka_unit_test_setup(other_processors, fresh),
		cmocka_unit_test_setup(every_address, fresh),
		cmocka_unit_test_setup(hostile, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
