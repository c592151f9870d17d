/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* sources: vmkernel/vmm/emulate.c vmkernel/vmm/emulate_alu.c vmkernel/vmm/emulate_operand.c
 *	vmkernel/vmm/emulate_string.c vmkernel/vmm/guest_walk.c zydis */
/*
 * Instructions of a hostile guest, one after the other, in every mode: the emulator ends,
 * asks RAM, devices and ports only for what they have, and leaves either a fault or a
 * reason. The input: mode, registers, then code.
 */
#include "fuzz.h"
#include "cpu/x86.h"
#include "vmm/emulate.h"
#include "vmm/guest_walk.h"

#define BYTES (4u * 4096u)
#define STEPS 4

static uint8_t mem[BYTES] __attribute__((aligned(4096)));

static uint8_t *ram(void *opaque, uint64_t gpa)
{
	(void)opaque;
	return gpa < BYTES ? mem + gpa : NULL;
}

static void check_size(unsigned int size)
{
	fuzz_require(size == 1 || size == 2 || size == 4 || size == 8);
}

static uint64_t mmio_read(void *opaque, uint64_t gpa, unsigned int size)
{
	(void)opaque;
	check_size(size);
	return gpa * 0x0101010101010101ull;
}

static void mmio_write(void *opaque, uint64_t gpa, unsigned int size, uint64_t val)
{
	(void)opaque, (void)gpa, (void)val;
	check_size(size);
}

static uint32_t port_read(void *opaque, uint16_t port, unsigned int size)
{
	(void)opaque;
	fuzz_require(size <= 4);
	check_size(size);
	return port * 0x10001u;
}

static void port_write(void *opaque, uint16_t port, unsigned int size, uint32_t val)
{
	(void)opaque, (void)port, (void)val;
	fuzz_require(size <= 4);
	check_size(size);
}

/* Real, protected 16 and 32, long; with paging where it must be, all mapped 1:1. */
static void set_mode(struct guest_view *v, uint8_t mode)
{
	uint64_t pml4 = 0x1007, pdpt = 0x87;

	memset(mem, 0, sizeof(mem));
	memcpy(mem + 0x2000, &pml4, 8);
	memcpy(mem + 0x1000, &pdpt, 8);
	v->cr3 = 0x2000;
	v->phys_bits = 40;
	v->cpl = mode >> 4 & 3;
	v->cr0 = mode & 3 ? CR0_PE : 0;
	if ((mode & 3) == 3) {
		v->cr0 |= CR0_PG;
		v->cr4 = CR4_PAE;
		v->efer = EFER_LME | EFER_LMA;
	}
	for (int i = 0; i < SEG_COUNT; i++)
		v->seg[i] = (struct guest_seg){ 0, mode & 0x40 ? 0xffff : UINT32_MAX,
						SEG_ATTR_P | 3 | (mode & 2 ? SEG_ATTR_DB : 0), 8 };
	v->seg[SEG_CS].attr |= SEG_ATTR_CODE;
	if ((mode & 3) == 3 && mode & 4)
		v->seg[SEG_CS].attr = SEG_ATTR_P | SEG_ATTR_CODE | SEG_ATTR_L;
	if (mode & 8)
		v->seg[SEG_DS].attr |= SEG_ATTR_EXPAND_DOWN;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f = { data, size };
	struct guest_view v = { .ram = ram,
				.mmio_read = mmio_read,
				.mmio_write = mmio_write,
				.port_read = port_read,
				.port_write = port_write };
	struct guest_fault fault;
	const char *reason;
	enum emulate_result r;
	unsigned int gpr = 0;
	size_t len;

	set_mode(&v, fuzz_take(&f, 1));
	v.rflags = 2 | fuzz_take(&f, 3);
	for (int i = 0; i < 16; i++)
		v.gpr[i] = fuzz_take(&f, i % 4 == 0 ? 8 : 3);
	v.decoded = calloc(1, decode_cache_bytes());
	v.rip = 0x3000 + fuzz_take(&f, 2) % 0x1000;
	len = f.left < BYTES - v.rip ? f.left : BYTES - v.rip;
	if (len)
		memcpy(mem + v.rip, f.at, len);
	for (int i = 0; i < STEPS; i++) {
		fault = (struct guest_fault){ .vector = 255 };
		reason = NULL;
		r = emulate(&v, &fault, &reason);
		fuzz_require(r != EMULATE_FAULT || fault.vector < 32);
		fuzz_require(r != EMULATE_UNKNOWN || reason);
		if (r != EMULATE_DONE)
			break;
	}
	len = f.left < INSN_MAX ? f.left : INSN_MAX;
	fuzz_require(emulate_length(&v, f.at, len, 0x90, 1) <= len);
	fuzz_require(emulate_mov_to_cr8(&v, f.at, len, &gpr) <= len && gpr < 16);
	free(v.decoded);
	return 0;
}
