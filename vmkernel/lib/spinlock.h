/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * Ticket spinlocks: first come, first served. Interrupts are off wherever the
 * vmkernel takes a lock, and interrupt handlers take none. With
 * CONFIG_ASSERTIONS, each PCPU's locks must be taken in rising order of rank.
 */
#ifndef LIB_SPINLOCK_H
#define LIB_SPINLOCK_H

#include "lib/types.h"

/*
 * Outermost first: while one is held, only later ones may be taken. RANK(NAME, "name"); the
 * log comes last so that anything may be logged with any lock held.
 */
#define LOCK_RANKS(RANK)           \
	RANK(HOSTCALL, "hostcall") \
	RANK(VSI, "VSI")           \
	RANK(VM_LIST, "VM list")   \
	RANK(VM, "VM")             \
	RANK(DEVICE, "device")     \
	RANK(VMM, "VMM")           \
	RANK(SCHED, "sched")       \
	RANK(SPACE, "space")       \
	RANK(HEAP, "heap")         \
	RANK(PAGES, "pages")       \
	RANK(CPU, "CPU")           \
	RANK(LOG, "log")

enum lock_rank {
	RANK_NONE = 0, /* not checked */
#define RANK(rank, name) RANK_##rank,
	LOCK_RANKS(RANK)
#undef RANK
};

struct spinlock {
	uint32_t next; /* ticket that the next comer draws */
	uint32_t serving;
	uint32_t rank;
	uint32_t contended; /* times that somebody had to wait; a statistic */
};

#define SPINLOCK_INIT(lock_rank)     \
	{                            \
		0, 0, (lock_rank), 0 \
	}

/* The ranked locks that one PCPU holds. */
#define LOCKS_HELD_MAX 8u
struct lock_track {
	uint32_t count;
	const struct spinlock *held[LOCKS_HELD_MAX];
};

/*
 * Where to find the track of the running PCPU; it may answer NULL for "do not
 * check". Set once, while one PCPU runs and holds no lock. Without it ranks are not checked.
 */
void spin_set_track(struct lock_track *(*here)(void));

/*
 * Called again and again while somebody waits: it may leave for good, because who holds the
 * lock has stopped for good. Set once, while one PCPU runs; it takes no lock itself.
 */
void spin_set_waiting(void (*waiting)(void));

static inline void spin_init(struct spinlock *lock, enum lock_rank rank)
{
	*lock = (struct spinlock)SPINLOCK_INIT(rank);
}

/* Waits for the lock. Not recursive. Panics on a wrong rank (see above). */
void spin_lock(struct spinlock *lock);

/* Takes the lock if it is free; its rank is not checked. */
bool spin_trylock(struct spinlock *lock);

/* Context: the PCPU that took it. */
void spin_unlock(struct spinlock *lock);

static inline bool spin_is_locked(const struct spinlock *lock)
{
	return __atomic_load_n(&lock->next, __ATOMIC_RELAXED) !=
	       __atomic_load_n(&lock->serving, __ATOMIC_RELAXED);
}

#endif
