// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * Guest RAM, laid out like a PC's: from 0 up to the 3 GiB line, the rest from
 * 4 GiB on, a hole for the VGA window. It is taken from the pool in blocks of
 * 2 MiB when the VM is made, with the nested tables that will map it, so that
 * using it cannot fail; a block is zeroed and mapped at its first use, because
 * zeroing all of it would keep the console away for too long.
 */
#include "lib/assert.h"
#include "lib/string.h"
#include "mm/direct_map.h"
#include "mm/heap.h"
#include "mm/pages.h"
#include "vmm/vm.h"

/* An entry of mem->block: machine address of 2 MiB, and these bits. */
#define BLOCK_READY BIT(0)
#define BLOCK_SCATTERED BIT(1) /* the address is of a page that lists 512 small pages */
#define BLOCK_FLAGS (BLOCK_READY | BLOCK_SCATTERED)

#define BLOCK_PAGES 512u
#define LOW_END (3ull << 30)
#define HIGH_START (4ull << 30)
#define VGA_START 0xa0000ull
#define VGA_END 0xc0000ull

static uint64_t block_gpa(uint32_t i)
{
	uint64_t start = i * LARGE_PAGE_SIZE;

	return start < LOW_END ? start : start + (HIGH_START - LOW_END);
}

/* Index of the block that holds gpa, or mem->blocks. */
static uint32_t block_of(const struct guest_mem *mem, uint64_t gpa)
{
	if (gpa >= HIGH_START)
		gpa -= HIGH_START - LOW_END;
	else if (gpa >= LOW_END || (gpa >= VGA_START && gpa < VGA_END))
		return mem->blocks;
	return gpa < mem->bytes ? (uint32_t)(gpa / LARGE_PAGE_SIZE) : mem->blocks;
}

static hpa_t block_hpa(uint64_t entry)
{
	return hpa(entry & ~BLOCK_FLAGS);
}

/* 4 KiB page n of a block. */
static hpa_t block_page(uint64_t entry, uint64_t n)
{
	const uint64_t *list = phys_to_virt(block_hpa(entry));

	if (entry & BLOCK_SCATTERED)
		return hpa(list[n]);
	return hpa_add(block_hpa(entry), n * PAGE_SIZE);
}

static void free_scattered(hpa_t list_page, uint32_t count)
{
	const uint64_t *list = phys_to_virt(list_page);

	for (uint32_t i = 0; i < count; i++)
		pages_free(hpa(list[i]), 0, PAGES_GUEST);
	pages_free(list_page, 0, PAGES_VMM);
}

/* No 2 MiB in one piece: 512 pages from wherever. */
static int take_scattered(uint64_t *entry)
{
	hpa_t list_page, page;
	uint64_t *list;
	int err = pages_alloc(0, PAGES_VMM, &list_page);

	if (err)
		return err;
	list = phys_to_virt(list_page);
	for (uint32_t i = 0; i < BLOCK_PAGES; i++) {
		err = pages_alloc(0, PAGES_GUEST, &page);
		if (err) {
			free_scattered(list_page, i);
			return err;
		}
		list[i] = page.v;
	}
	*entry = list_page.v | BLOCK_SCATTERED;
	return VMK_OK;
}

/* The first block is mapped in small pages, because of its hole. */
static bool maps_large(uint32_t i, uint64_t entry)
{
	return i && !(entry & BLOCK_SCATTERED);
}

static int take_block(struct guest_mem *mem, uint32_t i)
{
	hpa_t block;
	int err = pages_alloc(ORDER_LARGE, PAGES_GUEST, &block);

	if (!err)
		mem->block[i] = block.v;
	else
		err = take_scattered(&mem->block[i]);
	if (err)
		return err;
	mem->blocks = i + 1;
	return vmm_ops->nested_prepare(mem, block_gpa(i), maps_large(i, mem->block[i]));
}

int guest_mem_init(struct guest_mem *mem, uint64_t bytes)
{
	uint32_t blocks = (uint32_t)(bytes / LARGE_PAGE_SIZE);
	int err;

	memset(mem, 0, sizeof(*mem));
	spin_init(&mem->lock, RANK_VMM);
	mem->bytes = bytes;
	mem->block = heap_alloc(blocks * sizeof(*mem->block));
	if (!mem->block)
		return VMK_NO_MEMORY;
	err = vmm_ops->nested_init(mem);
	for (uint32_t i = 0; i < blocks && !err; i++)
		err = take_block(mem, i);
	if (err)
		guest_mem_free(mem);
	return err;
}

void guest_mem_free(struct guest_mem *mem)
{
	for (uint32_t i = 0; i < mem->blocks; i++) {
		if (mem->block[i] & BLOCK_SCATTERED)
			free_scattered(block_hpa(mem->block[i]), BLOCK_PAGES);
		else
			pages_free(block_hpa(mem->block[i]), ORDER_LARGE, PAGES_GUEST);
	}
	vmm_ops->nested_free(mem);
	heap_free(mem->block);
	mem->block = NULL;
	mem->blocks = 0;
}

/* Zero first, map then: a guest never sees what was there. */
static void make_ready(struct guest_mem *mem, uint32_t i)
{
	uint64_t entry = mem->block[i], start = block_gpa(i);

	if (maps_large(i, entry)) {
		memset(phys_to_virt(block_hpa(entry)), 0, LARGE_PAGE_SIZE);
		vmm_ops->nested_map(mem, start, block_hpa(entry), true);
	}
	for (uint32_t n = 0; n < BLOCK_PAGES && !maps_large(i, entry); n++) {
		uint64_t gpa = start + n * PAGE_SIZE;

		memset(phys_to_virt(block_page(entry, n)), 0, PAGE_SIZE);
		if (gpa < VGA_START || gpa >= VGA_END)
			vmm_ops->nested_map(mem, gpa, block_page(entry, n), false);
	}
	mem->ready++;
	__atomic_store_n(&mem->block[i], entry | BLOCK_READY, __ATOMIC_RELEASE);
}

bool guest_mem_is_ram(const struct guest_mem *mem, uint64_t gpa)
{
	return block_of(mem, gpa) < mem->blocks;
}

bool guest_mem_touched(struct guest_mem *mem, uint64_t gpa)
{
	uint32_t i = block_of(mem, gpa);

	return i < mem->blocks && __atomic_load_n(&mem->block[i], __ATOMIC_ACQUIRE) & BLOCK_READY;
}

uint64_t guest_mem_leaving(const struct guest_mem *mem)
{
	struct pages_given given;
	uint64_t bytes = 0;

	pages_get_given(&given);
	for (uint32_t i = 0; i < mem->blocks && given.leaving; i++) {
		uint64_t entry = mem->block[i];
		uint32_t pages = entry & BLOCK_SCATTERED ? BLOCK_PAGES : 1;

		for (uint32_t n = 0; n < pages; n++)
			if (pages_is_leaving(block_page(entry, n)))
				bytes += LARGE_PAGE_SIZE / pages;
	}
	return bytes;
}

/* The block's entry, ready for use. */
static uint64_t ready_entry(struct guest_mem *mem, uint32_t i)
{
	uint64_t entry = __atomic_load_n(&mem->block[i], __ATOMIC_ACQUIRE);

	if (entry & BLOCK_READY)
		return entry;
	spin_lock(&mem->lock);
	if (!(mem->block[i] & BLOCK_READY))
		make_ready(mem, i);
	entry = mem->block[i];
	spin_unlock(&mem->lock);
	return entry;
}

bool guest_mem_touch(struct guest_mem *mem, uint64_t gpa)
{
	uint32_t i = block_of(mem, gpa);

	return i < mem->blocks && ready_entry(mem, i);
}

uint8_t *guest_mem_ptr(struct guest_mem *mem, uint64_t gpa)
{
	uint32_t i = block_of(mem, gpa);
	uint64_t entry;

	if (i >= mem->blocks)
		return mem->foreign ? mem->foreign(gpa) : NULL;
	entry = ready_entry(mem, i);
	if (!(entry & BLOCK_SCATTERED))
		return (uint8_t *)phys_to_virt(block_hpa(entry)) + gpa % LARGE_PAGE_SIZE;
	return (uint8_t *)phys_to_virt(block_page(entry, gpa / PAGE_SIZE % BLOCK_PAGES)) +
	       gpa % PAGE_SIZE;
}
