/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* What the files of vmm/svm/ share. */
#ifndef VMM_SVM_PRIVATE_H
#define VMM_SVM_PRIVATE_H

#include "vmm/svm/vmcb.h"
#include "vmm/vm.h"

#define SVM_EXIT(code, NAME, name, handler) SVM_EXIT_##NAME = (code),
enum svm_exit {
#include "vmm/svm/svm_exits.def"
};
#undef SVM_EXIT

/* Slots of the exit counters, and of the functions that serve them. */
#define CODE_SLOTS 0xa8u /* codes below have a slot of their own number */
#define SLOT_NPF CODE_SLOTS
#define SLOT_OTHER (CODE_SLOTS + 1)
#define SVM_SLOTS (CODE_SLOTS + 2)

/* What the processor offers beyond the minimum (CPUID 8000_000A EDX). */
struct svm_features {
	uint32_t asids;
	bool next_rip, flush_by_asid, pause_filter;
	bool keeps_events; /* QEMU's VMRUN, see forget_event() in inject.c */
	hpa_t iopm, msrpm;
};
extern struct svm_features svm_features;

/* npt.c */
int npt_init(struct guest_mem *mem);
int npt_prepare(struct guest_mem *mem, uint64_t gpa, bool large);
void npt_map(struct guest_mem *mem, uint64_t gpa, hpa_t page, bool large);
/* Takes a small page away again; flushes nothing. */
void npt_unmap(struct guest_mem *mem, uint64_t gpa);
/* All of a block of 2 MiB, however it is mapped, with the table below it; flushes nothing. */
void npt_drop(struct guest_mem *mem, uint64_t gpa);
void npt_free(struct guest_mem *mem);

/* bitmaps.c: all ports and MSRs are intercepted, but for a few MSRs that VMLOAD switches. */
int svm_bitmaps_init(void);
void svm_bitmaps_free(void);

/* vcpu.c: the control block */
int svm_vcpu_init(struct vcpu *v);
void svm_vcpu_free(struct vcpu *v);
void svm_vcpu_reset(struct vcpu *v);
void svm_get_view(struct vcpu *v, struct guest_view *view);
void svm_set_view(struct vcpu *v, const struct guest_view *view);
void svm_debug_regs_put(struct vcpu *v);
/* Back to guarding DR0-3, or free for the guest. */
void svm_guard_debug_regs(struct vcpu *v, bool guard);

/* inject.c */
#define NO_RIP 1ull /* no instruction is there for an NMI or shadow to end at */
void svm_inject(struct vcpu *v);
bool svm_wakes(struct vcpu *v);
/* An exit came while an event was being delivered: it will be delivered again. */
void svm_save_interrupted_event(struct vcpu *v);
void svm_window_open(struct vcpu *v);
void svm_nmi_iret(struct vcpu *v);
void svm_keep_shadow(struct vcpu *v);

/* fetch.c */
/*
 * How long the instruction at RIP is, which the processor has just refused to run; opcode: its
 * bytes without prefixes, lowest first, len of them. 0: it is something else, or out of reach.
 */
unsigned int svm_insn_length_slow(struct vcpu *v, uint32_t opcode, unsigned int len);
/* The MOV to CR8 at RIP: its length, 0 if there is none, and the register it takes. */
unsigned int svm_mov_to_cr8(struct vcpu *v, unsigned int *gpr);
/* Reads len bytes at RIP; false: not all can be read. */
bool svm_fetch(struct vcpu *v, uint8_t *buf, unsigned int len);
/* The INSN_MAX bytes at RIP in guest memory; NULL: they do not lie in one page, or in none. */
const uint8_t *svm_code(struct vcpu *v);

#define EFER_FIXED EFER_SVME /* set underneath, and hidden from the guest */

/* state.c */
void svm_vcpu_state(struct vcpu *v, struct state *s);

/* exits.c */
bool svm_pat_valid(uint64_t pat);
extern const vcpu_exit_fn svm_serve[SVM_SLOTS];
/* Past the instruction opcode, which has caused the exit; false: it is another one now. */
bool svm_skip(struct vcpu *v, uint32_t opcode, unsigned int len);
void svm_enter(struct vcpu *v);
const char *svm_exit_name(uint32_t i);

/* Goes past an instruction that was emulated: RIP, interrupt shadow, single step. */
void svm_advance(struct vcpu *v, uint64_t next_rip);

/* All of CS but its base, as one number. */
static inline uint64_t svm_code_segment(const struct vcpu *v)
{
	uint64_t cs;

	__builtin_memcpy(&cs, &v->vmcb->cs, sizeof(cs));
	return cs;
}

/*
 * The len bytes at RIP if they lie in the page that is known, or NULL. What is known holds
 * only while the entry that maps the page is the same, as in the processor's own buffer.
 */
static inline const uint8_t *svm_known_code(const struct vcpu *v, unsigned int len)
{
	const struct fetch_cache *c = &v->fetch;
	uint64_t offset = v->vmcb->rip - c->page;

	if (offset <= PAGE_SIZE - len && c->cr3 == v->vmcb->cr3 && c->cs == svm_code_segment(v) &&
	    __atomic_load_n(c->leaf.where, __ATOMIC_RELAXED) == c->leaf.value)
		return c->host + offset;
	return NULL;
}

/* As svm_insn_length_slow. The plain instruction in a page that is known costs no walk. */
static inline unsigned int svm_insn_length(struct vcpu *v, uint32_t opcode, unsigned int len)
{
	const uint8_t *code = svm_known_code(v, len);
	uint32_t found = 0;

	if (code) {
		__builtin_memcpy(&found, code, len);
		if (found == opcode)
			return len;
	}
	return svm_insn_length_slow(v, opcode, len);
}

static inline void svm_dirty(struct vcpu *v, uint32_t groups)
{
	v->vmcb->clean &= ~groups;
}

#endif
