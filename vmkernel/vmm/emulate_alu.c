// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/* Arithmetic and logic as the processor does it, flags included (APM vol. 3). */
#include "vmm/emulate_private.h"

#define ARITHMETIC_FLAGS (RFLAGS_CF | RFLAGS_PF | RFLAGS_AF | RFLAGS_ZF | RFLAGS_SF | RFLAGS_OF)

static uint64_t sign_bit(unsigned int size)
{
	return BIT(8 * size - 1);
}

/* PF, ZF and SF follow from the result alone. */
static uint64_t result_flags(uint64_t r, unsigned int size)
{
	uint64_t flags = 0;

	if (!(r & size_mask(size)))
		flags |= RFLAGS_ZF;
	if (r & sign_bit(size))
		flags |= RFLAGS_SF;
	if (!(__builtin_popcount((unsigned int)(r & 0xff)) & 1))
		flags |= RFLAGS_PF;
	return flags;
}

static uint64_t add(uint64_t a, uint64_t b, uint64_t carry, unsigned int size, uint64_t *flags)
{
	uint64_t r = (a + b + carry) & size_mask(size);

	*flags = result_flags(r, size);
	if (r < a || (carry && r == a))
		*flags |= RFLAGS_CF;
	if ((a ^ b ^ r) & 0x10)
		*flags |= RFLAGS_AF;
	if (~(a ^ b) & (a ^ r) & sign_bit(size))
		*flags |= RFLAGS_OF;
	return r;
}

static uint64_t subtract(uint64_t a, uint64_t b, uint64_t borrow, unsigned int size,
			 uint64_t *flags)
{
	uint64_t r = (a - b - borrow) & size_mask(size);

	*flags = result_flags(r, size);
	if (a < b || (borrow && a == b))
		*flags |= RFLAGS_CF;
	if ((a ^ b ^ r) & 0x10)
		*flags |= RFLAGS_AF;
	if ((a ^ b) & (a ^ r) & sign_bit(size))
		*flags |= RFLAGS_OF;
	return r;
}

bool emulate_alu(ZydisMnemonic mnemonic, uint64_t a, uint64_t b, unsigned int size,
		 uint64_t *rflags, uint64_t *result)
{
	uint64_t carry = *rflags & RFLAGS_CF ? 1 : 0, flags, affected = ARITHMETIC_FLAGS;

	a &= size_mask(size);
	b &= size_mask(size);
	switch (mnemonic) {
	case ZYDIS_MNEMONIC_ADD:
	case ZYDIS_MNEMONIC_XADD:
		*result = add(a, b, 0, size, &flags);
		break;
	case ZYDIS_MNEMONIC_ADC:
		*result = add(a, b, carry, size, &flags);
		break;
	case ZYDIS_MNEMONIC_SUB:
	case ZYDIS_MNEMONIC_CMP:
	case ZYDIS_MNEMONIC_CMPXCHG:
		*result = subtract(a, b, 0, size, &flags);
		break;
	case ZYDIS_MNEMONIC_SBB:
		*result = subtract(a, b, carry, size, &flags);
		break;
	case ZYDIS_MNEMONIC_NEG:
		*result = subtract(0, a, 0, size, &flags);
		break;
	case ZYDIS_MNEMONIC_INC:
		*result = add(a, 1, 0, size, &flags);
		affected &= ~RFLAGS_CF;
		break;
	case ZYDIS_MNEMONIC_DEC:
		*result = subtract(a, 1, 0, size, &flags);
		affected &= ~RFLAGS_CF;
		break;
	case ZYDIS_MNEMONIC_AND:
	case ZYDIS_MNEMONIC_TEST:
		flags = result_flags(*result = a & b, size);
		break;
	case ZYDIS_MNEMONIC_OR:
		flags = result_flags(*result = a | b, size);
		break;
	case ZYDIS_MNEMONIC_XOR:
		flags = result_flags(*result = a ^ b, size);
		break;
	default:
		return false;
	}
	*rflags = (*rflags & ~affected) | (flags & affected);
	return true;
}
