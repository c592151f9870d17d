// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: 2026 The vmnix authors
/* nmis.ko: takes NMIs that nobody knows, without a word, and counts them in its parameter. */
#include <linux/module.h>
#include <asm/nmi.h>

static unsigned long count;
module_param(count, ulong, 0444);

static int take(unsigned int type, struct pt_regs *regs)
{
	count++;
	return NMI_HANDLED;
}

static int __init nmis_init(void)
{
	return register_nmi_handler(NMI_UNKNOWN, take, 0, "nmis");
}

static void __exit nmis_exit(void)
{
	unregister_nmi_handler(NMI_UNKNOWN, "nmis");
}

module_init(nmis_init);
module_exit(nmis_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Counts NMIs");
