// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * The console's end of the crossing: fills the data page with what the
 * crossing cannot find out itself (descriptor tables that are valid in both
 * worlds), and makes hostcalls.
 */
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include <asm/debugreg.h>
#include <asm/desc.h>
#include "core_dump.h"
#include "vmnix.h"

#define DESC_FLAT_CODE64 0x00af9b000000ffffull
#define DESC_FLAT_DATA 0x00cf93000000ffffull
#define GATE_TYPE 0x8eull /* present, DPL 0, interrupt gate */
#define VECTOR_BYTES 16

static struct crossing *page;
static bool stop_told;
static u64 vmk_cr4;

int cross_init(void)
{
	BUILD_BUG_ON(sizeof(struct crossing) > PAGE_SIZE);
	if (!IS_ALIGNED((unsigned long)crossing_page, PAGE_SIZE) ||
	    crossing_page_end - crossing_page != PAGE_SIZE) {
		pr_err("the crossing does not lie alone on one page\n");
		return -ENOEXEC;
	}
	page = (void *)get_zeroed_page(GFP_KERNEL);
	return page ? 0 : -ENOMEM;
}

void cross_exit(void)
{
	free_page((unsigned long)page);
}

struct crossing *cross_page(void)
{
	return page;
}

u64 cross_code_hpa(void)
{
	return page_to_phys(vmalloc_to_page(crossing_page));
}

/* The console's entries at the console's selectors, then the vmkernel's. */
static void fill_gdt(struct crossing *x, const struct desc_ptr *gdt, u16 tr)
{
	u64 *tss = &x->xgdt[tr / 8];

	memcpy(x->xgdt, (void *)gdt->address, min_t(u32, gdt->size + 1, WS_XGDT_CONSOLE * 8));
	x->xgdt[WS_SEL_VMK_CS / 8] = DESC_FLAT_CODE64;
	x->xgdt[WS_SEL_VMK_DS / 8] = DESC_FLAT_DATA;
	/* Until the vmkernel has a TSS, LTR on the far side takes a copy of the console's. */
	x->xgdt[WS_SEL_VMK_TSS / 8] = tss[0];
	x->xgdt[WS_SEL_VMK_TSS / 8 + 1] = tss[1];
	x->xgdtr.limit = sizeof(x->xgdt) - 1;
	x->xgdtr.base = (u64)x->xgdt;
}

static void fill_idt(struct crossing *x)
{
	int v;

	for (v = 0; v < WS_XIDT_ENTRIES; v++) {
		u64 handler = (u64)crossing_vectors + v * VECTOR_BYTES;

		x->xidt[2 * v] = (handler & 0xffff) | (u64)WS_SEL_VMK_CS << 16 | GATE_TYPE << 40 |
				 (handler >> 16 & 0xffff) << 48;
		x->xidt[2 * v + 1] = handler >> 32;
	}
	x->xidtr.limit = sizeof(x->xidt) - 1;
	x->xidtr.base = (u64)x->xidt;
}

/* On CPU 0: it is its descriptor tables that count. */
static void prepare_here(void *unused)
{
	struct desc_ptr gdt;
	struct crossing *x = page;

	stop_told = false;
	memset(x, 0, sizeof(*x));
	x->magic = WS_CROSSING_MAGIC;
	x->abi_major = WS_ABI_MAJOR;
	x->abi_minor = WS_ABI_MINOR;
	x->enter = (u64)crossing_enter;
	x->leave = (u64)crossing_leave;
	x->resume = (u64)crossing_resume;
	/* Until the vmkernel can report a fault of the crossing, the console does. */
	x->panic_rip = x->leave;
	x->call.status = VMK_PANICKED;
	native_store_gdt(&gdt);
	fill_gdt(x, &gdt, native_store_tr());
	fill_idt(x);
	/* The first arrival has nothing of its own yet: it comes on common ground. */
	x->vmk.cs = WS_SEL_VMK_CS;
	x->vmk.ss = WS_SEL_VMK_DS;
	x->vmk.tr = WS_SEL_VMK_TSS;
	x->vmk.gdtr = x->xgdtr;
	x->vmk.idtr = x->xidtr;
	x->vmk.cr0 = X86_CR0_PE | X86_CR0_MP | X86_CR0_ET | X86_CR0_NE | X86_CR0_WP | X86_CR0_PG;
	/* PGE and PCIDE stay as they are, so that the console's TLB entries survive the trip. */
	vmk_cr4 = X86_CR4_PAE | X86_CR4_MCE |
		  (native_read_cr4() & (X86_CR4_PGE | X86_CR4_PCIDE | X86_CR4_LA57 |
					X86_CR4_OSFXSR | X86_CR4_OSXMMEXCPT | X86_CR4_OSXSAVE));
}

void cross_prepare(void)
{
	smp_call_function_single(0, prepare_here, NULL, true);
}

void cross_deliver_nmis(void)
{
	u64 count = xchg(&page->nmi_latched, 0);

	for (; unlikely(count); count--)
		asm volatile("int $2" : : : "memory");
}

/* On CPU 0, interrupts off. */
static void cross_here(void *unused)
{
	struct crossing *x = page;
	unsigned long dr7;

	if (x->sealed) {
		crossing_call(x);
		goto back;
	}
	/* TOUR(6): A breakpoint of some process on a low address would fire in the vmkernel's
	 * lower half: debug registers are the one thing to settle before the page is entered. */
	get_debugreg(dr7, 7);
	if (dr7 & 0xff)
		set_debugreg(0ul, 7);
	/* KVM comes and goes with VMX operation, in which VMXE cannot be cleared. */
	x->vmk.cr4 = vmk_cr4 | (native_read_cr4() & X86_CR4_VMXE);
	crossing_enter(x);
	if (dr7 & 0xff)
		set_debugreg(dr7, 7);
back:
	cross_deliver_nmis();
	x->crossings++;
}

int cross(void)
{
	unsigned long flags;

	local_irq_save(flags);
	if (likely(!smp_processor_id())) {
		cross_here(NULL);
		local_irq_restore(flags);
	} else {
		local_irq_restore(flags);
		smp_call_function_single(0, cross_here, NULL, true);
	}
	return page->call.status;
}

static const u16 args_size[] = {
#define HOSTCALL(nr, NAME, fn, args, text) [nr] = sizeof(struct args),
#include "hostcall.def"
#undef HOSTCALL
};

void cross_tell(void)
{
	u64 hpa = page->core_hpa;
	struct ws_core *core;
	char *text, *rest, *line;

	if (stop_told)
		return;
	stop_told = true;
	pr_crit("the vmkernel has stopped; /proc/vmware/log says why\n");
	if (!memory_owns(hpa, sizeof(*core)))
		return;
	core = memremap(hpa, sizeof(*core), MEMREMAP_WB);
	text = core ? kmemdup_nul(core->report, min_t(u32, core->report_bytes, WS_CORE_REPORT_MAX),
				  GFP_KERNEL)
		    : NULL;
	for (rest = text; (line = strsep(&rest, "\n"));)
		if (*line)
			pr_crit("%s\n", line);
	kfree(text);
	if (core)
		memunmap(core);
}

int hostcall(u32 nr, void *args, u32 len)
{
	int status;

	if (nr >= HC_COUNT || len != args_size[nr])
		return VMK_BAD_CALL;
	page->call.nr = nr;
	memcpy(page->call.args, args, len);
	status = cross();
	memcpy(args, page->call.args, len);
	if (unlikely(status == VMK_PANICKED || page->stopped))
		cross_tell();
	return status;
}

const char *vmk_strerror(int status)
{
	switch (status) {
#define WS_ERROR(name, value, text) \
	case value:                 \
		return text;
#include "error.def"
#undef WS_ERROR
	default:
		return "unknown error";
	}
}
