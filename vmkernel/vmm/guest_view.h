/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * A VCPU as the page walker and the emulator see it: registers by value, and
 * four ways to its surroundings. Made from a VMCB in the vmkernel, by hand in
 * a unit test.
 */
#ifndef VMM_GUEST_VIEW_H
#define VMM_GUEST_VIEW_H

#include "lib/types.h"

enum gpr { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15 };
enum seg { SEG_ES, SEG_CS, SEG_SS, SEG_DS, SEG_FS, SEG_GS, SEG_COUNT };

#define RFLAGS_CF BIT(0)
#define RFLAGS_PF BIT(2)
#define RFLAGS_AF BIT(4)
#define RFLAGS_ZF BIT(6)
#define RFLAGS_SF BIT(7)
#define RFLAGS_TF BIT(8)
#define RFLAGS_IF BIT(9)
#define RFLAGS_DF BIT(10)
#define RFLAGS_OF BIT(11)
#define RFLAGS_RF BIT(16)
#define RFLAGS_VM BIT(17)
#define RFLAGS_AC BIT(18)

/* Attribute bits as the VMCB packs them (APM vol. 2, 15.5.1). */
#define SEG_ATTR_DB (1u << 10)
#define SEG_ATTR_L (1u << 9)
#define SEG_ATTR_P (1u << 7)
#define SEG_ATTR_EXPAND_DOWN (1u << 2)
#define SEG_ATTR_CODE (1u << 3)

struct guest_seg {
	uint64_t base;
	uint32_t limit;
	uint16_t attr;
	uint16_t sel;
};

/* An exception to inject. */
struct guest_fault {
	uint8_t vector;
	bool has_code;
	uint32_t code;
	uint64_t cr2; /* for a page fault */
};

/* An entry of the guest's page tables that was used, as it was then. */
struct walk_entry {
	const uint64_t *where;
	uint64_t value;
};
#define WALK_LEVELS_MAX 5u

struct decode_cache;

#define INSN_MAX 15u /* no instruction is longer */

struct guest_view {
	uint64_t gpr[16];
	uint64_t rip, rflags;
	uint64_t cr0, cr3, cr4, efer;
	uint8_t cpl;
	uint8_t phys_bits; /* of the guest's physical addresses */
	struct guest_seg seg[SEG_COUNT];
	/* The INSN_MAX bytes at RIP, which may change any time; NULL: not known yet. */
	const uint8_t *code;
	/*
	 * If hit: the access that ended the guest's run was one to hit_gpa that its page tables
	 * allow, a write if hit_write.
	 */
	uint64_t hit_gpa;
	bool hit, hit_write;
	struct decode_cache *decoded; /* of this VCPU (emulate.h), or NULL */
	void *opaque;
	/* Host address of a byte of guest RAM, good to the end of its 4 KiB page; NULL: not RAM. */
	uint8_t *(*ram)(void *opaque, uint64_t gpa);
	/* What is not RAM; size 1, 2, 4 or 8. */
	uint64_t (*mmio_read)(void *opaque, uint64_t gpa, unsigned int size);
	void (*mmio_write)(void *opaque, uint64_t gpa, unsigned int size, uint64_t val);
	/* Ports; size 1, 2 or 4. */
	uint32_t (*port_read)(void *opaque, uint16_t port, unsigned int size);
	void (*port_write)(void *opaque, uint16_t port, unsigned int size, uint32_t val);
};

/* 64-bit mode, not compatibility mode. */
static inline bool view_is_64bit(const struct guest_view *v)
{
	return v->efer & BIT(10) && v->seg[SEG_CS].attr & SEG_ATTR_L;
}

#endif
