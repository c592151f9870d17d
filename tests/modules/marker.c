// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * marker.ko at=HPA bytes=N: how many pages of that memory are not zero, and in how many the
 * bytes "vmnix-marker" are to be found. Says so in the kernel log and is never there: its init
 * function always fails with ECANCELED. The pages are only looked at.
 */
#include <linux/io.h>
#include <linux/module.h>
#include <linux/string.h>

static ulong at, bytes;
module_param(at, ulong, 0);
module_param(bytes, ulong, 0);

/* In two parts, so that this module's own copy is none. */
static bool has_marker(const char *p)
{
	ulong i;

	for (i = 0; i + 12 <= PAGE_SIZE; i++)
		if (!memcmp(p + i, "vmnix-", 6) && !memcmp(p + i + 6, "marker", 6))
			return true;
	return false;
}

static int __init marker_init(void)
{
	ulong end = at + bytes, page, used = 0, found = 0;

	for (page = at; page < end; page += PAGE_SIZE) {
		const char *p = phys_to_virt(page);

		used += !!memchr_inv(p, 0, PAGE_SIZE);
		found += has_marker(p);
	}
	pr_info("marker: 0x%lx: %lu pages, %lu not zero, %lu marked\n", at, bytes / PAGE_SIZE, used,
		found);
	return -ECANCELED;
}

module_init(marker_init);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Looks for a marker in memory");
