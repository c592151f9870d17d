// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * String instructions, with and without REP. A long REP is done in portions:
 * RIP stays at the instruction, the registers say how far it has come, and
 * interrupts may be taken in between, as on the processor.
 */
#include "vmm/emulate_private.h"

#define PORTION 512u /* repetitions at once */

bool is_string(ZydisMnemonic mnemonic)
{
	switch (mnemonic) {
	case ZYDIS_MNEMONIC_MOVSB:
	case ZYDIS_MNEMONIC_MOVSW:
	case ZYDIS_MNEMONIC_MOVSD:
	case ZYDIS_MNEMONIC_MOVSQ:
	case ZYDIS_MNEMONIC_STOSB:
	case ZYDIS_MNEMONIC_STOSW:
	case ZYDIS_MNEMONIC_STOSD:
	case ZYDIS_MNEMONIC_STOSQ:
	case ZYDIS_MNEMONIC_LODSB:
	case ZYDIS_MNEMONIC_LODSW:
	case ZYDIS_MNEMONIC_LODSD:
	case ZYDIS_MNEMONIC_LODSQ:
	case ZYDIS_MNEMONIC_INSB:
	case ZYDIS_MNEMONIC_INSW:
	case ZYDIS_MNEMONIC_INSD:
	case ZYDIS_MNEMONIC_OUTSB:
	case ZYDIS_MNEMONIC_OUTSW:
	case ZYDIS_MNEMONIC_OUTSD:
		return true;
	default:
		return false;
	}
}

static bool is_port_in(ZydisMnemonic m)
{
	return m == ZYDIS_MNEMONIC_INSB || m == ZYDIS_MNEMONIC_INSW || m == ZYDIS_MNEMONIC_INSD;
}

static bool is_port_out(ZydisMnemonic m)
{
	return m == ZYDIS_MNEMONIC_OUTSB || m == ZYDIS_MNEMONIC_OUTSW || m == ZYDIS_MNEMONIC_OUTSD;
}

/* One element; registers are moved on by the caller. Operand 0 is the destination. */
static bool move_element(struct emulation *e)
{
	struct guest_view *v = e->v;
	uint16_t port = (uint16_t)v->gpr[RDX];
	uint64_t val;

	if (is_port_in(e->insn->mnemonic)) {
		/* Whatever the port gives is lost if it cannot be stored: look first. */
		if (!operand_read(e, &e->op[0], &val))
			return false;
		val = v->port_read(v->opaque, port, operand_size(&e->op[0]));
		return operand_write(e, &e->op[0], val);
	}
	if (!operand_read(e, &e->op[1], &val))
		return false;
	if (!is_port_out(e->insn->mnemonic))
		return operand_write(e, &e->op[0], val);
	v->port_write(v->opaque, port, operand_size(&e->op[1]), (uint32_t)val);
	return true;
}

/* Moves RSI or RDI on if the operand is memory there. */
static void step_register(struct emulation *e, const ZydisDecodedOperand *op)
{
	unsigned int width = e->insn->address_width / 8u, size = operand_size(op);
	unsigned int gpr;

	if (op->type != ZYDIS_OPERAND_TYPE_MEMORY)
		return;
	gpr = ZydisRegisterGetId(op->mem.base) == ZydisRegisterGetId(ZYDIS_REGISTER_RSI) ? RSI
											 : RDI;
	if (e->v->rflags & RFLAGS_DF)
		size = 0u - size;
	gpr_write(e->v, gpr, width, gpr_read(e->v, gpr, width) + (int32_t)size);
}

static bool elements_known(const struct emulation *e)
{
	for (unsigned int i = 0; i < 2; i++)
		if (!operand_known(&e->op[i]))
			return false;
	return true;
}

enum emulate_result emulate_string(struct emulation *e)
{
	bool rep = e->insn->attributes &
		   (ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE | ZYDIS_ATTRIB_HAS_REPNE);
	unsigned int width = e->insn->address_width / 8u;
	uint64_t left = rep ? gpr_read(e->v, RCX, width) : 1;

	if (!elements_known(e))
		return EMULATE_UNKNOWN;
	for (unsigned int done = 0; left && done < PORTION; done++) {
		if (!move_element(e))
			return EMULATE_FAULT;
		step_register(e, &e->op[0]);
		step_register(e, &e->op[1]);
		left--;
		if (rep)
			gpr_write(e->v, RCX, width, left);
	}
	if (!left)
		e->v->rip += e->insn->length;
	return EMULATE_DONE;
}
