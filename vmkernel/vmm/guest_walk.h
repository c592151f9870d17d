/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * The guest's own page tables, as its processor walks them: no paging, 32-bit,
 * PAE, 4 and 5 levels (APM vol. 2, chapter 5). Sets accessed and dirty bits.
 */
#ifndef VMM_GUEST_WALK_H
#define VMM_GUEST_WALK_H

#include "vmm/guest_view.h"

#define WALK_WRITE 1u
#define WALK_USER 2u /* an access with user rights */
#define WALK_FETCH 4u

/* Page-fault error code bits (APM vol. 2, 8.4.2). */
#define PF_P 1u
#define PF_W 2u
#define PF_U 4u
#define PF_RSVD 8u
#define PF_ID 16u

struct walk_result {
	uint64_t gpa;
	uint64_t page_mask; /* page size - 1 */
	/* The entries of 8 bytes that were used, from the top; none without paging. */
	uint32_t levels;
	struct walk_entry entry[WALK_LEVELS_MAX];
};

/* Translates linear address gva. True, or false with *fault the #PF that the access causes. */
bool guest_walk(const struct guest_view *v, uint64_t gva, uint32_t access, struct walk_result *out,
		struct guest_fault *fault);

/*
 * Reads up to len bytes at linear address gva as an instruction fetch does;
 * what is not RAM reads as ones. Returns how many bytes could be read; less
 * than len: *fault says why.
 */
unsigned int guest_fetch(const struct guest_view *v, uint64_t gva, uint8_t *buf, unsigned int len,
			 struct guest_fault *fault);

#endif
