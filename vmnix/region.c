// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * The vmkernel's shared regions in the console's processes. Pages come one
 * by one, at the fault: the vmkernel names the machine page, and the module
 * believes it only inside the handed-over memory.
 */
#include <linux/fs.h>
#include <linux/mm.h>
#include "compat.h"
#include "vmnix.h"

#define REGION_SHIFT (28 - PAGE_SHIFT) /* of a VM id in the page offset: VMNIX_MMAP() */

int region_page(u32 vm, u32 page, u64 *hpa, bool *writable, u32 *pages)
{
	struct hc_shared_page args = { .vm = vm, .page = page };
	int status;

	if (!vmkernel_loaded())
		return VMK_NOT_FOUND;
	status = hostcall(HC_SHARED_PAGE, &args, sizeof(args));
	if (status)
		return status;
	if (args.hpa % PAGE_SIZE || !memory_owns(args.hpa, PAGE_SIZE)) {
		pr_err("the vmkernel names a page that is not its own: 0x%llx\n", args.hpa);
		return VMK_BAD_ADDRESS;
	}
	*hpa = args.hpa;
	*writable = args.writable;
	*pages = args.pages;
	return VMK_OK;
}

static vm_fault_t region_fault(struct vm_fault *vmf)
{
	u32 vm = vmf->pgoff >> REGION_SHIFT, pages;
	u32 page = vmf->pgoff & ((1u << REGION_SHIFT) - 1);
	vm_fault_t ret = VM_FAULT_SIGBUS;
	bool writable;
	u64 hpa;

	mutex_lock(&vmnix_lock);
	if (!region_page(vm, page, &hpa, &writable, &pages) &&
	    (writable || !(vmf->vma->vm_flags & VM_WRITE)))
		ret = vmf_insert_pfn(vmf->vma, vmf->address, hpa >> PAGE_SHIFT);
	mutex_unlock(&vmnix_lock);
	return ret;
}

static const struct vm_operations_struct region_ops = {
	.fault = region_fault,
};

int region_mmap(struct file *file, struct vm_area_struct *vma)
{
	u32 vm = vma->vm_pgoff >> REGION_SHIFT, pages;
	u64 first = vma->vm_pgoff & ((1u << REGION_SHIFT) - 1), hpa;
	bool writable;
	int status;

	if (!(vma->vm_flags & VM_SHARED) || vma->vm_flags & VM_EXEC)
		return -EINVAL;
	mutex_lock(&vmnix_lock);
	status = region_page(vm, 0, &hpa, &writable, &pages);
	mutex_unlock(&vmnix_lock);
	if (status)
		return -ENODEV;
	if (first + vma_pages(vma) > pages)
		return -EINVAL;
	if (!writable) {
		if (vma->vm_flags & VM_WRITE)
			return -EACCES;
		vm_flags_clear(vma, VM_MAYWRITE);
	}
	vm_flags_set(vma, VM_PFNMAP | VM_IO | VM_DONTEXPAND | VM_DONTDUMP | VM_DONTCOPY);
	vm_flags_clear(vma, VM_MAYEXEC);
	vma->vm_ops = &region_ops;
	return 0;
}

void region_zap(struct address_space *mapping, u32 vm)
{
	unmap_mapping_range(mapping, (loff_t)VMNIX_MMAP(vm), (loff_t)VMNIX_MMAP(1), 1);
}
