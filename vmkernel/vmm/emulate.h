/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * Doing one instruction in place of the processor, because its operand is not
 * memory but a device, or its ports are moved to and from memory.
 */
#ifndef VMM_EMULATE_H
#define VMM_EMULATE_H

#include "vmm/guest_view.h"

enum emulate_result {
	EMULATE_DONE, /* registers in the view are new; RIP has stayed if a REP is to go on */
	EMULATE_FAULT, /* the instruction raises *fault; registers as the fault finds them */
	EMULATE_UNKNOWN, /* *reason says what cannot be done */
};

/*
 * What was decoded lately: drivers touch their devices by the same few instructions. Zeroed
 * memory of that size is an empty cache.
 */
size_t decode_cache_bytes(void);

/* Emulates the instruction at view->rip. */
enum emulate_result emulate(struct guest_view *view, struct guest_fault *fault,
			    const char **reason);

/*
 * Length of the instruction in buf (got bytes), if it is the one whose last len bytes are
 * opcode (lowest byte first), maybe after prefixes; else 0. Of view only CS and EFER are used.
 */
unsigned int emulate_length(const struct guest_view *view, const uint8_t *buf, unsigned int got,
			    uint32_t opcode, unsigned int len);

/* Length of a MOV to CR8 in buf and the general register that it reads; 0: it is no such. */
unsigned int emulate_mov_to_cr8(const struct guest_view *view, const uint8_t *buf, unsigned int got,
				unsigned int *gpr);

#endif
