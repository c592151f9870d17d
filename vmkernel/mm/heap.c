// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * The heap. A slab is a block of four pages, aligned to its size, that holds
 * objects of one size class behind a header with a bitmap; so a pointer finds
 * its slab by rounding down, and nothing of the heap's own lies in free
 * objects. A slab never has an object at its very start, so a pointer to the
 * start of a block is a large object.
 */
#include "mm/heap.h"
#include "error.h"
#include "lib/assert.h"
#include "lib/bitmap.h"
#include "lib/list.h"
#include "lib/spinlock.h"
#include "lib/string.h"
#include "mm/fault.h"
#include "mm/pages.h"

#define SLAB_ORDER 2u
#define SLAB_BYTES (PAGE_SIZE << SLAB_ORDER)
#define SLAB_MAGIC 0x62616c53u /* "Slab" */
#define SLAB_OBJECTS_MAX (SLAB_BYTES >> HEAP_CLASS_MIN_SHIFT)
#define CLASS_BYTES(class) ((size_t)1 << (HEAP_CLASS_MIN_SHIFT + (class)))

struct slab {
	uint32_t magic;
	uint32_t class;
	uint32_t used, capacity;
	struct list partial; /* in its class's list while it has room */
	uint64_t map[BITMAP_WORDS(SLAB_OBJECTS_MAX)];
};

static struct spinlock lock = SPINLOCK_INIT(RANK_HEAP);
static struct heap_class {
	struct list partial;
	uint32_t empty; /* slabs without an object, at most one is kept */
} classes[HEAP_CLASSES];
static struct heap_stats stats;

static uint32_t class_of(size_t size)
{
	uint32_t class = 0;

	while (class < HEAP_CLASSES && CLASS_BYTES(class) < size)
		class ++;
	return class;
}

/* Objects are aligned to their size. */
static size_t first_object(uint32_t class)
{
	return ALIGN_UP(sizeof(struct slab), CLASS_BYTES(class));
}

static struct slab *slab_new(uint32_t class)
{
	struct slab *slab;
	hpa_t block;

	if (pages_alloc(SLAB_ORDER, PAGES_SLAB, &block))
		return NULL;
	slab = phys_to_virt(block);
	memset(slab, 0, sizeof(*slab));
	slab->magic = SLAB_MAGIC;
	slab->class = class;
	slab->capacity = (uint32_t)((SLAB_BYTES - first_object(class)) / CLASS_BYTES(class));
	list_add_head(&classes[class].partial, &slab->partial);
	classes[class].empty++;
	stats.slabs++;
	return slab;
}

static void *slab_alloc(uint32_t class)
{
	struct heap_class *c = &classes[class];
	struct slab *slab;
	uint32_t i;

	if (!c->partial.next)
		list_init(&c->partial);
	slab = LIST_FIRST(&c->partial, struct slab, partial);
	if (!slab)
		slab = slab_new(class);
	if (!slab)
		return NULL;
	i = bitmap_first_clear(slab->map, slab->capacity);
	VMK_ASSERT(i < slab->capacity);
	bitmap_set(slab->map, i);
	if (slab->used++ == 0)
		c->empty--;
	if (slab->used == slab->capacity)
		list_del(&slab->partial);
	stats.live[class]++;
	stats.bytes += CLASS_BYTES(class);
	return (char *)slab + first_object(class) + i * CLASS_BYTES(class);
}

static void *large_alloc(size_t size)
{
	unsigned int order = pages_order(size);
	hpa_t block;

	if (pages_alloc(order, PAGES_HEAP, &block))
		return NULL;
	stats.large++;
	stats.bytes += PAGE_SIZE << order;
	return phys_to_virt(block);
}

void *heap_alloc(size_t size)
{
	uint32_t class = class_of(size);
	void *ptr = NULL;

	if (!size)
		return NULL;
	spin_lock(&lock);
	if (fault_due())
		ptr = NULL;
	else if (class < HEAP_CLASSES)
		ptr = slab_alloc(class);
	else if (size <= HEAP_MAX)
		ptr = large_alloc(size);
	if (ptr)
		stats.allocs++;
	else
		stats.failures++;
	spin_unlock(&lock);
	return ptr ? memset(ptr, 0, size) : NULL;
}

static void slab_release(struct slab *slab)
{
	list_del(&slab->partial);
	slab->magic = 0;
	stats.slabs--;
	pages_free(virt_to_phys(slab), SLAB_ORDER, PAGES_SLAB);
}

/* An empty slab goes back to the pages if its class has another one. */
static void slab_emptied(struct slab *slab)
{
	struct heap_class *c = &classes[slab->class];

	if (c->empty)
		slab_release(slab);
	else
		c->empty++;
}

static void slab_free(void *ptr)
{
	uintptr_t at = (uintptr_t)ptr;
	struct slab *slab = (struct slab *)(at & ~(uintptr_t)(SLAB_BYTES - 1));
	size_t offset = at - (uintptr_t)slab;
	uint32_t class = slab->class, i;

	if (slab->magic != SLAB_MAGIC || offset < first_object(class) ||
	    !IS_ALIGNED(offset, CLASS_BYTES(class)))
		vmk_panic("heap: bad free of %p", ptr);
	i = (uint32_t)((offset - first_object(class)) / CLASS_BYTES(class));
	if (!bitmap_test(slab->map, i))
		vmk_panic("heap: second free of %p", ptr);
	bitmap_clear(slab->map, i);
	stats.live[class]--;
	stats.bytes -= CLASS_BYTES(class);
	if (slab->used-- == slab->capacity)
		list_add_head(&classes[class].partial, &slab->partial);
	if (!slab->used)
		slab_emptied(slab);
}

void heap_free(void *ptr)
{
	enum page_owner owner;
	unsigned int order;

	if (!ptr)
		return;
	spin_lock(&lock);
	stats.frees++;
	if (IS_ALIGNED((uintptr_t)ptr, PAGE_SIZE) &&
	    pages_lookup(virt_to_phys(ptr), &owner, &order) && owner == PAGES_HEAP) {
		stats.large--;
		stats.bytes -= PAGE_SIZE << order;
		pages_free(virt_to_phys(ptr), order, PAGES_HEAP);
	} else {
		slab_free(ptr);
	}
	spin_unlock(&lock);
}

void heap_trim(void)
{
	struct slab *slab, *next;

	spin_lock(&lock);
	for (uint32_t i = 0; i < HEAP_CLASSES; i++) {
		if (!classes[i].empty)
			continue;
		LIST_FOR_EACH_SAFE(slab, next, &classes[i].partial, struct slab, partial) {
			if (slab->used)
				continue;
			classes[i].empty--;
			slab_release(slab);
		}
	}
	spin_unlock(&lock);
}

void heap_get_stats(struct heap_stats *out)
{
	spin_lock(&lock);
	*out = stats;
	spin_unlock(&lock);
}

uint64_t heap_live(void)
{
	struct heap_stats s;

	heap_get_stats(&s);
	return s.allocs - s.frees;
}
