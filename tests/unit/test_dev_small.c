/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* sources: vmkernel/lib/state.c
 *	vmkernel/devices/pci_host.c vmkernel/devices/i8042.c
 *	vmkernel/devices/backdoor.c vmkernel/devices/bus.c */
/*
 * The small models: PCI configuration mechanism 1 and the reset register in its midst,
 * the absent keyboard controller, the backdoor; and the arithmetic of ticks.h.
 */
#include "test_dev.h"

#include "devices/backdoor.h"
#include "devices/i8042.h"
#include "devices/pci_host.h"
#include "devices/ticks.h"

static struct dev_bus bus;
static struct pci_host pci;
static struct i8042 kbc;
static unsigned int resets;

static void reset(void *opaque)
{
	(void)opaque;
	resets++;
}

static int fresh(void **state)
{
	(void)state;
	resets = 0;
	dev_bus_init(&bus);
	pci_host_init(&pci, reset, NULL);
	i8042_init(&kbc, reset, NULL);
	assert_int_equal(dev_register_pio(&bus, 0xcf8, 8, &pci_host_ops, &pci), VMK_OK);
	assert_int_equal(dev_register_pio(&bus, 0x60, 1, &i8042_data_ops, &kbc), VMK_OK);
	assert_int_equal(dev_register_pio(&bus, 0x64, 1, &i8042_command_ops, &kbc), VMK_OK);
	return 0;
}

static uint32_t config(uint32_t address)
{
	dev_pio_write(&bus, 0xcf8, 4, address);
	return dev_pio_read(&bus, 0xcfc, 4);
}

static void pci_config(void **state)
{
	unsigned int dev;

	(void)state;
	/* How mechanism 1 is recognised. */
	dev_pio_write(&bus, 0xcfb, 1, 0x01);
	dev_pio_write(&bus, 0xcf8, 4, 0x80000000);
	assert_int_equal(dev_pio_read(&bus, 0xcf8, 4), 0x80000000);
	assert_int_equal(dev_pio_read(&bus, 0xcfc, 4), 0x71908086);
	assert_int_equal(dev_pio_read(&bus, 0xcfe, 2), 0x7190);
	assert_int_equal(config(0x80000008) >> 16, 0x0600);
	assert_int_equal(dev_pio_read(&bus, 0xcfe, 1), 0x00);
	assert_int_equal(dev_pio_read(&bus, 0xcff, 1), 0x06);
	assert_int_equal(config(0x8000000c), 0); /* header type 0, one function */
	assert_int_equal(config(0x80000010), 0); /* no BAR, also after sizing it */
	dev_pio_write(&bus, 0xcfc, 4, UINT32_MAX);
	assert_int_equal(dev_pio_read(&bus, 0xcfc, 4), 0);
	assert_int_equal(config(0x80000034), 0);
	for (dev = 1; dev < 0x10000; dev++)
		assert_int_equal(config(0x80000000 | dev << 8), UINT32_MAX);
	assert_int_equal(config(0x00000000), UINT32_MAX);
	/* The command register keeps what exists. */
	assert_int_equal(config(0x80000004), 0x02000006);
	dev_pio_write(&bus, 0xcfc, 2, 0xffff);
	assert_int_equal(dev_pio_read(&bus, 0xcfc, 2), 0x0106);
	dev_pio_write(&bus, 0xcfc, 1, 0);
	assert_int_equal(dev_pio_read(&bus, 0xcfc, 4), 0x02000102);
	assert_int_equal(resets, 0);
}

static void resetting(void **state)
{
	(void)state;
	dev_pio_write(&bus, 0xcf8, 4, 0xffffffff); /* the address register is not cf9h */
	dev_pio_write(&bus, 0xcf9, 1, 0x02);
	assert_int_equal(dev_pio_read(&bus, 0xcf9, 1), 0x02);
	assert_int_equal(resets, 0);
	dev_pio_write(&bus, 0xcf9, 1, 0x06);
	assert_int_equal(resets, 1);
	dev_pio_write(&bus, 0xcf9, 1, 0x06);
	assert_int_equal(resets, 1); /* it is the rise that counts */
	pci_host_reset(&pci);
	dev_pio_write(&bus, 0xcf9, 1, 0x0e);
	assert_int_equal(resets, 2);
	dev_pio_write(&bus, 0x64, 1, 0xfe);
	assert_int_equal(resets, 3);
	dev_pio_write(&bus, 0x64, 1, 0xff);
	dev_pio_write(&bus, 0x64, 1, 0xd1);
	dev_pio_write(&bus, 0x60, 1, 0xdf);
	assert_int_equal(resets, 3);
}

static void no_keyboard(void **state)
{
	(void)state;
	assert_int_equal(dev_pio_read(&bus, 0x64, 1) & 0x02, 0); /* "may be written" */
	assert_int_equal(dev_pio_read(&bus, 0x64, 1) & 0x01, 1); /* "has output", for ever */
	assert_int_equal(dev_pio_read(&bus, 0x60, 1), 0xff);
}

static void backdoor(void **state)
{
	const struct backdoor bd = {
		.tsc_hz = 0x123456789,
		.bus_hz = 1000000000,
		.mem_bytes = 256u << 20,
		.uuid = { 0x56, 0x4d, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14 },
		.wall = fake_clock,
	};
	struct backdoor big = bd;
	struct backdoor_regs before, r;
	unsigned int cmd;

	(void)state;
	r = before = (struct backdoor_regs){ 1, 2, 10, 0x5658, 5, 6 };
	assert_false(backdoor_call(&bd, &r));
	assert_memory_equal(&r, &before, sizeof(r));
	fake_ns = ((1ull << 32) + 5) * SEC + 678901234;
	for (cmd = 0; cmd < 0x10000; cmd++) {
		r = before = (struct backdoor_regs){
			BACKDOOR_MAGIC, ~BACKDOOR_MAGIC, cmd | 0xbeef0000, 0x5658, 5, 6
		};
		assert_true(backdoor_call(&bd, &r));
		assert_int_equal(r.esi, cmd == 46 || cmd == 55 ? 1 : 5);
		assert_int_equal(r.edi, cmd == 55 ? 0 : 6);
		switch (cmd) {
		case 1:
			assert_int_equal(r.eax, 0x123456789 / 1000000);
			break;
		case 10:
			assert_int_equal(r.eax, 6);
			assert_int_equal(r.ebx, BACKDOOR_MAGIC);
			assert_int_equal(r.ecx, 2);
			break;
		case 19:
			assert_int_equal(r.eax, 0x02014d56);
			assert_int_equal(r.ebx, 0x06050403);
			assert_int_equal(r.ecx, 0x0a090807);
			assert_int_equal(r.edx, 0x0e0d0c0b);
			break;
		case 20:
			assert_int_equal(r.eax, 256u << 20);
			break;
		case 23:
			assert_int_equal(r.eax, 5);
			assert_int_equal(r.ebx, 678901);
			assert_int_equal(r.edx, 0);
			break;
		case 46:
		case 55:
			assert_int_equal(r.eax, BACKDOOR_MAGIC);
			assert_int_equal(r.ebx, 678901);
			assert_int_equal(r.edx, 5);
			break;
		case 45:
			assert_int_equal(r.eax, 0x23456789);
			assert_int_equal(r.ebx, 1);
			assert_int_equal(r.ecx, 1000000000);
			break;
		case 68:
			assert_int_equal(r.eax, 8);
			break;
		default: /* the caller's pattern stays to be noticed */
			assert_int_equal(r.eax, UINT32_MAX);
			before.eax = r.eax;
			assert_memory_equal(&r, &before, sizeof(r));
			break;
		}
	}
	big.mem_bytes = 5ull << 30;
	r = (struct backdoor_regs){ .eax = BACKDOOR_MAGIC, .ecx = 20 };
	assert_true(backdoor_call(&big, &r));
	assert_int_equal(r.eax, UINT32_MAX);
}

static void arithmetic(void **state)
{
	static const uint64_t hz[] = {
		1, 2, 1193182, 3579545, 1000000000, 2500000000, 18000000000
	};
	unsigned int i;

	(void)state;
	rnd_seed("ticks");
	for (i = 0; i < 300000; i++) {
		uint64_t f = hz[rnd() % 7], n = rnd_value(), ns;
		unsigned __int128 exact;

		ns = rnd_value() >> 6; /* nine years */
		exact = (unsigned __int128)ns * f / SEC;
		assert_true(ns_to_ticks(ns, f) == (uint64_t)exact);
		exact = ((unsigned __int128)n * SEC + f - 1) / f;
		ns = ticks_to_ns(n, f);
		if (exact >> 64 || n / f >= UINT64_MAX / SEC)
			assert_true(ns == UINT64_MAX);
		else
			assert_true(ns == (uint64_t)exact);
		if (n > 0 && ns < UINT64_MAX >> 6) { /* the first ns at which n have passed */
			assert_true(ns_to_ticks(ns, f) >= n);
			assert_true(ns_to_ticks(ns - 1, f) < n);
		}
	}
	assert_true(add_sat(UINT64_MAX, 1) == UINT64_MAX);
	assert_int_equal(add_sat(1, 2), 3);
}

static void hostile(void **state)
{
	unsigned int i;

	(void)state;
	rnd_seed("small");
	for (i = 0; i < 300000; i++) {
		uint16_t port = (uint16_t)(rnd() % 2 ? 0xcf4 + rnd() % 16 : 0x5e + rnd() % 10);

		if (rnd() % 2)
			dev_pio_write(&bus, port, 1u << rnd() % 4, (uint32_t)rnd_value());
		else
			dev_pio_read(&bus, port, 1u << rnd() % 4);
		assert_int_equal(pci.command & ~0x0106, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(pci_config, fresh),
		cmocka_unit_test_setup(resetting, fresh),
		cmocka_unit_test_setup(no_keyboard, fresh),
		cmocka_unit_test(backdoor),
		cmocka_unit_test(arithmetic),
		cmocka_unit_test_setup(hostile, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
