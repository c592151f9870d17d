/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* sources: vmkernel/devices/guest_rpc.c */
/*
 * Message channels between a hostile guest and a hostile console: no word outside a
 * buffer, none in one that is not ours, no time that has passed. The input: rows of calls
 * with their registers, answers, and time.
 */
#include "fuzz.h"
#include "devices/guest_rpc.h"

#define STEPS 200

static uint8_t buf[WS_RPC_CHANNELS][WS_RPC_MAX];
static bool ours[WS_RPC_CHANNELS];
static uint32_t reply_len[WS_RPC_CHANNELS];
static uint64_t clock_ns;
static struct guest_rpc rpc;

static uint64_t now(void *opaque)
{
	(void)opaque;
	return clock_ns;
}

static uint8_t *word_of(uint32_t channel, uint32_t offset)
{
	fuzz_require(channel < WS_RPC_CHANNELS && ours[channel]);
	fuzz_require(offset <= WS_RPC_MAX - 4 && offset % 4 == 0);
	return &buf[channel][offset];
}

static void put(void *opaque, uint32_t channel, uint32_t offset, uint32_t word)
{
	(void)opaque;
	memcpy(word_of(channel, offset), &word, 4);
}

static uint32_t get(void *opaque, uint32_t channel, uint32_t offset)
{
	uint32_t word;

	(void)opaque;
	memcpy(&word, word_of(channel, offset), 4);
	return word;
}

static void opened(void *opaque, uint32_t channel, uint32_t protocol)
{
	(void)opaque, (void)protocol;
	fuzz_require(channel < WS_RPC_CHANNELS && ours[channel]);
}

static void request(void *opaque, uint32_t channel, uint32_t protocol, uint32_t len)
{
	(void)opaque, (void)protocol;
	fuzz_require(channel < WS_RPC_CHANNELS && ours[channel] && len <= WS_RPC_MAX);
	ours[channel] = false;
}

static void give_up(void *opaque, uint32_t channel)
{
	(void)opaque;
	fuzz_require(channel < WS_RPC_CHANNELS);
}

static bool answered(void *opaque, uint32_t channel, uint32_t *len)
{
	(void)opaque;
	fuzz_require(channel < WS_RPC_CHANNELS);
	*len = reply_len[channel];
	return ours[channel];
}

static void call(struct fuzz *f)
{
	struct backdoor_regs r = { .eax = BACKDOOR_MAGIC };
	uint8_t op = fuzz_take(f, 1), channel = op >> 4 & 7;
	const struct guest_rpc_channel *c = &rpc.channel[channel];
	uint64_t again;

	r.ecx = BACKDOOR_MESSAGE | (uint32_t)(op & 15) << 16;
	r.edx = BACKDOOR_PORT | (uint32_t)channel << 16;
	r.ebx = fuzz_take(f, 1);
	if (r.ebx >= 0xf0)
		r.ebx = (op & 15) ? fuzz_take(f, 4)
				  : 0x80000000 | (r.ebx & 1 ? WS_RPC_RPCI : WS_RPC_TCLO);
	if (r.ebx == 0xef)
		r.ebx = WS_RPC_RPCI;
	r.esi = op & 0x80 ? fuzz_take(f, 4) : c->cookie[0];
	r.edi = op & 0x80 ? fuzz_take(f, 4) : c->cookie[1];
	again = guest_rpc_call(&rpc, &r);
	fuzz_require(!again || again > clock_ns);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct guest_rpc_port port = { put, get, opened, request, give_up, answered, NULL };
	const struct dev_clock clock = { now, NULL };
	struct fuzz f = { data, size };

	clock_ns = 77000000000ull;
	memset(ours, true, sizeof(ours));
	guest_rpc_init(&rpc, &clock, &port);
	for (int i = 0; i < STEPS && f.left; i++) {
		uint8_t op = fuzz_take(&f, 1), channel = op >> 5;

		if (op % 32 < 24) {
			call(&f);
		} else if (op % 32 < 30) {
			reply_len[channel] = fuzz_take(&f, op & 1 ? 4 : 1);
			ours[channel] = true;
		} else {
			clock_ns += fuzz_take(&f, 2) << 24;
		}
	}
	return 0;
}
