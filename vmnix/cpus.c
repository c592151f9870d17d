// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * Processors for the vmkernel: all but CPU 0. Those that Linux runs leave it
 * through its own hotplug interface and come back at unload; those that it
 * never started (maxcpus= on the boot line) are taken as they are. While they
 * are away, a hotplug callback keeps Linux from starting them.
 */
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/cpumask.h>
#include <asm/smp.h>
#include "vmnix.h"

static struct cpumask taken, were_online;
static enum cpuhp_state hp_state;

static int refuse_taken(unsigned int cpu)
{
	return cpumask_test_cpu(cpu, &taken) ? -EBUSY : 0;
}

int cpus_init(void)
{
	int state = cpuhp_setup_state_nocalls(CPUHP_BP_PREPARE_DYN, "vmnix:prepare", refuse_taken,
					      NULL);

	if (state < 0)
		return state;
	hp_state = state;
	return 0;
}

void cpus_exit(void)
{
	cpuhp_remove_state_nocalls(hp_state);
}

int cpus_take(u32 limit, char *reason)
{
	unsigned int cpu;
	int err;

	for_each_present_cpu(cpu)
	{
		if (!cpu)
			continue;
		if (cpumask_weight(&taken) == min(limit, WS_PCPUS_MAX)) {
			pr_info("CPU %u and those after it stay with Linux\n", cpu);
			break;
		}
		if (cpu_online(cpu)) {
			/* TOUR(4): Linux puts each processor but the first offline by its own
			 * hotplug, as if somebody had written 0 to its "online" file. It halts,
			 * and waits for an INIT that will not come from Linux. */
			err = remove_cpu(cpu);
			if (err) {
				VMNIX_ERR(reason, "CPU %u does not go offline: error %d", cpu, err);
				cpus_give_back();
				return err;
			}
			cpumask_set_cpu(cpu, &were_online);
		}
		cpumask_set_cpu(cpu, &taken);
	}
	return 0;
}

void cpus_give_back(void)
{
	unsigned int cpu;
	int err;

	for_each_present_cpu(cpu)
	{
		if (!cpumask_test_and_clear_cpu(cpu, &taken) ||
		    !cpumask_test_and_clear_cpu(cpu, &were_online))
			continue;
		pr_debug("CPU %u goes back to Linux\n", cpu);
		err = add_cpu(cpu);
		if (err)
			pr_err("CPU %u does not come back: error %d\n", cpu, err);
	}
}

u32 cpus_apic_ids(u32 *out)
{
	unsigned int cpu, n = 0;

	for_each_cpu(cpu, &taken)
		out[n++] = per_cpu(x86_cpu_to_apicid, cpu);
	return n;
}
