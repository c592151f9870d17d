/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * Messages of a guest's tools to the console and back: one slot of the VM's
 * channel region (ring.h) for each message channel that the guest can open.
 *
 * A slot's buffer belongs to one side at a time. request_seq of the vmkernel
 * differs from reply_seq of the console: the console's, which answers by
 * setting reply_seq = request_seq and kicking (VM_KICK). Equal: the guest's.
 * An empty answer says that there is none. A console that comes back later
 * finds from the two numbers what it still owes.
 */
#ifndef WS_RPC_SLOTS_H
#define WS_RPC_SLOTS_H

#include "types.h"

#define WS_RPC_CHANNELS 8u
#define WS_RPC_MAX 16384u /* bytes of a message */

/* What the guest says at the opening: who speaks first. */
#define WS_RPC_RPCI 0x49435052u /* it asks, the console answers */
#define WS_RPC_TCLO 0x4f4c4354u /* it asks for orders: the console answers when it has one */
#define WS_RPC_NONE 0u /* closed, or the request was given up: no answer is wanted */

struct ws_rpc_slot {
	/* Written by the vmkernel only, request_seq last. */
	uint32_t protocol; /* WS_RPC_* of the request */
	uint32_t opened; /* counts up with each opening */
	uint32_t request_len;
	uint32_t request_seq;
	/* Written by the console only, reply_seq last. */
	uint32_t reply_len;
	uint32_t reply_seq;
	uint64_t reserved;
};
WS_ASSERT_SIZE(ws_rpc_slot, 32);

/* The first page of this part of the region; the buffers follow, one a slot. */
struct ws_rpc {
	struct ws_rpc_slot slot[WS_RPC_CHANNELS];
};
WS_ASSERT_SIZE(ws_rpc, 256);

#define WS_RPC_BYTES (WS_PAGE_SIZE + WS_RPC_CHANNELS * WS_RPC_MAX)

#endif
