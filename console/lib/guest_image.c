// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * Puts a Linux kernel and its surroundings into the memory of a virtual machine, by
 * the 32-bit boot protocol. Low memory: BIOS data area at 400h, zero page at 10000h,
 * command line at 20000h, tables at e0000h; the kernel where it prefers to be; the
 * initrd as high as allowed, or below the kernel if the machine is small.
 */
#include "guest_image.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "acpi.h"
#include "bytes.h"
#include "bzimage.h"
#include "smbios.h"

#define PAGE 4096u
#define BDA 0x400u
#define BDA_LEN 0x100u
#define ZERO_PAGE 0x10000u
#define STACK_TOP 0x18000u
#define CMDLINE 0x20000u
#define CMDLINE_LIMIT 0x10000u
#define E820_RAM 1u
#define E820_RESERVED 2u

struct builder {
	struct guest_image *g;
	const struct guest_boot *boot;
	struct bzimage bz;
	uint64_t low_ram; /* end of RAM below 4 GiB */
	uint64_t initrd_gpa;
	char *why;
	size_t why_size;
};

static bool refuse(struct builder *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static bool refuse(struct builder *b, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(b->why, b->why_size, fmt, args);
	va_end(args);
	return false;
}

static void add(struct builder *b, const char *what, uint64_t gpa, const void *data, size_t len)
{
	b->g->blob[b->g->count++] = (struct guest_blob){ what, gpa, data, len };
}

/* Chooses where the initrd goes: high, or between 1 MiB and the kernel. */
static bool place_initrd(struct builder *b)
{
	const struct bzimage *bz = &b->bz;
	uint64_t kernel_end = bz->load_address + bz->init_size;
	uint64_t top = b->low_ram, len = b->boot->initrd_len, gpa;

	if (!len)
		return true;
	if (top > bz->initrd_last + 1)
		top = bz->initrd_last + 1;
	gpa = len < top ? (top - len) & ~(uint64_t)(PAGE - 1) : 0;
	if (gpa < kernel_end) {
		gpa = len < bz->load_address ? (bz->load_address - len) & ~(uint64_t)(PAGE - 1) : 0;
		if (gpa < 0x100000 || gpa + len > bz->initrd_last + 1)
			return refuse(
				b, "the initrd of %llu bytes does not fit into %llu MiB of memory",
				(unsigned long long)len, (unsigned long long)b->low_ram >> 20);
	}
	b->initrd_gpa = gpa;
	return true;
}

static bool place(struct builder *b)
{
	const struct bzimage *bz = &b->bz;
	uint64_t end = bz->load_address + bz->init_size, mem = b->boot->machine.mem_bytes;
	size_t cmdline = strlen(b->boot->cmdline);

	b->low_ram = mem < GUEST_LOW_RAM_MAX ? mem : GUEST_LOW_RAM_MAX;
	if (end > b->low_ram)
		return refuse(b, "the kernel needs a memsize of %llu at least",
			      ((unsigned long long)end + (4u << 20) - 1) >> 22 << 2);
	if (cmdline > bz->cmdline_max || cmdline >= CMDLINE_LIMIT)
		return refuse(b, "the command line has %zu bytes, the kernel takes %u", cmdline,
			      bz->cmdline_max);
	return place_initrd(b);
}

/* The BIOS data area: where COM1 is, how much memory is below 640 KiB, where that ends. */
static void build_bda(const struct builder *b, uint8_t *bda)
{
	if (b->boot->machine.has_com1)
		put_le(bda, GUEST_COM1_PORT, 2);
	put_le(bda + 0x0e, GUEST_EBDA >> 4, 2);
	put_le(bda + 0x13, GUEST_EBDA >> 10, 2);
}

static void add_e820(uint8_t *zp, uint64_t start, uint64_t end, uint32_t type)
{
	uint8_t *e = zp + 0x2d0 + 20 * zp[0x1e8];

	if (end <= start)
		return;
	put_le(e, start, 8);
	put_le(e + 8, end - start, 8);
	put_le(e + 16, type, 4);
	zp[0x1e8]++;
}

static void build_zero_page(const struct builder *b, uint8_t *zp)
{
	const struct bzimage *bz = &b->bz;
	uint64_t mem = b->boot->machine.mem_bytes;

	memcpy(zp + BZ_SETUP_HEADER, bz->file + BZ_SETUP_HEADER, bz->header_end - BZ_SETUP_HEADER);
	put_le(zp + 0x1fa, 0xffff, 2); /* the normal video mode */
	zp[0x210] = 0xff; /* a loader without a number of its own */
	zp[0x211] &= ~0x60; /* may print; reload segments */
	put_le(zp + 0x214, bz->load_address, 4);
	put_le(zp + 0x218, b->initrd_gpa, 4);
	put_le(zp + 0x21c, b->boot->initrd_len, 4);
	put_le(zp + 0x228, CMDLINE, 4);
	if (bz->protocol >= 0x020e)
		put_le(zp + 0x070, GUEST_TABLES, 8); /* the RSDP: no search */
	add_e820(zp, 0, GUEST_EBDA, E820_RAM);
	add_e820(zp, GUEST_EBDA, GUEST_VGA, E820_RESERVED);
	add_e820(zp, GUEST_TABLES, 0x100000, E820_RESERVED);
	add_e820(zp, 0x100000, b->low_ram, E820_RAM);
	add_e820(zp, GUEST_IOAPIC_BASE, GUEST_IOAPIC_BASE + PAGE, E820_RESERVED);
	add_e820(zp, GUEST_LAPIC_BASE, GUEST_LAPIC_BASE + PAGE, E820_RESERVED);
	add_e820(zp, GUEST_HIGH_RAM, GUEST_HIGH_RAM + mem - b->low_ram, E820_RAM);
}

static bool build(struct builder *b)
{
	const struct guest_machine *m = &b->boot->machine;
	struct guest_image *g = b->g;
	uint8_t *bda, *zp, *acpi, *smbios;

	g->made = calloc(1, BDA_LEN + PAGE + 2 * GUEST_TABLES_LEN);
	if (!g->made)
		return refuse(b, "out of memory");
	bda = g->made;
	zp = bda + BDA_LEN;
	acpi = zp + PAGE;
	smbios = acpi + GUEST_TABLES_LEN;
	build_bda(b, bda);
	build_zero_page(b, zp);
	if (!acpi_build(acpi, GUEST_TABLES_LEN, GUEST_TABLES, m) ||
	    !smbios_build(smbios, GUEST_TABLES_LEN, GUEST_SMBIOS, m))
		return refuse(b, "the tables for %u processors do not fit", m->vcpus);
	add(b, "BIOS data area", BDA, bda, BDA_LEN);
	add(b, "zero page", ZERO_PAGE, zp, PAGE);
	add(b, "command line", CMDLINE, (const uint8_t *)b->boot->cmdline,
	    strlen(b->boot->cmdline) + 1);
	add(b, "ACPI tables", GUEST_TABLES, acpi, GUEST_TABLES_LEN);
	add(b, "SMBIOS tables", GUEST_SMBIOS, smbios, GUEST_TABLES_LEN);
	add(b, "kernel", b->bz.load_address, b->bz.code, b->bz.code_len);
	if (b->boot->initrd_len)
		add(b, "initrd", b->initrd_gpa, b->boot->initrd, b->boot->initrd_len);
	g->eip = b->bz.load_address;
	g->esi = ZERO_PAGE;
	g->esp = STACK_TOP;
	return true;
}

bool guest_image_build(struct guest_image *g, const struct guest_boot *boot, char *why,
		       size_t why_size)
{
	struct builder b = { .g = g, .boot = boot, .why = why, .why_size = why_size };

	memset(g, 0, sizeof(*g));
	if (bzimage_parse(&b.bz, boot->kernel, boot->kernel_len, why, why_size) && place(&b) &&
	    build(&b))
		return true;
	guest_image_free(g);
	return false;
}

void guest_image_free(struct guest_image *g)
{
	free(g->made);
	memset(g, 0, sizeof(*g));
}
