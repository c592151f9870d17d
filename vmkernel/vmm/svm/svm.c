// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * The AMD back end: is SVM there, switching it on and off per PCPU, address
 * space identifiers, and the way into the guest. AMD APM vol. 2, chapter 15.
 */
#include "cpu/pcpu.h"
#include "cpu/x86.h"
#include "debug/log.h"
#include "mm/pages.h"
#include "vmm/svm/private.h"

#define CPUID81_ECX_SVM (1u << 2)
#define VM_CR_SVMDIS BIT(4)
#define SVM_EDX_NPT (1u << 0)
#define SVM_EDX_NRIPS (1u << 3)
#define SVM_EDX_FLUSH_BY_ASID (1u << 6)
#define SVM_EDX_PAUSE_FILTER (1u << 10)

#define HYPERVISOR_LEAF 0x40000000u
#define CPUID1_ECX_HYPERVISOR (1u << 31)
#define TCG_EBX 0x54474354u /* "TCGT", the begin of QEMU's signature */

struct svm_features svm_features;

static bool is_tcg(void)
{
	return cpuid(1, 0).ecx & CPUID1_ECX_HYPERVISOR && cpuid(HYPERVISOR_LEAF, 0).ebx == TCG_EBX;
}

static int svm_probe(void)
{
	struct cpuid_regs r;

	if (cpuid(0x80000000u, 0).eax < 0x8000000au ||
	    !(cpuid(0x80000001u, 0).ecx & CPUID81_ECX_SVM))
		return VMK_NO_SVM;
	r = cpuid(0x8000000au, 0);
	/* ASID 0 is the host's: a guest needs a second one. */
	if (!(r.edx & SVM_EDX_NPT) || r.ebx < 2)
		return VMK_NO_SVM;
	if (rdmsr(MSR_VM_CR) & VM_CR_SVMDIS)
		return VMK_SVM_DISABLED;
	svm_features.asids = r.ebx;
	svm_features.keeps_events = is_tcg();
	svm_features.next_rip = r.edx & SVM_EDX_NRIPS;
	svm_features.flush_by_asid = r.edx & SVM_EDX_FLUSH_BY_ASID;
	svm_features.pause_filter = r.edx & SVM_EDX_PAUSE_FILTER;
	return VMK_OK;
}

static int svm_init(void)
{
	int err = svm_bitmaps_init();

	if (!err)
		LOG(INFO, "SVM", "%u ASIDs, next RIP %d, flush by ASID %d, pause filter %d",
		    svm_features.asids, svm_features.next_rip, svm_features.flush_by_asid,
		    svm_features.pause_filter);
	return err;
}

/* VMRUN must refuse an empty control block, and say so: the path that a broken one takes. */
static void self_test(struct vmm_pcpu *p, hpa_t empty)
{
	uint64_t exit_code = 0;
	struct svm_vcpu_area area = {
		.vmcb_hpa = empty.v,
		.host_hpa = p->host.v,
		.exit_code = (volatile uint64_t *)((uint8_t *)phys_to_virt(empty) +
						   offsetof(struct vmcb, exit_code)),
	};
	int code;

	svm_hidden_load(&area);
	code = svm_run(&area);
	svm_hidden_store(&area);
	exit_code = *area.exit_code;
	if (code == SVM_ENTRY_INVALID)
		return;
	LOG(ERROR, "SVM", "VMRUN took an empty VMCB: returned %d, exit code 0x%llx", code,
	    (unsigned long long)exit_code);
}

static int svm_pcpu_init(struct vmm_pcpu *p)
{
	hpa_t empty;
	int err = pages_alloc_zero(0, PAGES_VMM, &p->hsave);

	if (!err)
		err = pages_alloc_zero(0, PAGES_VMM, &p->host);
	if (err)
		return err;
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SVME);
	wrmsr(MSR_VM_HSAVE_PA, p->hsave.v);
	svm_host_store(p->host.v);
	p->asids = svm_features.asids;
	p->next_asid = p->asids; /* the first load starts a generation, with a flush */
	if (IS_ENABLED(CONFIG_BOOT_SELF_TESTS) && !pages_alloc_zero(0, PAGES_VMM, &empty)) {
		self_test(p, empty);
		pages_free(empty, 0, PAGES_VMM);
	}
	return VMK_OK;
}

static void svm_pcpu_exit(struct vmm_pcpu *p)
{
	if (!hpa_is_none(p->host) && !hpa_is_none(p->hsave)) {
		wrmsr(MSR_VM_HSAVE_PA, 0);
		wrmsr(MSR_EFER, rdmsr(MSR_EFER) & ~EFER_SVME);
	}
	if (!hpa_is_none(p->host))
		pages_free(p->host, 0, PAGES_VMM);
	if (!hpa_is_none(p->hsave))
		pages_free(p->hsave, 0, PAGES_VMM);
}

/*
 * Translations are tagged with the ASID. A VCPU keeps its own as long as it
 * stays on one PCPU; coming from elsewhere it gets a new one, because what the
 * old one tagged here may be stale. When all are used up everything is flushed.
 */
static void assign_asid(struct vcpu *v, struct vmm_pcpu *p, uint32_t pcpu)
{
	v->vmcb->tlb_control = 0;
	if (v->asid_pcpu == pcpu && v->asid_generation == p->asid_generation)
		return;
	if (p->next_asid >= p->asids) {
		p->asid_generation++;
		p->next_asid = 1;
		v->vmcb->tlb_control = TLB_FLUSH_ALL;
	}
	v->vmcb->asid = p->next_asid++;
	v->asid_generation = p->asid_generation;
	v->asid_pcpu = pcpu;
	svm_dirty(v, CLEAN_ALL);
}

static void svm_load(struct vcpu *v, struct vmm_pcpu *p)
{
	assign_asid(v, p, this_pcpu()->id);
	v->area.host_hpa = p->host.v;
	if (v->vmcb->tsc_offset != v->vm->tsc_offset) {
		v->vmcb->tsc_offset = v->vm->tsc_offset;
		svm_dirty(v, CLEAN_INTERCEPTS);
	}
}

static void svm_close(struct vcpu *v)
{
	if (!v->hidden_loaded)
		return;
	svm_hidden_store(&v->area);
	v->hidden_loaded = false;
}

static void svm_put(struct vcpu *v)
{
	svm_close(v);
	svm_debug_regs_put(v);
}

const struct vmm_ops svm_ops = {
	.name = "SVM",
	.probe = svm_probe,
	.init = svm_init,
	.exit = svm_bitmaps_free,
	.pcpu_init = svm_pcpu_init,
	.pcpu_exit = svm_pcpu_exit,
	.nested_init = npt_init,
	.nested_prepare = npt_prepare,
	.nested_map = npt_map,
	.nested_free = npt_free,
	.vcpu_init = svm_vcpu_init,
	.vcpu_free = svm_vcpu_free,
	.vcpu_reset = svm_vcpu_reset,
	.vcpu_state = svm_vcpu_state,
	.load = svm_load,
	.put = svm_put,
	.enter = svm_enter,
	.close = svm_close,
	.inject = svm_inject,
	.wakes = svm_wakes,
	.get_view = svm_get_view,
	.set_view = svm_set_view,
	.exit_name = svm_exit_name,
};
