/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * The virtual machine monitor, as boot/ and hostcall/ see it. VMs are made,
 * changed and freed by hostcalls only, which PCPU 0 serves one at a time: so
 * the list of VMs needs no lock. What a VCPU and a hostcall share is under
 * the VM's lock.
 */
#ifndef VMM_VMM_H
#define VMM_VMM_H

#include "error.h"
#include "hostcall.h"
#include "lib/types.h"

/*
 * Looks for a way to run VMs and registers /vm. svm_in_use: the console's own
 * hypervisor holds SVM. Lack of SVM is no error: vmm_status() tells it, and
 * everything but VMs works. Once, on PCPU 0. VMK_NO_MEMORY.
 */
int vmm_init(bool svm_in_use);

/* Frees what vmm_init made. No VM may be left. */
void vmm_exit(void);

/*
 * Makes the running PCPU fit to run VCPUs, or undoes it. If memory fails the
 * PCPU stays without: a VCPU that comes here crashes with that reason.
 */
void vmm_pcpu_init(void);
void vmm_pcpu_exit(void);

/* VMK_OK if VMs can be made, or VMK_NO_SVM, VMK_SVM_DISABLED, VMK_SVM_IN_USE, VMK_NO_PCPU. */
int vmm_status(void);

/* VMs that exist and that are powered on. */
void vmm_count(uint32_t *vms, uint32_t *running);

/*
 * Before the farewell: frees all VMs. VMK_BUSY: some are on and force is not
 * set, or their VCPUs have been told to stop and have not yet: call again.
 */
int vmm_shutdown(bool force);

/* SHARED_PAGE for a VM's channel region. */
int vmm_shared_page(struct hc_shared_page *a);

/*
 * The hostcalls on VMs; arguments are checked here, strings are terminated.
 * notify: called when a VM has events for the console; any PCPU, any lock held.
 */
int vmm_create(struct hc_vm_create *a, void (*notify)(void));
int vmm_destroy(uint32_t id);
void vmm_list(struct hc_vm_list *a);
int vmm_info(struct hc_vm_info *a);
int vmm_name(struct hc_vm_name *a);
int vmm_power(uint32_t id, uint32_t op);
int vmm_attach(uint32_t id, uint32_t pid);
int vmm_mem(const struct hc_vm_mem *a);
int vmm_vcpu_regs(const struct hc_vcpu_regs *a);
int vmm_kick(uint32_t id);
int vmm_sched(struct hc_vm_sched *a);
int vmm_checkpoint(struct hc_vm_checkpoint *a);
int vmm_events(uint32_t id, uint32_t *events);

#endif
