// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * Ticket spinlocks. The order in which one PCPU takes its locks is checked
 * against their ranks, so that a possible deadlock shows on the first run
 * that takes two locks the wrong way round, not on the unlucky one.
 */
#include "lib/spinlock.h"
#include "lib/assert.h"

static struct lock_track *(*track_here)(void);
static void (*while_waiting)(void);

void spin_set_track(struct lock_track *(*here)(void))
{
	track_here = here;
}

void spin_set_waiting(void (*waiting)(void))
{
	while_waiting = waiting;
}

static const char *rank_name(const struct spinlock *lock)
{
	static const char *const names[] = { "none",
#define RANK(rank, name) name,
					     LOCK_RANKS(RANK)
#undef RANK
	};

	return lock->rank < ARRAY_SIZE(names) ? names[lock->rank] : "no such";
}

static struct lock_track *track_of(const struct spinlock *lock)
{
	if (!IS_ENABLED(CONFIG_ASSERTIONS) || !track_here || lock->rank == RANK_NONE)
		return NULL;
	return track_here();
}

static void track_lock(const struct spinlock *lock, bool check)
{
	struct lock_track *track = track_of(lock);

	if (!track)
		return;
	for (uint32_t i = 0; check && i < track->count; i++)
		if (track->held[i]->rank >= lock->rank)
			vmk_panic("lock of rank \"%s\" taken while one of rank \"%s\" is held",
				  rank_name(lock), rank_name(track->held[i]));
	VMK_ASSERT(track->count < LOCKS_HELD_MAX);
	track->held[track->count++] = lock;
}

static void track_unlock(const struct spinlock *lock)
{
	struct lock_track *track = track_of(lock);
	uint32_t i = 0;

	if (!track)
		return;
	while (i < track->count && track->held[i] != lock)
		i++;
	if (i == track->count)
		vmk_panic("lock of rank \"%s\" released where it was not taken", rank_name(lock));
	track->held[i] = track->held[--track->count];
}

void spin_lock(struct spinlock *lock)
{
	uint32_t ticket;

	track_lock(lock, true);
	ticket = __atomic_fetch_add(&lock->next, 1, __ATOMIC_RELAXED);
	if (__atomic_load_n(&lock->serving, __ATOMIC_ACQUIRE) == ticket)
		return;
	while (__atomic_load_n(&lock->serving, __ATOMIC_ACQUIRE) != ticket) {
		__builtin_ia32_pause();
		if (while_waiting)
			while_waiting();
	}
	lock->contended++;
}

bool spin_trylock(struct spinlock *lock)
{
	uint32_t serving = __atomic_load_n(&lock->serving, __ATOMIC_RELAXED);
	uint32_t expected = serving;

	if (!__atomic_compare_exchange_n(&lock->next, &expected, serving + 1, false,
					 __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return false;
	track_lock(lock, false);
	return true;
}

void spin_unlock(struct spinlock *lock)
{
	track_unlock(lock);
	__atomic_store_n(&lock->serving, lock->serving + 1, __ATOMIC_RELEASE);
}
