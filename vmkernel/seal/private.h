/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* What the files of seal/ share. */
#ifndef SEAL_PRIVATE_H
#define SEAL_PRIVATE_H

#include "seal/seal.h"
#include "vmm/svm/private.h"

/* Where PCPU 0 maps the console's memory: for its page tables, and its instructions. */
#define CONSOLE_WINDOW 0x0000500000000000ull

struct console {
	struct vm *vm; /* NULL: not sealed */
	struct vcpu *vcpu;
	struct crossing *x;
	const struct seal_hooks *hooks;
	bool leaving;
	hpa_t iopm, msrpm, root;
	uint64_t hsave_before; /* VM_HSAVE_PA as the console had it */
	uint32_t ranges;
	struct hc_range ram[HC_RAM_MAX];
	uint32_t pm1_control;
	uint64_t nmis_due; /* taken off the latch, not yet injected */
	uint64_t irqs, levels, strays, nmis, calls, refused_memory, refused_ports, refused_msrs;
};
extern struct console console;

/* memory.c */
int seal_memory_init(void);
uint8_t *seal_ram(uint64_t gpa);
/* The console touched gpa, and no table maps it. VMK_NO_ACCESS: it is the vmkernel's. */
int seal_map(uint64_t gpa);

/* state.c */
int seal_check_state(const struct crossing *x);
void seal_state_in(struct vcpu *v, const struct crossing *x);
void seal_state_out(struct vcpu *v, struct crossing *x);

/* irq.c */
int seal_irq_check(void);
int seal_irq_init(struct vm *vm);
void seal_irq_take(struct vm *vm);
void seal_irq_give(struct vm *vm);

/* exits.c */
int seal_exits_init(struct vcpu *v);

/* A thing that the console may not do; says so, if that is not too often. */
void seal_refuse(uint64_t *count, const char *what, uint64_t where);

#endif
