// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * The doorbell: an interrupt vector of CPU 0 that the vmkernel fires like
 * any inter-processor interrupt. It comes from an irq domain of our own
 * below the x86 vector domain, so that Linux assigns the vector, counts the
 * interrupts, and frees all at unload.
 */
#include <linux/cpumask.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irqdomain.h>
#include <linux/slab.h>
#include <linux/wait.h>
#include <asm/hw_irq.h>
#include <asm/irqdomain.h>
#include "vmnix.h"

DECLARE_WAIT_QUEUE_HEAD(doorbell_wait);

static struct fwnode_handle *fwnode;
static struct irq_domain *domain;
static unsigned int irq;
static atomic64_t rings;

static struct irq_chip doorbell_chip = {
	.name = "vmnix",
	.irq_ack = irq_chip_ack_parent,
	.irq_set_affinity = irq_chip_set_affinity_parent,
};

static int doorbell_alloc(struct irq_domain *d, unsigned int virq, unsigned int n, void *arg)
{
	struct irq_alloc_info info = { .mask = cpumask_of(0) };
	int err = irq_domain_alloc_irqs_parent(d, virq, n, &info);

	if (err)
		return err;
	return irq_domain_set_hwirq_and_chip(d, virq, 0, &doorbell_chip, NULL);
}

/* The handler is set here: the parent leaves that to the outermost domain. */
static int doorbell_activate(struct irq_domain *d, struct irq_data *data, bool reserve)
{
	return 0;
}

static int doorbell_translate(struct irq_domain *d, struct irq_fwspec *spec, unsigned long *hwirq,
			      unsigned int *type)
{
	*hwirq = 0;
	*type = IRQ_TYPE_EDGE_RISING;
	return 0;
}

static const struct irq_domain_ops doorbell_ops = {
	.alloc = doorbell_alloc,
	.free = irq_domain_free_irqs_common,
	.activate = doorbell_activate,
	.translate = doorbell_translate,
};

static irqreturn_t doorbell_handler(int nr, void *arg)
{
	/* TOUR(23): An interrupt of Linux like any other, on processor 0. vmware-vmx wakes, finds
	 * the bytes in the ring, and they appear in front of whoever typed vmware-console. */
	atomic64_inc(&rings);
	wake_up_all(&doorbell_wait);
	return unlikely(READ_ONCE(cross_page()->stopped)) ? IRQ_WAKE_THREAD : IRQ_HANDLED;
}

static irqreturn_t doorbell_thread(int nr, void *arg)
{
	mutex_lock(&vmnix_lock);
	if (vmkernel_loaded())
		cross_tell();
	mutex_unlock(&vmnix_lock);
	return IRQ_HANDLED;
}

int doorbell_init(void)
{
	struct irq_fwspec spec = {};
	int err = -ENOMEM;

	fwnode = irq_domain_alloc_named_fwnode("vmnix");
	if (!fwnode)
		return err;
	domain = irq_domain_create_hierarchy(x86_vector_domain, 0, 1, fwnode, &doorbell_ops, NULL);
	if (!domain)
		goto free_fwnode;
	spec.fwnode = fwnode;
	irq = irq_create_fwspec_mapping(&spec);
	if (!irq)
		goto free_domain;
	irq_set_handler(irq, handle_edge_irq);
	err = request_threaded_irq(irq, doorbell_handler, doorbell_thread, IRQF_NOBALANCING,
				   "vmnix", &rings);
	if (!err)
		return 0;
	irq_dispose_mapping(irq);
free_domain:
	irq_domain_remove(domain);
free_fwnode:
	irq_domain_free_fwnode(fwnode);
	return err;
}

void doorbell_exit(void)
{
	free_irq(irq, &rings);
	irq_dispose_mapping(irq);
	irq_domain_remove(domain);
	irq_domain_free_fwnode(fwnode);
}

int doorbell_target(u32 *apic_id, u32 *vector)
{
	struct irq_cfg *cfg = irqd_cfg(irq_get_irq_data(irq));

	if (!cfg || !cfg->vector)
		return -ENOENT;
	*apic_id = per_cpu(x86_cpu_to_apicid, 0);
	*vector = cfg->vector;
	return 0;
}

u64 doorbell_count(void)
{
	return atomic64_read(&rings);
}
