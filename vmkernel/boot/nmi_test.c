// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * /debug/nmis: PCPU 1 sends NMIs to the console's processor, which crosses all
 * the while, so that they find it anywhere. Two that arrive together are one,
 * in any processor: the next is sent when the console has come and gone twice
 * since the last, which it cannot do without taking it.
 */
#include "boot/boot.h"
#include "cpu/apic.h"
#include "cpu/pcpu.h"
#include "cpu/x86.h"
#include "error.h"
#include "lib/text.h"
#include "vsi/vsi.h"

#define SENDER 1u
#define NMIS_MAX 10000000u

static uint64_t to_send, sent;
static uint64_t last_crossing; /* count when the last had been sent */
static uint64_t random_state = 88172645463325252ull;

/* xorshift64 (Marsaglia 2003). */
static uint64_t next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	return random_state ^= random_state << 17;
}

bool nmi_test_pass(uint32_t pcpu)
{
	uint64_t crossings = __atomic_load_n(&crossing->crossings, __ATOMIC_ACQUIRE);
	uint64_t left = __atomic_load_n(&to_send, __ATOMIC_ACQUIRE);

	if (pcpu != SENDER || !left)
		return false;
	if (crossings - last_crossing < 2)
		return true;
	for (uint64_t n = next_random() % 256; n; n--)
		cpu_relax();
	apic_send_nmi(boot_info.console_apic_id);
	/* Not before: crossings that came ahead of the NMI do not show that it was taken. */
	last_crossing = __atomic_load_n(&crossing->crossings, __ATOMIC_ACQUIRE);
	sent++;
	/* Another number may have been written meanwhile, which then counts. */
	__atomic_compare_exchange_n(&to_send, &left, left - 1, false, __ATOMIC_RELEASE,
				    __ATOMIC_RELAXED);
	return true;
}

static int get(void *ctx, struct vsi_text *out)
{
	(void)ctx;
	vsi_printf(out, "%llu\n", (unsigned long long)sent);
	return VMK_OK;
}

static int set(void *ctx, const char *text)
{
	uint64_t n;
	int err = parse_u64(text, &n);

	(void)ctx;
	if (err)
		return err;
	if (n > NMIS_MAX)
		return VMK_LIMIT_EXCEEDED;
	if (pcpu_count() <= SENDER || pcpu_get(SENDER)->state != PCPU_ONLINE)
		return VMK_NOT_FOUND;
	__atomic_store_n(&to_send, n, __ATOMIC_RELEASE);
	pcpu_kick(SENDER);
	return VMK_OK;
}

struct vsi_node nmis_node = VSI_TEXT(
	"nmis", "NMIs that PCPU 1 has sent to the console while it crosses; write how many more",
	get, set, NULL);
