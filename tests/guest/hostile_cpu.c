// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/* The operations of the hostile guest on the processor's own registers. */
#include "hostile.h"

static uint32_t random_msr(void)
{
	static const uint32_t msrs[] = {
		0x10,	    0x1b,	0x8b,	    0xfe,	0x174,	    0x175,	0x176,
		0x179,	    0x17a,	0x17b,	    0x1a0,	0x1d9,	    0x1db,	0x277,
		0x2ff,	    0x250,	0x258,	    0x268,	0x26f,	    0x200,	0x20f,
		0x48,	    0x49,	0x10a,	    0x122,	0x3a,	    0x6e0,	0xda0,
		0xc0000080, 0xc0000081, 0xc0000082, 0xc0000083, 0xc0000084, 0xc0000100, 0xc0000101,
		0xc0000102, 0xc0000103, 0xc0000104, 0xc0010000, 0xc0010004, 0xc0010010, 0xc0010015,
		0xc001001a, 0xc0010055, 0xc0010114, 0xc0010115, 0xc0010117, 0xc0010118, 0xc001011f,
		0xc0010131, 0xc0011029, 0x40000000, 0x4b564d00, 0x4b564d01,
	};
	switch (below(8)) {
	case 0:
		return below(0x2000);
	case 1:
		return 0xc0000000 + below(0x2000);
	case 2:
		return 0xc0010000 + below(0x2000);
	case 3:
		return 0x800 + below(0x100);
	case 4:
		return rnd();
	default:
		return msrs[below(sizeof(msrs) / 4)];
	}
}

void op_msr(void)
{
	bool write = below(2);

	random_regs();
	regs.rcx = random_msr();
	switch (below(4)) {
	case 0:
		regs.rax = 1ull << below(32), regs.rdx = 0;
		break;
	case 1:
		regs.rax = strange_address(), regs.rdx = 0;
		break;
	case 2:
		regs.rdx = below(2) ? 0 : 0xffff;
	}
	/* Into the middle of what runs. */
	if (write && regs.rcx == 0x1b && regs.rax < MEMORY_END && !rarely(16))
		regs.rax = LAPIC | (rnd() & 0xfff);
	run_bytes(write ? 0x300f : 0x320f, 2);
}

/* Sets one bit, or clears it, in a register that one reads, changes and writes. */
void op_efer(void)
{
	uint64_t bit = 1ull << below(below(4) ? 16 : 64);

	random_regs();
	regs.rcx = 0xc0000080;
	regs.rax = 0xd01 ^ (uint32_t)bit;
	regs.rdx = bit >> 32;
	run_bytes(0x300f, 2);
}

void op_cpuid(void)
{
	static const uint32_t leaves[] = { 0, 0x80000000, 0x40000000, 0x8fffffff, 0xc0000000 };

	random_regs();
	regs.rax = below(8) ? leaves[below(5)] + below(0x30) : rnd();
	regs.rcx = below(8) ? below(8) : rnd();
	run_bytes(0xa20f, 2);
}

void op_cr(void)
{
	static const uint64_t now[] = { 0x80010033, 0, 0, 0, 0x620, 0, 0, 0, 0 };
	static const uint8_t which[] = { 0, 0, 2, 3, 4, 4, 4, 8, 0 };
	uint8_t cr = below(16) ? which[below(9)] : (uint8_t)below(16);

	random_regs();
	regs.rax = (cr < 9 ? now[cr] : 0) ^ 1ull << below(below(8) ? 32 : 64);
	if (cr == 3)
		regs.rax = rarely(SELDOM) ? strange_address()
					  : (uint64_t)pml4 | (rnd() & 0xfff) |
						    (rarely(SELDOM) ? 1ull << 63 : 0);
	if (cr == 4 && rarely(2))
		regs.rax = 0x620 ^ (rnd() & 0x7fffff);
	if (!rarely(SELDOM)) { /* what VMRUN refuses, and the processor below does not */
		if (cr == 0)
			regs.rax &= below(2) ? 0xffffffff & ~(1ull << 29) : 0xc005003f;
		if (cr == 4)
			regs.rax = (regs.rax & 0x3507ff) | 0x20;
	}
	if (cr == 0 && !rarely(64)) /* QEMU takes it without #GP, and the guest is in no mode */
		regs.rax |= 0x80000001;
	if (cr == 8)
		regs.rax = rnd() & (below(4) ? 15 : ~0u);
	code_buffer[0] = cr >= 8 ? 0x44 : 0x90;
	code_buffer[1] = 0x0f;
	code_buffer[2] = below(4) ? 0x22 : 0x20;
	code_buffer[3] = (uint8_t)(0xc0 | (cr & 7) << 3);
	make_end(code_buffer + 4);
	run();
}

void op_dr(void)
{
	static const uint32_t others[] = { 0x06010f, 0xf0010f, 0x30010f, 0xd0010f };
	uint32_t dr;

	random_regs();
	if (!below(4)) {
		run_bytes(others[below(4)], 3); /* CLTS, LMSW and their like */
		return;
	}
	regs.rax = below(2)   ? strange_address()
		   : below(2) ? rnd()
			      : (uint64_t)code_buffer + below(16);
	if (!rarely(SELDOM))
		regs.rax = (uint32_t)regs.rax;
	dr = below(8);
	if ((dr & 5) == 5) /* breakpoints are nothing for QEMU: see without_qemu_bugs() */
		regs.rax &= ~0xffull;
	run_bytes(0xc0000f | (0x21 + 2 * below(2)) << 8 | dr << 19, 3);
	run();
}

void op_segments(void)
{
	static const uint16_t insns[] = { 0xd88e, 0xc08e, 0xe08e, 0xe88e, 0xd08e };
	uint32_t reg;

	random_regs();
	regs.rax = below(4) ? below(0x60) : rnd();
	switch (below(8)) {
	case 0: /* LLDT, LTR: see without_qemu_bugs() */
		regs.rax |= 8;
		run_bytes(0xd0000f + (below(2) << 19), 3);
		break;
	case 1: /* LSL, LAR, VERR and SLDT, STR */
		run_bytes(below(2) ? 0xc0020f + below(2) * 0x100 : 0xc0000f + (below(2) << 19), 3);
		break;
	case 2: /* SGDT, SIDT, SMSW, INVLPG; seldom LGDT, LIDT, which end it */
		reg = below(8);
		if ((reg == 2 || reg == 3) && !rarely(64))
			reg -= 2;
		run_bytes(0x03010f + (reg << 19), 3);
		break;
	default:
		run_bytes(insns[below(5)], 2);
	}
}
