/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * The standard PC: places every model on the bus, and is the board between them. An
 * ISA interrupt goes to both the PIC and the I/O APIC, as on real boards, and software
 * masks one of them. The PIC's INTR is wired to LINT0 of every local APIC, and to the
 * boot processor itself while its APIC is off.
 */
#include "devices/chipset.h"

#include "devices/ticks.h"
#include "lib/types.h"
#include "lib/state.h"

#define ISA_IRQS 16u
#define ISA_CASCADE 2u
#define PIT_PIN 2u /* of the I/O APIC; the pins of all other ISA IRQs are their numbers */
#define ELCR_SCI (1u << (CHIPSET_IRQ_SCI - 8))
#define MIN_TSC_HZ 1000000ull
#define MAX_TSC_HZ 18000000000ull

/* ---- interrupt lines ---------------------------------------------------------------- */

static void line_set(void *opaque, int level)
{
	struct chipset_line *line = opaque;
	struct chipset *cs = line->cs;
	int any = 0;
	uint32_t i;

	if (line->level == !!level)
		return; /* models repeat themselves after every access */
	line->level = level;
	for (i = 0; i < cs->line_count; i++)
		if (cs->line[i].irq == line->irq)
			any |= cs->line[i].level;
	i8259_set_irq(&cs->pic, line->irq, any);
	ioapic_set_irq(&cs->ioapic, line->irq == CHIPSET_IRQ_PIT ? PIT_PIN : line->irq, any);
}

vmk_status chipset_connect_irq(struct chipset *cs, uint8_t irq, struct dev_irq *out)
{
	struct chipset_line *line;

	if (irq >= ISA_IRQS || irq == ISA_CASCADE)
		return VMK_BAD_PARAM;
	if (cs->line_count == CHIPSET_MAX_LINES)
		return VMK_LIMIT_EXCEEDED;
	line = &cs->line[cs->line_count++];
	*line = (struct chipset_line){ .cs = cs, .irq = irq };
	*out = (struct dev_irq){ line_set, line };
	return VMK_OK;
}

/* The PIC's INTR pin. */
static void intr_set(void *opaque, int level)
{
	struct chipset *cs = opaque;
	uint32_t i;

	for (i = 0; i < cs->cfg.vcpus; i++)
		lapic_set_lint(&cs->lapic[i], 0, level);
	for (i = 0; level && i < cs->cfg.vcpus; i++)
		if (lapic_accepts_extint(&cs->lapic[i]))
			cs->cfg.cb.kick(cs->cfg.opaque, i);
}

static void ioapic_deliver(void *opaque, const struct apic_msg *msg)
{
	struct chipset *cs = opaque;

	apic_bus_deliver(&cs->apics, NULL, msg);
}

/* ---- what a local APIC asks for ------------------------------------------------------ */

static void lapic_send_ipi(void *opaque, struct lapic *from, const struct apic_msg *msg)
{
	struct chipset *cs = opaque;

	apic_bus_deliver(&cs->apics, from, msg);
}

static void lapic_eoi(void *opaque, struct lapic *from, uint8_t vector)
{
	struct chipset *cs = opaque;

	(void)from;
	ioapic_eoi(&cs->ioapic, vector);
}

static void lapic_kick(void *opaque, struct lapic *to)
{
	struct chipset *cs = opaque;

	cs->cfg.cb.kick(cs->cfg.opaque, to->id);
}

static void lapic_nmi(void *opaque, struct lapic *to)
{
	struct chipset *cs = opaque;

	cs->cfg.cb.nmi(cs->cfg.opaque, to->id);
}

static uint64_t lapic_guest_tsc(void *opaque, struct lapic *of)
{
	struct chipset *cs = opaque;

	return cs->cfg.cb.guest_tsc(cs->cfg.opaque, of->id);
}

static const struct lapic_ops lapic_ops = {
	lapic_send_ipi, lapic_eoi, lapic_kick, lapic_nmi, lapic_guest_tsc,
};

/* ---- the APIC of the VCPU whose access is being dispatched --------------------------- */

static struct lapic *this_lapic(struct chipset *cs)
{
	return &cs->lapic[cs->bus.vcpu < cs->cfg.vcpus ? cs->bus.vcpu : 0];
}

static vmk_status lapic_page_read(void *opaque, uint64_t offset, unsigned int size, uint64_t *val)
{
	*val = lapic_mmio_read(this_lapic(opaque), offset, size);
	return VMK_OK;
}

static vmk_status lapic_page_write(void *opaque, uint64_t offset, unsigned int size, uint64_t val)
{
	lapic_mmio_write(this_lapic(opaque), offset, size, val);
	return VMK_OK;
}

#define MSR_FACE(name, first)                                                                \
	static vmk_status name##_read(void *opaque, uint64_t offset, unsigned int size,      \
				      uint64_t *val)                                         \
	{                                                                                    \
		(void)size;                                                                  \
		return lapic_msr_read(this_lapic(opaque), (first) + (uint32_t)offset, val);  \
	}                                                                                    \
	static vmk_status name##_write(void *opaque, uint64_t offset, unsigned int size,     \
				       uint64_t val)                                         \
	{                                                                                    \
		(void)size;                                                                  \
		return lapic_msr_write(this_lapic(opaque), (first) + (uint32_t)offset, val); \
	}                                                                                    \
	static const struct dev_ops name##_ops = { name##_read, name##_write, 8 }

MSR_FACE(msr_base, LAPIC_MSR_BASE);
MSR_FACE(msr_deadline, LAPIC_MSR_TSC_DEADLINE);
MSR_FACE(msr_x2apic, LAPIC_MSR_X2APIC);

static const struct dev_ops lapic_page_ops = { lapic_page_read, lapic_page_write, 4 };

static uint64_t lapic_tick_deadline(void *opaque)
{
	return lapic_deadline(opaque);
}

static void lapic_tick_tick(void *opaque, uint64_t now)
{
	lapic_tick(opaque, now);
}

static const struct dev_tick_ops lapic_tick_ops = { lapic_tick_deadline, lapic_tick_tick };

/* ---- putting it together ------------------------------------------------------------- */

static bool config_ok(const struct chipset_config *cfg)
{
	const struct chipset_callbacks *cb = &cfg->cb;

	return cfg->vcpus >= 1 && cfg->vcpus <= CHIPSET_MAX_VCPUS && cfg->tsc_hz >= MIN_TSC_HZ &&
	       cfg->tsc_hz <= MAX_TSC_HZ && cfg->clock.now_ns && cfg->wall.now_ns && cb->kick &&
	       cb->nmi && cb->init && cb->sipi && cb->power_off && cb->reset && cb->guest_tsc;
}

static void init_apics(struct chipset *cs)
{
	const struct chipset_config *cfg = &cs->cfg;
	uint32_t i;

	cs->apics.count = cfg->vcpus;
	cs->apics.nmi = cfg->cb.nmi;
	cs->apics.init = cfg->cb.init;
	cs->apics.sipi = cfg->cb.sipi;
	cs->apics.opaque = cfg->opaque;
	for (i = 0; i < cfg->vcpus; i++) {
		lapic_init(&cs->lapic[i], i, i == 0, cfg->x2apic, cfg->tsc_hz, &cfg->clock,
			   &lapic_ops, cs);
		cs->apics.apic[i] = &cs->lapic[i];
	}
	lapic_set_virtual_wire(&cs->lapic[0]);
	ioapic_init(&cs->ioapic, CHIPSET_IOAPIC_ID, ioapic_deliver, cs);
	i8259_init(&cs->pic, &(struct dev_irq){ intr_set, cs });
	cs->pic.chip[1].elcr = ELCR_SCI;
}

static vmk_status init_devices(struct chipset *cs)
{
	const struct chipset_config *cfg = &cs->cfg;
	struct dev_irq pit, com1, rtc, sci;
	vmk_status st;

	if ((st = chipset_connect_irq(cs, CHIPSET_IRQ_PIT, &pit)) ||
	    (st = chipset_connect_irq(cs, CHIPSET_IRQ_COM1, &com1)) ||
	    (st = chipset_connect_irq(cs, CHIPSET_IRQ_RTC, &rtc)) ||
	    (st = chipset_connect_irq(cs, CHIPSET_IRQ_SCI, &sci)))
		return st;
	i8254_init(&cs->pit, &cfg->clock, &pit);
	uart_init(&cs->com1, &cfg->clock, &com1, &cfg->serial);
	rtc_init(&cs->rtc, &cfg->clock, &cfg->wall, &rtc, cfg->mem_bytes);
	acpi_pm_init(&cs->pm, &cfg->clock, &sci, cfg->cb.power_off, cfg->opaque);
	i8042_init(&cs->kbc, cfg->cb.reset, cfg->opaque);
	pci_host_init(&cs->pci, cfg->cb.reset, cfg->opaque);
	cs->backdoor = (struct backdoor){
		.tsc_hz = cfg->tsc_hz,
		.bus_hz = LAPIC_BUS_HZ,
		.mem_bytes = cfg->mem_bytes,
		.wall = cfg->wall,
	};
	for (uint32_t i = 0; i < sizeof(cfg->uuid); i++)
		cs->backdoor.uuid[i] = cfg->uuid[i];
	return VMK_OK;
}

struct pio_claim {
	uint16_t base;
	uint16_t len;
	const struct dev_ops *ops;
	void *opaque;
	bool present;
};

static vmk_status register_ports(struct chipset *cs)
{
	const struct pio_claim claims[] = {
		{ 0x20, 2, &i8259_pio_ops, &cs->pic.chip[0], true },
		{ 0x40, PIT_PORTS, &i8254_pio_ops, &cs->pit, true },
		{ 0x60, 1, &i8042_data_ops, &cs->kbc, IS_ENABLED(CONFIG_DEVICE_I8042) },
		{ 0x61, 1, &i8254_port61_ops, &cs->pit, true },
		{ 0x64, 1, &i8042_command_ops, &cs->kbc, IS_ENABLED(CONFIG_DEVICE_I8042) },
		{ 0x70, RTC_PORTS, &rtc_pio_ops, &cs->rtc, IS_ENABLED(CONFIG_DEVICE_RTC) },
		{ 0xa0, 2, &i8259_pio_ops, &cs->pic.chip[1], true },
		{ CHIPSET_SMI_CMD, 2, &acpi_smi_ops, &cs->pm, true },
		{ CHIPSET_COM1_PORT, UART_PORTS, &uart_pio_ops, &cs->com1,
		  IS_ENABLED(CONFIG_DEVICE_COM1) },
		{ 0x4d0, 1, &i8259_elcr_ops, &cs->pic.chip[0], true },
		{ 0x4d1, 1, &i8259_elcr_ops, &cs->pic.chip[1], true },
		{ CHIPSET_PM_BASE, ACPI_PM_LEN, &acpi_pm_ops, &cs->pm, true },
		{ CHIPSET_GPE0_BASE, ACPI_GPE0_LEN, &acpi_gpe_ops, &cs->pm, true },
		{ PCI_HOST_PORT, PCI_HOST_PORTS, &pci_host_ops, &cs->pci, true },
	};
	vmk_status st = VMK_OK;
	uint32_t i;

	for (i = 0; i < ARRAY_SIZE(claims) && !st; i++)
		if (claims[i].present)
			st = dev_register_pio(&cs->bus, claims[i].base, claims[i].len,
					      claims[i].ops, claims[i].opaque);
	return st;
}

static vmk_status register_rest(struct chipset *cs)
{
	struct dev_bus *bus = &cs->bus;
	vmk_status st;
	uint32_t i;

	if ((st = dev_register_mmio(bus, CHIPSET_LAPIC_BASE, LAPIC_MMIO_LEN, &lapic_page_ops,
				    cs)) ||
	    (st = dev_register_mmio(bus, CHIPSET_IOAPIC_BASE, IOAPIC_MMIO_LEN, &ioapic_mmio_ops,
				    &cs->ioapic)) ||
	    (st = dev_register_msr(bus, LAPIC_MSR_BASE, 1, &msr_base_ops, cs)) ||
	    (st = dev_register_msr(bus, LAPIC_MSR_TSC_DEADLINE, 1, &msr_deadline_ops, cs)) ||
	    (st = dev_register_msr(bus, LAPIC_MSR_X2APIC, LAPIC_MSR_X2APIC_COUNT, &msr_x2apic_ops,
				   cs)) ||
	    (st = dev_register_tick(bus, &i8254_tick_ops, &cs->pit)) ||
	    (st = dev_register_tick(bus, &uart_tick_ops, &cs->com1)) ||
	    (st = dev_register_tick(bus, &rtc_tick_ops, &cs->rtc)) ||
	    (st = dev_register_tick(bus, &acpi_pm_tick_ops, &cs->pm)))
		return st;
	for (i = 0; i < cs->cfg.vcpus && !st; i++)
		st = dev_register_tick(bus, &lapic_tick_ops, &cs->lapic[i]);
	return st;
}

vmk_status chipset_init(struct chipset *cs, const struct chipset_config *cfg)
{
	vmk_status st;

	if (!config_ok(cfg))
		return VMK_BAD_PARAM;
	cs->cfg = *cfg;
	cs->line_count = 0;
	dev_bus_init(&cs->bus);
	init_apics(cs);
	if ((st = init_devices(cs)) || (st = register_ports(cs)))
		return st;
	return register_rest(cs);
}

void chipset_reset(struct chipset *cs)
{
	uint32_t i;

	for (i = 0; i < cs->cfg.vcpus; i++)
		lapic_reset(&cs->lapic[i]);
	lapic_set_virtual_wire(&cs->lapic[0]);
	ioapic_reset(&cs->ioapic);
	i8259_reset(&cs->pic);
	cs->pic.chip[1].elcr = ELCR_SCI;
	i8254_reset(&cs->pit);
	uart_reset(&cs->com1);
	rtc_reset(&cs->rtc);
	acpi_pm_reset(&cs->pm);
	pci_host_reset(&cs->pci);
}

void chipset_state(struct chipset *cs, struct state *s)
{
	uint32_t i;

	state_begin(s, "lines", 1);
	for (i = 0; i < cs->line_count; i++)
		state_flag(s, &cs->line[i].level);
	state_end(s);
	for (i = 0; i < cs->cfg.vcpus; i++)
		lapic_state(&cs->lapic[i], s);
	ioapic_state(&cs->ioapic, s);
	i8259_state(&cs->pic, s);
	i8254_state(&cs->pit, s);
	uart_state(&cs->com1, s);
	rtc_state(&cs->rtc, s);
	acpi_pm_state(&cs->pm, s);
	pci_host_state(&cs->pci, s);
}

/* ---- the run loop's side ------------------------------------------------------------- */

uint64_t chipset_deadline(const struct chipset *cs)
{
	return dev_deadline(&cs->bus);
}

void chipset_tick(struct chipset *cs, uint64_t now)
{
	dev_tick(&cs->bus, now);
}

bool chipset_pending_extint(const struct chipset *cs, uint32_t vcpu)
{
	return vcpu < cs->cfg.vcpus && i8259_intr(&cs->pic) &&
	       lapic_accepts_extint(&cs->lapic[vcpu]);
}

bool chipset_has_interrupt(const struct chipset *cs, uint32_t vcpu)
{
	return vcpu < cs->cfg.vcpus &&
	       (lapic_pending_vector(&cs->lapic[vcpu]) >= 0 || chipset_pending_extint(cs, vcpu));
}

int chipset_take_interrupt(struct chipset *cs, uint32_t vcpu)
{
	if (chipset_pending_extint(cs, vcpu))
		return i8259_ack(&cs->pic);
	return vcpu < cs->cfg.vcpus ? lapic_ack(&cs->lapic[vcpu]) : -1;
}

bool chipset_power_button(struct chipset *cs)
{
	return acpi_pm_power_button(&cs->pm);
}
