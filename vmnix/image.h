/* SPDX-License-Identifier: GPL-2.0-only */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * Checks a vmkernel image before a byte of it is used. Pure: knows neither
 * the kernel it runs in nor any device, so the same file is tested and
 * fuzzed on the build machine.
 */
#ifndef VMNIX_IMAGE_H
#define VMNIX_IMAGE_H

#include <linux/elf.h>
#include <linux/types.h>

#define IMAGE_SEGMENTS_MAX 8
#define IMAGE_VA_MIN 0x40000000ull /* the vmkernel lies between 1 and 2 GiB */
#define IMAGE_VA_MAX 0x80000000ull
#define IMAGE_SPAN_MAX 0x400000ull /* 4 MiB: fits one borrowed block */
#define IMAGE_FILE_MAX 0x1000000ull

struct image {
	__u64 entry; /* in an executable segment */
	__u64 base, span; /* all segments, page multiples */
	__u32 pcpus_max; /* besides CPU 0; not 0 */
	__u32 segments; /* sorted by address, not overlapping */
	/*
	 * Addresses are page aligned, offset and size inside the file, size in memory not below
	 * that; nothing is writable and executable.
	 */
	Elf64_Phdr segment[IMAGE_SEGMENTS_MAX];
};

/*
 * data, bytes: the whole file. Fills img and returns 0, or returns -1 with
 * one line in reason (reason_len > 0) that names what was wrong.
 */
int image_check(const void *data, __u64 bytes, struct image *img, char *reason, __u32 reason_len);

#endif
