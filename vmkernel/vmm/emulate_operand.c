// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * Operands of an instruction that is emulated: effective addresses, segments
 * (APM vol. 2, chapter 4), the guest's page tables, and at their end RAM or a
 * device. An access that runs over a page is translated in both parts before
 * anything is done.
 */
#include "cpu/x86.h"
#include "lib/string.h"
#include "vmm/emulate_private.h"
#include "vmm/guest_walk.h"

#define VEC_SS 12u
#define VEC_GP 13u

/* ---- registers ---------------------------------------------------------------------------- */

uint64_t gpr_read(const struct guest_view *v, unsigned int gpr, unsigned int size)
{
	return v->gpr[gpr] & size_mask(size);
}

void gpr_write(struct guest_view *v, unsigned int gpr, unsigned int size, uint64_t val)
{
	if (size >= 4)
		v->gpr[gpr] = val & size_mask(size);
	else
		v->gpr[gpr] = (v->gpr[gpr] & ~size_mask(size)) | (val & size_mask(size));
}

/* General register behind Zydis' name; *high: bits 8 to 15 of it. 16: none. */
static unsigned int gpr_of(ZydisRegister reg, bool *high)
{
	*high = false;
	if (reg >= ZYDIS_REGISTER_AH && reg <= ZYDIS_REGISTER_BH) {
		*high = true;
		return reg - ZYDIS_REGISTER_AH;
	}
	if (reg >= ZYDIS_REGISTER_AL && reg <= ZYDIS_REGISTER_BL)
		return reg - ZYDIS_REGISTER_AL;
	if (reg >= ZYDIS_REGISTER_SPL && reg <= ZYDIS_REGISTER_R15B)
		return reg - ZYDIS_REGISTER_SPL + 4;
	if (reg >= ZYDIS_REGISTER_AX && reg <= ZYDIS_REGISTER_R15W)
		return reg - ZYDIS_REGISTER_AX;
	if (reg >= ZYDIS_REGISTER_EAX && reg <= ZYDIS_REGISTER_R15D)
		return reg - ZYDIS_REGISTER_EAX;
	if (reg >= ZYDIS_REGISTER_RAX && reg <= ZYDIS_REGISTER_R15)
		return reg - ZYDIS_REGISTER_RAX;
	return 16;
}

static uint64_t register_read(const struct guest_view *v, ZydisRegister reg, unsigned int size)
{
	bool high;
	unsigned int gpr = gpr_of(reg, &high);

	if (gpr == 16)
		return 0;
	return high ? v->gpr[gpr] >> 8 & 0xff : gpr_read(v, gpr, size);
}

static void register_write(struct guest_view *v, ZydisRegister reg, unsigned int size, uint64_t val)
{
	bool high;
	unsigned int gpr = gpr_of(reg, &high);

	if (gpr == 16)
		return;
	if (high)
		v->gpr[gpr] = (v->gpr[gpr] & ~0xff00ull) | (val & 0xff) << 8;
	else
		gpr_write(v, gpr, size, val);
}

/* ---- addresses ------------------------------------------------------------------------------ */

static bool segment_fault(struct emulation *e, unsigned int seg)
{
	*e->fault = (struct guest_fault){ seg == SEG_SS ? VEC_SS : VEC_GP, true, 0, 0 };
	return false;
}

static bool is_canonical(const struct guest_view *v, uint64_t addr)
{
	unsigned int unused = v->cr4 & CR4_LA57 ? 7 : 16;

	return (uint64_t)((int64_t)(addr << unused) >> unused) == addr;
}

/* Where the operand's effective address comes from: base + index * scale + displacement. */
static uint64_t effective(const struct emulation *e, const ZydisDecodedOperand *op)
{
	uint64_t addr = op->mem.disp.has_displacement ? (uint64_t)op->mem.disp.value : 0;
	unsigned int width = e->insn->address_width / 8u;

	if (op->mem.base == ZYDIS_REGISTER_RIP || op->mem.base == ZYDIS_REGISTER_EIP)
		addr += e->v->rip + e->insn->length;
	else if (op->mem.base != ZYDIS_REGISTER_NONE)
		addr += register_read(e->v, op->mem.base, width);
	if (op->mem.index != ZYDIS_REGISTER_NONE)
		addr += register_read(e->v, op->mem.index, width) * op->mem.scale;
	return addr & size_mask(width);
}

static bool within_limit(const struct guest_seg *s, uint64_t offset, unsigned int size)
{
	uint64_t top = s->attr & SEG_ATTR_DB ? UINT32_MAX : 0xffff;

	if (!(s->attr & SEG_ATTR_CODE) && s->attr & SEG_ATTR_EXPAND_DOWN)
		return offset > s->limit && offset + size - 1 <= top;
	return offset + size - 1 <= s->limit;
}

static bool linear(struct emulation *e, const ZydisDecodedOperand *op, unsigned int size,
		   uint64_t *addr)
{
	uint64_t offset = effective(e, op);
	unsigned int seg = op->mem.segment - ZYDIS_REGISTER_ES;
	const struct guest_seg *s = &e->v->seg[seg < SEG_COUNT ? seg : SEG_DS];

	if (e->mode64) {
		*addr = offset + (seg == SEG_FS || seg == SEG_GS ? s->base : 0);
		if (!is_canonical(e->v, *addr) || !is_canonical(e->v, *addr + size - 1))
			return segment_fault(e, seg);
		return true;
	}
	if (e->v->cr0 & CR0_PE && !(s->attr & SEG_ATTR_P))
		return segment_fault(e, seg);
	if (!within_limit(s, offset, size))
		return segment_fault(e, seg);
	*addr = (uint32_t)(s->base + offset);
	return true;
}

/* ---- memory --------------------------------------------------------------------------------- */

/*
 * The processor has translated the access that brought us here. If the instruction is no longer
 * the one that it was, another access gets that address: one that this guest may make, too.
 */
static bool translate(struct emulation *e, uint64_t addr, bool write, uint64_t *gpa)
{
	uint32_t access = (write ? WALK_WRITE : 0) | (e->v->cpl == 3 ? WALK_USER : 0);
	struct walk_result r;

	if (e->use_hit && write <= e->v->hit_write && !((addr ^ e->v->hit_gpa) & (PAGE_SIZE - 1))) {
		*gpa = e->v->hit_gpa;
		return true;
	}
	if (!guest_walk(e->v, addr, access, &r, e->fault))
		return false;
	*gpa = r.gpa;
	return true;
}

/* Within one page. Devices see 1, 2, 4 or 8 bytes; anything else goes byte by byte. */
static uint64_t piece_read(struct emulation *e, uint64_t gpa, unsigned int size)
{
	const uint8_t *p = e->v->ram(e->v->opaque, gpa);
	unsigned int step = size & (size - 1) ? 1 : size;
	uint64_t val = 0;

	if (p) {
		memcpy(&val, p, size);
		return val;
	}
	for (unsigned int i = 0; i < size; i += step)
		val |= (e->v->mmio_read(e->v->opaque, gpa + i, step) & size_mask(step)) << 8 * i;
	return val;
}

static void piece_write(struct emulation *e, uint64_t gpa, unsigned int size, uint64_t val)
{
	uint8_t *p = e->v->ram(e->v->opaque, gpa);
	unsigned int step = size & (size - 1) ? 1 : size;

	if (p) {
		memcpy(p, &val, size);
		return;
	}
	for (unsigned int i = 0; i < size; i += step)
		e->v->mmio_write(e->v->opaque, gpa + i, step, val >> 8 * i & size_mask(step));
}

struct places {
	uint64_t gpa[2];
	unsigned int first; /* bytes at gpa[0] */
};

static bool find_places(struct emulation *e, uint64_t addr, unsigned int size, bool write,
			struct places *at)
{
	at->first = (unsigned int)(PAGE_SIZE - (addr & (PAGE_SIZE - 1)));
	at->first = MIN(at->first, size);
	if (!translate(e, addr, write, &at->gpa[0]))
		return false;
	return at->first == size || translate(e, addr + at->first, write, &at->gpa[1]);
}

static bool memory_read(struct emulation *e, const ZydisDecodedOperand *op, uint64_t *val)
{
	bool write = op->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE;
	unsigned int size = operand_size(op);
	struct places at;
	uint64_t addr;

	if (!linear(e, op, size, &addr) || !find_places(e, addr, size, write, &at))
		return false;
	*val = piece_read(e, at.gpa[0], at.first);
	if (at.first < size)
		*val |= piece_read(e, at.gpa[1], size - at.first) << 8 * at.first;
	return true;
}

static bool memory_write(struct emulation *e, const ZydisDecodedOperand *op, uint64_t val)
{
	unsigned int size = operand_size(op);
	struct places at;
	uint64_t addr;

	if (!linear(e, op, size, &addr) || !find_places(e, addr, size, true, &at))
		return false;
	piece_write(e, at.gpa[0], at.first, val);
	if (at.first < size)
		piece_write(e, at.gpa[1], size - at.first, val >> 8 * at.first);
	return true;
}

/* ---- operands ------------------------------------------------------------------------------- */

bool operand_known(const ZydisDecodedOperand *op)
{
	bool high;

	switch (op->type) {
	case ZYDIS_OPERAND_TYPE_REGISTER:
		return gpr_of(op->reg.value, &high) != 16;
	case ZYDIS_OPERAND_TYPE_MEMORY:
		return op->mem.type == ZYDIS_MEMOP_TYPE_MEM && op->size >= 8 && op->size <= 64;
	case ZYDIS_OPERAND_TYPE_IMMEDIATE:
		return true;
	default:
		return false;
	}
}

bool operand_read(struct emulation *e, const ZydisDecodedOperand *op, uint64_t *val)
{
	switch (op->type) {
	case ZYDIS_OPERAND_TYPE_REGISTER:
		*val = register_read(e->v, op->reg.value, operand_size(op));
		return true;
	case ZYDIS_OPERAND_TYPE_MEMORY:
		return memory_read(e, op, val);
	default:
		*val = op->imm.value.u;
		return true;
	}
}

bool operand_write(struct emulation *e, const ZydisDecodedOperand *op, uint64_t val)
{
	if (op->type == ZYDIS_OPERAND_TYPE_MEMORY)
		return memory_write(e, op, val);
	register_write(e->v, op->reg.value, operand_size(op), val);
	return true;
}
