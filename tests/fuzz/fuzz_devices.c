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
 * The whole PC under a hostile guest: rows of accesses to ports, MMIO and MSRs of both
 * processors, time, interrupts taken, serial input, reset.
 */
#include "fuzz_chipset.h"

#define STEPS 200

static const uint16_t ports[] = { 0x20,	 0x21,	0xa0,  0xa1,  0x40,  0x42,  0x43,
				  0x60,	 0x61,	0x64,  0x70,  0x71,  0x3f8, 0x3f9,
				  0x3fa, 0x3fb, 0x3fc, 0x3fd, 0xcf8, 0xcf9, 0xcfc,
				  0x600, 0x602, 0x604, 0x608, 0x620, 0xb2,  0x5658 };

static uint16_t port_of(struct fuzz *f)
{
	uint8_t i = fuzz_take(f, 1);

	return i < 0xf0 ? ports[i % (sizeof(ports) / 2)] + i / 0x70 : fuzz_take(f, 2);
}

static uint64_t gpa_of(struct fuzz *f)
{
	uint8_t kind = fuzz_take(f, 1);
	uint64_t offset = fuzz_take(f, 2) & 0x1fff;

	if (kind & 1)
		return CHIPSET_LAPIC_BASE + offset;
	return kind & 2 ? CHIPSET_IOAPIC_BASE + (offset & 0x1f) : offset << 20;
}

static uint32_t msr_of(struct fuzz *f)
{
	uint16_t n = fuzz_take(f, 2);

	return n & 0x8000 ? n & 0xff ? 0x6e0 : 0x1b : 0x800 + n % 0x100;
}

static void step(struct fuzz *f)
{
	uint8_t op = fuzz_take(f, 1), size = 1u << (op >> 4 & 3);
	uint32_t vcpu = op >> 7;
	uint64_t val, gpa;

	switch (op % 16) {
	case 0 ... 3:
		dev_pio_write(&cs.bus, port_of(f), size, fuzz_take(f, size < 4 ? size : 4));
		break;
	case 4:
		dev_pio_read(&cs.bus, port_of(f), size);
		break;
	case 5 ... 7:
		gpa = gpa_of(f);
		dev_mmio_write(&cs.bus, vcpu, gpa, size, fuzz_take(f, size));
		break;
	case 8:
		dev_mmio_read(&cs.bus, vcpu, gpa_of(f), size, &val);
		break;
	case 9:
		gpa = msr_of(f);
		dev_msr_write(&cs.bus, vcpu, gpa, fuzz_take(f, 8));
		break;
	case 10:
		dev_msr_read(&cs.bus, vcpu, msr_of(f), &val);
		break;
	case 11:
		chipset_forward(fuzz_take(f, 1 + size / 2));
		break;
	case 12:
		chipset_take(vcpu);
		break;
	case 13:
		uart_rx(&cs.com1, fuzz_take(f, 1));
		break;
	case 14:
		chipset_power_button(&cs);
		break;
	default:
		chipset_reset(&cs);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f = { data, size };

	chipset_fresh();
	for (int i = 0; i < STEPS && f.left; i++)
		step(&f);
	chipset_forward(UINT32_MAX);
	chipset_save_and_load();
	return 0;
}
