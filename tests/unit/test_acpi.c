// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/* sources: console/lib/acpi.c console/lib/aml.c console/lib/smbios.c */
/*
 * ACPI and SMBIOS tables: checksums, links, agreement with the device models, and,
 * where ACPICA's compiler is installed, its opinion of the DSDT.
 */
#include "test_lib.h"
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "acpi.h"
#include "aml.h"
#include "devices/chipset.h"
#include "smbios.h"

#define GPA 0xe0000u
#define LEN 0x10000u

static const struct guest_machine machine = { .mem_bytes = 256 << 20,
					      .vcpus = 2,
					      .uuid = { 0x56, 0x4d, 1, 2, 3, 4, 5, 6, 7, 8 },
					      .has_com1 = true,
					      .has_rtc = true,
					      .has_pci = true };
static uint8_t area[LEN];

static uint64_t get(const uint8_t *at, unsigned int bytes)
{
	uint64_t value = 0;

	while (bytes--)
		value = value << 8 | at[bytes];
	return value;
}

static uint8_t sum(const uint8_t *data, size_t len)
{
	uint8_t s = 0;

	while (len--)
		s += *data++;
	return s;
}

static const uint8_t *table_at(uint64_t gpa, const char *signature)
{
	const uint8_t *t = area + (gpa - GPA);

	assert_true(gpa >= GPA && gpa + 36 <= GPA + LEN);
	assert_memory_equal(t, signature, 4);
	assert_true(gpa + get(t + 4, 4) <= GPA + LEN);
	if (strcmp(signature, "FACS"))
		assert_int_equal(sum(t, get(t + 4, 4)), 0);
	return t;
}

static int build(void **state)
{
	(void)state;
	memset(area, 0xee, sizeof(area));
	assert_true(acpi_build(area, sizeof(area), GPA, &machine));
	return 0;
}

static void test_links(void **state)
{
	const uint8_t *rsdt, *xsdt, *fadt, *madt;

	(void)state;
	assert_memory_equal(area, "RSD PTR ", 8);
	assert_int_equal(sum(area, 20), 0);
	assert_int_equal(sum(area, 36), 0);
	rsdt = table_at(get(area + 16, 4), "RSDT");
	xsdt = table_at(get(area + 24, 8), "XSDT");
	assert_int_equal(get(rsdt + 36, 4), get(xsdt + 36, 8));
	assert_int_equal(get(rsdt + 40, 4), get(xsdt + 44, 8));
	fadt = table_at(get(xsdt + 36, 8), "FACP");
	madt = table_at(get(xsdt + 44, 8), "APIC");
	assert_int_equal(get(fadt + 36, 4) % 64, 0);
	table_at(get(fadt + 36, 4), "FACS");
	table_at(get(fadt + 40, 4), "DSDT");
	assert_int_equal(get(fadt + 40, 4), get(fadt + 140, 8));
	assert_int_equal(get(madt + 36, 4), CHIPSET_LAPIC_BASE);
}

static const uint8_t *fadt(void)
{
	return table_at(get(table_at(get(area + 24, 8), "XSDT") + 36, 8), "FACP");
}

/* The tables must say what the models do. */
static void test_agreement(void **state)
{
	const uint8_t *f;

	(void)state;
	f = fadt();
	assert_int_equal(get(f + 46, 2), CHIPSET_IRQ_SCI);
	assert_int_equal(get(f + 48, 4), CHIPSET_SMI_CMD);
	assert_int_equal(f[52], ACPI_PM_CMD_ENABLE);
	assert_int_equal(f[53], ACPI_PM_CMD_DISABLE);
	assert_int_equal(get(f + 56, 4), CHIPSET_PM_BASE + ACPI_PM1_EVT);
	assert_int_equal(get(f + 64, 4), CHIPSET_PM_BASE + ACPI_PM1_CNT);
	assert_int_equal(get(f + 76, 4), CHIPSET_PM_BASE + ACPI_PM_TMR);
	assert_int_equal(get(f + 80, 4), CHIPSET_GPE0_BASE);
	assert_int_equal(f[92], ACPI_GPE0_LEN);
	assert_int_equal(f[108], RTC_CENTURY);
	assert_int_equal(get(f + 120, 8), CHIPSET_RESET_PORT);
	assert_int_equal(f[128], CHIPSET_RESET_VALUE);
	assert_int_equal(GUEST_PM_LEN, ACPI_PM_LEN);
	assert_int_equal(GUEST_SLP_TYP_S5, ACPI_SLP_TYP_S5);
	assert_int_equal(GUEST_IOAPIC_BASE, CHIPSET_IOAPIC_BASE);
	assert_int_equal(GUEST_IOAPIC_ID, CHIPSET_IOAPIC_ID);
	assert_int_equal(GUEST_COM1_PORT, CHIPSET_COM1_PORT);
	assert_int_equal(GUEST_COM1_IRQ, CHIPSET_IRQ_COM1);
}

static void test_madt(void **state)
{
	const uint8_t *madt = table_at(get(table_at(get(area + 24, 8), "XSDT") + 44, 8), "APIC");
	unsigned int lapics = 0, ioapics = 0, overrides = 0, nmis = 0, at, len = get(madt + 4, 4);

	(void)state;
	for (at = 44; at < len; at += madt[at + 1]) {
		assert_true(madt[at + 1] >= 6 && at + madt[at + 1] <= len);
		lapics += madt[at] == 0;
		ioapics += madt[at] == 1;
		overrides += madt[at] == 2;
		nmis += madt[at] == 4;
	}
	assert_int_equal(at, len);
	assert_int_equal(lapics, 2);
	assert_int_equal(ioapics, 1);
	assert_int_equal(overrides, 2);
	assert_int_equal(nmis, 1);
}

/* No size makes it write past the end; too small a one is refused. */
static void test_sizes(void **state)
{
	size_t size, enough = 0;

	(void)state;
	for (size = 0; size < 2048; size++) {
		uint8_t *exact = malloc(size ? size : 1);

		if (acpi_build(exact, size, GPA, &machine) && !enough)
			enough = size;
		free(exact);
	}
	assert_in_range(enough, 500, 2000);
	for (size = 0; size < 1024; size++) {
		uint8_t *exact = malloc(size ? size : 1);
		bool ok = smbios_build(exact, size, 0xf0000, &machine);

		assert_true(ok || size < 900);
		free(exact);
	}
}

static void test_smbios(void **state)
{
	unsigned int at = 32, count = 0, len;
	bool found = false;

	(void)state;
	assert_true(smbios_build(area, sizeof(area), 0xf0000, &machine));
	assert_memory_equal(area, "_SM_", 4);
	assert_int_equal(sum(area, 31), 0);
	assert_int_equal(sum(area + 16, 15), 0);
	assert_int_equal(get(area + 24, 4), 0xf0020);
	len = get(area + 22, 2);
	while (at < 32 + len) {
		unsigned int next = at + area[at + 1];

		if (area[at] == 1) {
			assert_string_equal((char *)area + next, "VMware, Inc.");
			assert_int_equal(area[at + 8 + 3], 0x56); /* first field little-endian */
			found = true;
		}
		while (area[next] || area[next + 1])
			next++;
		count++;
		at = next + 2;
	}
	assert_int_equal(at, 32 + len);
	assert_int_equal(count, get(area + 28, 2));
	assert_true(found);
}

static void test_aml_lengths(void **state)
{
	static uint8_t buf[20000];
	static const unsigned int wanted[] = { 10, 56, 57, 58, 59, 4080, 4085, 4090, 4095, 9000 };
	unsigned int i, k;
	struct aml a;

	(void)state;
	for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		size_t lead, total;

		aml_init(&a, buf, sizeof(buf));
		aml_scope_begin(&a, "_SB_");
		for (k = 0; k < wanted[i]; k++)
			aml_integer(&a, 0);
		aml_end(&a);
		assert_true(aml_done(&a));
		lead = buf[1] >> 6;
		total = lead ? (buf[1] & 15) | (size_t)buf[2] << 4 : buf[1];
		if (lead == 2)
			total |= (size_t)buf[3] << 12;
		assert_int_equal(total + 1, a.len);
		assert_memory_equal(buf + 2 + lead, "\\_SB_", 5);
	}
	aml_init(&a, buf, 4);
	aml_scope_begin(&a, "_SB_");
	aml_end(&a);
	assert_false(aml_done(&a));
	aml_init(&a, buf, sizeof(buf));
	aml_end(&a);
	assert_false(aml_done(&a));
}

static void test_iasl(void **state)
{
	char folder[] = "/tmp/test_acpi_XX"
			"XX"
			"XX",
	     command[400];
	const uint8_t *dsdt = table_at(get(fadt() + 40, 4), "DSDT");
	FILE *f;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(command, sizeof(command), "%s/d.aml", folder);
	f = fopen(command, "w");
	assert_int_equal(fwrite(dsdt, get(dsdt + 4, 4), 1, f), 1);
	fclose(f);
	snprintf(command, sizeof(command),
		 "cd %s && iasl -d d.aml >/dev/null 2>&1 && iasl -we d.dsl >out 2>&1; "
		 "s=$?; [ $s = 0 ] || cat out; rm -rf %s; exit $s",
		 folder, folder);
	assert_int_equal(system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_links, build),
		cmocka_unit_test_setup(test_agreement, build),
		cmocka_unit_test_setup(test_madt, build),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_smbios),
		cmocka_unit_test(test_aml_lengths),
		cmocka_unit_test_setup(test_iasl, build),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
