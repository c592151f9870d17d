// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * All that a processor and its devices can hold is set once, and then looked at again
 * and again, in rounds of 10 ms: nothing of it may change, interrupts must go on coming,
 * and time must not jump. A byte on the serial line ends it. boot_arg 1: most of the time
 * is spent in HLT, 2: in the NMI handler.
 */
#include "guest.h"

#define NMI_SELF 0x44400u /* ICR: self, assert, NMI */
#define TIMER 0x60
#define ROUND_MS 10u
#define GAP_MS 2000u /* longer than a round is ever held up; less than a suspension */
#define PM_TIMER 0x608
#define PM_HZ 3579545u
#define COM1 0x3f8

static uint64_t khz, last_tsc;
static unsigned int failures;

static void bad(const char *what, uint64_t index, uint64_t got)
{
	if (failures++ > 20)
		return;
	print("not ok ");
	print(what);
	print(" ");
	print_hex(index);
	print(": ");
	print_hex(got);
	print("\n");
}

/* ---- model-specific registers -------- */

static const struct {
	uint32_t msr;
	uint64_t val;
} msrs[] = {
	{ 0xc0000081, 0x0023001000000000 },
	{ 0xc0000082, 0xffff800012345678 },
	{ 0xc0000083, 0xffff800087654321 },
	{ 0xc0000084, 0x47700 },
	{ 0xc0000100, 0x00007123456789ab },
	{ 0xc0000101, 0xffff987600001000 },
	{ 0xc0000102, 0xffff9876aaaa0000 },
	{ 0xc0000103, 0x1234 },
	{ 0x174, 0x10 },
	{ 0x175, 0xffff800011110000 },
	{ 0x176, 0xffff800022220000 },
	{ 0x277, 0x0007010600070106 },
	{ 0x204, 0x80000006 },
	{ 0x205, 0xff0000800 },
	{ 0x259, 0x0102030405060102 },
	{ 0x26f, 0x0606060606060606 },
	{ 0x2ff, 0xc06 },
};
#define MSRS (sizeof(msrs) / sizeof(msrs[0]))

static void msrs_check(void)
{
	for (unsigned int i = 0; i < MSRS; i++)
		if (rdmsr(msrs[i].msr) != msrs[i].val)
			bad("MSR", msrs[i].msr, rdmsr(msrs[i].msr));
}

/* ---- devices -------- */

struct port {
	uint16_t port;
	uint8_t val;
};

static const struct port ports[] = {
	{ 0x21, 0xfb },	    { 0xa1, 0xff }, { 0x61, 0x02 },  { COM1 + 7, 0x5a },
	{ COM1 + 4, 0x0b }, { 0xb3, 0x77 }, { 0x4d1, 0x0e },
};
#define PORTS (sizeof(ports) / sizeof(ports[0]))

static const struct {
	uint32_t reg, val;
} apic[] = {
	{ 0xd0, 0x02000000 },	    { 0xe0, 0xffffffff }, { 0xf0, 0x1ff },    { 0x310, 0x05000000 },
	{ 0x320, 0x20000 | TIMER }, { 0x330, 0x100f1 },	  { 0x350, 0x10700 }, { 0x360, 0x400 },
	{ 0x370, 0x100fe },	    { 0x3e0, 0xb },	  { 0x380, 1000000 },
};
#define APIC (sizeof(apic) / sizeof(apic[0]))

static uint8_t cmos(uint8_t index)
{
	outb(0x70, index);
	return inb(0x71);
}

static void devices_set(void)
{
	for (unsigned int i = 0; i < PORTS; i++)
		outb(ports[i].port, ports[i].val);
	for (unsigned int i = 0; i < APIC; i++)
		mmio_write(LAPIC + apic[i].reg, apic[i].val);
	for (uint32_t pin = 0; pin < 24; pin++) {
		mmio_write(IOAPIC, 0x11 + 2 * pin);
		mmio_write(IOAPIC + 0x10, pin << 24);
		mmio_write(IOAPIC, 0x10 + 2 * pin);
		mmio_write(IOAPIC + 0x10, 0x10000 | (0x30 + pin));
	}
	for (uint8_t i = 0x40; i < 0x50; i++) {
		outb(0x70, i);
		outb(0x71, i ^ 0xa5);
	}
	outw(0x602, 0x0321);
	outb(0x43, 0xb6), outb(0x42, 0x34), outb(0x42, 0x12);
}

static void devices_check(void)
{
	for (unsigned int i = 0; i < PORTS; i++)
		if ((inb(ports[i].port) & (ports[i].port == 0x61 ? 0x0f : 0xff)) != ports[i].val)
			bad("port", ports[i].port, inb(ports[i].port));
	for (unsigned int i = 0; i < APIC; i++)
		if (mmio_read(LAPIC + apic[i].reg) != apic[i].val)
			bad("local APIC", apic[i].reg, mmio_read(LAPIC + apic[i].reg));
	for (uint32_t pin = 0; pin < 24; pin++) {
		mmio_write(IOAPIC, 0x11 + 2 * pin);
		uint64_t high = mmio_read(IOAPIC + 0x10);
		mmio_write(IOAPIC, 0x10 + 2 * pin);
		uint64_t low = mmio_read(IOAPIC + 0x10);

		if (high != (uint64_t)pin << 24 || low != (0x10000u | (0x30 + pin)))
			bad("I/O APIC", pin, high << 32 | low);
	}
	for (uint8_t i = 0x40; i < 0x50; i++)
		if (cmos(i) != (i ^ 0xa5))
			bad("CMOS", i, cmos(i));
	if ((inl(0x600) >> 16) != 0x0321)
		bad("ACPI", 0, inl(0x600));
}

/* ---- extended state: the compiler uses none of it -------- */

static uint8_t pattern[512] __attribute__((aligned(64))), seen[512] __attribute__((aligned(64)));
static uint8_t fx[512] __attribute__((aligned(64))), fx_seen[512] __attribute__((aligned(64)));
static bool avx;

#define EACH_REG(op, mem)                                                                          \
	__asm__ volatile(op(0) op(1) op(2) op(3) op(4) op(5) op(6) op(7) op(8) op(9) op(10) op(11) \
				 op(12) op(13) op(14) op(15)                                       \
			 :                                                                         \
			 : "r"(mem)                                                                \
			 : "memory")
#define LOAD_Y(n) "vmovups " #n "*32(%0), %%ymm" #n "\n\t"
#define STORE_Y(n) "vmovups %%ymm" #n ", " #n "*32(%0)\n\t"
#define LOAD_X(n) "movups " #n "*32(%0), %%xmm" #n "\n\t"
#define STORE_X(n) "movups %%xmm" #n ", " #n "*32(%0)\n\t"

static void fpu_set(void)
{
	uint32_t r[4], mxcsr = 0x5f80; /* rounds up */
	uint16_t fcw = 0x0b7f;

	cpuid(1, 0, r);
	avx = r[2] >> 26 & 1 && r[2] >> 28 & 1;
	if (avx) {
		uint64_t cr4;

		__asm__ volatile("mov %%cr4, %0; or %1, %0; mov %0, %%cr4"
				 : "=&r"(cr4)
				 : "i"(1 << 18));
		__asm__ volatile("xsetbv" : : "c"(0), "a"(7), "d"(0));
	}
	for (unsigned int i = 0; i < sizeof(pattern); i++)
		pattern[i] = (uint8_t)(i * 7 + (i >> 5) + 1);
	__asm__ volatile("fninit; fldcw %0; fldpi; fldl2e; fld1; ldmxcsr %1"
			 :
			 : "m"(fcw), "m"(mxcsr));
	if (avx)
		EACH_REG(LOAD_Y, pattern);
	else
		EACH_REG(LOAD_X, pattern);
	__asm__ volatile("fxsave64 %0" : "=m"(fx));
}

static void fpu_check(void)
{
	if (avx)
		EACH_REG(STORE_Y, seen);
	else
		EACH_REG(STORE_X, seen);
	for (unsigned int i = 0; i < sizeof(seen); i++)
		if ((avx || i % 32 < 16) && seen[i] != pattern[i])
			bad("vector register", i, seen[i]);
	__asm__ volatile("fxsave64 %0" : "=m"(fx_seen));
	for (unsigned int i = 0; i < 416; i++)
		if (fx_seen[i] != fx[i])
			bad("FXSAVE image", i, fx_seen[i]);
	if (avx) {
		uint32_t lo, hi;

		__asm__ volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
		if (lo != 7 || hi)
			bad("XCR", 0, lo);
	}
}

/* ---- control, debug and general registers -------- */

#define DEBUG_BASE 0x123456789000ull
#define CR2_VALUE 0x1122334455667788ull

#define DR_WRITE(n) __asm__ volatile("mov %0, %%dr" #n : : "r"(DEBUG_BASE + (n)))
#define DR_CHECK(n)                                                \
	do {                                                       \
		uint64_t v_;                                       \
		__asm__ volatile("mov %%dr" #n ", %0" : "=r"(v_)); \
		if (v_ != DEBUG_BASE + (n))                        \
			bad("DR", n, v_);                          \
	} while (0)

static uint64_t cr0, cr4;

static void control_set(void)
{
	DR_WRITE(0);
	DR_WRITE(1);
	DR_WRITE(2);
	DR_WRITE(3);
	__asm__ volatile("mov %0, %%cr2; mov %1, %%dr7" : : "r"(CR2_VALUE), "r"(0xd0d0400ull));
	__asm__ volatile("mov %%cr0, %0; mov %%cr4, %1" : "=r"(cr0), "=r"(cr4));
}

static void control_check(void)
{
	uint64_t v, w;

	DR_CHECK(0);
	DR_CHECK(1);
	DR_CHECK(2);
	DR_CHECK(3);
	__asm__ volatile("mov %%cr2, %0; mov %%dr7, %1" : "=r"(v), "=r"(w));
	if (v != CR2_VALUE)
		bad("CR", 2, v);
	if (w != 0xd0d0400)
		bad("DR", 7, w);
	__asm__ volatile("mov %%cr0, %0; mov %%cr4, %1" : "=r"(v), "=r"(w));
	if (v != cr0 || w != cr4)
		bad("CR0, CR4", v, w);
	__asm__ volatile("mov %%cr8, %0" : "=r"(v));
	if (v != 3)
		bad("CR", 8, v);
}

uint64_t gprs[14];

#define GPR_VALUE(n) (0x0101010101010101ull * (0x11 + (n)))

/* Waits for n rounds of a loop with a value of its own in each register. */
static void gprs_check(uint64_t n)
{
	__asm__ volatile(
		"push %%rbp; push %%rbx; mov %0, %%rcx\n\t"
		"movabs $0x1111111111111111, %%rax; movabs $0x1212121212121212, %%rdx\n\t"
		"movabs $0x1313131313131313, %%rbx; movabs $0x1414141414141414, %%rbp\n\t"
		"movabs $0x1515151515151515, %%rsi; movabs $0x1616161616161616, %%rdi\n\t"
		"movabs $0x1717171717171717, %%r8; movabs $0x1818181818181818, %%r9\n\t"
		"movabs $0x1919191919191919, %%r10; movabs $0x1a1a1a1a1a1a1a1a, %%r11\n\t"
		"movabs $0x1b1b1b1b1b1b1b1b, %%r12; movabs $0x1c1c1c1c1c1c1c1c, %%r13\n\t"
		"movabs $0x1d1d1d1d1d1d1d1d, %%r14; movabs $0x1e1e1e1e1e1e1e1e, %%r15\n\t"
		"1: dec %%rcx; jnz 1b\n\t"
		"mov %%rax, gprs; mov %%rdx, gprs+8; mov %%rbx, gprs+16; mov %%rbp, gprs+24\n\t"
		"mov %%rsi, gprs+32; mov %%rdi, gprs+40; mov %%r8, gprs+48; mov %%r9, gprs+56\n\t"
		"mov %%r10, gprs+64; mov %%r11, gprs+72; mov %%r12, gprs+80\n\t"
		"mov %%r13, gprs+88; mov %%r14, gprs+96; mov %%r15, gprs+104\n\t"
		"pop %%rbx; pop %%rbp"
		:
		: "r"(n)
		: "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
		  "r15", "memory", "cc");
	for (unsigned int i = 0; i < 14; i++)
		if (gprs[i] != GPR_VALUE(i))
			bad("register", i, gprs[i]);
}

/* ---- time and interrupts -------- */

static void note_time(void)
{
	uint64_t now = rdtsc();

	if (now < last_tsc)
		bad("the TSC went back", last_tsc, now);
	if (now - last_tsc > GAP_MS * khz)
		bad("the TSC jumped", last_tsc, now);
	last_tsc = now;
}

static void wait(unsigned int ms)
{
	uint64_t end = rdtsc() + ms * khz;

	__asm__ volatile("sti");
	do {
		if (boot_arg == 1)
			__asm__ volatile("hlt");
		else
			gprs_check(20000);
		note_time();
	} while (last_tsc < end);
	__asm__ volatile("cli");
}

/* A second NMI must wait for the end of the first one's handler. */
static void in_nmi(void)
{
	static bool nested;
	uint64_t count = trap_count[2], end = rdtsc() + (boot_arg == 2 ? 20 : 1) * khz;

	if (nested)
		return;
	nested = true;
	mmio_write(LAPIC + 0x310, 0);
	mmio_write(LAPIC + 0x300, NMI_SELF);
	while (rdtsc() < end)
		if (trap_count[2] != count)
			bad("an NMI within an NMI", count, trap_count[2]);
	nested = false;
}

static void nmis(void)
{
	uint64_t count = trap_count[2];
	unsigned int i;

	/* in_nmi() itself does not run again while nested; the second comes without it. */
	trap_nmi = in_nmi;
	mmio_write(LAPIC + 0x310, 0);
	mmio_write(LAPIC + 0x300, NMI_SELF);
	for (i = 0; i < 100000 && trap_count[2] == count; i++)
		inb(0x80);
	trap_nmi = 0;
	/* One that has waited comes with an exit after the IRET. */
	for (i = 0; i < 100000 && trap_count[2] < count + 2; i++)
		inb(0x80);
	if (trap_count[2] != count + 2)
		bad("NMIs", count, trap_count[2]);
	mmio_write(LAPIC + 0x310, 0x05000000);
}

static void round(void)
{
	uint64_t ticks = trap_count[TIMER], before = rdtsc(), ns, inner, outer;
	uint32_t pm = inl(PM_TIMER);

	inner = rdtsc();
	wait(ROUND_MS);
	inner = (rdtsc() - inner) * 1000000 / khz;
	pm = (inl(PM_TIMER) - pm) & 0xffffff;
	outer = (rdtsc() - before) * 1000000 / khz;
	ns = pm * 1000000000ull / PM_HZ;
	if (ns + 1000000 < inner || ns > outer + 1000000)
		bad("PM timer against TSC", inner, ns);
	if (trap_count[TIMER] == ticks)
		bad("no timer interrupt", ticks, 0);
	nmis();
	msrs_check();
	devices_check();
	fpu_check();
	control_check();
}

int main(void)
{
	unsigned int rounds = 0;
	uint32_t r[4];

	cpuid(0x40000010, 0, r);
	khz = r[0];
	for (unsigned int i = 0; i < MSRS; i++)
		wrmsr(msrs[i].msr, msrs[i].val);
	trap_eoi = true;
	devices_set();
	fpu_set();
	control_set();
	__asm__ volatile("mov %0, %%cr8" : : "r"(3ull));
	last_tsc = rdtsc();
	while (!(inb(COM1 + 5) & 1)) {
		round();
		rounds++;
		print("round\n");
	}
	print(failures ? "not ok rounds: " : "ok rounds: ");
	print_dec(rounds);
	print("\n");
	return 0;
}
