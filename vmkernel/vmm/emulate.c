// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * The emulator: decodes by Zydis, does what compilers emit for accesses to
 * devices. The processor has checked the instruction up to the access that
 * caused the exit, but the memory that it lies in may have changed since, so
 * nothing is believed.
 */
#include "vmm/emulate.h"
#include "cpu/x86.h"
#include "lib/string.h"
#include "vmm/emulate_private.h"
#include "vmm/guest_walk.h"

#define VEC_UD 6u
#define CACHE_SLOTS 16u

/* 16, 32 or 64: what the code segment says. */
static uint8_t code_mode(const struct guest_view *v)
{
	if (view_is_64bit(v))
		return 64;
	return v->seg[SEG_CS].attr & SEG_ATTR_DB ? 32 : 16;
}

static bool decoder_init(const struct guest_view *v, ZydisDecoder *d)
{
	ZyanStatus status;

	switch (code_mode(v)) {
	case 64:
		status = ZydisDecoderInit(d, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
		break;
	case 32:
		status = ZydisDecoderInit(d, ZYDIS_MACHINE_MODE_LEGACY_32, ZYDIS_STACK_WIDTH_32);
		break;
	default:
		status = ZydisDecoderInit(d, ZYDIS_MACHINE_MODE_LEGACY_16, ZYDIS_STACK_WIDTH_16);
	}
	return ZYAN_SUCCESS(status);
}

unsigned int emulate_length(const struct guest_view *v, const uint8_t *buf, unsigned int got,
			    uint32_t opcode, unsigned int len)
{
	ZydisDecodedInstruction insn;
	ZydisDecoder d;
	uint32_t found = 0;

	if (!decoder_init(v, &d) ||
	    !ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(&d, NULL, buf, got, &insn)) ||
	    insn.length < len)
		return 0;
	for (unsigned int i = 0; i < len; i++)
		found |= (uint32_t)buf[insn.length - len + i] << 8 * i;
	return found == opcode ? insn.length : 0;
}

unsigned int emulate_mov_to_cr8(const struct guest_view *v, const uint8_t *buf, unsigned int got,
				unsigned int *gpr)
{
	ZydisDecodedOperand op[ZYDIS_MAX_OPERAND_COUNT];
	ZydisDecodedInstruction insn;
	ZydisDecoder d;

	if (!decoder_init(v, &d) ||
	    !ZYAN_SUCCESS(ZydisDecoderDecodeFull(&d, buf, got, &insn, op)) ||
	    insn.mnemonic != ZYDIS_MNEMONIC_MOV || op[0].type != ZYDIS_OPERAND_TYPE_REGISTER ||
	    op[0].reg.value != ZYDIS_REGISTER_CR8)
		return 0;
	*gpr = (unsigned int)ZydisRegisterGetId(op[1].reg.value) & 15;
	return insn.length;
}

struct decoded {
	uint8_t bytes[INSN_MAX];
	uint8_t mode; /* code_mode; 0: empty */
	ZydisDecodedInstruction insn;
	ZydisDecodedOperand op[ZYDIS_MAX_OPERAND_COUNT];
};

struct decode_cache {
	struct decoded slot[CACHE_SLOTS];
};

size_t decode_cache_bytes(void)
{
	return sizeof(struct decode_cache);
}

static bool decode_bytes(struct emulation *e, struct decoded *d, unsigned int got)
{
	ZyanStatus status = ZYAN_STATUS_FAILED;
	ZydisDecoder decoder;

	if (decoder_init(e->v, &decoder))
		status = ZydisDecoderDecodeFull(&decoder, d->bytes, got, &d->insn, d->op);
	e->insn = &d->insn;
	e->op = d->op;
	if (ZYAN_SUCCESS(status))
		return true;
	if (status != ZYDIS_STATUS_NO_MORE_DATA || got == INSN_MAX)
		*e->fault = (struct guest_fault){ VEC_UD, false, 0, 0 };
	return false;
}

/* The instruction in these bytes of guest memory out of the cache, where it then is. */
static bool decode_cached(struct emulation *e, const uint8_t *bytes)
{
	struct decoded *known = &e->v->decoded->slot[e->v->rip % CACHE_SLOTS];

	if (known->mode == code_mode(e->v) && !memcmp(known->bytes, bytes, INSN_MAX)) {
		e->insn = &known->insn;
		e->op = known->op;
		return true;
	}
	memcpy(known->bytes, bytes, INSN_MAX);
	known->mode = 0;
	if (!decode_bytes(e, known, INSN_MAX))
		return false;
	known->mode = code_mode(e->v);
	return true;
}

/* The instruction at RIP, decoded into d or found in the cache. False: e->fault. */
static bool decode(struct emulation *e, struct decoded *d)
{
	const struct guest_view *v = e->v;
	uint64_t at = e->mode64 ? v->rip : (uint32_t)(v->seg[SEG_CS].base + v->rip);
	unsigned int got;

	if (v->decoded && v->code)
		return decode_cached(e, v->code);
	got = guest_fetch(v, at, d->bytes, INSN_MAX, e->fault);
	if (!got)
		return false;
	/* Code that runs over into a page that is not there is not worth a slot. */
	if (!v->decoded || got < INSN_MAX)
		return decode_bytes(e, d, got);
	return decode_cached(e, d->bytes);
}

static uint64_t sign_extend(uint64_t val, unsigned int size)
{
	unsigned int unused = 64 - 8 * size;

	return (uint64_t)((int64_t)(val << unused) >> unused);
}

static uint64_t swap_bytes(uint64_t val, unsigned int size)
{
	return __builtin_bswap64(val) >> (64 - 8 * size);
}

static bool move(struct emulation *e)
{
	unsigned int from = operand_size(&e->op[1]);
	uint64_t val;

	if (!operand_read(e, &e->op[1], &val))
		return false;
	if (e->insn->mnemonic == ZYDIS_MNEMONIC_MOVSX || e->insn->mnemonic == ZYDIS_MNEMONIC_MOVSXD)
		val = sign_extend(val, from);
	else if (e->insn->mnemonic == ZYDIS_MNEMONIC_MOVBE)
		val = swap_bytes(val, from);
	return operand_write(e, &e->op[0], val);
}

/* Operand 0 = operand 0 op operand 1; with one operand the other is nothing. */
static bool arithmetic(struct emulation *e)
{
	uint64_t a, b = 0, result, flags = e->v->rflags;
	bool binary = e->insn->operand_count_visible == 2;

	if (!operand_read(e, &e->op[0], &a) || (binary && !operand_read(e, &e->op[1], &b)))
		return false;
	if (!emulate_alu(e->insn->mnemonic, a, b, operand_size(&e->op[0]), &flags, &result))
		return false;
	if (e->op[0].actions & ZYDIS_OPERAND_ACTION_MASK_WRITE &&
	    !operand_write(e, &e->op[0], result))
		return false;
	if (e->insn->mnemonic == ZYDIS_MNEMONIC_XADD)
		operand_write(e, &e->op[1], a);
	e->v->rflags = flags;
	return true;
}

static bool exchange(struct emulation *e)
{
	/* Memory, if any, first: after it nothing can fail. */
	unsigned int m = e->op[1].type == ZYDIS_OPERAND_TYPE_MEMORY;
	uint64_t a, b;

	if (!operand_read(e, &e->op[m], &a) || !operand_read(e, &e->op[!m], &b))
		return false;
	return operand_write(e, &e->op[m], b) && operand_write(e, &e->op[!m], a);
}

static bool invert(struct emulation *e)
{
	uint64_t a;

	return operand_read(e, &e->op[0], &a) && operand_write(e, &e->op[0], ~a);
}

static bool compare_exchange(struct emulation *e)
{
	unsigned int size = operand_size(&e->op[0]);
	uint64_t a, b, result, flags = e->v->rflags, acc = gpr_read(e->v, RAX, size);

	if (!operand_read(e, &e->op[0], &a) || !operand_read(e, &e->op[1], &b))
		return false;
	emulate_alu(ZYDIS_MNEMONIC_CMPXCHG, acc, a, size, &flags, &result);
	if (!operand_write(e, &e->op[0], flags & RFLAGS_ZF ? b : a))
		return false;
	if (!(flags & RFLAGS_ZF))
		gpr_write(e->v, RAX, size, a);
	e->v->rflags = flags;
	return true;
}

/* BT and its kin: with a register the bit may lie anywhere around the operand. */
static bool bit_test(struct emulation *e)
{
	ZydisDecodedOperand at = e->op[0];
	unsigned int size = operand_size(&at);
	uint64_t bit, val, mask;

	if (!operand_read(e, &e->op[1], &bit))
		return false;
	if (e->op[1].type == ZYDIS_OPERAND_TYPE_REGISTER && at.type == ZYDIS_OPERAND_TYPE_MEMORY) {
		int64_t offset = (int64_t)sign_extend(bit, operand_size(&e->op[1]));

		at.mem.disp.has_displacement = true;
		at.mem.disp.value += (offset >> (size == 2 ? 4 : size == 4 ? 5 : 6)) * size;
	}
	if (!operand_read(e, &at, &val))
		return false;
	mask = BIT(bit & (8 * size - 1));
	e->v->rflags = (e->v->rflags & ~RFLAGS_CF) | (val & mask ? RFLAGS_CF : 0);
	if (e->insn->mnemonic == ZYDIS_MNEMONIC_BTS)
		return operand_write(e, &at, val | mask);
	if (e->insn->mnemonic == ZYDIS_MNEMONIC_BTR)
		return operand_write(e, &at, val & ~mask);
	if (e->insn->mnemonic == ZYDIS_MNEMONIC_BTC)
		return operand_write(e, &at, val ^ mask);
	return true;
}

static bool nothing(struct emulation *e)
{
	(void)e;
	return true;
}

typedef bool (*emulate_fn)(struct emulation *e);

static emulate_fn find(ZydisMnemonic mnemonic)
{
	switch (mnemonic) {
	case ZYDIS_MNEMONIC_MOV:
	case ZYDIS_MNEMONIC_MOVZX:
	case ZYDIS_MNEMONIC_MOVSX:
	case ZYDIS_MNEMONIC_MOVSXD:
	case ZYDIS_MNEMONIC_MOVNTI:
	case ZYDIS_MNEMONIC_MOVBE:
		return move;
	case ZYDIS_MNEMONIC_ADD:
	case ZYDIS_MNEMONIC_OR:
	case ZYDIS_MNEMONIC_ADC:
	case ZYDIS_MNEMONIC_SBB:
	case ZYDIS_MNEMONIC_AND:
	case ZYDIS_MNEMONIC_SUB:
	case ZYDIS_MNEMONIC_XOR:
	case ZYDIS_MNEMONIC_CMP:
	case ZYDIS_MNEMONIC_TEST:
	case ZYDIS_MNEMONIC_INC:
	case ZYDIS_MNEMONIC_DEC:
	case ZYDIS_MNEMONIC_NEG:
	case ZYDIS_MNEMONIC_XADD:
		return arithmetic;
	case ZYDIS_MNEMONIC_NOT:
		return invert;
	case ZYDIS_MNEMONIC_XCHG:
		return exchange;
	case ZYDIS_MNEMONIC_CMPXCHG:
		return compare_exchange;
	case ZYDIS_MNEMONIC_BT:
	case ZYDIS_MNEMONIC_BTS:
	case ZYDIS_MNEMONIC_BTR:
	case ZYDIS_MNEMONIC_BTC:
		return bit_test;
	case ZYDIS_MNEMONIC_CLFLUSH:
	case ZYDIS_MNEMONIC_CLFLUSHOPT:
	case ZYDIS_MNEMONIC_CLWB:
		return nothing;
	default:
		return NULL;
	}
}

static enum emulate_result perform(struct emulation *e)
{
	emulate_fn fn = find(e->insn->mnemonic);

	e->use_hit = e->v->hit;
	for (unsigned int i = 0; i < e->insn->operand_count_visible && fn != nothing; i++)
		if (!operand_known(&e->op[i]))
			return EMULATE_UNKNOWN;
	if (!fn)
		return EMULATE_UNKNOWN;
	if (!fn(e))
		return EMULATE_FAULT;
	e->v->rip += e->insn->length;
	return EMULATE_DONE;
}

enum emulate_result emulate(struct guest_view *v, struct guest_fault *fault, const char **reason)
{
	struct emulation e = { .v = v, .fault = fault, .mode64 = view_is_64bit(v) };
	enum emulate_result result;
	struct decoded d;

	*reason = NULL;
	if (!decode(&e, &d))
		return EMULATE_FAULT;
	if (is_string(e.insn->mnemonic) && e.op[0].type != ZYDIS_OPERAND_TYPE_UNUSED &&
	    e.insn->opcode_map == ZYDIS_OPCODE_MAP_DEFAULT)
		result = emulate_string(&e);
	else
		result = perform(&e);
	if (result == EMULATE_UNKNOWN)
		*reason = ZydisMnemonicGetString(e.insn->mnemonic);
	return result;
}
