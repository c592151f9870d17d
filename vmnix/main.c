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

static int __init vmnix_init(void)
{
	int err;

	/* TOUR(1): insmod. Linux runs the machine as on any other day, and the module
	 * only makes ready: memory, the crossing's data page, an interrupt, /dev/vmnix. What is
	 * taken in this order is given back in the opposite one. */
	err = memory_take(mem, region);
	if (err)
		return err;
	err = cross_init();
	if (err)
		goto give_memory;
	err = cpus_init();
	if (err)
		goto exit_cross;
	err = doorbell_init();
	if (err)
		goto exit_cpus;
	err = proc_init();
	if (err)
		goto exit_doorbell;
	err = dev_init();
	if (err)
		goto exit_proc;
	pr_info("%llu MiB %s for the vmkernel\n", memory_bytes() >> 20,
		memory_borrowed() ? "borrowed" : "reserved");
	return 0;
exit_proc:
	proc_exit();
exit_doorbell:
	doorbell_exit();
exit_cpus:
	cpus_exit();
exit_cross:
	cross_exit();
give_memory:
	memory_give_back();
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

	dev_exit();
	mutex_lock(&vmnix_lock);
	stays = vmkernel_loaded() && vmkernel_unload(true, reason);
	if (stays) {
		pr_emerg("%s; it keeps its memory and processors\n", reason);
		vmkernel_abandon();
	}
	mutex_unlock(&vmnix_lock);
	proc_exit();
	doorbell_exit();
	cpus_exit();
	if (stays)
		return;
	cross_exit();
	memory_give_back();
}

module_init(vmnix_init);
module_exit(vmnix_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Loads the vmkernel and crosses to it");
MODULE_AUTHOR("The vmnix authors");
