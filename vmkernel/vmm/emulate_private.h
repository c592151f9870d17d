/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* What the emulator's files share. */
#ifndef VMM_EMULATE_PRIVATE_H
#define VMM_EMULATE_PRIVATE_H

#include <Zydis/Zydis.h>

#include "vmm/emulate.h"

/* One instruction under way. The functions below return false when it ends in e->fault. */
struct emulation {
	struct guest_view *v;
	struct guest_fault *fault;
	bool mode64;
	bool use_hit; /* it has one memory operand at most: v->hit_gpa is that one's */
	const ZydisDecodedInstruction *insn;
	const ZydisDecodedOperand *op;
};

static inline uint64_t size_mask(unsigned int size)
{
	return size >= 8 ? UINT64_MAX : BIT(8 * size) - 1;
}

static inline unsigned int operand_size(const ZydisDecodedOperand *op)
{
	return op->size / 8u;
}

/* emulate_operand.c */

/* Value of a general register or an immediate or memory; a memory operand that will be
 * written back too is checked for that. */
bool operand_read(struct emulation *e, const ZydisDecodedOperand *op, uint64_t *val);
bool operand_write(struct emulation *e, const ZydisDecodedOperand *op, uint64_t val);
/* True if the two above can do op: memory of up to 8 bytes, general register, immediate. */
bool operand_known(const ZydisDecodedOperand *op);
/* Part of a general register, as the instruction's widths say. */
uint64_t gpr_read(const struct guest_view *v, unsigned int gpr, unsigned int size);
void gpr_write(struct guest_view *v, unsigned int gpr, unsigned int size, uint64_t val);

/* emulate_alu.c: arithmetic with flags. False: not known. */
bool emulate_alu(ZydisMnemonic mnemonic, uint64_t a, uint64_t b, unsigned int size,
		 uint64_t *rflags, uint64_t *result);

/* emulate_string.c */
enum emulate_result emulate_string(struct emulation *e);
bool is_string(ZydisMnemonic mnemonic);

#endif
