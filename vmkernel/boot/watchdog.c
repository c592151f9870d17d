// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * A processor that is lost: it spins somewhere with interrupts off, or has
 * stopped. There is no timer for this: each PCPU that passes its loop, and
 * each hostcall, looks after all others. One that may just be idle is sent
 * an interrupt first, after which it must come by.
 */
#include "boot/boot.h"
#include "cpu/apic.h"
#include "cpu/pcpu.h"
#include "cpu/time.h"
#include "debug/panic.h"
#include "lib/assert.h"
#include "lib/types.h"
#include "sched/sched.h"
#include "seal/seal.h"

#define LOOK_NS (500 * NS_PER_MS)
#define QUIET_NS (2000 * NS_PER_MS) /* without a sign: it is asked */
#define LOST_NS (10000 * NS_PER_MS) /* without an answer: a hypervisor below may be slow */

/* What was seen of each PCPU; only who has moved next_look on touches it. */
static struct watched {
	uint64_t passes, since_ns, asked_ns;
} watched[PCPU_MAX];
static uint64_t next_look;

static void look_at(uint32_t id, uint64_t now)
{
	const struct pcpu *pcpu = pcpu_get(id);
	struct watched *w = &watched[id];

	if (w->passes != pcpu->passes || pcpu->state != PCPU_ONLINE) {
		*w = (struct watched){ .passes = pcpu->passes, .since_ns = now };
	} else if (w->asked_ns) {
		if (now - w->asked_ns > LOST_NS)
			vmk_panic("PCPU %u is lost: no sign of it for %llu ms", id,
				  (unsigned long long)((now - w->since_ns) / NS_PER_MS));
	} else if (now - w->since_ns > QUIET_NS) {
		w->asked_ns = now;
		pcpu_kick(id);
	}
}

void watchdog_look(void)
{
	uint64_t now = now_ns(), due = __atomic_load_n(&next_look, __ATOMIC_RELAXED);

	if (now < due || panic_happened() ||
	    !__atomic_compare_exchange_n(&next_look, &due, now + LOOK_NS, false, __ATOMIC_ACQ_REL,
					 __ATOMIC_RELAXED))
		return;
	for (uint32_t i = sealed() ? 0 : 1; i < pcpu_count(); i++)
		if (i != this_pcpu()->id)
			look_at(i, now);
}
