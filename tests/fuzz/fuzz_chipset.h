/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* The standard PC for fuzzers, with a clock that moves when told. */
#ifndef FUZZ_CHIPSET_H
#define FUZZ_CHIPSET_H

#include "devices/chipset.h"
#include "fuzz.h"
#include "lib/state.h"

#define VCPUS 2u
#define STATE_ROOM 65536u

static struct chipset cs;
static uint64_t clock_ns;

static uint64_t now(void *opaque)
{
	return clock_ns + (opaque ? 1700000000000000000ull : 0);
}

static void of_vcpu(void *opaque, uint32_t vcpu)
{
	(void)opaque;
	fuzz_require(vcpu < VCPUS);
}

static void sipi(void *opaque, uint32_t vcpu, uint8_t vector)
{
	(void)vector;
	of_vcpu(opaque, vcpu);
}

static void of_vm(void *opaque)
{
	(void)opaque;
}

static uint64_t guest_tsc(void *opaque, uint32_t vcpu)
{
	of_vcpu(opaque, vcpu);
	return clock_ns * 2;
}

static size_t serial_out(void *opaque, const uint8_t *buf, size_t len)
{
	(void)opaque, (void)buf;
	return len;
}

static inline void chipset_fresh(void)
{
	const struct chipset_config cfg = {
		.vcpus = VCPUS,
		.x2apic = true,
		.mem_bytes = 128 << 20,
		.tsc_hz = 2000000000,
		.clock = { now, NULL },
		.wall = { now, &cs },
		.serial = { serial_out, NULL },
		.cb = { of_vcpu, of_vcpu, of_vcpu, sipi, of_vm, of_vm, guest_tsc },
	};

	clock_ns = 1000000000;
	memset(&cs, 0xa5, sizeof(cs));
	fuzz_require(chipset_init(&cs, &cfg) == VMK_OK);
}

/* Time passes, and what is due is done; then nothing may be due any more. */
static inline void chipset_forward(uint64_t ns)
{
	clock_ns += ns;
	if (chipset_deadline(&cs) <= clock_ns)
		chipset_tick(&cs, clock_ns);
	fuzz_require(chipset_deadline(&cs) > clock_ns);
}

static inline void chipset_take(uint32_t vcpu)
{
	bool has = chipset_has_interrupt(&cs, vcpu);
	int vector = chipset_take_interrupt(&cs, vcpu);

	fuzz_require(vector >= -1 && vector < 256 && (has || vector == -1));
}

/* A state that was saved is one that loads, and saves as the same. */
static inline void chipset_save_and_load(void)
{
	static uint8_t first[STATE_ROOM], second[STATE_ROOM];
	uint64_t clock = clock_ns;
	struct state s;
	size_t len;

	state_init(&s, first, sizeof(first), false);
	chipset_state(&cs, &s);
	fuzz_require(state_done(&s));
	len = s.pos;
	chipset_fresh();
	clock_ns = clock;
	state_init(&s, first, len, true);
	chipset_state(&cs, &s);
	fuzz_require(state_done(&s));
	state_init(&s, second, sizeof(second), false);
	chipset_state(&cs, &s);
	fuzz_require(state_done(&s) && s.pos == len && !memcmp(first, second, len));
}

#endif
