/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* sources: console/lib/bzimage.c console/lib/guest_image.c console/lib/acpi.c
 *	console/lib/aml.c console/lib/smbios.c */
/*
 * Linux boot images, and the memory image that is built from them: no blob reaches out of
 * the guest's memory or into another. The input: MiB, VCPUs, length of the initrd and the
 * command line, then the kernel.
 */
#include "fuzz.h"
#include "bzimage.h"
#include "guest_image.h"

static char why[256];

static void check_blobs(const struct guest_image *g, uint64_t mem_bytes)
{
	fuzz_require(g->count <= GUEST_BLOBS_MAX);
	for (unsigned int i = 0; i < g->count; i++) {
		const struct guest_blob *a = &g->blob[i];

		fuzz_require(a->gpa < mem_bytes && a->len <= mem_bytes - a->gpa);
		for (unsigned int k = 0; k < i; k++)
			fuzz_require(a->gpa + a->len <= g->blob[k].gpa ||
				     g->blob[k].gpa + g->blob[k].len <= a->gpa);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f = { data, size };
	struct guest_boot boot = { .machine = { .mem_bytes = (4 + fuzz_take(&f, 1) * 16) << 20,
						.vcpus = 1 + fuzz_take(&f, 1) % 8,
						.has_com1 = true,
						.has_rtc = true,
						.has_pci = true } };
	char cmdline[2048];
	struct guest_image g;
	struct bzimage bz;
	uint8_t *kernel;
	size_t len = fuzz_take(&f, 2) % sizeof(cmdline);

	boot.initrd_len = fuzz_take(&f, 3);
	boot.initrd = malloc(boot.initrd_len + 1);
	memset(cmdline, 'c', sizeof(cmdline));
	cmdline[len] = 0;
	boot.cmdline = cmdline;
	kernel = fuzz_copy(f.at, f.left);
	boot.kernel = kernel;
	boot.kernel_len = f.left;
	if (bzimage_parse(&bz, kernel, f.left, why, sizeof(why)))
		fuzz_require(bz.code >= kernel && bz.code + bz.code_len <= kernel + f.left &&
			     bz.header_end <= BZ_SETUP_HEADER_LIMIT && bz.header_end <= f.left);
	if (guest_image_build(&g, &boot, why, sizeof(why))) {
		check_blobs(&g, boot.machine.mem_bytes);
		guest_image_free(&g);
	} else {
		fuzz_require(why[0]);
	}
	free(kernel);
	free((void *)boot.initrd);
	return 0;
}
