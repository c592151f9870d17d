/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* sources: vmkernel/lib/state.c
 *	vmkernel/devices/lapic.c vmkernel/devices/lapic_face.c
 *	vmkernel/devices/lapic_timer.c vmkernel/devices/apic_bus.c */
/*
 * Local APICs, alone and four of them on their bus: priorities, EOI, both faces and
 * the transitions between them, errors, timer modes, IPIs with every destination form,
 * and random use against invariants of IRR, ISR and priority.
 */
#include "test_dev.h"

#include "devices/apic_bus.h"

#define CPUS 4u
#define TSC_HZ 2500000000ull

static struct lapic apic[CPUS];
static struct apic_bus bus;
static unsigned int kicks, nmis[CPUS], inits[CPUS], sipis[CPUS], eois;
static uint8_t last_eoi, last_sipi;

static void send_ipi(void *opaque, struct lapic *from, const struct apic_msg *msg)
{
	(void)opaque;
	apic_bus_deliver(&bus, from, msg);
}

static void eoi(void *opaque, struct lapic *from, uint8_t vector)
{
	(void)opaque, (void)from;
	eois++;
	last_eoi = vector;
}

static void kick(void *opaque, struct lapic *to)
{
	(void)opaque, (void)to;
	kicks++;
}

static void nmi(void *opaque, struct lapic *to)
{
	(void)opaque;
	nmis[to->id]++;
}

static uint64_t guest_tsc(void *opaque, struct lapic *of)
{
	(void)opaque, (void)of;
	return fake_ns / 2 * 5;
}

static void bus_nmi(void *opaque, uint32_t vcpu)
{
	(void)opaque;
	nmis[vcpu]++;
}

static void bus_init(void *opaque, uint32_t vcpu)
{
	(void)opaque;
	inits[vcpu]++;
}

static void bus_sipi(void *opaque, uint32_t vcpu, uint8_t vector)
{
	(void)opaque;
	sipis[vcpu]++;
	last_sipi = vector;
}

static const struct lapic_ops ops = { send_ipi, eoi, kick, nmi, guest_tsc };

static int fresh(void **state)
{
	unsigned int i;

	(void)state;
	fake_ns = 3 * SEC;
	bus = (struct apic_bus){
		.count = CPUS, .nmi = bus_nmi, .init = bus_init, .sipi = bus_sipi
	};
	for (i = 0; i < CPUS; i++) {
		lapic_init(&apic[i], i, i == 0, true, TSC_HZ, &fake_clock, &ops, NULL);
		lapic_write(&apic[i], 0xf0, 0x1ff);
		bus.apic[i] = &apic[i];
		nmis[i] = inits[i] = sipis[i] = 0;
	}
	kicks = eois = 0;
	return 0;
}

static uint64_t rdmsr(struct lapic *a, uint32_t msr)
{
	uint64_t val = 0;

	assert_int_equal(lapic_msr_read(a, msr, &val), VMK_OK);
	return val;
}

static void go_x2apic(struct lapic *a)
{
	assert_int_equal(lapic_msr_write(a, 0x1b, rdmsr(a, 0x1b) | APIC_BASE_X2APIC), VMK_OK);
}

static void power_on(void **state)
{
	struct lapic a;

	(void)state;
	lapic_init(&a, 5, true, false, TSC_HZ, &fake_clock, &ops, NULL);
	assert_int_equal(rdmsr(&a, 0x1b), 0xfee00900);
	assert_int_equal(lapic_read(&a, 0x20), 5 << 24);
	assert_int_equal(lapic_read(&a, 0x30), 0x50014);
	assert_int_equal(lapic_read(&a, 0xf0), 0xff);
	assert_int_equal(lapic_read(&a, 0xe0), UINT32_MAX);
	assert_int_equal(lapic_read(&a, 0x350), 0x10000);
	lapic_set_irq(&a, 0x50, false); /* software-disabled: not accepted */
	assert_int_equal(lapic_pending_vector(&a), -1);
	assert_false(lapic_accepts_extint(&a));
	lapic_set_virtual_wire(&a);
	assert_true(lapic_accepts_extint(&a));
	lapic_write(&a, 0x350, 0x10700);
	assert_false(lapic_accepts_extint(&a));
	/* LVTs stay masked while software-disabled. */
	lapic_write(&a, 0xf0, 0xff);
	lapic_write(&a, 0x350, 0x700);
	assert_int_equal(lapic_read(&a, 0x350), 0x10700);
}

static void priorities(void **state)
{
	struct lapic *a = &apic[0];

	(void)state;
	lapic_set_irq(a, 0x41, false);
	assert_int_equal(kicks, 1);
	lapic_set_irq(a, 0x35, true);
	assert_int_equal(lapic_pending_vector(a), 0x41);
	assert_int_equal(lapic_ack(a), 0x41);
	assert_int_equal(lapic_pending_vector(a), -1);
	assert_int_equal(lapic_ack(a), -1);
	assert_int_equal(lapic_read(a, 0xa0), 0x40);
	lapic_set_irq(a, 0x4f, false); /* same class: waits */
	assert_int_equal(lapic_pending_vector(a), -1);
	lapic_set_irq(a, 0x50, false);
	assert_int_equal(lapic_ack(a), 0x50);
	assert_int_equal(lapic_read(a, 0x120), 1u << 1 | 1u << 16);
	assert_int_equal(lapic_read(a, 0x220), 1u << 15);
	assert_int_equal(lapic_read(a, 0x190), 1u << 21);
	lapic_write(a, 0xb0, 0);
	lapic_write(a, 0xb0, 0);
	assert_int_equal(lapic_ack(a), 0x4f);
	lapic_write(a, 0xb0, 0);
	assert_int_equal(eois, 0);
	lapic_write(a, 0x80, 0x30); /* TPR holds class 3 back */
	assert_int_equal(lapic_pending_vector(a), -1);
	assert_int_equal(lapic_get_cr8(a), 3);
	lapic_set_cr8(a, 2);
	assert_int_equal(lapic_read(a, 0x80), 0x20);
	assert_int_equal(lapic_ack(a), 0x35);
	lapic_write(a, 0xb0, 0);
	assert_int_equal(eois, 1); /* level-triggered: broadcast */
	assert_int_equal(last_eoi, 0x35);
	lapic_write(a, 0xb0, 0); /* nothing in service */
	assert_int_equal(eois, 1);
}

static void transitions(void **state)
{
	struct lapic *a = &apic[1], no;
	uint64_t val;

	(void)state;
	assert_int_equal(rdmsr(a, 0x1b), 0xfee00800);
	assert_int_equal(lapic_msr_read(a, 0x802, &val), VMK_BAD_PARAM);
	lapic_set_irq(a, 0x77, false);
	go_x2apic(a);
	assert_int_equal(rdmsr(a, 0x802), 1);
	assert_int_equal(rdmsr(a, 0x80d), 1 << 1);
	assert_int_equal(lapic_mmio_read(a, 0x20, 4), 0);
	assert_int_equal(lapic_pending_vector(a), 0x77); /* state survives */
	assert_true(lapic_msr_write(a, 0x1b, 0xfee00800) < 0); /* not straight back */
	assert_int_equal(lapic_msr_write(a, 0x1b, 0xfee00000), VMK_OK);
	assert_int_equal(lapic_pending_vector(a), -1);
	assert_true(lapic_msr_write(a, 0x1b, 0xfee00c00) < 0);
	assert_true(lapic_msr_write(a, 0x1b, 0xfee00400) < 0);
	assert_int_equal(lapic_msr_write(a, 0x1b, 0xfee00800), VMK_OK);
	assert_int_equal(lapic_read(a, 0xf0), 0xff);
	assert_true(lapic_msr_write(a, 0x1b, 0xfed00800) < 0);
	assert_true(lapic_msr_write(a, 0x1b, 0xfee00801) < 0);
	assert_true(lapic_msr_write(a, 0x1b, 1ull << 52 | 0xfee00800) < 0);
	assert_int_equal(lapic_msr_write(a, 0x1b, 0xfee00900), VMK_OK); /* BSP bit is not ours */
	assert_int_equal(rdmsr(a, 0x1b), 0xfee00800);
	lapic_init(&no, 0, true, false, TSC_HZ, &fake_clock, &ops, NULL);
	assert_true(lapic_msr_write(&no, 0x1b, 0xfee00d00) < 0);
	lapic_msr_write(&no, 0x1b, 0xfee00100);
	assert_true(lapic_accepts_extint(&no)); /* boot processor without APIC: plain INTR */
	lapic_init_reset(a);
	go_x2apic(a);
	lapic_init_reset(a); /* INIT keeps the mode */
	assert_true(lapic_x2apic(a));
}

static void faces(void **state)
{
	struct lapic *a = &apic[2];
	unsigned int msr;
	uint64_t val;

	(void)state;
	lapic_mmio_write(a, 0x80, 4, 0x5a);
	assert_int_equal(lapic_mmio_read(a, 0x80, 4), 0x5a);
	assert_int_equal(lapic_mmio_read(a, 0x80, 1), 0x5a);
	assert_int_equal(lapic_mmio_read(a, 0x30, 2), 0x0014);
	assert_int_equal(lapic_mmio_read(a, 0x32, 1), 0x05);
	assert_int_equal(lapic_mmio_read(a, 0x84, 4), 0);
	lapic_mmio_write(a, 0x80, 1, 0x11); /* only whole registers are written */
	lapic_mmio_write(a, 0x84, 4, 0x11);
	lapic_mmio_write(a, 0x80, 8, 0x11);
	assert_int_equal(lapic_mmio_read(a, 0x80, 4), 0x5a);
	lapic_mmio_write(a, 0xd0, 4, 0x12345678);
	assert_int_equal(lapic_mmio_read(a, 0xd0, 4), 0x12000000);
	lapic_mmio_write(a, 0x310, 4, 0xff000000);
	assert_int_equal(lapic_mmio_read(a, 0x310, 4), 0xff000000);

	go_x2apic(a);
	for (msr = 0x800; msr < 0x900; msr++) {
		bool r = msr == 0x802 || msr == 0x803 || msr == 0x808 || msr == 0x80a ||
			 msr == 0x80d || msr == 0x80f || (msr >= 0x810 && msr <= 0x828) ||
			 msr == 0x830 || (msr >= 0x832 && msr <= 0x839) || msr == 0x83e;
		bool w = msr == 0x808 || msr == 0x80b || msr == 0x80f || msr == 0x828 ||
			 msr == 0x830 || (msr >= 0x832 && msr <= 0x838) || msr == 0x83e ||
			 msr == 0x83f;

		assert_int_equal(lapic_msr_read(a, msr, &val), r ? VMK_OK : VMK_BAD_PARAM);
		if (msr != 0x80f)
			assert_int_equal(lapic_msr_write(a, msr, 0), w ? VMK_OK : VMK_BAD_PARAM);
		if (msr != 0x830)
			assert_int_equal(lapic_msr_write(a, msr, 1ull << 32), VMK_BAD_PARAM);
	}
	assert_int_equal(lapic_msr_write(a, 0x80b, 1), VMK_BAD_PARAM);
	assert_int_equal(lapic_msr_write(a, 0x828, 1), VMK_BAD_PARAM);
	assert_int_equal(lapic_msr_write(a, 0x83f, 0x99), VMK_OK);
	assert_int_equal(lapic_pending_vector(a), 0x99);
}

static void errors(void **state)
{
	struct lapic *a = &apic[0];

	(void)state;
	lapic_write(a, 0x370, 0xfe);
	lapic_set_irq(a, 15, false);
	assert_int_equal(lapic_pending_vector(a), 0xfe);
	assert_int_equal(lapic_read(a, 0x280), 0); /* shows after a write only */
	lapic_write(a, 0x280, 0);
	assert_int_equal(lapic_read(a, 0x280), 0x40);
	lapic_write(a, 0x280, 0);
	assert_int_equal(lapic_read(a, 0x280), 0);
	lapic_write(a, 0x300, 0x4000 | 1 << 18 | 5);
	lapic_write(a, 0x280, 0);
	assert_int_equal(lapic_read(a, 0x280), 0x20);
	lapic_read(a, 0x40);
	lapic_write(a, 0x280, 0);
	assert_int_equal(lapic_read(a, 0x280), 0x80);
	/* An error vector that is itself illegal must end, not recurse. */
	lapic_write(a, 0x370, 3);
	lapic_set_irq(a, 2, false);
	lapic_write(a, 0x280, 0);
	assert_int_equal(lapic_read(a, 0x280), 0x40);
}

static void timer(void **state)
{
	struct lapic *a = &apic[0];
	uint64_t start;

	(void)state;
	lapic_write(a, 0x3e0, 0xb); /* divide by 1 */
	lapic_write(a, 0x320, 0x20030 | 0x10000);
	lapic_write(a, 0x380, 1000000);
	assert_true(lapic_deadline(a) == DEV_NEVER); /* masked: nobody need wake */
	fake_ns += 2500000;
	assert_int_equal(lapic_read(a, 0x390), 500000);
	lapic_write(a, 0x320, 0x20030);
	assert_int_equal(lapic_pending_vector(a), -1); /* missed while masked */
	start = fake_ns + 500000;
	assert_int_equal(lapic_deadline(a), start);
	fake_ns = start + 3300000; /* late by three periods: one interrupt, still in phase */
	lapic_tick(a, fake_ns);
	assert_int_equal(lapic_ack(a), 0x30);
	assert_int_equal(lapic_pending_vector(a), -1);
	assert_int_equal(lapic_deadline(a), start + 4000000);
	lapic_write(a, 0xb0, 0);
	/* One-shot, with another divisor half-way. */
	lapic_write(a, 0x320, 0x31);
	lapic_write(a, 0x380, 1000);
	fake_ns += 400;
	lapic_write(a, 0x3e0, 0x0); /* divide by 2 */
	assert_int_equal(lapic_read(a, 0x390), 600);
	assert_int_equal(lapic_deadline(a), fake_ns + 1200);
	fake_ns += 1200;
	lapic_tick(a, fake_ns);
	assert_int_equal(lapic_ack(a), 0x31);
	assert_int_equal(lapic_read(a, 0x390), 0);
	assert_true(lapic_deadline(a) == DEV_NEVER);
	assert_int_equal(lapic_read(a, 0x380), 1000);
	lapic_write(a, 0x380, 5);
	lapic_write(a, 0x380, 0); /* zero stops it */
	assert_true(lapic_deadline(a) == DEV_NEVER);
	/* Divisors: 2 4 8 16 32 64 128 1. */
	for (unsigned int i = 0; i < 8; i++) {
		lapic_write(a, 0x3e0, (i & 3) | (i & 4) << 1);
		lapic_write(a, 0x380, UINT32_MAX);
		assert_true(lapic_deadline(a) == fake_ns + ((uint64_t)UINT32_MAX << (i + 1) % 8));
	}
}

static void tsc_deadline(void **state)
{
	struct lapic *a = &apic[0];
	uint64_t tsc;

	(void)state;
	lapic_msr_write(a, 0x6e0, 123);
	assert_int_equal(rdmsr(a, 0x6e0), 0); /* other mode: ignored */
	lapic_write(a, 0x380, 1000);
	lapic_write(a, 0x320, 0x40055);
	assert_true(lapic_deadline(a) == DEV_NEVER); /* the mode change disarms */
	lapic_write(a, 0x380, 1000);
	assert_true(lapic_deadline(a) == DEV_NEVER);
	tsc = guest_tsc(NULL, a) + 2501;
	lapic_msr_write(a, 0x6e0, tsc);
	assert_int_equal(lapic_deadline(a), fake_ns + 1001);
	assert_int_equal(rdmsr(a, 0x6e0), tsc);
	fake_ns += 1000;
	lapic_tick(a, fake_ns);
	assert_int_equal(lapic_pending_vector(a), -1);
	fake_ns += 1;
	assert_int_equal(rdmsr(a, 0x6e0), 0); /* fires without a tick, too */
	assert_int_equal(lapic_ack(a), 0x55);
	lapic_write(a, 0xb0, 0);
	lapic_msr_write(a, 0x6e0, 1); /* long past: at once */
	assert_int_equal(lapic_ack(a), 0x55);
	lapic_msr_write(a, 0x6e0, UINT64_MAX);
	assert_true(lapic_deadline(a) > fake_ns + 1000 * SEC);
	lapic_msr_write(a, 0x6e0, 0);
	assert_true(lapic_deadline(a) == DEV_NEVER);
	lapic_msr_write(a, 0x6e0, UINT64_MAX - 1);
	lapic_write(a, 0x320, 0x55);
	assert_int_equal(rdmsr(a, 0x6e0), 0);
}

static void local_pins(void **state)
{
	struct lapic *a = &apic[0];

	(void)state;
	lapic_write(a, 0x350, 0x61);
	lapic_write(a, 0x360, 0x400);
	lapic_set_lint(a, 0, 1);
	lapic_set_lint(a, 0, 1);
	assert_int_equal(lapic_ack(a), 0x61);
	assert_int_equal(lapic_pending_vector(a), -1);
	lapic_set_lint(a, 1, 1);
	lapic_set_lint(a, 1, 0);
	lapic_set_lint(a, 1, 1);
	assert_int_equal(nmis[0], 2);
}

static unsigned int receivers(uint8_t vector)
{
	unsigned int i, set = 0;

	for (i = 0; i < CPUS; i++) {
		if (lapic_pending_vector(&apic[i]) == vector) {
			set |= 1u << i;
			lapic_ack(&apic[i]);
			lapic_write(&apic[i], 0xb0, 0);
		}
	}
	return set;
}

static void ipi(struct lapic *from, uint8_t dest, uint32_t low)
{
	lapic_write(from, 0x310, (uint32_t)dest << 24);
	lapic_write(from, 0x300, low);
}

static void ipis(void **state)
{
	unsigned int i;

	(void)state;
	ipi(&apic[0], 2, 0x4060);
	assert_int_equal(receivers(0x60), 1 << 2);
	assert_int_equal(lapic_read(&apic[0], 0x300), 0x4060);
	ipi(&apic[0], 0xff, 0x4060);
	assert_int_equal(receivers(0x60), 0xf);
	ipi(&apic[1], 9, 0x4060);
	assert_int_equal(receivers(0x60), 0);
	ipi(&apic[1], 0, 1 << 18 | 0x4060);
	assert_int_equal(receivers(0x60), 1 << 1);
	ipi(&apic[1], 0, 2 << 18 | 0x4060);
	assert_int_equal(receivers(0x60), 0xf);
	ipi(&apic[1], 0, 3 << 18 | 0x4060);
	assert_int_equal(receivers(0x60), 0xd);
	/* Logical, flat and cluster. */
	for (i = 0; i < CPUS; i++)
		lapic_write(&apic[i], 0xd0, 1u << (24 + i));
	ipi(&apic[0], 0x0a, 0x4860);
	assert_int_equal(receivers(0x60), 0xa);
	for (i = 0; i < CPUS; i++) {
		lapic_write(&apic[i], 0xe0, 0x0fffffff);
		lapic_write(&apic[i], 0xd0, (i / 2) << 28 | 1u << (24 + i % 2));
	}
	ipi(&apic[0], 0x13, 0x4860);
	assert_int_equal(receivers(0x60), 0xc);
	/* Lowest priority goes to one, the least busy. */
	lapic_write(&apic[0], 0x80, 0x20);
	lapic_write(&apic[1], 0x80, 0x20);
	lapic_write(&apic[2], 0x80, 0x10);
	lapic_write(&apic[3], 0x80, 0x20);
	ipi(&apic[0], 0xff, 0x4160);
	assert_int_equal(receivers(0x60), 1 << 2);
	/* NMI, start-up, INIT, its de-assert. */
	ipi(&apic[0], 3, 0x4400);
	assert_int_equal(nmis[3], 1);
	lapic_set_irq(&apic[3], 0x60, false);
	ipi(&apic[0], 3, 0xc500);
	ipi(&apic[0], 3, 0x8500);
	assert_int_equal(inits[3], 1);
	assert_int_equal(lapic_pending_vector(&apic[3]), -1);
	assert_int_equal(lapic_read(&apic[3], 0xf0), 0xff);
	ipi(&apic[0], 3, 0x4699);
	assert_int_equal(sipis[3], 1);
	assert_int_equal(last_sipi, 0x99);
	ipi(&apic[0], 3, 0x4200); /* SMI and remote read go nowhere */
	ipi(&apic[0], 3, 0x4300);
	ipi(&apic[0], 3, 0x4700);
	assert_int_equal(sipis[3] + inits[3] + nmis[3], 3);
}

static void x2apic_ipis(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < CPUS; i++)
		go_x2apic(&apic[i]);
	lapic_msr_write(&apic[0], 0x830, 3ull << 32 | 0x4070);
	assert_int_equal(rdmsr(&apic[0], 0x830), 3ull << 32 | 0x4070);
	for (i = 0; i < CPUS; i++)
		assert_int_equal(lapic_pending_vector(&apic[i]), i == 3 ? 0x70 : -1);
	lapic_msr_write(&apic[0], 0x830, 0x6ull << 32 | 0x4871);
	for (i = 0; i < CPUS; i++)
		assert_int_equal(lapic_pending_vector(&apic[i]), i == 3 ? 0x70 : i ? 0x71 : -1);
	lapic_msr_write(&apic[0], 0x830, 0xffffffffull << 32 | 0x4080);
	lapic_msr_write(&apic[0], 0x830, 0xffull << 32 | 0x4090); /* no broadcast in x2APIC */
	for (i = 0; i < CPUS; i++)
		assert_int_equal(lapic_pending_vector(&apic[i]), 0x80);
}

static unsigned int population(const struct lapic_bits *b)
{
	unsigned int i, n = 0;

	for (i = 0; i < 8; i++) {
		n += (unsigned int)__builtin_popcount(b->word[i]);
		assert_int_equal(b->any >> i & 1, b->word[i] != 0);
	}
	return n;
}

static void check(struct lapic *a)
{
	unsigned int irr = population(&a->irr), isr = population(&a->isr);
	int vector = lapic_pending_vector(a);

	population(&a->tmr);
	assert_int_equal(a->irr.word[0] & 0xffff, 0);
	assert_true(isr <= 15); /* one per priority class */
	if (vector >= 0) {
		assert_true(vector >> 4 > lapic_ppr(a) >> 4);
		assert_int_equal(lapic_ack(a), vector);
		assert_int_equal(population(&a->irr), irr - 1);
		assert_int_equal(population(&a->isr), isr + 1);
		assert_int_equal(lapic_ppr(a) >> 4, vector >> 4);
	}
}

static void hostile(void **state)
{
	unsigned int i;
	uint64_t val;

	(void)state;
	rnd_seed("lapic");
	for (i = 0; i < 300000; i++) {
		struct lapic *a = &apic[rnd() % CPUS];

		switch (rnd() % 12) {
		case 0:
		case 1:
			lapic_mmio_write(a, rnd() % 4096, 1u << rnd() % 4, rnd_value());
			break;
		case 2:
			lapic_mmio_write(a, rnd() % 0x40 * 16, 4, rnd_value());
			break;
		case 3:
			lapic_mmio_read(a, rnd() % 4096, 1u << rnd() % 3);
			break;
		case 4:
			lapic_msr_write(a, 0x800 + (uint32_t)(rnd() % 256), rnd_value());
			break;
		case 5:
			lapic_msr_read(a, 0x800 + (uint32_t)(rnd() % 256), &val);
			break;
		case 6:
			lapic_msr_write(a, 0x1b, rnd() % 2 ? 0xfee00000 | (rnd() & 0xf00) : rnd());
			break;
		case 7:
			lapic_msr_write(a, 0x6e0,
					rnd() % 2 ? rnd_value()
						  : guest_tsc(NULL, a) + rnd() % 10000);
			break;
		case 8:
			lapic_set_irq(a, (uint8_t)rnd(), rnd() & 1);
			break;
		case 9:
			fake_ns += rnd() % 4 ? rnd() % 10000 : rnd() % (10 * SEC);
			break;
		case 10:
			if (rnd() % 2)
				lapic_set_lint(a, rnd() & 1, rnd() & 1);
			else if (lapic_enabled(a))
				lapic_write(a, 0xf0, 0x1ff);
			break;
		default:
			lapic_tick(a, fake_ns);
			assert_true(lapic_deadline(a) > fake_ns);
			check(a);
			lapic_write(a, 0xb0, 0);
			break;
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(power_on, fresh),
		cmocka_unit_test_setup(priorities, fresh),
		cmocka_unit_test_setup(transitions, fresh),
		cmocka_unit_test_setup(faces, fresh),
		cmocka_unit_test_setup(errors, fresh),
		cmocka_unit_test_setup(timer, fresh),
		cmocka_unit_test_setup(tsc_deadline, fresh),
		cmocka_unit_test_setup(local_pins, fresh),
		cmocka_unit_test_setup(ipis, fresh),
		cmocka_unit_test_setup(x2apic_ipis, fresh),
		cmocka_unit_test_setup(hostile, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
