/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* sources: vmkernel/lib/state.c
 *	vmkernel/devices/chipset.c vmkernel/devices/bus.c vmkernel/devices/uart16550.c
 *	vmkernel/devices/i8259.c vmkernel/devices/i8254.c vmkernel/devices/lapic.c
 *	vmkernel/devices/lapic_face.c vmkernel/devices/lapic_timer.c vmkernel/devices/apic_bus.c
 *	vmkernel/devices/ioapic.c vmkernel/devices/rtc.c vmkernel/devices/rtc_time.c
 *	vmkernel/devices/acpi_pm.c vmkernel/devices/i8042.c vmkernel/devices/pci_host.c
 *	vmkernel/devices/backdoor.c
 */
/*
 * Saving and loading the PC: whatever state a guest can bring it into, a machine that is
 * loaded with it gives the same answers from then on; what is cut off, or damaged, is
 * refused or harmless.
 */
#include "test_dev.h"

#include "devices/chipset.h"
#include "lib/state.h"

#define VCPUS 2u
#define ROOM 8192u

static struct chipset one, two;
static struct chipset_config cfg;
static uint8_t buf[ROOM];
static uint64_t wall_base = 1700000000ull * SEC;

static void kick(void *opaque, uint32_t vcpu)
{
	(void)opaque;
	assert_true(vcpu < VCPUS);
}

static void sipi(void *opaque, uint32_t vcpu, uint8_t vector)
{
	(void)opaque, (void)vcpu, (void)vector;
}

static void wish(void *opaque)
{
	(void)opaque;
}

static uint64_t guest_tsc(void *opaque, uint32_t vcpu)
{
	(void)opaque, (void)vcpu;
	return fake_ns * 2;
}

static bool serial_full;

static size_t serial_write(void *opaque, const uint8_t *bytes, size_t len)
{
	(void)opaque, (void)bytes;
	return serial_full ? 0 : len;
}

static void make(struct chipset *cs)
{
	cfg = (struct chipset_config){
		.vcpus = VCPUS,
		.x2apic = true,
		.mem_bytes = 128 << 20,
		.tsc_hz = 2 * SEC,
		.clock = { fake_now, NULL },
		.wall = { fake_now, &wall_base },
		.serial = { serial_write, NULL },
		.cb = { kick, kick, kick, sipi, wish, wish, guest_tsc },
	};
	memset(cs, 0xa5, sizeof(*cs));
	assert_int_equal(chipset_init(cs, &cfg), VMK_OK);
}

static int fresh(void **state)
{
	(void)state;
	fake_ns = SEC;
	serial_full = false;
	make(&one);
	make(&two);
	return 0;
}

static size_t save(struct chipset *cs, uint8_t *to)
{
	struct state s;

	state_init(&s, to, ROOM, false);
	chipset_state(cs, &s);
	assert_true(state_done(&s));
	return s.pos;
}

/* NULL, or the part that was refused. */
static const char *load(struct chipset *cs, uint8_t *from, size_t len)
{
	struct state s;

	state_init(&s, from, len, true);
	chipset_state(cs, &s);
	return state_done(&s) ? NULL : s.part;
}

struct access {
	uint32_t kind, vcpu;
	uint64_t where, val;
	unsigned int size;
};

static struct access some_access(void)
{
	const struct dev_range *r = &one.bus.pio[rnd() % one.bus.pio_count];
	struct access a = { .kind = rnd() % 10, .vcpu = rnd() % VCPUS, .val = rnd_value() };
	uint64_t base = rnd() % 3 ? CHIPSET_LAPIC_BASE : CHIPSET_IOAPIC_BASE;

	a.size = 1u << rnd() % 3;
	if (a.kind < 4)
		a.where = r->base + rnd() % r->len;
	else if (a.kind < 6)
		a.where = base + (rnd() % 2 ? rnd() % 2 * 16 : rnd() % 0x40 * 16);
	else
		a.where = rnd() % 8 ? 0x800 + rnd() % 0x40 : rnd() % 2 ? 0x1b : 0x6e0;
	if (a.where == 0x1b && rnd() % 2)
		a.val = 0xfee00000 | (rnd() & 0xd00);
	return a;
}

/* What a machine answers. */
static uint64_t carry_out(struct chipset *cs, const struct access *a)
{
	uint64_t val = 0;

	cs->bus.vcpu = a->vcpu;
	switch (a->kind) {
	case 0:
	case 1:
		dev_pio_write(&cs->bus, (uint16_t)a->where, a->size, (uint32_t)a->val);
		break;
	case 2:
	case 3:
		return dev_pio_read(&cs->bus, (uint16_t)a->where, a->size);
	case 4:
		dev_mmio_write(&cs->bus, a->vcpu, a->where, 4, a->val);
		break;
	case 5:
		dev_mmio_read(&cs->bus, a->vcpu, a->where, 4, &val);
		return val;
	case 6:
		return (uint64_t)dev_msr_write(&cs->bus, a->vcpu, (uint32_t)a->where, a->val);
	case 7:
		uart_rx(&cs->com1, (uint8_t)a->val);
		break;
	case 8:
		chipset_tick(cs, fake_ns);
		assert_true(chipset_deadline(cs) > fake_ns);
		break;
	default:
		return (uint64_t)(int64_t)chipset_take_interrupt(cs, a->vcpu);
	}
	return val;
}

static void pass_time(void)
{
	if (rnd() % 8 == 0)
		fake_ns += rnd() % 4 ? rnd() % MS : rnd() % (10 * SEC);
	if (rnd() % 64 == 0)
		serial_full = !serial_full;
}

static void same_answers(void **state)
{
	static uint8_t again[ROOM];

	(void)state;
	rnd_seed("state");
	for (unsigned int round = 0; round < 400; round++) {
		for (unsigned int i = rnd() % 200; i; i--) {
			struct access a = some_access();

			pass_time();
			carry_out(&one, &a);
		}
		size_t len = save(&one, buf);

		make(&two);
		assert_null(load(&two, buf, len));
		assert_int_equal(save(&two, again), len);
		assert_memory_equal(buf, again, len);
		for (unsigned int i = 0; i < 200; i++) {
			struct access a = some_access();

			pass_time();
			assert_int_equal(carry_out(&one, &a), carry_out(&two, &a));
		}
	}
}

static void cut_off(void **state)
{
	size_t len = save(&one, buf);

	(void)state;
	for (size_t i = 0; i < len; i++) {
		uint8_t *copy = malloc(i ? i : 1);

		memcpy(copy, buf, i);
		make(&two);
		assert_non_null(load(&two, copy, i));
		free(copy);
	}
	buf[len] = 0;
	make(&two);
	assert_string_equal(load(&two, buf, len + 1), "pci");
}

static void says_where(void **state)
{
	static const char *const parts[] = { "lines", "lapic", "lapic", "ioapic", "i8259",
					     "i8254", "uart",  "rtc",	"acpi",	  "pci" };
	size_t len = save(&one, buf), at = 0;

	(void)state;
	/* Each part by another name, in another version, and with another length. */
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		uint32_t part_len;

		for (size_t byte = 0; byte < STATE_NAME + 8; byte++) {
			buf[at + byte] ^= 1;
			make(&two);
			assert_string_equal(load(&two, buf, len), parts[i]);
			buf[at + byte] ^= 1;
		}
		memcpy(&part_len, buf + at + STATE_NAME + 4, sizeof(part_len));
		at += STATE_NAME + 8 + part_len;
	}
	assert_int_equal(at, len);
}

/* What is taken must not hurt: no access may go wrong, and every deadline comes true. */
static void hostile(void **state)
{
	unsigned int taken = 0;

	(void)state;
	rnd_seed("state");
	for (unsigned int round = 0; round < 20000; round++) {
		for (unsigned int i = round % 50 ? 2 : 100; i; i--) {
			struct access a = some_access();

			carry_out(&one, &a);
		}
		size_t len = save(&one, buf);

		for (unsigned int i = 1 + rnd() % 3; i; i--) {
			uint64_t val = rnd_value();
			size_t n = 1u << rnd() % 4, at = rnd() % (len - n);

			memcpy(buf + at, &val, n);
		}
		make(&two);
		if (load(&two, buf, len))
			continue;
		taken++;
		for (unsigned int i = 0; i < 50; i++) {
			struct access a = some_access();

			pass_time();
			carry_out(&two, &a);
		}
		chipset_tick(&two, fake_ns);
		assert_true(chipset_deadline(&two) > fake_ns);
	}
	assert_true(taken > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(same_answers, fresh),
		cmocka_unit_test_setup(cut_off, fresh),
		cmocka_unit_test_setup(says_where, fresh),
		cmocka_unit_test_setup(hostile, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
