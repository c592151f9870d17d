// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/* Start and end of the monitor: which back end there is, and what each PCPU needs. */
#include "vmm/vmm.h"
#include "cpu/pcpu.h"
#include "cpu/time.h"
#include "debug/log.h"
#include "mm/heap.h"
#include "vmm/vm.h"

const struct vmm_ops *vmm_ops;

static const struct vmm_ops *const back_ends[] = { &svm_ops };
static int status = VMK_NO_SVM;

int vmm_init(bool svm_in_use)
{
	int err = vm_vsi_init();

	for (size_t i = 0; i < ARRAY_SIZE(back_ends) && status && !err; i++) {
		status = back_ends[i]->probe();
		if (status)
			continue;
		vmm_ops = back_ends[i];
		err = vmm_ops->init();
	}
	if (!status && svm_in_use)
		status = VMK_SVM_IN_USE;
	if (status)
		LOG(WARNING, "VMM", "no VMs: status %d", status);
	return err;
}

void vmm_exit(void)
{
	if (vmm_ops)
		vmm_ops->exit();
	vmm_ops = NULL;
	status = VMK_NO_SVM;
}

int vmm_status(void)
{
	if (!status && !sched_pcpus_online())
		return VMK_NO_PCPU;
	return status;
}

void vmm_pcpu_init(void)
{
	struct vmm_pcpu *p;

	if (status)
		return;
	p = heap_alloc(sizeof(*p));
	if (!p)
		return;
	if (vmm_ops->pcpu_init(p)) {
		vmm_ops->pcpu_exit(p);
		heap_free(p);
		LOG(WARNING, "VMM", "PCPU %u has no memory for VMs", this_pcpu()->id);
		return;
	}
	fpu_pcpu_init(p);
	this_pcpu()->vmm = p;
}

void vmm_pcpu_exit(void)
{
	struct vmm_pcpu *p = this_pcpu()->vmm;

	if (!p)
		return;
	this_pcpu()->vmm = NULL;
	vmm_ops->pcpu_exit(p);
	heap_free(p);
}
