// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "memory.h"
#include "tool.h"
#include "vmnix_dev.h"

#define PTE_P 1ull
#define PTE_PS (1ull << 7)
#define PTE_ADDR 0x000ffffffffff000ull
#define TABLES_MAX 100000u /* far more than a direct map of 2 MiB pages needs */
#define SEGMENTS_MAX 60000u /* an ELF header can count up to 65534 */

static int read_core(int fd, uint64_t hpa, void *data, size_t len, uint64_t *core_hpa)
{
	struct vmnix_core args = { .hpa = hpa, .bytes = len, .buffer = (uintptr_t)data };
	int err = vmnix_ioctl(fd, VMNIX_IOC_CORE, &args);

	if (core_hpa)
		*core_hpa = args.core_hpa;
	return err;
}

bool memory_read(const struct memory *m, uint64_t hpa, void *data, size_t len)
{
	return !read_core(m->fd, hpa, data, len, NULL);
}

static void read_head(struct memory *m)
{
	uint64_t core_hpa = 0;
	int err = read_core(m->fd, 0, NULL, 0, &core_hpa);

	if (err == EBUSY)
		tool_die(TOOL_FAILED, "the vmkernel has not stopped: there is no core to save");
	if (err == ENODEV)
		tool_die(TOOL_FAILED, "no vmkernel is loaded");
	if (err || !memory_read(m, core_hpa, &m->head, sizeof(m->head)))
		tool_die(TOOL_FAILED, "cannot read the vmkernel's memory: %s",
			 strerror(err ? err : EFAULT));
	if (m->head.magic != WS_CORE_MAGIC || m->head.struct_size != sizeof(m->head))
		tool_die(TOOL_FAILED, "this vmkernel keeps no core, or one of another version");
	m->head.reason[sizeof(m->head.reason) - 1] = 0;
	if (!m->head.stopped || m->head.panicked >= WS_PCPUS_MAX + 1 ||
	    !m->head.cpu[m->head.panicked].valid || !m->head.extents ||
	    m->head.extents > WS_CORE_EXTENTS_MAX)
		tool_die(TOOL_FAILED, "the vmkernel stopped too early in its life for a core");
}

/* Every page of a block has its owner's fate; a page in no block is taken along. */
static void give_slots(struct memory *m, uint32_t extent, const uint8_t *ledger, uint64_t pages,
		       bool all)
{
	uint64_t i, end = 0;
	bool wanted = true;

	for (i = 0; i < pages; i++) {
		uint32_t owner = ledger[i] >> 4, order = ledger[i] & 0xf;

		if (i >= end) {
			wanted = true;
			if (order != WS_CORE_TAIL) {
				end = i + (1ull << order);
				wanted = all || (owner != m->head.owner_free &&
						 owner != m->head.owner_guest);
			}
		}
		m->slot[extent][i] = wanted ? m->slots++ : NO_SLOT;
	}
}

void memory_open(struct memory *m, int fd, bool all)
{
	uint64_t total = 0;
	uint32_t i;

	*m = (struct memory){ .fd = fd };
	read_head(m);
	for (i = 0; i < m->head.extents; i++) {
		const struct ws_core_extent *e = &m->head.extent[i];
		uint64_t pages = e->bytes / PAGE, at;
		uint8_t *ledger;

		total += pages;
		if (!pages || pages >= NO_SLOT || total >= NO_SLOT || e->bytes % PAGE ||
		    e->hpa % PAGE)
			tool_die(TOOL_FAILED, "memory %u of the vmkernel is not described", i);
		ledger = malloc(pages);
		m->slot[i] = calloc(pages, sizeof(uint32_t));
		if (!ledger || !m->slot[i])
			tool_die(TOOL_FAILED, "out of memory");
		for (at = 0; at < pages; at += PAGE)
			if (!memory_read(m, e->ledger_hpa + at, ledger + at,
					 pages - at < PAGE ? pages - at : PAGE))
				tool_die(TOOL_FAILED, "the ledger of memory %u is not there", i);
		give_slots(m, i, ledger, pages, all);
		free(ledger);
	}
}

void memory_close(struct memory *m)
{
	uint32_t i;

	for (i = 0; i < m->head.extents; i++)
		free(m->slot[i]);
}

uint32_t memory_slot(const struct memory *m, uint64_t hpa)
{
	uint32_t i;

	for (i = 0; i < m->head.extents; i++)
		if (hpa - m->head.extent[i].hpa < m->head.extent[i].bytes)
			return m->slot[i][(hpa - m->head.extent[i].hpa) / PAGE];
	return NO_SLOT;
}

static int top_level(const struct memory *m)
{
	return m->head.la57 ? 5 : 4;
}

/* Bytes that an entry of a table of that level maps. */
static uint64_t span(int level)
{
	return 1ull << (12 + 9 * (level - 1));
}

bool memory_translate(const struct memory *m, uint64_t root, uint64_t va, uint64_t *hpa)
{
	uint64_t table = root & PTE_ADDR, pte;
	int level;

	for (level = top_level(m); level; level--) {
		if (!memory_read(m, table + 8 * (va / span(level) % 512), &pte, sizeof(pte)) ||
		    !(pte & PTE_P))
			return false;
		table = pte & PTE_ADDR;
		if (level == 1 || (level <= 3 && pte & PTE_PS)) {
			*hpa = (table & ~(span(level) - 1)) + va % span(level);
			return true;
		}
	}
	return false;
}

struct walk {
	const struct memory *m;
	struct segment *list;
	size_t count;
	uint32_t tables;
};

static void add_page(struct walk *w, uint64_t va, uint64_t hpa)
{
	struct segment *last = w->count ? &w->list[w->count - 1] : NULL;
	uint32_t slot = memory_slot(w->m, hpa);

	if (slot == NO_SLOT)
		return;
	if (last && va == last->va + (uint64_t)last->pages * PAGE &&
	    slot == last->slot + last->pages) {
		last->pages++;
		return;
	}
	if (w->count == SEGMENTS_MAX)
		tool_die(TOOL_FAILED, "more than %u separate pieces of memory%s", SEGMENTS_MAX,
			 "; --all saves larger ones");
	w->list[w->count++] = (struct segment){ va, slot, 1 };
}

/* NOLINTNEXTLINE(misc-no-recursion): four or five levels of tables */
static void walk_table(struct walk *w, uint64_t table, int level, uint64_t va)
{
	uint64_t entry[512], at;
	uint32_t i;

	if (++w->tables > TABLES_MAX)
		tool_die(TOOL_FAILED, "the vmkernel's page tables are garbage");
	if (!memory_read(w->m, table, entry, sizeof(entry)))
		return;
	for (i = 0; i < 512; i++, va += span(level)) {
		if (!(entry[i] & PTE_P))
			continue;
		if (level == top_level(w->m) && i >= 256)
			va |= ~0ull << (11 + 9 * level);
		if (level == 1 || (level <= 3 && entry[i] & PTE_PS)) {
			uint64_t hpa = entry[i] & PTE_ADDR & ~(span(level) - 1);

			for (at = 0; at < span(level); at += PAGE)
				add_page(w, va + at, hpa + at);
		} else {
			walk_table(w, entry[i] & PTE_ADDR, level - 1, va);
		}
	}
}

struct segment *memory_segments(const struct memory *m, uint64_t root, size_t *count)
{
	struct walk w = { .m = m, .list = calloc(SEGMENTS_MAX, sizeof(struct segment)) };

	if (!w.list)
		tool_die(TOOL_FAILED, "out of memory");
	walk_table(&w, root & PTE_ADDR, top_level(m), 0);
	if (!w.count)
		tool_die(TOOL_FAILED, "the vmkernel's page tables are garbage");
	*count = w.count;
	return w.list;
}
