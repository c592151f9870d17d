// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * die.ko how=oops|panic|hang after=MS: makes the console fail on purpose, after
 * some milliseconds: a wild write in a kernel thread, a panic in a timer's
 * interrupt, an endless loop with interrupts off.
 */
#include <linux/delay.h>
#include <linux/irqflags.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/timer.h>

static char *how = "panic";
module_param(how, charp, 0);
static int after;
module_param(after, int, 0);

static void alarm(struct timer_list *unused)
{
	panic("on purpose");
}
static DEFINE_TIMER(timer, alarm);

static int die(void *unused)
{
	msleep(after);
	if (!strcmp(how, "oops")) {
		*(volatile int *)8 = 1;
		return 0;
	}
	local_irq_disable();
	for (;;)
		cpu_relax();
}

static int __init die_init(void)
{
	if (!strcmp(how, "panic")) {
		mod_timer(&timer, jiffies + msecs_to_jiffies(after));
		return 0;
	}
	return PTR_ERR_OR_ZERO(kthread_run(die, NULL, "die"));
}

module_init(die_init);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Lets the console die");
