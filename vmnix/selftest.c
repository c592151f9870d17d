// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * The proof of the state table: patterns in every register that Linux can
 * spare for a moment, a crossing whose far side overwrites them all, and a
 * comparison. Registers that Linux cannot do without even here (GS base,
 * CR3, EFER ...) keep their value, and are compared all the same.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <asm/debugreg.h>
#include <asm/fpu/api.h>
#include <asm/msr.h>
#include <asm/special_insns.h>
#include <asm/tsc.h>
#include "compat.h"
#include "vmnix.h"

#define CANONICAL_LOW 0x00007fffffffffffull
#define FLAGS_TESTED 0x2408d5ul /* CF PF AF ZF SF OF AC ID */

enum { R_RBX, R_RBP, R_R12, R_R13, R_R14, R_R15, R_RSP, R_FLAGS, GPRS };
static const char *const gpr_name[GPRS] = { "RBX", "RBP", "R12", "R13",
					    "R14", "R15", "RSP", "RFLAGS" };

struct gprs {
	u64 in[GPRS];
	u64 out[GPRS];
};

struct reg {
	const char *name;
	u32 msr; /* 0: not an MSR */
	u64 mask; /* bits that take a pattern; 0: compared only */
	u16 feature; /* X86_FEATURE_*, or 0: always there */
	u8 other; /* enum other_reg, when msr is 0 */
};

enum other_reg {
	O_CR0,
	O_CR2,
	O_CR3,
	O_CR4,
	O_CR8,
	O_DR0,
	O_DR1,
	O_DR2,
	O_DR3,
	O_DR6,
	O_DR7,
	O_XCR0,
	O_DS,
	O_ES,
	O_FS,
	O_GS,
	O_CS,
	O_SS,
	O_TR,
	O_LDTR
};

static const struct reg regs[] = {
	{ "CR0", .other = O_CR0 },
	{ "CR2", .other = O_CR2, .mask = CANONICAL_LOW },
	{ "CR3", .other = O_CR3 },
	{ "CR4", .other = O_CR4 },
	{ "CR8", .other = O_CR8, .mask = 0xf },
	{ "DR0", .other = O_DR0, .mask = CANONICAL_LOW },
	{ "DR1", .other = O_DR1, .mask = CANONICAL_LOW },
	{ "DR2", .other = O_DR2, .mask = CANONICAL_LOW },
	{ "DR3", .other = O_DR3, .mask = CANONICAL_LOW },
	{ "DR6", .other = O_DR6, .mask = 0xf },
	{ "DR7", .other = O_DR7 },
	{ "XCR0", .other = O_XCR0, .feature = X86_FEATURE_OSXSAVE },
	{ "DS", .other = O_DS },
	{ "ES", .other = O_ES },
	{ "FS", .other = O_FS },
	{ "GS", .other = O_GS },
	{ "CS", .other = O_CS },
	{ "SS", .other = O_SS },
	{ "TR", .other = O_TR },
	{ "LDTR", .other = O_LDTR },
	{ "EFER", MSR_EFER },
	{ "STAR", MSR_STAR, ~0ull },
	{ "LSTAR", MSR_LSTAR, CANONICAL_LOW },
	{ "CSTAR", MSR_CSTAR, CANONICAL_LOW },
	{ "SFMASK", MSR_SYSCALL_MASK, 0xffffffff },
	{ "SYSENTER_CS", MSR_IA32_SYSENTER_CS, 0xffff },
	{ "SYSENTER_ESP", MSR_IA32_SYSENTER_ESP, CANONICAL_LOW },
	{ "SYSENTER_EIP", MSR_IA32_SYSENTER_EIP, CANONICAL_LOW },
	{ "FS_BASE", MSR_FS_BASE, CANONICAL_LOW },
	{ "GS_BASE", MSR_GS_BASE },
	{ "KERNEL_GS_BASE", MSR_KERNEL_GS_BASE, CANONICAL_LOW },
	{ "PAT", MSR_IA32_CR_PAT },
	{ "TSC_AUX", MSR_TSC_AUX, 0xffffffff, X86_FEATURE_RDTSCP },
	{ "SPEC_CTRL", MSR_IA32_SPEC_CTRL, 0, X86_FEATURE_MSR_SPEC_CTRL },
	{ "DEBUGCTL", MSR_IA32_DEBUGCTLMSR },
	{ "XSS", MSR_IA32_XSS, 0, X86_FEATURE_XSAVES },
};
#define REGS ARRAY_SIZE(regs)

struct fxsave {
	u8 bytes[512];
} __aligned(64);

/* One round's memory: too large for the stack. */
struct round {
	struct gprs gprs;
	u64 before[REGS], set[REGS], after[REGS];
	struct fxsave fpu_old, fpu_set, fpu_after;
	struct rnd_state rnd;
};

#define READ_SEG(name, v) asm volatile("mov %%" #name ", %0" : "=r"(v))

static u64 read_other(u8 other)
{
	u64 v = 0;

	switch (other) {
	case O_CR0:
		return native_read_cr0();
	case O_CR2:
		return native_read_cr2();
	case O_CR3:
		return __native_read_cr3();
	case O_CR4:
		return native_read_cr4();
	case O_CR8:
		asm volatile("mov %%cr8, %0" : "=r"(v));
		return v;
	case O_DR0:
		asm volatile("mov %%db0, %0" : "=r"(v));
		return v;
	case O_DR1:
		asm volatile("mov %%db1, %0" : "=r"(v));
		return v;
	case O_DR2:
		asm volatile("mov %%db2, %0" : "=r"(v));
		return v;
	case O_DR3:
		asm volatile("mov %%db3, %0" : "=r"(v));
		return v;
	case O_DR6:
		asm volatile("mov %%db6, %0" : "=r"(v));
		return v;
	case O_DR7:
		asm volatile("mov %%db7, %0" : "=r"(v));
		return v;
	case O_XCR0:
		asm volatile("xgetbv" : "=a"(v) : "c"(0) : "rdx");
		return v;
	case O_DS:
		READ_SEG(ds, v);
		return v;
	case O_ES:
		READ_SEG(es, v);
		return v;
	case O_FS:
		READ_SEG(fs, v);
		return v;
	case O_GS:
		READ_SEG(gs, v);
		return v;
	case O_CS:
		READ_SEG(cs, v);
		return v;
	case O_SS:
		READ_SEG(ss, v);
		return v;
	case O_TR:
		asm volatile("str %0" : "=r"(v));
		return v;
	default:
		asm volatile("sldt %0" : "=r"(v));
		return v;
	}
}

static void write_other(u8 other, u64 v)
{
	switch (other) {
	case O_CR2:
		native_write_cr2(v);
		break;
	case O_CR8:
		asm volatile("mov %0, %%cr8" : : "r"(v));
		break;
	case O_DR0:
		asm volatile("mov %0, %%db0" : : "r"(v));
		break;
	case O_DR1:
		asm volatile("mov %0, %%db1" : : "r"(v));
		break;
	case O_DR2:
		asm volatile("mov %0, %%db2" : : "r"(v));
		break;
	case O_DR3:
		asm volatile("mov %0, %%db3" : : "r"(v));
		break;
	case O_DR6:
		asm volatile("mov %0, %%db6" : : "r"(v));
		break;
	default:
		break;
	}
}

static bool there(const struct reg *r)
{
	return !r->feature || boot_cpu_has(r->feature);
}

static void read_all(u64 *v)
{
	unsigned int i;

	for (i = 0; i < REGS; i++)
		if (there(&regs[i]))
			v[i] = regs[i].msr ? native_read_msr(regs[i].msr)
					   : read_other(regs[i].other);
}

static void write_all(const u64 *v)
{
	unsigned int i;

	for (i = 0; i < REGS; i++) {
		if (!there(&regs[i]) || !regs[i].mask)
			continue;
		if (regs[i].msr)
			native_write_msr(regs[i].msr, (u32)v[i], (u32)(v[i] >> 32));
		else
			write_other(regs[i].other, v[i]);
	}
}

/* The crossing with patterns in what the C convention keeps. Interrupts are off. */
static noinline void enter_with(struct crossing *x, struct gprs *g)
{
	asm volatile("push	%%rbp\n\t"
		     "push	%%rsi\n\t"
		     "mov	0(%%rsi), %%rbx\n\t"
		     "mov	8(%%rsi), %%rbp\n\t"
		     "mov	16(%%rsi), %%r12\n\t"
		     "mov	24(%%rsi), %%r13\n\t"
		     "mov	32(%%rsi), %%r14\n\t"
		     "mov	40(%%rsi), %%r15\n\t"
		     "mov	%%rsp, 48(%%rsi)\n\t"
		     "push	56(%%rsi)\n\t"
		     "popfq\n\t"
		     "call	crossing_enter\n\t"
		     "pushfq\n\t"
		     "pop	%%rax\n\t"
		     "mov	%%rsp, %%rcx\n\t"
		     "pop	%%rsi\n\t"
		     "mov	%%rbx, 64(%%rsi)\n\t"
		     "mov	%%rbp, 72(%%rsi)\n\t"
		     "mov	%%r12, 80(%%rsi)\n\t"
		     "mov	%%r13, 88(%%rsi)\n\t"
		     "mov	%%r14, 96(%%rsi)\n\t"
		     "mov	%%r15, 104(%%rsi)\n\t"
		     "mov	%%rcx, 112(%%rsi)\n\t"
		     "mov	%%rax, 120(%%rsi)\n\t"
		     "pop	%%rbp\n\t"
		     : "+D"(x), "+S"(g)
		     :
		     : "rax", "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
		       "r15", "memory", "cc");
}

static void make_patterns(struct round *r, bool fixed, u32 n)
{
	static const u64 fixed_pattern[] = { 0, ~0ull, 0x5555555555555555ull,
					     0xaaaaaaaaaaaaaaaaull };
	unsigned int i;

#define NEXT()                        \
	(fixed ? fixed_pattern[n % 4] \
	       : (u64)prandom_u32_state(&r->rnd) << 32 | prandom_u32_state(&r->rnd))
	for (i = 0; i < R_RSP; i++)
		r->gprs.in[i] = NEXT();
	/* IF and TF stay clear, DF must be; the reserved bit 1 is always set. */
	r->gprs.in[R_FLAGS] = (NEXT() & FLAGS_TESTED) | 2;
	for (i = 0; i < REGS; i++)
		r->set[i] = (r->before[i] & ~regs[i].mask) | (NEXT() & regs[i].mask);
	/* x87, MMX and XMM data is in bytes 32 to 416; the control words keep their values. */
	r->fpu_set = r->fpu_old;
	for (i = 32; i < 416; i++)
		if (i >= 160 || (i - 32) % 16 < 8) /* x87: 64-bit mantissas, exponents stay */
			r->fpu_set.bytes[i] = (u8)NEXT();
#undef NEXT
}

static int compare(const struct round *r, char *reason)
{
	unsigned int i;

	for (i = 0; i < GPRS; i++) {
		if (r->gprs.in[i] == r->gprs.out[i])
			continue;
		VMNIX_ERR(reason, "%s: set 0x%llx, came back 0x%llx", gpr_name[i], r->gprs.in[i],
			  r->gprs.out[i]);
		return -EIO;
	}
	for (i = 0; i < REGS; i++) {
		if (!there(&regs[i]) || r->set[i] == r->after[i])
			continue;
		VMNIX_ERR(reason, "%s: set 0x%llx, came back 0x%llx", regs[i].name, r->set[i],
			  r->after[i]);
		return -EIO;
	}
	for (i = 0; i < 416; i++) {
		if (r->fpu_set.bytes[i] == r->fpu_after.bytes[i])
			continue;
		VMNIX_ERR(reason, "FXSAVE byte %u: set 0x%02x, came back 0x%02x", i,
			  r->fpu_set.bytes[i], r->fpu_after.bytes[i]);
		return -EIO;
	}
	return 0;
}

static int one_round(struct round *r, u64 seed, u32 n, char *reason)
{
	struct crossing *x = cross_page();
	struct hc_scramble args = { .seed = seed + n, .extended = 1 };
	unsigned long flags;
	int status;

	x->call.nr = HC_SCRAMBLE;
	memcpy(x->call.args, &args, sizeof(args));
	kernel_fpu_begin();
	local_irq_save(flags);
	if (x->sealed) {
		local_irq_restore(flags);
		kernel_fpu_end();
		VMNIX_ERR(reason, "the console is sealed: there is no crossing to test");
		return -EBUSY;
	}
	if (smp_processor_id()) {
		local_irq_restore(flags);
		kernel_fpu_end();
		VMNIX_ERR(reason, "only a process bound to CPU 0 can test the crossing");
		return -EXDEV;
	}
	asm volatile("fxsave64 %0" : "=m"(r->fpu_old));
	read_all(r->before);
	make_patterns(r, n < 8, n);
	/* What Linux itself needs is away until the second write_all: no calls, no tracing. */
	asm volatile("fxrstor64 %0" : : "m"(r->fpu_set));
	asm volatile("fxsave64 %0" : "=m"(r->fpu_set));
	write_all(r->set);
	enter_with(x, &r->gprs);
	read_all(r->after);
	write_all(r->before);
	asm volatile("fxsave64 %0" : "=m"(r->fpu_after));
	asm volatile("fxrstor64 %0" : : "m"(r->fpu_old));
	status = x->call.status;
	cross_deliver_nmis();
	x->crossings++;
	local_irq_restore(flags);
	kernel_fpu_end();
	if (status) {
		VMNIX_ERR(reason, "the vmkernel does not scramble: %s", vmk_strerror(status));
		return -EOPNOTSUPP;
	}
	return compare(r, reason);
}

static int selftest_run(struct vmnix_selftest *test)
{
	struct round *r = kzalloc(sizeof(*r), GFP_KERNEL);
	struct hc_none none = {};
	int err = 0;
	u32 i;

	if (!r)
		return -ENOMEM;
	prandom_seed_state(&r->rnd, test->seed);
	test->done = 0;
	for (i = 0; i < test->rounds && !err; i++) {
		err = one_round(r, test->seed, i, test->reason);
		if (!err)
			test->done++;
		if (signal_pending(current))
			break;
		cond_resched();
	}
	/* Linux gets the NMIs of all rounds now, in a crossing that can deliver them. */
	hostcall(HC_NULL, &none, sizeof(none));
	kfree(r);
	return err;
}

static u64 tsc_of(u64 (*what)(void), u32 rounds)
{
	u64 best = ~0ull;

	while (rounds--)
		best = min(best, what());
	return best;
}

static u64 bench_empty(void)
{
	u64 start = rdtsc_ordered();

	return rdtsc_ordered() - start;
}

static u64 bench_page(void)
{
	struct crossing *x = cross_page();
	unsigned long flags;
	u64 start = ~0ull;

	x->call.nr = HC_NULL;
	local_irq_save(flags);
	if (!smp_processor_id()) {
		start = rdtsc_ordered();
		if (x->sealed)
			crossing_call(x);
		else
			crossing_enter(x);
		start = rdtsc_ordered() - start;
		cross_deliver_nmis();
	}
	local_irq_restore(flags);
	return start;
}

static u64 bench_call(void)
{
	struct hc_none args = {};
	u64 start = rdtsc_ordered();

	hostcall(HC_NULL, &args, sizeof(args));
	return rdtsc_ordered() - start;
}

static int bench_run(struct vmnix_bench *bench)
{
	bench->empty_tsc = tsc_of(bench_empty, bench->rounds);
	bench->page_tsc = tsc_of(bench_page, bench->rounds);
	bench->call_tsc = tsc_of(bench_call, bench->rounds);
	return bench->page_tsc == ~0ull ? -EXDEV : 0; /* not on CPU 0 */
}

long selftest_ioctl(struct vmnix_selftest *test)
{
	if (test->reserved || !test->rounds)
		return -EINVAL;
	memset(test->reason, 0, sizeof(test->reason));
	return selftest_run(test);
}

long selftest_bench(struct vmnix_bench *bench)
{
	if (bench->reserved || !bench->rounds || bench->rounds > 100000)
		return -EINVAL;
	return bench_run(bench);
}
