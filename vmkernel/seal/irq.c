// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * Interrupts of a sealed console. Its devices still interrupt PCPU 0, at the
 * vectors that Linux chose; the vmkernel takes them and requests them in the
 * console's virtual local APIC, which has taken over the timer and all else
 * from the physical one. An edge is finished at once. A level stays in
 * service in the physical APIC until the console has finished it in the
 * virtual one: so the I/O APIC sends it neither too early nor for ever.
 */
#include "cpu/apic.h"
#include "cpu/pcpu.h"
#include "cpu/time.h"
#include "cpu/traps.h"
#include "cpu/x86.h"
#include "seal/private.h"

/* Register numbers (APM vol. 2, table 16-2). */
#define REG_ID 0x02u
#define REG_TPR 0x08u
#define REG_LDR 0x0du
#define REG_DFR 0x0eu
#define REG_SVR 0x0fu
#define REG_ISR 0x10u
#define REG_TMR 0x18u
#define REG_LVT 0x32u
#define REG_LVT_LINT1 0x36u
#define REG_INITIAL 0x38u
#define REG_CURRENT 0x39u
#define REG_DIVIDE 0x3eu
#define SVR_ENABLE 0x100u
#define LVT_MASKED 0x10000u
#define LVT_MODE(lvt) ((lvt) >> 8 & 7)
#define WORDS 8u

/* In service in the physical APIC, for the console; and what of it the console has finished. */
static uint32_t held[WORDS], finished[WORDS];

/* The physical APIC's LVT registers, in the model's order, which is that of their numbers. */
static uint32_t lvt_reg(unsigned int n)
{
	return REG_LVT + n;
}

static bool bit_of(const uint32_t *words, uint8_t n)
{
	return words[n / 32] >> n % 32 & 1;
}

static void flip(uint32_t *words, uint8_t n)
{
	words[n / 32] ^= 1u << n % 32;
}

static int highest(const uint32_t *words)
{
	for (unsigned int i = WORDS; i-- > 0;)
		if (words[i])
			return (int)(i * 32 + 31 - (unsigned int)__builtin_clz(words[i]));
	return -1;
}

static bool physical_bit(uint32_t reg, uint8_t vector)
{
	return apic_reg_read(reg + vector / 32) >> vector % 32 & 1;
}

/* An EOI finishes the highest in service, so one that lies below another has to wait. */
static void finish(uint8_t vector)
{
	int top;

	flip(finished, vector);
	for (top = highest(held); top >= 0 && bit_of(finished, (uint8_t)top); top = highest(held)) {
		apic_eoi();
		flip(held, (uint8_t)top);
		flip(finished, (uint8_t)top);
	}
}

static void console_irq(uint8_t vector)
{
	struct vm *vm = console.vm;
	struct lapic *apic = &vm->chipset.lapic[0];
	/* What the PIC sends is not in service anywhere. */
	bool serves = physical_bit(REG_ISR, vector), level = false;

	console.irqs++;
	if (!this_pcpu()->is_console) {
		/* Only a console that wants to do harm sends its interrupts there. */
		console.strays++;
		if (serves)
			apic_eoi();
		return;
	}
	if (serves)
		level = physical_bit(REG_TMR, vector);
	if (serves && !level)
		apic_eoi();
	spin_lock(&vm->lock);
	if (level) {
		console.levels++;
		flip(held, vector);
	}
	lapic_set_irq(apic, vector, level);
	/* Nobody would ever finish what an APIC that is switched off does not take. */
	if (level && !(apic->svr & SVR_ENABLE))
		finish(vector);
	spin_unlock(&vm->lock);
}

/* ---- what the virtual APIC asks for -------------------------------------------------- */

static void wake(struct vcpu *v)
{
	vcpu_attend(v, ATT_EVENT);
	if (sched_current(this_pcpu()->id) != &v->world)
		sched_wake(&v->world, now_ns());
}

static void apic_kick(void *opaque, struct lapic *to)
{
	(void)opaque;
	(void)to;
	wake(console.vcpu);
}

static void apic_nmi(void *opaque, struct lapic *to)
{
	(void)opaque;
	(void)to;
	console.nmis_due++;
	wake(console.vcpu);
}

static void apic_eoi_of(void *opaque, struct lapic *from, uint8_t vector)
{
	(void)opaque;
	(void)from;
	if (bit_of(held, vector) && !bit_of(finished, vector))
		finish(vector);
}

/* There is one processor in this machine: what is for others is for nobody. */
static void apic_send(void *opaque, struct lapic *from, const struct apic_msg *msg)
{
	bool self = msg->shorthand == APIC_SELF || msg->shorthand == APIC_ALL ||
		    (msg->shorthand == APIC_NO_SHORTHAND &&
		     lapic_is_dest(from, msg->dest, msg->logical, msg->dest32));

	if (self && (msg->mode == APIC_FIXED || msg->mode == APIC_LOWEST))
		lapic_set_irq(from, msg->vector, false);
	else if (self && msg->mode == APIC_NMI)
		apic_nmi(opaque, from);
	else
		seal_refuse(&console.strays, "message to a processor, mode", msg->mode);
}

static uint64_t console_tsc(void *opaque, struct lapic *of)
{
	(void)opaque;
	(void)of;
	return rdtsc();
}

static const struct lapic_ops ops = { apic_send, apic_eoi_of, apic_kick, apic_nmi, console_tsc };

static uint64_t clock_now(void *opaque)
{
	(void)opaque;
	return now_ns();
}

static vmk_status page_read(void *opaque, uint64_t offset, unsigned int size, uint64_t *val)
{
	*val = lapic_mmio_read(opaque, offset, size);
	return VMK_OK;
}

static vmk_status page_write(void *opaque, uint64_t offset, unsigned int size, uint64_t val)
{
	lapic_mmio_write(opaque, offset, size, val);
	return VMK_OK;
}

static uint64_t tick_deadline(void *opaque)
{
	return lapic_deadline(opaque);
}

static void tick(void *opaque, uint64_t now)
{
	lapic_tick(opaque, now);
}

static const struct dev_ops page_ops = { page_read, page_write, 4 };
static const struct dev_tick_ops tick_ops = { tick_deadline, tick };

int seal_irq_init(struct vm *vm)
{
	const struct dev_clock clock = { clock_now, NULL };
	struct chipset *cs = &vm->chipset;
	struct lapic *apic = &cs->lapic[0];
	vmk_status st;

	cs->cfg.vcpus = 1;
	dev_bus_init(&cs->bus);
	lapic_init(apic, 0, true, false, tsc_khz * 1000, &clock, &ops, NULL);
	apic->bus_hz = apic_timer_hz() ? apic_timer_hz() : LAPIC_BUS_HZ;
	st = dev_register_mmio(&cs->bus, APIC_BASE_ADDR, LAPIC_MMIO_LEN, &page_ops, apic);
	return st ? st : dev_register_tick(&cs->bus, &tick_ops, apic);
}

/* ---- the physical APIC changes hands --------------------------------------------------- */

int seal_irq_check(void)
{
	if (rdmsr(MSR_APIC_BASE) & APIC_BASE_X2APIC || apic_id() ||
	    (rdmsr(MSR_APIC_BASE) & 0xffffff000ull) != APIC_BASE_ADDR)
		return VMK_NOT_SUPPORTED;
	for (uint32_t i = 0; i < WORDS; i++)
		if (apic_reg_read(REG_ISR + i))
			return VMK_BUSY;
	return VMK_OK;
}

/* LINT1 is where NMIs come from: it stays as the console has it. LINT0 is the PIC's: closed. */
void seal_irq_take(struct vm *vm)
{
	struct lapic *apic = &vm->chipset.lapic[0];
	uint32_t left = apic_reg_read(REG_CURRENT), lint1 = apic_reg_read(REG_LVT_LINT1);

	apic->tpr = (uint8_t)apic_reg_read(REG_TPR);
	apic->ldr = apic_reg_read(REG_LDR);
	apic->dfr = apic_reg_read(REG_DFR);
	apic->svr = apic_reg_read(REG_SVR) & 0x3ff;
	for (unsigned int i = 0; i < LVT_COUNT; i++)
		apic->lvt[i] = apic_reg_read(lvt_reg(i));
	apic->divide = apic_reg_read(REG_DIVIDE) & 0xb;
	/*
	 * A count that has run out may not have interrupted yet (QEMU's timers come late), and
	 * would not any more: one interrupt too many does no harm.
	 */
	if (apic_reg_read(REG_INITIAL) && !left)
		left = 1;
	lapic_timer_resume(apic, apic_reg_read(REG_INITIAL), left);
	if (LVT_TIMER_IS_DEADLINE(apic->lvt[LVT_TIMER]))
		lapic_timer_write_deadline(apic, rdmsr(MSR_TSC_DEADLINE));
	apic_reg_write(REG_INITIAL, 0);
	apic_reg_write(REG_LVT + LVT_THERMAL, LVT_MASKED);
	apic_reg_write(REG_LVT + LVT_PERF, LVT_MASKED);
	apic_pcpu_init();
	if (LVT_MODE(lint1) == APIC_NMI)
		apic_reg_write(REG_LVT_LINT1, lint1);
	trap_console_irq = console_irq;
}

/* Requested in the virtual APIC, not yet delivered: Linux gets it from the physical one. */
static void give_requests(struct lapic *apic)
{
	for (unsigned int n = 16; n < 256; n++) {
		if (!(apic->irr.word[n / 32] >> n % 32 & 1))
			continue;
		if (bit_of(held, (uint8_t)n))
			finish((uint8_t)n); /* the line is still up: it comes again */
		else
			apic_send_fixed(apic_id(), (uint8_t)n);
	}
}

void seal_irq_give(struct vm *vm)
{
	struct lapic *apic = &vm->chipset.lapic[0];
	uint32_t left = lapic_timer_current(apic), timer = apic->lvt[LVT_TIMER];

	trap_console_irq = NULL;
	apic_pcpu_exit();
	apic_reg_write(REG_SVR, apic->svr);
	apic_reg_write(REG_LDR, apic->ldr);
	apic_reg_write(REG_DFR, apic->dfr);
	apic_reg_write(REG_TPR, apic->tpr);
	for (unsigned int i = LVT_TIMER + 1; i < LVT_COUNT; i++)
		apic_reg_write(lvt_reg(i), apic->lvt[i]);
	apic_reg_write(REG_DIVIDE, apic->divide);
	apic_reg_write(lvt_reg(LVT_TIMER), timer);
	if (LVT_TIMER_IS_DEADLINE(timer))
		wrmsr(MSR_TSC_DEADLINE, apic->tsc_deadline);
	else if (apic->timer_at != DEV_NEVER)
		apic_reg_write(REG_INITIAL, LVT_TIMER_IS_PERIODIC(timer) ? apic->initial
					    : left			 ? left
									 : 1);
	give_requests(apic);
}
