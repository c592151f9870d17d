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
 * Saved states of the PC from a hostile file: what is refused changes nothing more, and
 * what loads is a PC that works. The input: how the machine is used afterwards, then
 * changes of a good state (offset and byte), or all of it.
 */
/* input: at most 8192 bytes */
#include "fuzz_chipset.h"

#define USES 64

static uint8_t good[STATE_ROOM];
static size_t good_len;

static void make_good(void)
{
	struct state s;

	if (good_len)
		return;
	chipset_fresh();
	state_init(&s, good, sizeof(good), false);
	chipset_state(&cs, &s);
	fuzz_require(state_done(&s));
	good_len = s.pos;
}

static bool load(struct fuzz *f, bool whole)
{
	size_t len = whole ? f->left : good_len, n;
	uint8_t *copy = fuzz_copy(whole ? f->at : good, len);
	struct state s;
	bool done;

	while (!whole && f->left) {
		n = fuzz_take(f, 2);
		copy[n % len] = fuzz_take(f, 1);
	}
	state_init(&s, copy, len, true);
	chipset_fresh();
	chipset_state(&cs, &s);
	done = state_done(&s);
	free(copy);
	return done;
}

/* Every register of the small models, and time. */
static void use(uint32_t seed)
{
	uint64_t val;

	for (int i = 0; i < USES; i++) {
		seed = seed * 1664525 + 1013904223;
		dev_pio_read(&cs.bus, (seed >> 16) % 0x700, 1);
		dev_pio_write(&cs.bus, (seed >> 16) % 0x700, 1u << i % 3, seed >> 8);
		dev_mmio_read(&cs.bus, i % VCPUS, CHIPSET_LAPIC_BASE + (seed >> 10) % 0x400, 4,
			      &val);
		dev_mmio_write(&cs.bus, i % VCPUS, CHIPSET_IOAPIC_BASE + 16 * (i & 1), 4,
			       seed >> 12);
		chipset_take(i % VCPUS);
		chipset_forward(seed);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f = { data, size };
	uint32_t seed = fuzz_take(&f, 4);
	bool whole = fuzz_take(&f, 1) & 1;

	make_good();
	if (load(&f, whole)) {
		chipset_save_and_load();
		use(seed);
		chipset_save_and_load();
	}
	return 0;
}
