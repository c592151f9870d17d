/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* The virtual machine control block: APM vol. 2, appendix B. */
#ifndef VMM_SVM_VMCB_H
#define VMM_SVM_VMCB_H

#include "lib/types.h"

/* Intercepts, third word (offset 0x00c). */
#define INT1_INTR (1u << 0)
#define INT1_NMI (1u << 1)
#define INT1_SMI (1u << 2)
#define INT1_INIT (1u << 3)
#define INT1_VINTR (1u << 4)
#define INT1_RDPMC (1u << 15)
#define INT1_CPUID (1u << 18)
#define INT1_IRET (1u << 20)
#define INT1_INVD (1u << 22)
#define INT1_PAUSE (1u << 23)
#define INT1_HLT (1u << 24)
#define INT1_INVLPGA (1u << 26)
#define INT1_IOIO (1u << 27)
#define INT1_MSR (1u << 28)
#define INT1_TASK_SWITCH (1u << 29)
#define INT1_SHUTDOWN (1u << 31)
/* Fourth and fifth word. */
#define INT2_VMRUN (1u << 0)
#define INT2_VMMCALL (1u << 1)
#define INT2_VMLOAD (1u << 2)
#define INT2_VMSAVE (1u << 3)
#define INT2_STGI (1u << 4)
#define INT2_CLGI (1u << 5)
#define INT2_SKINIT (1u << 6)
#define INT2_WBINVD (1u << 9)
#define INT2_MONITOR (1u << 10)
#define INT2_MWAIT (1u << 11)
#define INT2_MWAIT_ARMED (1u << 12)
#define INT2_XSETBV (1u << 13)
#define INT2_RDPRU (1u << 14)
#define INT3_INVLPGB (1u << 0)
#define INT3_INVLPGB_ILLEGAL (1u << 1)
#define INT3_MCOMMIT (1u << 3)
#define INT3_TLBSYNC (1u << 4)

/* exit_info1 of a nested page fault (APM vol. 2, 15.25.6) */
#define NPF_WRITE BIT(1)
#define NPF_FINAL BIT(32) /* the guest's page tables led to the address in exit_info2 */
#define NPF_TABLE BIT(33) /* the access was to one of the guest's own page tables */

#define TLB_FLUSH_ALL 1u
#define TLB_FLUSH_ASID 3u /* with flush-by-ASID */

/* int_ctl */
#define VINT_TPR 0xfull
#define VINT_IRQ BIT(8)
#define VINT_GIF BIT(9)
#define VINT_PRIO_SHIFT 16
#define VINT_IGN_TPR BIT(20)
#define VINT_MASKING BIT(24)
#define VINT_VECTOR_SHIFT 32
#define VINT_REQUEST \
	(VINT_IRQ | VINT_IGN_TPR | 0xfull << VINT_PRIO_SHIFT | 0xffull << VINT_VECTOR_SHIFT)

#define INT_SHADOW BIT(0) /* int_state */

/* event_inj and exit_int_info */
#define EVENT_VALID BIT(31)
#define EVENT_CODE_VALID BIT(11)
#define EVENT_TYPE(e) ((e) >> 8 & 7)
#define EVENT_INTR 0ull
#define EVENT_NMI 2ull
#define EVENT_EXCEPTION 3ull
#define EVENT_SOFT 4ull

#define NESTED_PAGING BIT(0)

/* Clean bits: set means that the processor may keep what it has cached of the group. */
#define CLEAN_INTERCEPTS (1u << 0)
#define CLEAN_ASID (1u << 2)
#define CLEAN_INT_CTL (1u << 3)
#define CLEAN_NESTED (1u << 4)
#define CLEAN_CONTROL_REGS (1u << 5)
#define CLEAN_DEBUG_REGS (1u << 6)
#define CLEAN_TABLES (1u << 7)
#define CLEAN_SEGMENTS (1u << 8)
#define CLEAN_CR2 (1u << 9)
#define CLEAN_ALL 0x7ffu

struct vmcb_seg {
	uint16_t sel;
	uint16_t attr;
	uint32_t limit;
	uint64_t base;
};

struct vmcb {
	uint16_t cr_read, cr_write; /* 000 */
	uint16_t dr_read, dr_write;
	uint32_t exceptions; /* 008 */
	uint32_t intercept1, intercept2, intercept3;
	uint8_t pad018[0x3c - 0x18];
	uint16_t pause_threshold, pause_count; /* 03c */
	uint64_t iopm, msrpm; /* 040 */
	uint64_t tsc_offset; /* 050 */
	uint32_t asid; /* 058 */
	uint32_t tlb_control;
	uint64_t int_ctl; /* 060 */
	uint64_t int_state;
	uint64_t exit_code; /* 070 */
	uint64_t exit_info1, exit_info2;
	uint64_t exit_int_info; /* 088 */
	uint64_t nested_ctl; /* 090 */
	uint8_t pad098[0xa8 - 0x98];
	uint64_t event_inj; /* 0a8 */
	uint64_t nested_cr3; /* 0b0 */
	uint64_t lbr_ctl;
	uint32_t clean; /* 0c0 */
	uint32_t pad0c4;
	uint64_t next_rip; /* 0c8: 0 if the processor does not tell */
	uint8_t fetched; /* 0d0: bytes of the instruction, if it tells them */
	uint8_t bytes[15];
	uint8_t pad0e0[0x400 - 0xe0];
	struct vmcb_seg es, cs, ss, ds, fs, gs, gdtr, ldtr, idtr, tr; /* 400 */
	uint8_t pad4a0[0x4cb - 0x4a0];
	uint8_t cpl; /* 4cb */
	uint32_t pad4cc;
	uint64_t efer; /* 4d0 */
	uint8_t pad4d8[0x548 - 0x4d8];
	uint64_t cr4, cr3, cr0, dr7, dr6, rflags, rip; /* 548 */
	uint8_t pad580[0x5d8 - 0x580];
	uint64_t rsp; /* 5d8 */
	uint8_t pad5e0[0x5f8 - 0x5e0];
	uint64_t rax; /* 5f8 */
	uint64_t star, lstar, cstar, sfmask, kernel_gs_base; /* 600 */
	uint64_t sysenter_cs, sysenter_esp, sysenter_eip; /* 628 */
	uint64_t cr2; /* 640 */
	uint8_t pad648[0x668 - 0x648];
	uint64_t pat; /* 668 */
	uint64_t debugctl;
	uint8_t pad678[0x1000 - 0x678];
};

#define VMCB_AT(field, offset) \
	_Static_assert(offsetof(struct vmcb, field) == (offset), "VMCB: " #field)
VMCB_AT(pause_threshold, 0x3c);
VMCB_AT(iopm, 0x40);
VMCB_AT(asid, 0x58);
VMCB_AT(int_ctl, 0x60);
VMCB_AT(exit_code, 0x70);
VMCB_AT(exit_int_info, 0x88);
VMCB_AT(event_inj, 0xa8);
VMCB_AT(clean, 0xc0);
VMCB_AT(next_rip, 0xc8);
VMCB_AT(bytes, 0xd1);
VMCB_AT(es, 0x400);
VMCB_AT(tr, 0x490);
VMCB_AT(cpl, 0x4cb);
VMCB_AT(efer, 0x4d0);
VMCB_AT(cr4, 0x548);
VMCB_AT(rip, 0x578);
VMCB_AT(rsp, 0x5d8);
VMCB_AT(rax, 0x5f8);
VMCB_AT(kernel_gs_base, 0x620);
VMCB_AT(cr2, 0x640);
VMCB_AT(pat, 0x668);
_Static_assert(sizeof(struct vmcb) == 0x1000, "a VMCB is a page");

#endif
