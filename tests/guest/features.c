// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * What a VM's processor must do: exits that end in an exception, interrupts in
 * all their windows, debug features, devices reached by odd instructions.
 * Prints "ok" and "not ok" lines.
 */
#include "guest.h"

#define VMX_MAGIC 0x564d5868u
#define NMI_SELF 0x44400u /* ICR: self, assert, NMI */

/* ---- instructions that a VM has not -------- */

static void refused_instructions(void)
{
	uint64_t v;
	uint32_t r[4];

	FAULTS("vmmcall", , );
	check("VMMCALL is #UD", trap_count[6] == 1, trap_count[6]);
	FAULTS("xor %%eax, %%eax; vmrun %%rax", , );
	FAULTS("vmload %%rax", , );
	FAULTS("vmsave %%rax", , );
	FAULTS("stgi", , );
	FAULTS("clgi", , );
	FAULTS("invlpga %%rax, %%ecx", , );
	check("SVM instructions are #UD", trap_count[6] == 7, trap_count[6]);
	FAULTS("monitor %%rax, %%rcx, %%rdx", , LIST("a"(0), "c"(0), "d"(0)));
	FAULTS("mwait %%rax, %%rcx", , LIST("a"(0), "c"(0)));
	check("MONITOR and MWAIT are #UD", trap_count[6] == 9, trap_count[6]);
	check("RDPMC is #GP",
	      FAULTS("rdpmc", LIST("=a"(r[0]), "=d"(r[1])), "c"(0)) && trap_count[13] == 1,
	      trap_count[13]);
	check("an unknown MSR is #GP",
	      FAULTS("rdmsr", LIST("=a"(r[0]), "=d"(r[1])), "c"(0x12345)) && trap_error == 0,
	      trap_error);
	check("EFER.SVME cannot be set",
	      FAULTS("wrmsr", , LIST("c"(0xc0000080), "a"(0x1d01), "d"(0))), 0);
	check("EFER reads as written", rdmsr(0xc0000080) == 0xd01, rdmsr(0xc0000080));
	check("LME cannot change while paging is on",
	      FAULTS("wrmsr", , LIST("c"(0xc0000080), "a"(0xc01), "d"(0))), 0);
	check("a wrong PAT is #GP", FAULTS("wrmsr", , LIST("c"(0x277), "a"(2), "d"(0))), 0);
	wrmsr(0x277, 0x0007010600070106ull);
	v = rdmsr(0x277);
	check("PAT reads as written", v == 0x0007010600070106ull, v);
	__asm__ volatile("wbinvd; invd; rex64 wbinvd" : : : "memory");
	check("WBINVD and INVD do nothing", true, 0);
	cpuid(0x8000000a, 0, r);
	check("no SVM leaf", (r[0] | r[1] | r[2] | r[3]) == 0, r[3]);
	__asm__ volatile(".byte 0x66, 0x48, 0x0f, 0xa2"
			 : "=a"(r[0])
			 : "a"(0x40000000)
			 : "ebx", "ecx", "edx");
	check("CPUID with prefixes", r[0] == 0x40000010, r[0]);
}

/* ---- memory -------- */

static void memory(void)
{
	volatile uint8_t *p = (volatile uint8_t *)0xfffffff8ull;
	uint64_t v;

	check("no memory reads as ones", mmio_read(0xd0000000) == 0xffffffff,
	      mmio_read(0xd0000000));
	mmio_write(0xd0000000, 5);
	check("no memory keeps nothing", mmio_read(0xd0000000) == 0xffffffff,
	      mmio_read(0xd0000000));
	check("the VGA window is empty", mmio_read(0xa0000) == 0xffffffff, mmio_read(0xa0000));
	mmio_write(0x9fffc, 0x11223344);
	v = *(volatile uint64_t *)0x9fffcull;
	check("an access over the edge of memory", v == 0xffffffff11223344ull, v);
	check("memory is zero at first", *(volatile uint64_t *)0x700000ull == 0, 0);
	check("the last bytes below 4 GiB", *p == 0xff, *p);
	/* Byte by byte into the I/O APIC's index, then a string store to nowhere. */
	*(volatile uint8_t *)IOAPIC = 1;
	v = mmio_read(IOAPIC + 0x10);
	check("the I/O APIC has 24 pins", (v >> 16 & 0xff) == 23, v);
	__asm__ volatile("rep stosl" : : "D"(0xd0000000ull), "c"(3000), "a"(0) : "memory");
	__asm__ volatile("rep movsb"
			 :
			 : "D"(0x800000ull), "S"(0xd0000000ull), "c"(5000)
			 : "memory");
	check("REP MOVS from nowhere", *(volatile uint32_t *)(0x800000ull + 4996) == 0xffffffff, 0);
}

/* ---- ports -------- */

static void ports(void)
{
	static const char text[] = "# by OUTSB\n";
	uint8_t in[4] = { 0 };
	uint64_t rax;

	__asm__ volatile("rep outsb" : : "d"(0x3f8), "S"(text), "c"(sizeof(text) - 1) : "memory");
	outb(0x3ff, 0x5a);
	__asm__ volatile("rep insb" : : "d"(0x3ff), "D"(in), "c"(3) : "memory");
	check("INSB", in[0] == 0x5a && in[2] == 0x5a && in[3] == 0, in[0]);
	__asm__ volatile("inb $0x80, %%al" : "=a"(rax) : "a"(0x1122334455667788ull));
	check("IN AL keeps the rest of RAX", rax == 0x11223344556677ffull, rax);
	__asm__ volatile("inw %%dx, %%ax" : "=a"(rax) : "a"(0x1122334455667788ull), "d"(0x8000));
	check("IN AX keeps the rest of RAX", rax == 0x112233445566ffffull, rax);
	__asm__ volatile("inl %%dx, %%eax" : "=a"(rax) : "a"(0x1122334455667788ull), "d"(0x8000));
	check("IN EAX clears the rest of RAX", rax == 0xffffffffull, rax);
}

static uint32_t backdoor_ebx;

static uint32_t backdoor(uint32_t command)
{
	uint32_t eax = VMX_MAGIC, ebx = 0, ecx = command;

	__asm__ volatile("inl %%dx, %%eax" : "+a"(eax), "+b"(ebx), "+c"(ecx) : "d"(0x5658));
	backdoor_ebx = ebx;
	return eax;
}

/* In ring 3; back by an exception that ring 0 waits for. Touches no register that C keeps. */
extern volatile uint32_t ring3_result;
void ring3_code(void);
__asm__(".text\nring3_code: mov $0x564d5868, %eax; mov $10, %ecx; mov $0x5658, %edx\n"
	"inl %dx, %eax; mov %eax, ring3_result; hlt\n"
	".data; .balign 4; ring3_result: .long 0; .text\n");

static void test_backdoor(void)
{
	uint64_t gp;

	check("the backdoor says version 6", backdoor(10) == 6 && backdoor_ebx == VMX_MAGIC,
	      backdoor_ebx);
	check("the backdoor says the memory's size", backdoor(20) == 16u << 20, backdoor(20));
	for (int i = 0; i < 512; i++)
		pds[i] |= 4;
	__asm__ volatile("mov %cr3, %rax; mov %rax, %cr3");
	gp = trap_count[13];
	__asm__ volatile("movabs $1f, %%r10; mov %%r10, resume_rip\n\t"
			 "mov %%rsp, %%r11; push %%rbp; push $0x2b; push %%r11; push $0x202; push "
			 "$0x33; push %0\n\t"
			 "mov %%rsp, %%rbp; iretq\n"
			 "1: cli; mov $16, %%eax; mov %%eax, %%ss; mov %%rbp, %%rsp; add $40, "
			 "%%rsp; pop %%rbp"
			 :
			 : "r"(ring3_code)
			 : "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11",
			   "memory", "cc");
	check("the backdoor answers ring 3", ring3_result == 6 && trap_count[13] == gp + 1,
	      trap_count[13] - gp);
}

/* ---- message channels of the backdoor: nobody at the other end here -------- */

static uint32_t message_ebx, message_edx = 0x5658, message_cookie[2];

/* Returns the status. */
static uint32_t message(uint32_t step, uint32_t ebx)
{
	uint32_t eax = VMX_MAGIC, ecx = step << 16 | 30, edx = message_edx;
	uint32_t esi = message_cookie[0], edi = message_cookie[1];

	__asm__ volatile("inl %%dx, %%eax"
			 : "+a"(eax), "+b"(ebx), "+c"(ecx), "+d"(edx), "+S"(esi), "+D"(edi));
	message_ebx = ebx;
	if (!step && ecx >> 16) {
		message_edx = edx;
		message_cookie[0] = esi;
		message_cookie[1] = edi;
	}
	return ecx >> 16;
}

static void messages(void)
{
	uint64_t n;

	check("no channel, no message", message(1, 4) == 0, message(1, 4));
	check("no channel of another kind", message(0, 0x80000001) == 0, 0);
	check("a TCLO channel opens", message(0, 0xcf4c4354) == 1, message_edx);
	check("polling it is not waiting for it", message(1, 0) == 1 && message(3, 0) == 1, 0);
	check("it closes, once", message(6, 0) == 1 && message(6, 0) == 0, 0);
	message_edx = 0x5658;
	check("an RPCI channel opens", message(0, 0xc9435052) == 1, message_edx);
	check("a message too long is refused", message(1, 16385) == 0, 0);
	check("a request is taken", message(1, 4) == 1 && message(2, 0x20676f6c) == 1, 0);
	/* The answer is waited for with interrupts off: the timer's, 10 ms away, must wait, too. */
	mmio_write(LAPIC + 0xf0, 0x1ff);
	mmio_write(LAPIC + 0x3e0, 0xb);
	mmio_write(LAPIC + 0x320, 0xa5);
	mmio_write(LAPIC + 0x380, 10000000);
	trap_eoi = true;
	n = trap_count[0xa5];
	check("without an answer it has failed", message(3, 0) == 0 && trap_count[0xa5] == n, 0);
	__asm__ volatile("sti; nop; nop; cli");
	check("and the timer comes", trap_count[0xa5] == n + 1, trap_count[0xa5] - n);
	check("the next cannot be sent before it", message(1, 4) == 0, message_ebx);
	message_edx = 0x5658;
	check("another channel opens, with interrupts on", message(0, 0xc9435052) == 1,
	      message_edx);
	message(1, 0);
	mmio_write(LAPIC + 0x380, 10000000);
	__asm__ volatile("sti");
	check("waiting lets interrupts in", message(3, 0) == 0 && trap_count[0xa5] == n + 2,
	      trap_count[0xa5] - n);
	__asm__ volatile("cli");
	mmio_write(LAPIC + 0x320, 0x10000);
}

/* ---- interrupts -------- */

/* Lets interrupts in until count is 1; one may come late if an exit fell behind the STI. */
static void let_in(volatile uint64_t *count)
{
	for (int i = 0; i < 1000000 && !*count; i++)
		__asm__ volatile("sti; nop; nop; nop; cli");
}

static void interrupts(void)
{
	uint64_t n;

	outb(0x21, 0xff);
	outb(0xa1, 0xff);
	trap_eoi = true;
	mmio_write(LAPIC + 0xf0, 0x1ff);
	/* To itself with IF off: comes at STI, after one more instruction. */
	mmio_write(LAPIC + 0x300, 0x40000 | 0x50);
	n = trap_count[0x50];
	__asm__ volatile("sti; mov trap_count + 0x50 * 8, %0; nop; cli" : "=r"(n) : : "memory");
	check("STI holds interrupts back for one instruction", n == 0, n);
	let_in(&trap_count[0x50]);
	check("a pending interrupt comes after STI", trap_count[0x50] == 1, trap_count[0x50]);
	/* By priority: 0x61 before 0x51, though sent later. */
	mmio_write(LAPIC + 0x300, 0x40000 | 0x51);
	mmio_write(LAPIC + 0x300, 0x40000 | 0x61);
	let_in(&trap_count[0x51]);
	check("two pending interrupts come", trap_count[0x51] == 1 && trap_count[0x61] == 1,
	      trap_count[0x51] << 32 | trap_count[0x61]);
	/* CR8 holds back what is not above it. */
	__asm__ volatile("mov %0, %%cr8" : : "r"(6ull));
	check("CR8 is the task priority", mmio_read(LAPIC + 0x80) == 0x60, mmio_read(LAPIC + 0x80));
	mmio_write(LAPIC + 0x300, 0x40000 | 0x52);
	__asm__ volatile("sti; nop; nop; nop");
	check("CR8 holds an interrupt back", trap_count[0x52] == 0, trap_count[0x52]);
	__asm__ volatile("mov %0, %%cr8; nop; nop; nop; cli" : : "r"(0ull));
	let_in(&trap_count[0x52]);
	check("a lower CR8 lets it come", trap_count[0x52] == 1, trap_count[0x52]);
	mmio_write(LAPIC + 0x80, 0x70);
	__asm__ volatile("mov %%cr8, %0" : "=r"(n));
	check("the task priority is CR8", n == 7, n);
	mmio_write(LAPIC + 0x80, 0);
	/* NMI to itself, IF off. */
	mmio_write(LAPIC + 0x300, NMI_SELF);
	for (n = 0; n < 100000 && !trap_count[2]; n++)
		__asm__ volatile("pause");
	check("an NMI comes with IF off", trap_count[2] == 1, trap_count[2]);
	mmio_write(LAPIC + 0x300, NMI_SELF);
	for (n = 0; n < 100000 && trap_count[2] < 2; n++)
		inb(0x80);
	check("and another one", trap_count[2] == 2, trap_count[2]);
}

static void timers(void)
{
	uint64_t t;

	mmio_write(LAPIC + 0x3e0, 0xb);
	mmio_write(LAPIC + 0x320, 0x60);
	t = rdtsc();
	mmio_write(LAPIC + 0x380, 5000000); /* 5 ms */
	__asm__ volatile("sti; hlt; cli");
	check("the local timer ends HLT", trap_count[0x60] == 1, rdtsc() - t);
	mmio_write(LAPIC + 0x320, 2u << 17 | 0x62);
	t = rdtsc() + 10000000;
	wrmsr(0x6e0, t);
	__asm__ volatile("sti; hlt; cli");
	check("the TSC deadline ends HLT", trap_count[0x62] == 1 && rdtsc() >= t, rdtsc() - t);
	check("the TSC deadline is over", rdmsr(0x6e0) == 0, rdmsr(0x6e0));
	/* The PIT through the PIC and LINT0, as ExtINT. */
	outb(0x20, 0x11), outb(0x21, 0x70), outb(0x21, 4), outb(0x21, 1), outb(0x21, 0xfe);
	mmio_write(LAPIC + 0x350, 0x700);
	outb(0x43, 0x30), outb(0x40, 0), outb(0x40, 0x10);
	__asm__ volatile("sti; hlt; cli");
	outb(0x20, 0x20);
	check("the PIT through the PIC", trap_count[0x70] == 1, trap_count[0x70]);
	outb(0x21, 0xff);
	/* The same through the I/O APIC. */
	mmio_write(IOAPIC, 0x10 + 2 * 2);
	mmio_write(IOAPIC + 0x10, 0x71);
	outb(0x43, 0x30), outb(0x40, 0), outb(0x40, 0x10);
	__asm__ volatile("sti; hlt; cli");
	check("the PIT through the I/O APIC", trap_count[0x71] == 1, trap_count[0x71]);
	mmio_write(IOAPIC + 0x10, 0x10000);
}

/* ---- debugging -------- */

static volatile uint32_t watched;

static void debugging(void)
{
	uint64_t v, n;

	v = 0x123456789abcull;
	__asm__ volatile("mov %0, %%dr1; mov %0, %%dr3" : : "r"(v));
	v = 0;
	__asm__ volatile("cpuid; mov %%dr3, %0" : "=r"(v) : "a"(0) : "ebx", "ecx", "edx");
	check("DR3 reads as written", v == 0x123456789abcull, v);
	/* A watchpoint. */
	n = trap_count[1];
	__asm__ volatile("mov %0, %%dr0; mov %1, %%dr7" : : "r"(&watched), "r"(0xd0402ull));
	watched = 1;
	__asm__ volatile("mov %0, %%dr7" : : "r"(0x400ull));
	check("a watchpoint is hit", trap_count[1] == n + 1, trap_count[1]);
	/* Single step over an instruction that exits: one #DB for each instruction. */
	n = trap_count[1];
	__asm__ volatile("pushfq; orq $0x100, (%%rsp); popfq\n\t"
			 "cpuid\n\t"
			 "in $0x80, %%al\n\t"
			 "pushfq; andq $~0x100, (%%rsp); popfq"
			 :
			 : "a"(0)
			 : "rbx", "rcx", "rdx", "memory", "cc");
	check("single step over exits", trap_count[1] == n + 5, trap_count[1] - n);
	n = trap_count[3];
	FAULTS("int3", , );
	check("INT3", trap_count[3] == n + 1, trap_count[3]);
	FAULTS("int $0x20", , );
	check("INT n", trap_count[0x20] == 1, trap_count[0x20]);
}

int main(void)
{
	refused_instructions();
	memory();
	ports();
	test_backdoor();
	messages();
	interrupts();
	timers();
	debugging();
	print("# end of features\n");
	return 0;
}
