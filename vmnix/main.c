// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: 2026 The vmnix authors
/* insmod and rmmod: what is taken in one order is given back in the other. */
#include <linux/module.h>
#include "vmnix.h"

static char *mem = "512M";
module_param(mem, charp, 0444);
MODULE_PARM_DESC(mem, "memory to borrow from Linux for the vmkernel (default 512M)");
static char *region = "";
module_param(region, charp, 0444);
MODULE_PARM_DESC(region, "SIZE@ADDRESS: memory that the boot line left out, instead of mem=");

DEFINE_MUTEX(vmnix_lock);

static int take_memory(void)
{
	return memory_take(mem, region);
}

static const struct part {
	int (*init)(void);
	void (*exit)(void);
} parts[] = {
	{ take_memory, memory_give_back }, { cross_init, cross_exit }, { cpus_init, cpus_exit },
	{ doorbell_init, doorbell_exit },  { proc_init, proc_exit },   { dev_init, dev_exit },
};
#define PARTS ((int)ARRAY_SIZE(parts))
#define USED_BY_VMKERNEL 2 /* the first of them: memory and crossing */

static void leave(int from, int to)
{
	while (from > to)
		parts[--from].exit();
}

static int __init vmnix_init(void)
{
	int i, err = 0;

	/* TOUR(1): insmod. Linux runs the machine as on any other day, and the module
	 * only makes ready: memory, the crossing's data page, an interrupt, /dev/vmnix. What is
	 * taken in this order is given back in the opposite one. */
	for (i = 0; i < PARTS && !err; i++)
		err = parts[i].init();
	if (err)
		leave(i - 1, 0);
	else
		pr_info("%llu MiB %s for the vmkernel\n", memory_bytes() >> 20,
			memory_borrowed() ? "borrowed" : "reserved");
	return err;
}

/*
 * A vmkernel that is still loaded leaves first, its VMs with it: rmmod is root's last word. If a
 * processor of it does not stop, what that may use is lost to Linux until the next boot.
 */
static void __exit vmnix_exit(void)
{
	char reason[VMNIX_REASON_MAX];
	bool stays;

	leave(PARTS, PARTS - 1);
	mutex_lock(&vmnix_lock);
	stays = vmkernel_loaded() && vmkernel_unload(true, reason);
	if (stays) {
		pr_emerg("%s; it keeps its memory and processors\n", reason);
		vmkernel_abandon();
	}
	mutex_unlock(&vmnix_lock);
	leave(PARTS - 1, stays ? USED_BY_VMKERNEL : 0);
}

module_init(vmnix_init);
module_exit(vmnix_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Loads the vmkernel and crosses to it");
MODULE_AUTHOR("The vmnix authors");
