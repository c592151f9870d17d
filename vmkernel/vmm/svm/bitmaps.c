// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * The permission maps that all VMs share (APM vol. 2, 15.10 and 15.11): every
 * port exits, every MSR exits but those whose value VMLOAD and VMSAVE switch
 * with the VCPU, so that the guest's own is in the processor.
 */
#include "cpu/x86.h"
#include "lib/string.h"
#include "mm/direct_map.h"
#include "mm/pages.h"
#include "vmm/svm/private.h"

#define IOPM_ORDER 2u /* 12 KiB are used */
#define MSRPM_ORDER 1u

/* The map has two bits an MSR, read and write, for three ranges of 8192. */
static void pass_through(uint8_t *map, uint32_t msr)
{
	uint32_t bit = (msr & 0x1fff) * 2;

	if (msr >= 0xc0010000u)
		bit += 2 * 0x4000;
	else if (msr >= 0xc0000000u)
		bit += 0x4000;
	map[bit / 8] &= (uint8_t) ~(3u << bit % 8);
}

int svm_bitmaps_init(void)
{
	static const uint32_t switched[] = {
		MSR_FS_BASE, MSR_GS_BASE, MSR_KERNEL_GS_BASE, MSR_STAR,		MSR_LSTAR,
		MSR_CSTAR,   MSR_SFMASK,  MSR_SYSENTER_CS,    MSR_SYSENTER_ESP, MSR_SYSENTER_EIP,
	};
	int err = pages_alloc(IOPM_ORDER, PAGES_VMM, &svm_features.iopm);

	if (err)
		return err;
	err = pages_alloc(MSRPM_ORDER, PAGES_VMM, &svm_features.msrpm);
	if (err) {
		pages_free(svm_features.iopm, IOPM_ORDER, PAGES_VMM);
		return err;
	}
	memset(phys_to_virt(svm_features.iopm), 0xff, PAGE_SIZE << IOPM_ORDER);
	memset(phys_to_virt(svm_features.msrpm), 0xff, PAGE_SIZE << MSRPM_ORDER);
	for (size_t i = 0; i < ARRAY_SIZE(switched); i++)
		pass_through(phys_to_virt(svm_features.msrpm), switched[i]);
	return VMK_OK;
}

void svm_bitmaps_free(void)
{
	pages_free(svm_features.iopm, IOPM_ORDER, PAGES_VMM);
	pages_free(svm_features.msrpm, MSRPM_ORDER, PAGES_VMM);
}
