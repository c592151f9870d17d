/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* sources: vmkernel/lib/state.c
 *	vmkernel/devices/acpi_pm.c vmkernel/devices/bus.c */
/*
 * ACPI fixed hardware: the hand-over by SMI_CMD, status and enable bits with the SCI
 * they raise, the power button, switching off, the PM timer's rate, carry and width,
 * access sizes, and random use.
 */
#include "test_dev.h"

#include "devices/acpi_pm.h"

#define PM 0x600
#define GPE 0x620
#define SMI 0xb2

static struct dev_bus bus;
static struct acpi_pm pm;
static struct fake_line sci;
static unsigned int offs;

static void power_off(void *opaque)
{
	(void)opaque;
	offs++;
}

static int fresh(void **state)
{
	struct dev_irq irq = fake_irq(&sci);

	(void)state;
	fake_ns = 9 * SEC;
	offs = 0;
	acpi_pm_init(&pm, &fake_clock, &irq, power_off, NULL);
	dev_bus_init(&bus);
	assert_int_equal(dev_register_pio(&bus, PM, ACPI_PM_LEN, &acpi_pm_ops, &pm), VMK_OK);
	assert_int_equal(dev_register_pio(&bus, GPE, ACPI_GPE0_LEN, &acpi_gpe_ops, &pm), VMK_OK);
	assert_int_equal(dev_register_pio(&bus, SMI, 2, &acpi_smi_ops, &pm), VMK_OK);
	return 0;
}

static void hand_over(void **state)
{
	(void)state;
	assert_int_equal(dev_pio_read(&bus, PM + ACPI_PM1_CNT, 2) & 1, 0);
	dev_pio_write(&bus, PM + ACPI_PM1_CNT, 2, 0x0001); /* not by writing the bit */
	assert_int_equal(dev_pio_read(&bus, PM + ACPI_PM1_CNT, 2), 0);
	dev_pio_write(&bus, SMI, 1, ACPI_PM_CMD_ENABLE);
	assert_int_equal(dev_pio_read(&bus, PM + ACPI_PM1_CNT, 2), 1);
	dev_pio_write(&bus, PM + ACPI_PM1_CNT, 2, 0x0002);
	assert_int_equal(dev_pio_read(&bus, PM + ACPI_PM1_CNT, 2), 3);
	dev_pio_write(&bus, SMI, 1, ACPI_PM_CMD_DISABLE);
	assert_int_equal(dev_pio_read(&bus, PM + ACPI_PM1_CNT, 2), 2);
	dev_pio_write(&bus, SMI + 1, 1, 0x5a);
	assert_int_equal(dev_pio_read(&bus, SMI + 1, 1), 0x5a);
	assert_int_equal(dev_pio_read(&bus, SMI, 1), 0);
}

static void power_button(void **state)
{
	(void)state;
	assert_false(acpi_pm_power_button(&pm));
	assert_int_equal(sci.level, 0);
	dev_pio_write(&bus, SMI, 1, ACPI_PM_CMD_ENABLE);
	assert_int_equal(sci.level, 0);
	dev_pio_write(&bus, PM + 2, 2, 0x0100);
	assert_int_equal(sci.level, 1); /* the press of before is still there */
	dev_pio_write(&bus, PM, 2, 0x0100);
	assert_int_equal(sci.level, 0);
	assert_true(acpi_pm_power_button(&pm));
	assert_int_equal(sci.level, 1);
	assert_int_equal(dev_pio_read(&bus, PM, 2), 0x0100);
	dev_pio_write(&bus, PM, 2, 0x0020);
	assert_int_equal(sci.level, 1);
	dev_pio_write(&bus, PM + 1, 1, 0x01); /* byte access */
	assert_int_equal(sci.level, 0);
	assert_int_equal(dev_pio_read(&bus, PM, 4), 0x01000000);
	acpi_pm_power_button(&pm);
	acpi_pm_reset(&pm);
	assert_int_equal(sci.level, 0);
}

static void switching_off(void **state)
{
	(void)state;
	dev_pio_write(&bus, PM + ACPI_PM1_CNT, 2, ACPI_SLP_TYP_S5 << 10);
	assert_int_equal(offs, 0);
	dev_pio_write(&bus, PM + ACPI_PM1_CNT, 2, 1 << 13); /* another sleep type: nothing */
	assert_int_equal(offs, 0);
	/* As ACPICA does: type first, then type and enable. */
	dev_pio_write(&bus, PM + ACPI_PM1_CNT, 2, ACPI_SLP_TYP_S5 << 10);
	dev_pio_write(&bus, PM + ACPI_PM1_CNT, 2, ACPI_SLP_TYP_S5 << 10 | 1 << 13);
	assert_int_equal(offs, 1);
	assert_int_equal(dev_pio_read(&bus, PM + ACPI_PM1_CNT, 2), ACPI_SLP_TYP_S5 << 10);
}

static void pm_timer(void **state)
{
	uint32_t a, b;

	(void)state;
	a = dev_pio_read(&bus, PM + ACPI_PM_TMR, 4);
	fake_ns += SEC;
	b = dev_pio_read(&bus, PM + ACPI_PM_TMR, 4);
	assert_int_equal((b - a) & 0xffffff, ACPI_PM_TIMER_HZ);
	assert_int_equal(b >> 24, 0);
	assert_int_equal(dev_pio_read(&bus, PM + ACPI_PM_TMR, 2), b & 0xffff);
	/* Carry: the top bit changes every 2^23 ticks, sets its status, interrupts if enabled. */
	fake_ns = 100 * SEC;
	dev_pio_write(&bus, PM, 2, 0xffff);
	dev_pio_write(&bus, SMI, 1, ACPI_PM_CMD_ENABLE);
	assert_true(acpi_pm_deadline(&pm) == DEV_NEVER);
	dev_pio_write(&bus, PM + 2, 2, 0x0001);
	a = dev_pio_read(&bus, PM + ACPI_PM_TMR, 4) >> 23;
	fake_ns = acpi_pm_deadline(&pm) - 1;
	assert_int_equal(dev_pio_read(&bus, PM + ACPI_PM_TMR, 4) >> 23, a);
	fake_ns++;
	acpi_pm_tick(&pm, fake_ns);
	assert_int_equal(sci.level, 1);
	assert_true(acpi_pm_deadline(&pm) == DEV_NEVER);
	assert_int_equal(dev_pio_read(&bus, PM + ACPI_PM_TMR, 4) >> 23, !a);
	dev_pio_write(&bus, PM, 2, 1);
	assert_int_equal(sci.level, 0);
	assert_true(acpi_pm_deadline(&pm) > fake_ns + 2 * SEC);
}

static void gpes(void **state)
{
	(void)state;
	dev_pio_write(&bus, GPE, 4, UINT32_MAX);
	assert_int_equal(dev_pio_read(&bus, GPE, 4), 0xffff0000);
	assert_int_equal(sci.level, 0);
	dev_pio_write(&bus, GPE + 2, 1, 0);
	assert_int_equal(dev_pio_read(&bus, GPE + 2, 2), 0xff00);
}

static void hostile(void **state)
{
	static const uint16_t base[] = { PM, GPE, SMI };
	unsigned int i;

	(void)state;
	rnd_seed("acpi_pm");
	for (i = 0; i < 300000; i++) {
		uint16_t port = (uint16_t)(base[rnd() % 3] + rnd() % 14 - 1);

		switch (rnd() % 5) {
		case 0:
		case 1:
			dev_pio_write(&bus, port, 1u << rnd() % 3, (uint32_t)rnd_value());
			break;
		case 2:
			dev_pio_read(&bus, port, 1u << rnd() % 3);
			break;
		case 3:
			fake_ns += rnd() % (4 * SEC);
			if (rnd() % 20 == 0)
				acpi_pm_power_button(&pm);
			break;
		default:
			acpi_pm_tick(&pm, fake_ns);
			assert_true(acpi_pm_deadline(&pm) > fake_ns);
			break;
		}
		assert_int_equal(sci.level, (pm.pm1_cnt & 1) && (pm.pm1_sts & pm.pm1_en));
		assert_int_equal(pm.pm1_cnt & 0x2000, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(hand_over, fresh),
		cmocka_unit_test_setup(power_button, fresh),
		cmocka_unit_test_setup(switching_off, fresh),
		cmocka_unit_test_setup(pm_timer, fresh),
		cmocka_unit_test_setup(gpes, fresh),
		cmocka_unit_test_setup(hostile, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
