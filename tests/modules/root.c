// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * root.ko what=memory|msrs|ipis|svm|spin …: what a console root may try against a
 * vmkernel that the console is sealed on. Says in the kernel log what came of it, and
 * is never there: its init function always fails with ECANCELED.
 *   memory at=HPA bytes=N: reads and writes a byte of each page; counts what went through
 *   msrs: writes to each MSR of the three ranges the value it reads, but for what Linux uses
 *   ipis: each delivery mode to each APIC id and shorthand, but NMIs to itself
 *   svm: CPUID's bit, EFER.SVME, VM_HSAVE_PA and VMRUN
 *   spin ms=N: an endless loop with interrupts off
 *   reset by=PORT, triple: the machine begins anew
 */
#include <linux/delay.h>
#include <linux/io.h>
#include <linux/module.h>
#include <linux/uaccess.h>
#include <asm/apic.h>
#include <asm/asm.h>
#include <asm/desc.h>
#include <asm/msr.h>

static char *what = "";
module_param(what, charp, 0);
static ulong at, bytes;
module_param(at, ulong, 0);
module_param(bytes, ulong, 0);
static uint ms, by;
module_param(ms, uint, 0);
module_param(by, uint, 0);

static bool can_read(const u8 *p, u8 *val)
{
	return !copy_from_kernel_nofault(val, p, 1);
}

static bool can_write(u8 *p, u8 val)
{
	bool done = false;

	asm volatile("1:	movb %2, %1\n"
		     "	movb $1, %0\n"
		     "2:\n" _ASM_EXTABLE(1b, 2b)
		     : "+r"(done), "+m"(*p)
		     : "r"(val));
	return done;
}

static void try_memory(void)
{
	ulong i, reads = 0, writes = 0;
	u8 val = 0;

	for (i = 0; i < bytes; i += PAGE_SIZE) {
		u8 *p = __va(at + i);
		bool read = can_read(p, &val);

		reads += read;
		writes += can_write(p, read ? val : 0);
		cond_resched();
	}
	pr_info("root: memory: %lu pages, %lu read, %lu written\n", bytes >> PAGE_SHIFT, reads,
		writes);
}

/* Without these Linux itself would not live: what they do to the console is its own business. */
static bool is_linux(u32 msr)
{
	return (msr >= 0xc0000080 && msr <= 0xc0000084) ||
	       (msr >= 0xc0000100 && msr <= 0xc0000104) || (msr >= 0x174 && msr <= 0x176) ||
	       msr == 0x1b || msr == 0x277;
}

static void try_msrs(void)
{
	static const u32 first[] = { 0, 0xc0000000, 0xc0010000 };
	u32 i, n, tried = 0, written = 0;
	u64 val;

	for (i = 0; i < ARRAY_SIZE(first); i++)
		for (n = 0; n < 0x2000; n++) {
			u32 msr = first[i] + n;

			if (is_linux(msr))
				continue;
			if (rdmsrl_safe(msr, &val))
				val = 0;
			tried++;
			written += !wrmsrl_safe(msr, val);
		}
	pr_info("root: msrs: %u tried, %u written\n", tried, written);
}

static void try_ipis(void)
{
	unsigned long flags;
	u32 mode, id;

	local_irq_save(flags);
	for (mode = 0; mode < 8; mode++)
		for (id = 1; id < 256; id++) {
			/* Logical ones with bit 0 are this processor's: that NMI would be right. */
			if (mode == 4 && id & 1)
				continue;
			apic_write(APIC_ICR2, id << 24);
			apic_write(APIC_ICR, mode << 8 | 0x4000 | 0xfd);
			apic_write(APIC_ICR2, id << 24);
			apic_write(APIC_ICR, mode << 8 | 0x800 | 0x4000 | 0xfd);
		}
	/* INIT and start-up to itself, to all, to the others; NMI to the others. */
	apic_write(APIC_ICR, 5 << 8 | 0x4000 | 1 << 18);
	apic_write(APIC_ICR, 6 << 8 | 0x4000 | 2 << 18 | 8);
	apic_write(APIC_ICR, 5 << 8 | 0x4000 | 3 << 18);
	apic_write(APIC_ICR, 4 << 8 | 0x4000 | 3 << 18);
	local_irq_restore(flags);
	pr_info("root: ipis: done\n");
}

static bool vmrun_faults(void)
{
	bool ran = false;

	asm volatile("1:	.byte 0x0f, 0x01, 0xd8\n"
		     "	movb $1, %0\n"
		     "2:\n" _ASM_EXTABLE(1b, 2b)
		     : "+r"(ran)
		     : "a"(0ul)
		     : "memory");
	return !ran;
}

static void try_svm(void)
{
	u64 efer;
	int efer_set, hsave;
	bool bit = cpuid_ecx(0x80000001) & 4;

	rdmsrl(MSR_EFER, efer);
	efer_set = wrmsrl_safe(MSR_EFER, efer | EFER_SVME);
	hsave = wrmsrl_safe(MSR_VM_HSAVE_PA, 0x1000);
	pr_info("root: svm: cpuid %d, efer 0x%llx, set %d, hsave %d, vmrun %d\n", bit, efer,
		efer_set, hsave, !vmrun_faults());
}

static void spin(void)
{
	unsigned long flags;
	u64 end;

	local_irq_save(flags);
	for (end = rdtsc() + (u64)ms * tsc_khz; rdtsc() < end;)
		cpu_relax();
	local_irq_restore(flags);
	pr_info("root: spin: done\n");
}

static void triple(void)
{
	static const struct desc_ptr none;

	load_idt(&none);
	asm volatile("int3");
}

static int __init root_init(void)
{
	if (!strcmp(what, "memory"))
		try_memory();
	else if (!strcmp(what, "msrs"))
		try_msrs();
	else if (!strcmp(what, "ipis"))
		try_ipis();
	else if (!strcmp(what, "svm"))
		try_svm();
	else if (!strcmp(what, "spin"))
		spin();
	else if (!strcmp(what, "triple"))
		triple();
	else if (!strcmp(what, "reset"))
		outb(by == 0x64 ? 0xfe : by == 0x92 ? 1 : 6, by);
	else
		return -EINVAL;
	return -ECANCELED;
}

module_init(root_init);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("What a console's root may try");
