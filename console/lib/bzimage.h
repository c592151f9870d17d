/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * The setup header of a Linux x86 kernel image (Linux's Documentation/x86/boot.rst:
 * "The Linux/x86 Boot Protocol"). The file is hostile: every offset and size in it is
 * checked against the file before it is used.
 */
#ifndef BZIMAGE_H
#define BZIMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BZIMAGE_MAX (256u << 20) /* bytes of a file */
#define BZ_SETUP_HEADER 0x1f1u /* offset of the header, in the file and in the zero page */
#define BZ_SETUP_HEADER_LIMIT 0x290u /* where it must have ended in the zero page */

struct bzimage {
	const uint8_t *file;
	uint16_t protocol; /* 0x020c: 2.12 */
	uint32_t header_end; /* the setup header is BZ_SETUP_HEADER .. header_end */
	const uint8_t *code; /* protected-mode part: goes to load_address */
	size_t code_len;
	uint64_t load_address; /* where it wants to be */
	uint64_t init_size; /* bytes from there that it uses before it knows its memory map */
	uint64_t initrd_last; /* highest address that a byte of the initrd may have */
	uint32_t cmdline_max; /* bytes, without the NUL */
};

/* Looks at a whole file in memory, which must stay. False: why says what is wrong. */
bool bzimage_parse(struct bzimage *bz, const void *file, size_t len, char *why, size_t why_size);

#endif
