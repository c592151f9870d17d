// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/* Reading the setup header; field offsets are those of the boot protocol's table. */
#include "bzimage.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "bytes.h"

#define SECTOR 512u
#define PROTOCOL_OLDEST 0x0206u
#define INIT_SIZE_MAX (1u << 30)

static bool refuse(char *why, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static bool refuse(char *why, size_t size, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(why, size, fmt, args);
	va_end(args);
	return false;
}

/* Where the kernel wants to be and how much it needs there. */
static bool parse_placement(struct bzimage *bz, char *why, size_t why_size)
{
	const uint8_t *f = bz->file;

	if (bz->protocol >= 0x020a) {
		bz->load_address = get_le(f + 0x258, 8);
		bz->init_size = get_le(f + 0x260, 4);
	} else {
		/* Unpacked code is rarely more than five times the packed. */
		bz->load_address = 0x100000;
		bz->init_size = 5 * (uint64_t)bz->code_len;
	}
	if (bz->load_address < 0x100000 || bz->load_address % 4096 || bz->load_address >> 32)
		return refuse(why, why_size, "wants to be loaded at 0x%llx",
			      (unsigned long long)bz->load_address);
	if (bz->init_size < bz->code_len)
		bz->init_size = bz->code_len;
	if (bz->init_size > INIT_SIZE_MAX)
		return refuse(why, why_size, "wants %llu bytes to unpack itself",
			      (unsigned long long)bz->init_size);
	return true;
}

bool bzimage_parse(struct bzimage *bz, const void *file, size_t len, char *why, size_t why_size)
{
	const uint8_t *f = file;
	size_t setup;

	memset(bz, 0, sizeof(*bz));
	bz->file = f;
	if (len < BZ_SETUP_HEADER_LIMIT || get_le(f + 0x1fe, 2) != 0xaa55 ||
	    memcmp(f + 0x202, "HdrS", 4))
		return refuse(why, why_size, "not a Linux kernel image (bzImage)");
	bz->protocol = get_le(f + 0x206, 2);
	if (bz->protocol < PROTOCOL_OLDEST || bz->protocol >= 0x0300)
		return refuse(why, why_size, "boot protocol %u.%02u is not supported",
			      bz->protocol >> 8, bz->protocol & 0xff);
	if (!(f[0x211] & 1))
		return refuse(why, why_size, "a zImage, to be loaded low: not supported");
	bz->header_end = 0x202 + f[0x201];
	if (bz->header_end < 0x23c || bz->header_end > BZ_SETUP_HEADER_LIMIT ||
	    (bz->protocol >= 0x020a && bz->header_end < 0x264))
		return refuse(why, why_size, "the setup header ends at 0x%x", bz->header_end);
	setup = ((f[0x1f1] ? f[0x1f1] : 4) + 1) * SECTOR;
	if (setup >= len)
		return refuse(why, why_size, "cut off: %zu bytes, of which setup alone takes %zu",
			      len, setup);
	bz->code = f + setup;
	bz->code_len = len - setup;
	if (get_le(f + 0x1f4, 4) * 16 > ((uint64_t)bz->code_len + 15))
		return refuse(why, why_size, "cut off: %llu bytes of code are announced, %zu there",
			      (unsigned long long)get_le(f + 0x1f4, 4) * 16, bz->code_len);
	bz->initrd_last = get_le(f + 0x22c, 4);
	bz->cmdline_max = get_le(f + 0x238, 4);
	return parse_placement(bz, why, why_size);
}
