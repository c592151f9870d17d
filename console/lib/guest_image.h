/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * What a virtual machine's memory holds when it starts: kernel, initrd, command line,
 * zero page, and the tables that firmware would have left (BIOS data area, ACPI,
 * SMBIOS). A list of blobs, which the caller copies into zeroed guest memory.
 */
#ifndef GUEST_IMAGE_H
#define GUEST_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include "guest_machine.h"

#define GUEST_BLOBS_MAX 8u

struct guest_blob {
	const char *what;
	uint64_t gpa;
	const uint8_t *data;
	size_t len;
};

struct guest_image {
	struct guest_blob blob[GUEST_BLOBS_MAX];
	unsigned int count;
	uint32_t eip, esi, esp; /* of VCPU 0, 32-bit flat; all other registers 0 */
	uint8_t *made; /* the storage of blobs that were built */
};

/* What to build from. kernel and initrd are whole files, and must outlive the image. */
struct guest_boot {
	const void *kernel;
	size_t kernel_len;
	const void *initrd;
	size_t initrd_len; /* 0: none */
	const char *cmdline;
	struct guest_machine machine;
};

/* False: why says what is wrong, without naming a file; nothing is to be freed. */
bool guest_image_build(struct guest_image *g, const struct guest_boot *boot, char *why,
		       size_t why_size);
void guest_image_free(struct guest_image *g);

#endif
