// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * The operations of the hostile guest. Each takes all that it does from rnd(). What would
 * only end the VM (power off, reset, a triple fault) is done, but seldom.
 */
#include "hostile.h"

struct regs regs;

/* Ends of everything that is or may be mapped, and what is between. */
const uint64_t places[STRANGE_PLACES] = {
	LAPIC,	    LAPIC,	LAPIC,	    IOAPIC,	IOAPIC,	    0xfed00000,
	0xfed40000, 0xe0000000, 0xa0000,    0xb8000,	0xc0000,    0xf0000,
	0xfffffff0, 0xd0000000, 0xb0000000, MEMORY_END, MEMORY_END, STRANGE,
};

uint64_t strange_address(void)
{
	uint64_t at = places[below(STRANGE_PLACES)];

	switch (below(6)) {
	case 0:
		return at + below(4096);
	case 1:
		return at - 1 - below(16);
	case 2:
		return SANDBOX + below(SANDBOX_SIZE - 65536);
	case 3:
		return at == STRANGE ? at + below(1u << 30) : at + 0x10 * below(64);
	default:
		return at + 0x10 * below(64);
	}
}

void random_regs(void)
{
	uint64_t *all = &regs.rax;

	for (unsigned int i = 0; i < 16; i++)
		all[i] = below(4) ? rnd64() >> below(64) : SANDBOX + below(SANDBOX_SIZE);
	regs.rbx = SANDBOX + below(65536);
	regs.rsi = SANDBOX + below(65536);
	regs.rdi = SANDBOX + below(65536);
	regs.rcx = rarely(64) ? below(4096) : below(24);
	/* A stack in no memory ends the VM. */
	regs.rsp = rarely(SELDOM) ? strange_address() : SANDBOX + 0x200000 + below(65536);
	regs.flags = 2 | (rnd() & 0x8d5) | (below(4) ? 0 : 0x400) | (rarely(16) ? 0x40000 : 0);
	regs.user = 0;
}

/* Addresses where devices are, or nothing. */
static void device_regs(void)
{
	random_regs();
	regs.rbx = strange_address();
	if (below(2))
		regs.rsi = strange_address();
	if (below(2))
		regs.rdi = strange_address();
}

static void run_at(uint64_t code)
{
	trace((const uint64_t *)code, &regs);
	execute((const void *)code, &regs);
}

void run(void)
{
	run_at((uint64_t)code_buffer);
}

/* Runs what bytes say, with an end. */
void run_bytes(uint32_t bytes, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		code_buffer[i] = (uint8_t)(bytes >> 8 * i);
	make_end(code_buffer + n);
	run();
}

/* ---- ports -------- */

static uint16_t random_port(void)
{
	static const uint16_t ports[] = {
		0x20,  0x21,  0xa0,  0xa1,  0x40,  0x41,  0x42,	 0x43,	0x61,  0x70,  0x71,
		0x60,  0x64,  0x80,  0x92,  0xb2,  0xb3,  0xcf8, 0xcf9, 0xcfc, 0xcfd, 0xcfe,
		0x3f8, 0x3f9, 0x3fa, 0x3fb, 0x3fc, 0x3fd, 0x3fe, 0x3ff, 0x4d0, 0x4d1, 0x600,
		0x602, 0x604, 0x608, 0x620, 0x622, 0x3d4, 0x1f0, 0x2f8, 0xed,  0,     0xffff,
	};
	return below(3) ? ports[below(sizeof(ports) / 2)] : (uint16_t)rnd();
}

/* Whether writing here may end the VM. */
static bool ends(uint16_t port)
{
	return port == 0x64 || port == 0x92 || (port >= 0xcf6 && port <= 0xcf9) ||
	       (port >= 0x601 && port <= 0x605);
}

static void op_port(void)
{
	static const uint32_t insns[] = { 0xec, 0xed, 0xed66, 0xee, 0xef, 0xef66 };
	static const uint8_t lengths[] = { 1, 1, 2, 1, 1, 2 };
	unsigned int i = below(6);
	uint16_t port = random_port();

	if (i >= 3 && ends(port) && !rarely(64))
		i -= 3;
	random_regs();
	regs.rdx = port;
	run_bytes(insns[i], lengths[i]);
}

static void op_port_string(void)
{
	uint32_t insn = 0x6c | below(4);
	uint16_t port = random_port();

	if ((insn & 2) && ends(port) && !rarely(64))
		insn &= ~2u;
	random_regs();
	regs.rdx = port;
	if (below(2))
		regs.rdi = regs.rsi = strange_address();
	if (rarely(4)) /* into what runs */
		regs.rdi = (uint64_t)code_buffer;
	code_buffer[0] = below(4) ? 0xf3 : 0x90;
	code_buffer[1] = below(4) ? 0x48 : 0x66;
	code_buffer[2] = below(8) ? 0x90 : 0x67;
	/* The prefix of 64 bits counts only right before the opcode. */
	code_buffer[1] = code_buffer[2] == 0x90 ? 0xf3 : code_buffer[1];
	code_buffer[2] = code_buffer[2] == 0x90 ? 0x66 : code_buffer[2];
	code_buffer[3] = (uint8_t)insn;
	make_end(code_buffer + 4);
	run();
}

static void op_backdoor(void)
{
	random_regs();
	regs.rax = below(16) ? 0x564d5868 : rnd64();
	regs.rcx = below(80) | (below(4) ? 0 : rnd() << 16);
	if ((regs.rcx & 0xffff) == 30) /* messages: each may wait for an answer */
		regs.rcx = below(4) ? 30 | below(8) << 16 : 10;
	regs.rdx = 0x5658 + below(2) + (below(2) ? 0 : rnd() << 16);
	run_bytes(below(8) ? 0xed : 0xef + below(2) * 0x77, 1);
}

/* ---- memory of devices, and instructions -------- */

static void op_memory(void)
{
	bool device = below(4);

	if (device)
		device_regs();
	else
		random_regs();
	make_memory_insn(code_buffer, device);
	if (!device && !rarely(64)) /* a jump might go on for ever */
		regs.flags |= 0x100;
	run();
}

static void op_steps(void)
{
	random_regs();
	if (below(2))
		make_memory_insn(code_buffer, false);
	else
		make_noise(code_buffer);
	regs.flags |= 0x100;
	run();
}

static void op_user(void)
{
	random_regs();
	make_user((uint8_t *)USER_ALIAS);
	regs.user = 1;
	regs.rsp = USER + 0x100000;
	regs.flags |= 0x100 | (below(8) ? 0 : 0x3000) | (below(2) ? 0x200 : 0);
	run_at(USER);
}

static void op_jump_strange(void)
{
	random_regs();
	regs.flags |= 0x100;
	run_at(strange_address());
}

/* The last bytes of memory, and an instruction that goes beyond. */
static void op_edge(void)
{
	uint8_t *p = (uint8_t *)MEMORY_END - 1 - below(15);

	random_regs();
	for (uint8_t *q = p; q < (uint8_t *)MEMORY_END; q++)
		*q = (uint8_t)rnd();
	if (below(2))
		p[0] = 0x0f;
	without_qemu_bugs(p, (uint8_t *)MEMORY_END);
	/* One that needs more bytes than there are ends the VM. */
	if (!rarely(SELDOM / 64))
		p = (uint8_t *)MEMORY_END - 1, p[0] = 0x90;
	regs.flags |= 0x100;
	run_at((uint64_t)p);
}

/* An instruction for a device that writes itself anew, and runs again. */
static void op_self_modify(void)
{
	static const uint8_t loop[] = { 0x88, 0x03, 0xa4, 0xff, 0xc9, 0x75, 0xf9 };

	device_regs();
	for (unsigned int i = 0; i < sizeof(loop); i++)
		code_buffer[i] = loop[i];
	make_end(code_buffer + sizeof(loop));
	regs.rdi = (uint64_t)code_buffer + below(8);
	regs.rcx &= 31;
	regs.flags |= 0x100;
	run();
}

/* ---- what hypervisors know -------- */

static void op_special(void)
{
	static const uint32_t insns[] = {
		0xd8010f, 0xd9010f, 0xda010f, 0xdb010f, 0xdc010f, 0xdd010f, 0xde010f, 0xdf010f,
		0xc1010f, 0xc2010f, 0xc8010f, 0xc9010f, 0xca010f, 0xcb010f, 0xd1010f, 0xd0010f,
		0xfd010f, 0xfe010f, 0xff010f, 0xf8010f, 0xf9010f, 0xfa010f, 0xfb010f, 0xfc010f,
		0x90080f, 0x90090f, 0x90330f, 0x90310f, 0x90050f, 0x90340f, 0x90350f, 0x90070f,
		0x90aa0f, 0x9090f1, 0x9090cc, 0x900b0f, 0x903f0f, 0x9090f3, 0x90370f, 0x9090ce,
		0xd4010f, 0xd5010f, 0xd6010f, 0xee010f, 0xef010f, 0x900e0f, 0x90770f, 0x909090,
	};
	random_regs();
	if (below(2))
		regs.rax = below(2) ? below(16) : SANDBOX + 4096 * below(64), regs.rdx = 0;
	if (below(2))
		regs.rcx = below(4);
	run_bytes(insns[below(sizeof(insns) / 4)], 3);
}

static void op_int(void)
{
	random_regs();
	run_bytes(0xcd | below(256) << 8, 2);
}

/* ---- interrupts -------- */

static void op_apic(void)
{
	uint32_t reg = below(0x40) * 0x10, val = below(2) ? rnd() : 1u << below(32);

	/* INIT to itself ends the VM. */
	if (reg == 0x300 && (val & 0x700) == 0x500 && !rarely(SELDOM / 64))
		val &= ~0x700u;
	mmio_write(LAPIC + reg, val);
}

/* Lets in what there is to come, and looks into a device meanwhile. */
static void wait_open(void)
{
	random_regs();
	regs.rdx = 0x80;
	regs.flags = 0x202;
	run_bytes(0xeca8ec, 3);
}

/* HLT, if the timer will surely end it. */
static void halt(void)
{
	mmio_write(LAPIC + 0xf0, 0x1ff);
	mmio_write(LAPIC + 0x80, 0);
	for (int i = 0; i < 16; i++)
		mmio_write(LAPIC + 0xb0, 0);
	mmio_write(LAPIC + 0x3e0, rnd() & 0xb);
	mmio_write(LAPIC + 0x320, below(2) << 17 | (32 + below(224)));
	mmio_write(LAPIC + 0x380, 1u << below(12));
	if (mmio_read(LAPIC + 0x380) > 4096 || (mmio_read(LAPIC + 0x320) & 0x10700))
		return; /* not there any more */
	random_regs();
	regs.flags = 2;
	run_bytes(0xf4fb, 2); /* STI lets nothing in before HLT */
}

static void op_ipi(void)
{
	static const uint32_t kinds[] = { 0x44000, 0x44000, 0x84000, 0x44400, 0x44200, 0x4000 };

	mmio_write(LAPIC + 0x310, rarely(4) ? rnd() : 0);
	for (unsigned int n = below(20); n--;)
		mmio_write(LAPIC + 0x300, kinds[below(6)] | below(256));
	wait_open();
}

static void op_timer(void)
{
	uint32_t mode = below(3) << 17;

	mmio_write(LAPIC + 0x80, 0);
	mmio_write(LAPIC + 0x3e0, rnd() & 0xb);
	mmio_write(LAPIC + 0x320, mode | (32 + below(224)) | (rarely(8) ? 0x400 : 0));
	mmio_write(LAPIC + 0x380, rarely(16) ? rnd() : 1u << below(12));
	if (mode == 0x40000)
		wrmsr(0x6e0, rarely(8) ? rnd64() : rdtsc() + below(100000) - below(1000));
	if (below(2))
		wait_open();
	else
		halt();
	mmio_write(LAPIC + 0x320, 0x10000);
}

static void op_pit_and_pic(void)
{
	outb(0x43, (uint8_t)rnd());
	outb(0x40, (uint8_t)rnd()), outb(0x40, (uint8_t)below(4));
	outb(0x20, (uint8_t)rnd()), outb(0x21, (uint8_t)rnd());
	outb(0xa0, (uint8_t)rnd()), outb(0xa1, (uint8_t)rnd());
	mmio_write(IOAPIC, 0x10 + below(48));
	mmio_write(IOAPIC + 0x10, below(2) ? 32 + below(224) : rnd());
	mmio_write(LAPIC + 0x350 + below(2) * 0x10, below(4) ? 0x700 : rnd());
	wait_open();
}

/* ---- page tables and modes -------- */

static void op_tables(void)
{
	uint64_t *table = (uint64_t *)(SANDBOX + 0x100000 + 4096 * below(16)), entry;
	unsigned int i = below(512);

	switch (below(4)) {
	case 0: /* a large page of anything but the program */
		entry = (below(2) ? SANDBOX : rnd64() | MEMORY_END << below(20)) | 0x80;
		break;
	case 1:
		entry = rarely(SELDOM / 8) ? strange_address() & ~0xfffull : (uint64_t)table;
		break;
	default:
		for (unsigned int j = 0; j < 512; j++)
			table[j] = ((below(2) ? SANDBOX + below(SANDBOX_SIZE) : strange_address()) &
				    ~0xfffull) |
				   (rnd() & 0x1ff) | (rarely(8) ? rnd64() << 40 : 0) | 1;
		entry = (uint64_t)table;
	}
	pds[512 + i] = (entry & ~0x7full) | (rnd() & 0x7f) | 1;
	random_regs();
	regs.rbx = regs.rdi = STRANGE + ((uint64_t)i << 21) + below(1u << 21);
	make_memory_insn(code_buffer, true);
	if (rarely(4)) {
		regs.flags |= 0x100;
		run_at(regs.rbx);
	} else {
		run();
	}
}

static void op_trip(void)
{
	volatile uint32_t *mailbox = (volatile uint32_t *)(uintptr_t)0x7e00;
	uint8_t *code = (uint8_t *)LOW_CODE;
	uint16_t port = random_port();
	static const uint8_t insns[] = { 0xec, 0xed, 0x6c, 0x6d, 0xa4, 0xa5, 0xaa, 0xab, 0x90 };
	unsigned int n = 0, reg;

	/* What swallows a return finds the next. */
	for (unsigned int i = 0; i < 64; i++)
		code[i] = 0xc3;
	/* Some instructions, some with prefixes, and a return; a fault comes back, too. */
	for (unsigned int k = 1 + below(4); k--;) {
		if (below(2)) { /* with no count that would take for ever */
			code[n++] = 0x31, code[n++] = 0xc9;
			code[n++] = 0xb1, code[n++] = (uint8_t)below(20);
			code[n++] = below(2) ? 0x66 : 0xf3;
		}
		if (rarely(4)) {
			code[n++] = 0x0f, code[n++] = below(2) ? 0xa2 : 0x32;
		} else if (below(2)) { /* ESP stays */
			reg = below(6);
			code[n++] = 0x8a ^ below(4);
			code[n++] = (uint8_t)((reg == 4 ? 3 : reg) << 3 | below(8));
		} else {
			code[n++] = insns[below(sizeof(insns))];
		}
	}
	code[n++] = rarely(SELDOM / 16) ? (uint8_t)rnd() : 0xc3;
	code[n++] = 0xc3;
	mailbox[0] = ends(port) ? 0x80 : port;
	mailbox[1] = rnd();
	mailbox[2] = rnd(); /* BX, ES */
	mmio_write(LAPIC + 0x80, 0);
	trace((uint64_t *)code, &regs);
	trip((rnd() & 15) | (rarely(SELDOM / 16) ? TRIP_TASK : 0), strange_address(), mailbox[0],
	     mailbox[1]);
}

void operation(void)
{
	static void (*const operations[])(void) = {
		op_port,	 op_port,   op_port_string, op_backdoor, op_memory,  op_memory,
		op_memory,	 op_steps,  op_user,	    op_msr,	 op_msr,     op_efer,
		op_cpuid,	 op_cr,	    op_dr,	    op_segments, op_special, op_int,
		op_jump_strange, op_edge,   op_self_modify, op_apic,	 op_ipi,     op_timer,
		op_pit_and_pic,	 op_tables, op_trip,
	};

	operations[below(sizeof(operations) / sizeof(operations[0]))]();
}
