// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * The instruction at RIP, for processors that do not say how long it was. The
 * page is found by walking the guest's tables, and remembered; what is
 * remembered is used only while the entry that maps the page is the same, as
 * the processor itself may do with its own buffer. Nothing is guessed: bytes
 * that are not the plain instruction go through the decoder.
 */
#include "cpu/x86.h"
#include "lib/string.h"
#include "vmm/emulate.h"
#include "vmm/guest_walk.h"
#include "vmm/svm/private.h"

static uint8_t *ram(void *opaque, uint64_t gpa)
{
	struct vcpu *v = opaque;

	return guest_mem_ptr(&v->vm->mem, gpa);
}

/* What a walk needs of the registers, no more. */
static void fetch_view(struct vcpu *v, struct guest_view *view)
{
	const struct vmcb *s = v->vmcb;

	view->cr0 = s->cr0;
	view->cr3 = s->cr3;
	view->cr4 = s->cr4;
	view->efer = s->efer;
	view->rflags = s->rflags;
	view->cpl = s->cpl;
	view->phys_bits = v->cpuid->phys_bits;
	view->seg[SEG_CS].attr = s->cs.attr;
	view->opaque = v;
	view->ram = ram;
}

static uint64_t linear_rip(const struct vcpu *v)
{
	const struct vmcb *s = v->vmcb;

	if (s->efer & EFER_LMA && s->cs.attr & SEG_ATTR_L)
		return s->rip;
	return (uint32_t)(s->cs.base + s->rip);
}

/* Only in 64-bit mode: elsewhere there may be no entry to watch, or a base to add. */
static void fill_cache(struct vcpu *v)
{
	struct fetch_cache *c = &v->fetch;
	uint64_t rip = v->vmcb->rip;
	struct guest_view view;
	struct walk_result r;
	struct guest_fault fault;

	c->page = FETCH_NOTHING;
	fetch_view(v, &view);
	if (!view_is_64bit(&view) ||
	    !guest_walk(&view, rip, WALK_FETCH | (view.cpl == 3 ? WALK_USER : 0), &r, &fault))
		return;
	c->host = guest_mem_ptr(&v->vm->mem, r.gpa & ~(PAGE_SIZE - 1));
	if (!c->host || !r.levels)
		return;
	c->cr3 = view.cr3;
	c->cs = svm_code_segment(v);
	c->uppers = r.levels - 1;
	c->leaf = r.entry[c->uppers];
	memcpy(c->upper, r.entry, sizeof(c->upper));
	c->page = rip & ~(PAGE_SIZE - 1);
}

bool svm_fetch(struct vcpu *v, uint8_t *buf, unsigned int len)
{
	struct guest_view view;
	struct guest_fault fault;

	fetch_view(v, &view);
	return guest_fetch(&view, linear_rip(v), buf, len, &fault) == len;
}

unsigned int svm_insn_length_slow(struct vcpu *v, uint32_t opcode, unsigned int len)
{
	struct guest_view view;
	struct guest_fault fault;
	uint8_t buf[INSN_MAX];
	unsigned int got;

	fill_cache(v);
	fetch_view(v, &view);
	got = guest_fetch(&view, linear_rip(v), buf, INSN_MAX, &fault);
	return emulate_length(&view, buf, got, opcode, len);
}

const uint8_t *svm_code(struct vcpu *v)
{
	const struct fetch_cache *c = &v->fetch;
	const uint8_t *code = svm_known_code(v, INSN_MAX);

	/* An instruction will be done as it stands there, so the whole walk must be the same. */
	for (uint32_t i = 0; code && i < c->uppers; i++)
		if (__atomic_load_n(c->upper[i].where, __ATOMIC_RELAXED) != c->upper[i].value)
			code = NULL;
	if (code)
		return code;
	fill_cache(v);
	return svm_known_code(v, INSN_MAX);
}

unsigned int svm_mov_to_cr8(struct vcpu *v, unsigned int *gpr)
{
	struct guest_view view;
	struct guest_fault fault;
	uint8_t buf[INSN_MAX];

	fetch_view(v, &view);
	return emulate_mov_to_cr8(&view, buf,
				  guest_fetch(&view, linear_rip(v), buf, INSN_MAX, &fault), gpr);
}
