// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/* sources: console/lib/bzimage.c console/lib/guest_image.c console/lib/acpi.c
 *          console/lib/aml.c console/lib/smbios.c
 */
/* Linux boot images: headers that lie, where things go in memory, the zero page. */
#include "test_lib.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bzimage.h"
#include "guest_image.h"

#define SETUP_SECTS 4u
#define CODE_LEN 100000u
#define FILE_LEN ((SETUP_SECTS + 1) * 512 + CODE_LEN)

static uint8_t file[FILE_LEN], initrd[3 << 20];
static char why[256];

static void put(uint8_t *at, uint64_t value, unsigned int bytes)
{
	while (bytes--) {
		*at++ = value;
		value >>= 8;
	}
}

static uint64_t get(const uint8_t *at, unsigned int bytes)
{
	uint64_t value = 0;

	while (bytes--)
		value = value << 8 | at[bytes];
	return value;
}

/* A header such as Debian's kernels have. */
static int make_image(void **state)
{
	(void)state;
	memset(file, 0, sizeof(file));
	file[0x1f1] = SETUP_SECTS;
	put(file + 0x1f4, CODE_LEN / 16, 4);
	put(file + 0x1fe, 0xaa55, 2);
	file[0x201] = 0x6a;
	memcpy(file + 0x202, "HdrS", 4);
	put(file + 0x206, 0x20f, 2);
	file[0x211] = 1;
	put(file + 0x22c, 0x7fffffff, 4);
	put(file + 0x230, 0x200000, 4);
	file[0x234] = 1;
	put(file + 0x238, 2047, 4);
	put(file + 0x258, 0x1000000, 8);
	put(file + 0x260, 60 << 20, 4);
	memset(file + (SETUP_SECTS + 1) * 512, 0xcc, CODE_LEN);
	return 0;
}

static void test_good(void **state)
{
	struct bzimage bz;

	(void)state;
	assert_true(bzimage_parse(&bz, file, sizeof(file), why, sizeof(why)));
	assert_int_equal(bz.protocol, 0x20f);
	assert_int_equal(bz.header_end, 0x26c);
	assert_ptr_equal(bz.code, file + 2560);
	assert_int_equal(bz.code_len, CODE_LEN);
	assert_int_equal(bz.load_address, 0x1000000);
	assert_int_equal(bz.init_size, 60 << 20);
	put(file + 0x206, 0x206, 2);
	assert_true(bzimage_parse(&bz, file, sizeof(file), why, sizeof(why)));
	assert_int_equal(bz.load_address, 0x100000);
}

static void refused(size_t len, const char *expect)
{
	struct bzimage bz;

	assert_false(bzimage_parse(&bz, file, len, why, sizeof(why)));
	if (!strstr(why, expect))
		fail_msg("'%s' lacks '%s'", why, expect);
	make_image(NULL);
}

static void test_lies(void **state)
{
	(void)state;
	refused(0, "not a Linux");
	refused(0x28f, "not a Linux");
	file[0x202] = 'h';
	refused(FILE_LEN, "not a Linux");
	put(file + 0x1fe, 0, 2);
	refused(FILE_LEN, "not a Linux");
	put(file + 0x206, 0x205, 2);
	refused(FILE_LEN, "protocol 2.05");
	put(file + 0x206, 0xffff, 2);
	refused(FILE_LEN, "protocol");
	file[0x211] = 0;
	refused(FILE_LEN, "zImage");
	file[0x201] = 0x10;
	refused(FILE_LEN, "header ends");
	file[0x201] = 0xff;
	refused(FILE_LEN, "header ends");
	refused((SETUP_SECTS + 1) * 512, "cut off");
	refused(FILE_LEN - 100, "cut off");
	file[0x1f1] = 255;
	refused(FILE_LEN, "cut off");
	put(file + 0x1f4, UINT32_MAX, 4);
	refused(FILE_LEN, "cut off");
	put(file + 0x258, 0, 8);
	refused(FILE_LEN, "loaded at");
	put(file + 0x258, UINT64_MAX, 8);
	refused(FILE_LEN, "loaded at");
	put(file + 0x258, 0x1000010, 8);
	refused(FILE_LEN, "loaded at");
	put(file + 0x260, UINT32_MAX, 4);
	refused(FILE_LEN, "unpack");
}

static const struct guest_machine machine = {
	.mem_bytes = 128 << 20, .vcpus = 1, .has_com1 = true, .has_rtc = true, .has_pci = true
};

static struct guest_boot boot_of(size_t initrd_len)
{
	return (struct guest_boot){ .kernel = file,
				    .kernel_len = FILE_LEN,
				    .initrd = initrd,
				    .initrd_len = initrd_len,
				    .cmdline = "console=ttyS0",
				    .machine = machine };
}

static const struct guest_blob *find(const struct guest_image *g, const char *what)
{
	unsigned int i;

	for (i = 0; i < g->count; i++)
		if (!strcmp(g->blob[i].what, what))
			return &g->blob[i];
	return NULL;
}

/* All blobs lie in memory, on no other blob, and not where the kernel unpacks itself. */
static void check_blobs(const struct guest_image *g, uint64_t mem)
{
	unsigned int i, k;

	for (i = 0; i < g->count; i++) {
		const struct guest_blob *a = &g->blob[i], *b;

		assert_true(a->len > 0 && a->gpa + a->len <= mem);
		if (strcmp(a->what, "kernel"))
			assert_true(a->gpa + a->len <= 0x1000000 ||
				    a->gpa >= 0x1000000 + (60 << 20));
		for (k = 0; k < i; k++) {
			b = &g->blob[k];
			assert_true(a->gpa + a->len <= b->gpa || b->gpa + b->len <= a->gpa);
		}
	}
}

static void test_layout(void **state)
{
	struct guest_boot boot = boot_of(sizeof(initrd));
	struct guest_image g;

	(void)state;
	assert_true(guest_image_build(&g, &boot, why, sizeof(why)));
	check_blobs(&g, 128 << 20);
	assert_int_equal(find(&g, "initrd")->gpa, (128 << 20) - sizeof(initrd));
	assert_int_equal(g.eip, 0x1000000);
	assert_int_equal(find(&g, "zero page")->gpa, g.esi);
	assert_string_equal((const char *)find(&g, "command line")->data, "console=ttyS0");
	guest_image_free(&g);
	/* Just enough for the kernel: the initrd goes below it. */
	boot.machine.mem_bytes = 76 << 20;
	assert_true(guest_image_build(&g, &boot, why, sizeof(why)));
	check_blobs(&g, 76 << 20);
	assert_int_equal(find(&g, "initrd")->gpa, 0x1000000 - sizeof(initrd));
	guest_image_free(&g);
	boot.initrd_len = 0;
	assert_true(guest_image_build(&g, &boot, why, sizeof(why)));
	assert_null(find(&g, "initrd"));
	guest_image_free(&g);
}

static void test_zero_page(void **state)
{
	struct guest_boot boot = boot_of(1000);
	struct guest_image g;
	const uint8_t *zp, *e;
	uint64_t last = 0, ram = 0;
	unsigned int i;

	(void)state;
	assert_true(guest_image_build(&g, &boot, why, sizeof(why)));
	zp = find(&g, "zero page")->data;
	assert_memory_equal(zp + 0x202, "HdrS", 4);
	assert_int_equal(zp[0x210], 0xff);
	assert_int_equal(get(zp + 0x214, 4), 0x1000000);
	assert_int_equal(get(zp + 0x218, 4), find(&g, "initrd")->gpa);
	assert_int_equal(get(zp + 0x21c, 4), 1000);
	assert_int_equal(get(zp + 0x228, 4), find(&g, "command line")->gpa);
	assert_int_equal(get(zp + 0x70, 8), find(&g, "ACPI tables")->gpa);
	assert_true(zp[0x1e8] > 3);
	for (i = 0; i < zp[0x1e8]; i++) {
		e = zp + 0x2d0 + 20 * i;
		assert_true(get(e, 8) >= last); /* sorted, no overlap */
		last = get(e, 8) + get(e + 8, 8);
		if (get(e + 16, 4) == 1)
			ram = last;
		assert_true(get(e + 16, 4) == 1 || get(e, 8) < 0x100000 || get(e, 8) >= 0xfec00000);
	}
	assert_int_equal(ram, 128 << 20);
	guest_image_free(&g);
}

/* More than 3 GiB: the rest is above 4 GiB, and nothing is loaded there. */
static void test_much_memory(void **state)
{
	struct guest_boot boot = boot_of(1000);
	const uint8_t *zp, *last;
	struct guest_image g;

	(void)state;
	boot.machine.mem_bytes = 5ull << 30;
	assert_true(guest_image_build(&g, &boot, why, sizeof(why)));
	check_blobs(&g, 2ull << 30);
	zp = find(&g, "zero page")->data;
	last = zp + 0x2d0 + 20 * (zp[0x1e8] - 1);
	assert_int_equal(get(last, 8), 4ull << 30);
	assert_int_equal(get(last + 8, 8), 2ull << 30);
	assert_int_equal(get(last + 16, 4), 1);
	guest_image_free(&g);
}

static void build_refused(const struct guest_boot *boot, const char *expect)
{
	struct guest_image g;

	assert_false(guest_image_build(&g, boot, why, sizeof(why)));
	if (!strstr(why, expect))
		fail_msg("'%s' lacks '%s'", why, expect);
}

static void test_too_small(void **state)
{
	struct guest_boot boot = boot_of(16 << 20);
	char cmdline[2100];

	(void)state;
	boot.machine.mem_bytes = 64 << 20;
	build_refused(&boot, "needs a memsize of 76");
	boot.machine.mem_bytes = 80 << 20;
	build_refused(&boot, "initrd of 16777216 bytes does not fit");
	memset(cmdline, 'x', sizeof(cmdline));
	cmdline[2048] = 0;
	boot = boot_of(0);
	boot.cmdline = cmdline;
	build_refused(&boot, "command line has 2048 bytes");
}

/* Headers with noise in them end in an image inside the memory, or in an error. */
static void test_noise(void **state)
{
	struct guest_boot boot = boot_of(4096);
	uint32_t seed = 7, round, i;
	struct guest_image g;

	(void)state;
	for (round = 0; round < 2000; round++) {
		make_image(NULL);
		for (i = 0; i < 1 + round % 3; i++) {
			seed = seed * 1664525 + 1013904223;
			file[0x1f1 + (seed >> 16) % 0x7b] = seed >> 8;
		}
		if (!guest_image_build(&g, &boot, why, sizeof(why)))
			continue;
		for (i = 0; i < g.count; i++)
			assert_true(g.blob[i].gpa + g.blob[i].len <= boot.machine.mem_bytes);
		guest_image_free(&g);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_good, make_image),
		cmocka_unit_test_setup(test_lies, make_image),
		cmocka_unit_test_setup(test_layout, make_image),
		cmocka_unit_test_setup(test_zero_page, make_image),
		cmocka_unit_test_setup(test_much_memory, make_image),
		cmocka_unit_test_setup(test_too_small, make_image),
		cmocka_unit_test_setup(test_noise, make_image),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
