/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * The registers of a local APIC: what is requested (IRR), what is in service (ISR),
 * and which of them the processor may take now (TPR, PPR). lapic_read() and
 * lapic_write() know the registers; the two faces (an MMIO page, a block of MSRs) are
 * in lapic_face.c, the timer is in lapic_timer.c.
 *
 * Simplifications, none visible to an operating system: the id cannot be changed,
 * LINT pins are edge-triggered whatever their LVT says, and remote read is refused.
 */
#include "devices/lapic.h"
#include "lib/state.h"

#define REG_ID 0x020
#define REG_VERSION 0x030
#define REG_TPR 0x080
#define REG_APR 0x090
#define REG_PPR 0x0a0
#define REG_EOI 0x0b0
#define REG_RRD 0x0c0
#define REG_LDR 0x0d0
#define REG_DFR 0x0e0
#define REG_SVR 0x0f0
#define REG_ISR 0x100
#define REG_TMR 0x180
#define REG_IRR 0x200
#define REG_ESR 0x280
#define REG_ICR_LOW 0x300
#define REG_ICR_HIGH 0x310
#define REG_LVT 0x320 /* timer, thermal, performance, LINT0, LINT1, error */
#define REG_INITIAL 0x380
#define REG_CURRENT 0x390
#define REG_DIVIDE 0x3e0

#define VERSION (0x14u | (LVT_COUNT - 1) << 16)
#define SVR_ENABLE 0x100u
#define SVR_KEPT 0x3ffu
#define LVT_MASKED (1u << 16)
#define ESR_SEND_VECTOR 0x20u
#define ESR_RECEIVE_VECTOR 0x40u
#define ESR_REGISTER 0x80u
#define ICR_KEPT 0x000ccfffu
#define FIRST_VECTOR 16

static const uint32_t lvt_kept[LVT_COUNT] = {
	[LVT_TIMER] = 0x700ff, [LVT_THERMAL] = 0x107ff, [LVT_PERF] = 0x107ff,
	[LVT_LINT0] = 0x1a7ff, [LVT_LINT1] = 0x1a7ff,	[LVT_ERROR] = 0x100ff,
};

static void bits_set(struct lapic_bits *b, uint8_t n)
{
	b->word[n / 32] |= 1u << n % 32;
	b->any |= (uint8_t)(1u << n / 32);
}

static void bits_clear(struct lapic_bits *b, uint8_t n)
{
	b->word[n / 32] &= ~(1u << n % 32);
	if (!b->word[n / 32])
		b->any &= (uint8_t) ~(1u << n / 32);
}

static bool bits_test(const struct lapic_bits *b, uint8_t n)
{
	return b->word[n / 32] >> n % 32 & 1;
}

/* The highest bit set, or -1. */
static int bits_top(const struct lapic_bits *b)
{
	int w;

	if (!b->any)
		return -1;
	w = 31 - __builtin_clz(b->any);
	return w * 32 + 31 - __builtin_clz(b->word[w]);
}

static bool software_enabled(const struct lapic *apic)
{
	return lapic_enabled(apic) && (apic->svr & SVR_ENABLE);
}

/* Collected until software writes the ESR; only a new kind of error raises its LVT. */
/* NOLINTNEXTLINE(misc-no-recursion): once, for the bit is set before */
static void note_error(struct lapic *apic, uint32_t bit)
{
	if (apic->esr_new & bit)
		return;
	apic->esr_new |= bit;
	lapic_fire_lvt(apic, LVT_ERROR);
}

/* NOLINTNEXTLINE(misc-no-recursion): see note_error */
void lapic_set_irq(struct lapic *apic, uint8_t vector, bool level_triggered)
{
	if (!software_enabled(apic))
		return;
	if (vector < FIRST_VECTOR) {
		note_error(apic, ESR_RECEIVE_VECTOR);
		return;
	}
	if (level_triggered)
		bits_set(&apic->tmr, vector);
	else
		bits_clear(&apic->tmr, vector);
	bits_set(&apic->irr, vector);
	apic->ops->kick(apic->opaque, apic);
}

/* NOLINTNEXTLINE(misc-no-recursion): see note_error */
void lapic_fire_lvt(struct lapic *apic, enum lapic_lvt n)
{
	uint32_t lvt = apic->lvt[n];

	if (lvt & LVT_MASKED)
		return;
	if (n == LVT_TIMER || n == LVT_ERROR || (lvt >> 8 & 7) == APIC_FIXED)
		lapic_set_irq(apic, (uint8_t)lvt, false);
	else if ((lvt >> 8 & 7) == APIC_NMI)
		apic->ops->nmi(apic->opaque, apic);
}

void lapic_set_lint(struct lapic *apic, unsigned int pin, int level)
{
	uint8_t bit = (uint8_t)(1u << (pin & 1));
	bool rose = level && !(apic->lint & bit);

	apic->lint = level ? apic->lint | bit : apic->lint & ~bit;
	if (rose && lapic_enabled(apic))
		lapic_fire_lvt(apic, pin & 1 ? LVT_LINT1 : LVT_LINT0);
}

uint8_t lapic_ppr(const struct lapic *apic)
{
	int top = bits_top(&apic->isr);
	uint8_t class = top < 0 ? 0 : (uint8_t)top & 0xf0;

	return (apic->tpr & 0xf0) >= class ? apic->tpr : class;
}

int lapic_pending_vector(const struct lapic *apic)
{
	int top = bits_top(&apic->irr);

	if (top < 0 || !lapic_enabled(apic) || (top & 0xf0) <= (lapic_ppr(apic) & 0xf0))
		return -1;
	return top;
}

int lapic_ack(struct lapic *apic)
{
	int vector = lapic_pending_vector(apic);

	if (vector < 0)
		return -1;
	bits_clear(&apic->irr, (uint8_t)vector);
	bits_set(&apic->isr, (uint8_t)vector);
	return vector;
}

bool lapic_accepts_extint(const struct lapic *apic)
{
	uint32_t lvt = apic->lvt[LVT_LINT0];

	if (!lapic_enabled(apic))
		return apic->base & APIC_BASE_BSP; /* INTR goes straight to the processor */
	return !(lvt & LVT_MASKED) && (lvt >> 8 & 7) == APIC_EXTINT;
}

static uint32_t logical_id(const struct lapic *apic)
{
	if (lapic_x2apic(apic))
		return apic->id >> 4 << 16 | 1u << (apic->id & 15);
	return apic->ldr;
}

bool lapic_is_dest(const struct lapic *apic, uint32_t dest, bool logical, bool dest32)
{
	uint32_t ldr = logical_id(apic);

	if (!lapic_enabled(apic))
		return false;
	if (dest == (dest32 ? UINT32_MAX : 0xff))
		return true;
	if (!logical)
		return dest == apic->id;
	if (lapic_x2apic(apic))
		return dest >> 16 == ldr >> 16 && (dest & ldr & 0xffff);
	ldr >>= 24;
	if (apic->dfr >> 28 == 0xf) /* flat */
		return (dest & ldr) != 0;
	return (dest & 0xf0) == (ldr & 0xf0) && (dest & ldr & 0x0f);
}

static void write_eoi(struct lapic *apic)
{
	int top = bits_top(&apic->isr);

	if (top < 0)
		return;
	bits_clear(&apic->isr, (uint8_t)top);
	if (bits_test(&apic->tmr, (uint8_t)top))
		apic->ops->eoi(apic->opaque, apic, (uint8_t)top);
}

static void write_icr(struct lapic *apic)
{
	uint32_t low = (uint32_t)apic->icr;
	uint32_t high = (uint32_t)(apic->icr >> 32);
	struct apic_msg msg = {
		.dest = lapic_x2apic(apic) ? high : high >> 24,
		.vector = (uint8_t)low,
		.mode = low >> 8 & 7,
		.shorthand = low >> 18 & 3,
		.logical = low >> 11 & 1,
		.level = low >> 15 & 1,
		.deassert = (low >> 8 & 7) == APIC_INIT && (low & 0xc000) == 0x8000,
		.dest32 = lapic_x2apic(apic),
	};

	if ((msg.mode == APIC_FIXED || msg.mode == APIC_LOWEST) && msg.vector < FIRST_VECTOR) {
		note_error(apic, ESR_SEND_VECTOR);
		return;
	}
	if (msg.mode != APIC_INIT)
		msg.level = false; /* only INIT has a trigger mode in an ICR */
	apic->ops->send_ipi(apic->opaque, apic, &msg);
}

static void write_svr(struct lapic *apic, uint32_t val)
{
	unsigned int i;

	lapic_tick(apic, dev_now(&apic->clock));
	apic->svr = val & SVR_KEPT;
	if (val & SVR_ENABLE)
		return;
	for (i = 0; i < LVT_COUNT; i++)
		apic->lvt[i] |= LVT_MASKED;
}

static void write_lvt(struct lapic *apic, unsigned int n, uint32_t val)
{
	val &= lvt_kept[n];
	if (!(apic->svr & SVR_ENABLE))
		val |= LVT_MASKED; /* stays so until software enables the APIC */
	if (n == LVT_TIMER)
		lapic_timer_write_lvt(apic, val);
	else
		apic->lvt[n] = val;
	/* The PIC's line may have been waiting for LINT0 to open. */
	if (n == LVT_LINT0 && (apic->lint & 1))
		apic->ops->kick(apic->opaque, apic);
}

uint32_t lapic_read(struct lapic *apic, uint32_t offset)
{
	switch (offset) {
	case REG_ID:
		return lapic_x2apic(apic) ? apic->id : apic->id << 24;
	case REG_VERSION:
		return VERSION;
	case REG_TPR:
		return apic->tpr;
	case REG_PPR:
		return lapic_ppr(apic);
	case REG_LDR:
		return logical_id(apic);
	case REG_DFR:
		return apic->dfr;
	case REG_SVR:
		return apic->svr;
	case REG_ISR ... REG_ISR + 0x70:
		return apic->isr.word[(offset - REG_ISR) >> 4];
	case REG_TMR ... REG_TMR + 0x70:
		return apic->tmr.word[(offset - REG_TMR) >> 4];
	case REG_IRR ... REG_IRR + 0x70:
		return apic->irr.word[(offset - REG_IRR) >> 4];
	case REG_ESR:
		return apic->esr;
	case REG_ICR_LOW:
		return (uint32_t)apic->icr;
	case REG_ICR_HIGH:
		return (uint32_t)(apic->icr >> 32);
	case REG_LVT ... REG_LVT + 0x10 * (LVT_COUNT - 1):
		return apic->lvt[(offset - REG_LVT) >> 4];
	case REG_INITIAL:
		return apic->initial;
	case REG_CURRENT:
		return lapic_timer_current(apic);
	case REG_DIVIDE:
		return apic->divide;
	case REG_APR:
	case REG_RRD:
	case REG_EOI:
		return 0;
	default:
		note_error(apic, ESR_REGISTER);
		return 0;
	}
}

void lapic_write(struct lapic *apic, uint32_t offset, uint32_t val)
{
	switch (offset) {
	case REG_TPR:
		apic->tpr = (uint8_t)val;
		break;
	case REG_EOI:
		write_eoi(apic);
		break;
	case REG_LDR:
		apic->ldr = val & 0xff000000;
		break;
	case REG_DFR:
		apic->dfr = val | 0x0fffffff;
		break;
	case REG_SVR:
		write_svr(apic, val);
		break;
	case REG_ESR:
		apic->esr = apic->esr_new;
		apic->esr_new = 0;
		break;
	case REG_ICR_LOW:
		apic->icr = (apic->icr & ~0xffffffffull) | (val & ICR_KEPT);
		write_icr(apic);
		break;
	case REG_ICR_HIGH:
		apic->icr = (apic->icr & 0xffffffffull) | (uint64_t)val << 32;
		break;
	case REG_LVT ... REG_LVT + 0x10 * (LVT_COUNT - 1):
		write_lvt(apic, (offset - REG_LVT) >> 4, val);
		break;
	case REG_INITIAL:
		lapic_timer_write_initial(apic, val);
		break;
	case REG_DIVIDE:
		lapic_timer_write_divide(apic, val);
		break;
	case REG_ID: /* fixed, or read-only */
	case REG_VERSION:
	case REG_APR:
	case REG_PPR:
	case REG_RRD:
	case REG_ISR ... REG_IRR + 0x70:
	case REG_CURRENT:
		break;
	default:
		note_error(apic, ESR_REGISTER);
		break;
	}
}

static void bits_state(struct lapic_bits *b, struct state *s)
{
	unsigned int w;

	STATE(s, b->word);
	state_check(s, !(b->word[0] & ((1u << FIRST_VECTOR) - 1)));
	for (b->any = 0, w = 0; w < 8; w++)
		b->any |= (uint8_t)(!!b->word[w] << w);
}

static bool base_ok(const struct lapic *apic)
{
	uint64_t modes = apic->base & (APIC_BASE_ENABLE | APIC_BASE_X2APIC);

	return (apic->base & ~modes) == (APIC_BASE_ADDR | (apic->id ? 0 : APIC_BASE_BSP)) &&
	       modes != APIC_BASE_X2APIC && (apic->x2apic_ok || !(modes & APIC_BASE_X2APIC));
}

/* A periodic timer that runs has a period. */
static bool timer_ok(const struct lapic *apic)
{
	return !(apic->divide & ~0xbu) && (apic->timer_at == DEV_NEVER || apic->initial ||
					   (apic->lvt[LVT_TIMER] >> 17 & 3) != 1);
}

void lapic_state(struct lapic *apic, struct state *s)
{
	unsigned int i;

	state_begin(s, "lapic", 1);
	STATE(s, apic->base);
	STATE(s, apic->tpr);
	STATE(s, apic->lint);
	STATE(s, apic->ldr);
	STATE(s, apic->dfr);
	STATE(s, apic->svr);
	STATE(s, apic->esr);
	STATE(s, apic->esr_new);
	STATE(s, apic->icr);
	STATE(s, apic->lvt);
	STATE(s, apic->divide);
	STATE(s, apic->initial);
	STATE(s, apic->timer_at);
	STATE(s, apic->tsc_deadline);
	bits_state(&apic->irr, s);
	bits_state(&apic->isr, s);
	bits_state(&apic->tmr, s);
	state_check(s, base_ok(apic) && timer_ok(apic) && apic->lint <= 3 &&
			       !(apic->svr & ~SVR_KEPT) && !(apic->ldr & 0xffffff));
	for (i = 0; i < LVT_COUNT; i++)
		state_check(s, !(apic->lvt[i] & ~(lvt_kept[i] | LVT_MASKED)));
	state_end(s);
}

void lapic_init_reset(struct lapic *apic)
{
	unsigned int i;

	apic->tpr = 0;
	apic->ldr = 0;
	apic->dfr = UINT32_MAX;
	apic->svr = 0xff;
	apic->esr = apic->esr_new = 0;
	apic->icr = 0;
	for (i = 0; i < LVT_COUNT; i++)
		apic->lvt[i] = LVT_MASKED;
	apic->irr = apic->isr = apic->tmr = (struct lapic_bits){ 0 };
	lapic_timer_reset(apic);
}

void lapic_set_virtual_wire(struct lapic *apic)
{
	apic->svr = SVR_ENABLE | 0xff;
	apic->lvt[LVT_LINT0] = APIC_EXTINT << 8;
	apic->lvt[LVT_LINT1] = APIC_NMI << 8;
}
