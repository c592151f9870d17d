// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * Walking a guest's page tables. The tables lie in guest memory and change
 * under our hands: each entry is read once, and nothing is believed but what
 * was read. A table outside of RAM reads as ones, and so faults for its
 * reserved bits.
 */
#include "vmm/guest_walk.h"
#include "cpu/x86.h"
#include "lib/string.h"

#define PTE_PRESENT BIT(0)
#define PTE_WRITE BIT(1)
#define PTE_USER BIT(2)
#define PTE_ACCESSED BIT(5)
#define PTE_DIRTY BIT(6)
#define PTE_LARGE BIT(7)
#define PTE_NO_EXEC BIT(63)
#define PTE_ADDR_MASK 0x000ffffffffff000ull

#define CR4_PSE BIT(4)
#define CR4_SMEP BIT(20)
#define CR4_SMAP BIT(21)

struct walk {
	const struct guest_view *v;
	uint64_t gva;
	uint32_t access;
	uint64_t rights; /* W and U of all levels so far */
	bool no_exec;
	struct walk_result *out;
	struct guest_fault *fault;
};

static bool page_fault(struct walk *w, uint32_t code)
{
	const struct guest_view *v = w->v;

	if (w->access & WALK_WRITE)
		code |= PF_W;
	if (w->access & WALK_USER)
		code |= PF_U;
	if (w->access & WALK_FETCH && (v->efer & EFER_NXE || v->cr4 & CR4_SMEP))
		code |= PF_ID;
	*w->fault = (struct guest_fault){ 14, true, code, w->gva };
	return false;
}

/* What the rights of all levels together allow (APM vol. 2, 5.6). */
static bool allowed(const struct walk *w)
{
	const struct guest_view *v = w->v;
	bool user_page = w->rights & PTE_USER;
	bool user = w->access & WALK_USER;

	if (user && !user_page)
		return false;
	if (w->access & WALK_WRITE && !(w->rights & PTE_WRITE) && (user || v->cr0 & CR0_WP))
		return false;
	if (w->access & WALK_FETCH)
		return !w->no_exec && (user || !user_page || !(v->cr4 & CR4_SMEP));
	return user || !user_page || !(v->cr4 & CR4_SMAP) || v->rflags & RFLAGS_AC;
}

/* The tables may be shared with other VCPUs that set bits too. */
static void set_bits(uint64_t *entry, uint64_t val, uint64_t bits, bool wide)
{
	if ((val & bits) == bits)
		return;
	if (wide)
		__atomic_fetch_or(entry, bits, __ATOMIC_RELAXED);
	else
		__atomic_fetch_or((uint32_t *)entry, (uint32_t)bits, __ATOMIC_RELAXED);
}

static uint64_t read_entry(const struct guest_view *v, uint64_t gpa, bool wide, uint64_t **where)
{
	uint8_t *p = v->ram(v->opaque, gpa);

	*where = (uint64_t *)p;
	if (!p)
		return wide ? UINT64_MAX : UINT32_MAX;
	return wide ? __atomic_load_n((uint64_t *)p, __ATOMIC_RELAXED)
		    : __atomic_load_n((uint32_t *)p, __ATOMIC_RELAXED);
}

static void record(struct walk *w, const uint64_t *where, uint64_t entry)
{
	w->out->entry[w->out->levels++] = (struct walk_entry){ where, entry | PTE_ACCESSED };
}

/* The last entry of a walk: rights, bits, address. */
static bool finish(struct walk *w, uint64_t *where, uint64_t entry, uint64_t base,
		   uint64_t page_mask, bool wide)
{
	if (!allowed(w))
		return page_fault(w, PF_P);
	if (where)
		set_bits(where, entry, PTE_ACCESSED | (w->access & WALK_WRITE ? PTE_DIRTY : 0),
			 wide);
	if (where && wide)
		record(w, where, entry);
	else
		w->out->levels = 0;
	w->out->gpa = (base & ~page_mask) | (w->gva & page_mask);
	w->out->page_mask = page_mask;
	return true;
}

/* Two levels of 1024 entries (APM vol. 2, 5.2.1). */
static bool walk_32(struct walk *w)
{
	const struct guest_view *v = w->v;
	uint64_t table = v->cr3 & 0xfffff000u, entry, *where;

	for (unsigned int shift = 22;; shift = 12) {
		entry = read_entry(v, table + (w->gva >> shift & 0x3ff) * 4, false, &where);
		if (!(entry & PTE_PRESENT))
			return page_fault(w, 0);
		w->rights &= entry;
		if (shift == 12)
			return finish(w, where, entry, entry & 0xfffff000u, PAGE_SIZE - 1, false);
		if (entry & PTE_LARGE && v->cr4 & CR4_PSE)
			return finish(w, where, entry,
				      (entry & 0xffc00000u) | (entry >> 13 & 0xff) << 32,
				      BIT(22) - 1, false);
		if (where)
			set_bits(where, entry, PTE_ACCESSED, false);
		table = entry & 0xfffff000u;
	}
}

static bool has_reserved(const struct guest_view *v, uint64_t entry, unsigned int shift)
{
	uint64_t reserved = PTE_ADDR_MASK & ~(BIT(v->phys_bits) - 1);

	if (!(v->efer & EFER_NXE))
		reserved |= PTE_NO_EXEC;
	if (entry & PTE_LARGE && shift > 21 && (shift > 30 || !(v->efer & EFER_LMA)))
		reserved |= PTE_LARGE;
	return entry & reserved;
}

/* Tables of 512 entries, from the one that covers 9 bits at shift downwards. */
static bool walk_long(struct walk *w, uint64_t table, unsigned int shift)
{
	const struct guest_view *v = w->v;
	uint64_t entry, *where;

	for (;; shift -= 9) {
		entry = read_entry(v, table + (w->gva >> shift & 0x1ff) * 8, true, &where);
		if (!(entry & PTE_PRESENT))
			return page_fault(w, 0);
		if (has_reserved(v, entry, shift))
			return page_fault(w, PF_P | PF_RSVD);
		w->rights &= entry;
		w->no_exec |= entry & PTE_NO_EXEC && v->efer & EFER_NXE;
		if (shift == 12 || entry & PTE_LARGE)
			return finish(w, where, entry, entry & PTE_ADDR_MASK, BIT(shift) - 1, true);
		if (where) {
			set_bits(where, entry, PTE_ACCESSED, true);
			record(w, where, entry);
		}
		table = entry & PTE_ADDR_MASK;
	}
}

/* PAE: four entries without rights on top (APM vol. 2, 5.2.3). */
static bool walk_pae(struct walk *w)
{
	uint64_t entry, *where;

	entry = read_entry(w->v, (w->v->cr3 & 0xffffffe0u) + (w->gva >> 30 & 3) * 8, true, &where);
	if (!(entry & PTE_PRESENT))
		return page_fault(w, 0);
	return walk_long(w, entry & PTE_ADDR_MASK, 21);
}

bool guest_walk(const struct guest_view *v, uint64_t gva, uint32_t access, struct walk_result *out,
		struct guest_fault *fault)
{
	struct walk w = { v, gva, access, PTE_WRITE | PTE_USER, false, out, fault };

	if (!(v->efer & EFER_LMA))
		w.gva = gva = (uint32_t)gva;
	out->levels = 0;
	if (!(v->cr0 & CR0_PG)) {
		out->gpa = gva;
		out->page_mask = PAGE_SIZE - 1;
		return true;
	}
	if (!(v->cr4 & CR4_PAE))
		return walk_32(&w);
	if (!(v->efer & EFER_LMA))
		return walk_pae(&w);
	return walk_long(&w, v->cr3 & PTE_ADDR_MASK, v->cr4 & CR4_LA57 ? 48 : 39);
}

unsigned int guest_fetch(const struct guest_view *v, uint64_t gva, uint8_t *buf, unsigned int len,
			 struct guest_fault *fault)
{
	uint32_t access = WALK_FETCH | (v->cpl == 3 ? WALK_USER : 0);
	unsigned int done = 0;

	while (done < len) {
		struct walk_result r;
		unsigned int chunk;
		uint8_t *p;

		if (!guest_walk(v, gva + done, access, &r, fault))
			break;
		chunk = (unsigned int)(PAGE_SIZE - (r.gpa & (PAGE_SIZE - 1)));
		chunk = MIN(chunk, len - done);
		p = v->ram(v->opaque, r.gpa);
		if (p)
			memcpy(buf + done, p, chunk);
		else
			memset(buf + done, 0xff, chunk);
		done += chunk;
	}
	return done;
}
