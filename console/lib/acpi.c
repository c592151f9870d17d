// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * ACPI tables (ACPI 6.4, chapter 5): RSDP, XSDT and RSDT, FADT revision 5, FACS,
 * MADT, and a DSDT of devices without methods. Written field by field at the offsets
 * of the specification's tables, little-endian.
 */
#include "acpi.h"
#include <string.h>
#include "aml.h"
#include "bytes.h"

#define HEADER_LEN 36u
#define RSDP_LEN 36u
#define FACS_LEN 64u
#define FADT_LEN 268u

struct tables {
	uint8_t *area;
	size_t size, used;
	uint32_t gpa;
	bool full;
	const struct guest_machine *m;
};

/* Zeroed space for a table; NULL, and full from then on, if there is none left. */
static uint8_t *reserve(struct tables *t, size_t len, size_t align)
{
	size_t start = (t->used + align - 1) & ~(align - 1);

	if (t->full || start > t->size || len > t->size - start) {
		t->full = true;
		return NULL;
	}
	t->used = start + len;
	memset(t->area + start, 0, len);
	return t->area + start;
}

static uint32_t gpa_of(const struct tables *t, const uint8_t *table)
{
	return table ? t->gpa + (table - t->area) : 0;
}

/* 5.2.6; the rest of the table must be there already. */
static void finish(uint8_t *table, const char *signature, size_t len, uint8_t revision)
{
	memcpy(table, signature, 4);
	put_le(table + 4, len, 4);
	table[8] = revision;
	memcpy(table + 10, "VMNIX ", 6);
	memcpy(table + 16, "VMNIXPC ", 8);
	put_le(table + 24, 1, 4);
	memcpy(table + 28, "VMNX", 4);
	put_le(table + 32, 1, 4);
	table[9] = checksum(table, len);
}

static void add_device(struct aml *a, const char *name, const char *id, uint64_t uid)
{
	aml_device_begin(a, name);
	aml_name(a, "_HID");
	aml_eisa_id(a, id);
	if (uid) {
		aml_name(a, "_UID");
		aml_integer(a, uid);
	}
	aml_name(a, "_CRS");
	aml_resources_begin(a);
}

static void end_device(struct aml *a)
{
	aml_end(a); /* resources */
	aml_end(a); /* device */
}

static void add_processors(struct aml *a, uint32_t vcpus)
{
	uint32_t i;

	for (i = 0; i < vcpus; i++) {
		char name[5] = { 'C', 'P', "0123456789ABCDEF"[i / 16 % 16],
				 "0123456789ABCDEF"[i % 16] };

		aml_device_begin(a, name);
		aml_name(a, "_HID");
		aml_string(a, "ACPI0007");
		aml_name(a, "_UID");
		aml_integer(a, i);
		aml_end(a);
	}
}

static void add_pci(struct aml *a)
{
	add_device(a, "PCI0", "PNP0A03", 0);
	aml_bus_range(a, 0, 0xff);
	aml_io(a, 0xcf8, 8);
	aml_io_window(a, 0, 0xcf7);
	aml_io_window(a, 0xd00, 0xffff);
	aml_mem_window(a, GUEST_PCI_WINDOW, GUEST_PCI_WINDOW_LAST);
	end_device(a);
}

static void add_isa(struct aml *a, const struct guest_machine *m)
{
	add_device(a, "PIC_", "PNP0000", 0);
	aml_io(a, 0x20, 2);
	aml_io(a, 0xa0, 2);
	aml_irq(a, 2);
	end_device(a);
	add_device(a, "TIMR", "PNP0100", 0);
	aml_io(a, 0x40, 4);
	aml_irq(a, 0);
	end_device(a);
	if (m->has_rtc) {
		add_device(a, "RTC_", "PNP0B00", 0);
		aml_io(a, 0x70, 2);
		aml_irq(a, 8);
		end_device(a);
	}
	if (m->has_com1) {
		add_device(a, "COM1", "PNP0501", 1);
		aml_io(a, GUEST_COM1_PORT, 8);
		aml_irq(a, GUEST_COM1_IRQ);
		end_device(a);
	}
	add_device(a, "SYSR", "PNP0C02", 1); /* ports that no other device may be put on */
	aml_io(a, GUEST_PM_BASE, GUEST_PM_LEN);
	aml_io(a, GUEST_GPE0_BASE, GUEST_GPE0_LEN);
	aml_io(a, GUEST_SMI_CMD, 2);
	end_device(a);
}

static void add_sleep_state(struct aml *a, const char *name, uint8_t type)
{
	aml_name(a, name);
	aml_package_begin(a, 4);
	aml_integer(a, type);
	aml_integer(a, type);
	aml_integer(a, 0);
	aml_integer(a, 0);
	aml_end(a);
}

static uint8_t *build_dsdt(struct tables *t)
{
	uint8_t *table = reserve(t, HEADER_LEN, 16);
	struct aml a;

	if (!table)
		return NULL;
	aml_init(&a, t->area + t->used, t->size - t->used);
	add_sleep_state(&a, "_S0_", 0);
	add_sleep_state(&a, "_S5_", GUEST_SLP_TYP_S5);
	aml_scope_begin(&a, "_SB_");
	add_processors(&a, t->m->vcpus);
	if (t->m->has_pci)
		add_pci(&a);
	add_isa(&a, t->m);
	aml_end(&a);
	if (!aml_done(&a)) {
		t->full = true;
		return NULL;
	}
	t->used += a.len;
	finish(table, "DSDT", HEADER_LEN + a.len, 2);
	return table;
}

/* 5.2.10 */
static uint8_t *build_facs(struct tables *t)
{
	uint8_t *facs = reserve(t, FACS_LEN, 64);

	if (facs) {
		memcpy(facs, "FACS", 4);
		put_le(facs + 4, FACS_LEN, 4);
		facs[32] = 2;
	}
	return facs;
}

/* A generic address (5.2.3.2) in I/O space. */
static void put_gas(uint8_t *at, uint32_t port, uint8_t bits, uint8_t access)
{
	at[0] = 1;
	at[1] = bits;
	at[3] = access;
	put_le(at + 4, port, 8);
}

/* 5.2.9 */
static uint8_t *build_fadt(struct tables *t, const uint8_t *facs, const uint8_t *dsdt)
{
	uint8_t *f = reserve(t, FADT_LEN, 16);

	if (!f)
		return NULL;
	put_le(f + 36, gpa_of(t, facs), 4);
	put_le(f + 40, gpa_of(t, dsdt), 4);
	f[45] = 4; /* enterprise server */
	put_le(f + 46, GUEST_IRQ_SCI, 2);
	put_le(f + 48, GUEST_SMI_CMD, 4);
	f[52] = GUEST_ACPI_ENABLE;
	f[53] = GUEST_ACPI_DISABLE;
	put_le(f + 56, GUEST_PM_BASE, 4);
	put_le(f + 64, GUEST_PM_BASE + 4, 4);
	put_le(f + 76, GUEST_PM_BASE + 8, 4);
	put_le(f + 80, GUEST_GPE0_BASE, 4);
	f[88] = 4; /* lengths: PM1 event, control, timer, GPE0 */
	f[89] = 2;
	f[91] = 4;
	f[92] = GUEST_GPE0_LEN;
	put_le(f + 96, 0xffff, 2); /* no C2 */
	put_le(f + 98, 0xffff, 2); /* no C3 */
	f[108] = t->m->has_rtc ? GUEST_RTC_CENTURY : 0;
	/* Boot architecture: legacy devices; no VGA; no MSI; no ASPM; perhaps no RTC. */
	put_le(f + 109, 0x0001 | 0x0004 | 0x0008 | 0x0010 | (t->m->has_rtc ? 0 : 0x0020), 2);
	/* WBINVD, C1, sleep button not fixed, RTC wake not fixed, reset register. */
	put_le(f + 112, 1u << 0 | 1u << 2 | 1u << 5 | 1u << 6 | 1u << 10, 4);
	put_gas(f + 116, GUEST_RESET_PORT, 8, 1);
	f[128] = GUEST_RESET_VALUE;
	f[131] = 1; /* minor version */
	put_le(f + 140, gpa_of(t, dsdt), 8);
	put_gas(f + 148, GUEST_PM_BASE, 32, 2);
	put_gas(f + 172, GUEST_PM_BASE + 4, 16, 2);
	put_gas(f + 208, GUEST_PM_BASE + 8, 32, 3);
	put_gas(f + 220, GUEST_GPE0_BASE, 32, 1);
	finish(f, "FACP", FADT_LEN, 5);
	return f;
}

/* 5.2.12: an interrupt source override. */
static uint8_t *put_override(uint8_t *at, uint8_t irq, uint32_t gsi, uint16_t flags)
{
	at[0] = 2;
	at[1] = 10;
	at[3] = irq;
	put_le(at + 4, gsi, 4);
	put_le(at + 8, flags, 2);
	return at + 10;
}

static uint8_t *build_madt(struct tables *t)
{
	size_t len = HEADER_LEN + 8 + 8 * t->m->vcpus + 12 + 2 * 10 + 6;
	uint8_t *madt = reserve(t, len, 16), *at;
	uint32_t i;

	if (!madt)
		return NULL;
	put_le(madt + 36, GUEST_LAPIC_BASE, 4);
	put_le(madt + 40, 1, 4); /* there is a PIC pair too */
	at = madt + HEADER_LEN + 8;
	for (i = 0; i < t->m->vcpus; i++, at += 8) {
		at[1] = 8; /* type 0: local APIC */
		at[2] = i;
		at[3] = i;
		at[4] = 1;
	}
	at[0] = 1; /* I/O APIC */
	at[1] = 12;
	at[2] = GUEST_IOAPIC_ID;
	put_le(at + 4, GUEST_IOAPIC_BASE, 4);
	at = put_override(at + 12, 0, 2, 0);
	at = put_override(at, GUEST_IRQ_SCI, GUEST_IRQ_SCI, GUEST_SCI_FLAGS);
	at[0] = 4; /* NMI: LINT1 of all processors */
	at[1] = 6;
	at[2] = 0xff;
	at[5] = 1;
	finish(madt, "APIC", len, 4);
	return madt;
}

/* RSDT (5.2.7) with 4-byte entries or XSDT (5.2.8) with 8-byte ones. */
static uint8_t *build_root(struct tables *t, const char *signature, unsigned int width,
			   const uint8_t *fadt, const uint8_t *madt)
{
	size_t len = HEADER_LEN + 2 * width;
	uint8_t *root = reserve(t, len, 16);

	if (root) {
		put_le(root + HEADER_LEN, gpa_of(t, fadt), width);
		put_le(root + HEADER_LEN + width, gpa_of(t, madt), width);
		finish(root, signature, len, 1);
	}
	return root;
}

bool acpi_build(uint8_t *area, size_t size, uint32_t gpa, const struct guest_machine *m)
{
	struct tables t = { .area = area, .size = size, .gpa = gpa, .m = m };
	uint8_t *rsdp = reserve(&t, RSDP_LEN, 16), *fadt, *madt;

	fadt = build_fadt(&t, build_facs(&t), build_dsdt(&t));
	madt = build_madt(&t);
	if (t.full)
		return false;
	memcpy(rsdp, "RSD PTR ", 8); /* 5.2.5.3 */
	memcpy(rsdp + 9, "VMNIX ", 6);
	rsdp[15] = 2;
	put_le(rsdp + 16, gpa_of(&t, build_root(&t, "RSDT", 4, fadt, madt)), 4);
	put_le(rsdp + 20, RSDP_LEN, 4);
	put_le(rsdp + 24, gpa_of(&t, build_root(&t, "XSDT", 8, fadt, madt)), 8);
	rsdp[8] = checksum(rsdp, 20);
	rsdp[32] = checksum(rsdp, RSDP_LEN);
	return !t.full;
}
