// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * Makes instructions for the hostile guest: any opcode, form and size with a memory operand at
 * RBX, RSI or RDI, and mere noise.
 */
#include "hostile.h"

static uint8_t *put(uint8_t *p, uint8_t byte)
{
	*p = byte;
	return p + 1;
}

static uint8_t *put_noise(uint8_t *p, unsigned int n)
{
	while (n--)
		p = put(p, (uint8_t)rnd());
	return p;
}

/*
 * What QEMU itself (7.2) does not survive. It takes LTR of a null selector, and aborts at the
 * next exception: no 0F 00 by accident. VMRUN loads DR7 past its list of breakpoints, so that
 * MOV to DR7 (DR5 is another name) frees one that was none: no 0F 23. LOCK BT, BTS and
 * their like of a register are no #UD, but use an address that was not computed: no LOCK there.
 */
void without_qemu_bugs(uint8_t *from, const uint8_t *to)
{
	uint8_t *start = from;

	for (; from + 1 < to; from++) {
		if (from[0] != 0x0f)
			continue;
		if (from[1] == 0 || from[1] == 0x23)
			from[1] = 0x0b;
		if (((from[1] & 0xe7) == 0xa3 || from[1] == 0xba) &&
		    (from + 2 >= to || from[2] >= 0xc0))
			for (uint8_t *p = start; p < from; p++)
				if (*p == 0xf0)
					*p = 0x2e;
	}
}

void make_end(uint8_t *p)
{
	uint64_t end = (uint64_t)execute_end;

	/* What an instruction swallows of its successor is NOPs. */
	for (int i = 0; i < 16; i++)
		p = put(p, 0x90);
	p = put(p, 0xff), p = put(p, 0x25);
	for (int i = 0; i < 4; i++)
		p = put(p, 0);
	for (int i = 0; i < 8; i++)
		p = put(p, (uint8_t)(end >> 8 * i));
}

static uint8_t *put_prefixes(uint8_t *p)
{
	static const uint8_t prefixes[] = { 0x66, 0x67, 0xf0, 0xf2, 0xf3, 0x2e,
					    0x36, 0x3e, 0x26, 0x64, 0x65, 0x66 };

	while (!below(3))
		p = put(p, prefixes[below(sizeof(prefixes))]);
	return p;
}

/* HLT, unless there is something that ends it: the guest would only sleep. */
static bool harmless(uint8_t opcode)
{
	return opcode != 0xf4 || rarely(200);
}

/* One or two opcode bytes of what is emulated for devices. */
static uint8_t *put_device_opcode(uint8_t *p)
{
	static const uint8_t one[] = {
		0x88, 0x89, 0x8a, 0x8b, 0xa4, 0xa5, 0xaa, 0xab, 0xac, 0xad, 0xc6, 0xc7, 0x00,
		0x01, 0x02, 0x03, 0x08, 0x09, 0x0a, 0x0b, 0x10, 0x11, 0x13, 0x18, 0x19, 0x1b,
		0x20, 0x21, 0x22, 0x23, 0x28, 0x29, 0x2b, 0x30, 0x31, 0x33, 0x38, 0x39, 0x3b,
		0x80, 0x81, 0x83, 0x84, 0x85, 0x86, 0x87, 0x63, 0x6c, 0x6d, 0x6e, 0x6f,
	};
	static const uint8_t two[] = { 0xb6, 0xb7, 0xbe, 0xbf, 0xc3, 0xa3, 0xab,
				       0xb3, 0xbb, 0xb0, 0xb1, 0xc0, 0xc1 };

	if (rarely(3)) {
		p = put(p, 0x0f);
		return put(p, two[below(sizeof(two))]);
	}
	return put(p, one[below(sizeof(one))]);
}

/* One or two opcode bytes of any kind, often of those that have to do with memory. */
static uint8_t *put_opcode(uint8_t *p)
{
	static const uint8_t moves[] = {
		0x88, 0x89, 0x8a, 0x8b, 0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xaa, 0xab, 0xac,
		0xad, 0xa6, 0xa7, 0xae, 0xaf, 0xc6, 0xc7, 0x00, 0x01, 0x02, 0x03, 0x08, 0x09,
		0x20, 0x21, 0x30, 0x31, 0x38, 0x39, 0x80, 0x81, 0x83, 0x84, 0x85, 0x86, 0x87,
		0xf6, 0xf7, 0xfe, 0xff, 0xd0, 0xd1, 0xd3, 0xc0, 0x8f, 0x63, 0x6c, 0x6e,
	};
	static const uint8_t moves_0f[] = {
		0xb6, 0xb7, 0xbe, 0xbf, 0xc3, 0xba, 0xa3, 0xab, 0xb0, 0xb1, 0xc0, 0xc1,
		0xc7, 0x10, 0x11, 0x28, 0x29, 0xe7, 0x6f, 0x7f, 0x6e, 0x7e, 0xae, 0x18,
		0x0d, 0x40, 0x90, 0xa4, 0xa5, 0xaf, 0x01, 0x00, 0xb8, 0xbc, 0x38, 0x3a,
	};
	uint8_t opcode;

	switch (below(8)) {
	case 0:
		p = put(p, 0x0f);
		return put(p, (uint8_t)rnd());
	case 1:
		do
			opcode = (uint8_t)rnd();
		while (!harmless(opcode));
		return put(p, opcode);
	case 2:
	case 3:
		p = put(p, 0x0f);
		p = put(p, moves_0f[below(sizeof(moves_0f))]);
		return rarely(8) ? put(p, (uint8_t)rnd()) : p;
	default:
		return put(p, moves[below(sizeof(moves))]);
	}
}

void make_memory_insn(uint8_t *p, bool device)
{
	static const uint8_t bases[] = { 3, 6, 7 }; /* rbx, rsi, rdi */
	uint8_t *start = p;

	p = put_prefixes(p);
	if (below(2))
		p = put(p, (uint8_t)(0x40 | (rnd() & 0xc))); /* REX, but no other base */
	p = device && !rarely(SELDOM / 16) ? put_device_opcode(p) : put_opcode(p);
	switch (below(4)) {
	case 0:
		p = put(p, (uint8_t)(0x40 | (rnd() & 0x38) | bases[below(3)]));
		p = put(p, (uint8_t)rnd());
		break;
	case 1: /* SIB: base and index */
		p = put(p, (uint8_t)(0x04 | (rnd() & 0x38)));
		p = put(p, (uint8_t)((rnd() & 0xc0) | 1 << 3 | bases[below(3)]));
		break;
	case 2:
		p = put(p, (uint8_t)(0xc0 | rnd()));
		break;
	default:
		p = put(p, (uint8_t)((rnd() & 0x38) | bases[below(3)]));
	}
	if (!device)
		p = put_noise(p, below(5));
	/* Noise that was no immediate is the next instruction: seldom. */
	if (!device && !below(4))
		p = start + 1 + below((uint32_t)(p - start));
	without_qemu_bugs(start, p);
	make_end(p);
}

void make_noise(uint8_t *p)
{
	unsigned int n = 1 + below(24);
	uint8_t *start = p;

	for (unsigned int i = 0; i < n; i++) {
		uint8_t byte;

		do
			byte = (uint8_t)rnd();
		while (!harmless(byte));
		p = put(p, byte);
	}
	without_qemu_bugs(start, p);
	make_end(p);
}

/* Ends with what ring 3 may not do. */
void make_user(uint8_t *p)
{
	make_noise(p);
	for (int i = 0; i < 64; i++)
		if (p[i] == 0xff && p[i + 1] == 0x25)
			p[i] = 0x0f, p[i + 1] = 0x0b;
}
