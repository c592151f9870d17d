/* SPDX-License-Identifier: GPL-2.0-only */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* Every difference between the supported kernels (5.10, 6.1, 6.12), and nowhere else. */
#ifndef VMNIX_COMPAT_H
#define VMNIX_COMPAT_H

#include <linux/mm.h>
#include <linux/proc_fs.h>
#include <linux/version.h>

/* 6.3 made vm_flags read-only outside its helpers. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
static inline void vm_flags_set(struct vm_area_struct *vma, unsigned long flags)
{
	vma->vm_flags |= flags;
}
static inline void vm_flags_clear(struct vm_area_struct *vma, unsigned long flags)
{
	vma->vm_flags &= ~flags;
}
#endif

/* 5.17 gave PDE_DATA its lower case. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 17, 0)
#define pde_data(inode) PDE_DATA(inode)
#endif

#endif
