/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * Shared memory between vmkernel and console: one producer, one consumer,
 * free-running 64-bit indices (byte position = index modulo size, size a
 * power of two). Whoever reads an index that the other side writes copies it
 * once and checks head - tail <= size before use.
 *
 * An output ring (log, serial out) never blocks its producer, the vmkernel:
 * a consumer that lags more than size bytes has lost what scrolled out, and
 * sees it from the indices. The consumer keeps its position in tail, so that
 * a successor goes on where it stopped; the vmkernel never reads that tail.
 *
 * The input ring (serial in) blocks its producer, the console, when full.
 */
#ifndef WS_RING_H
#define WS_RING_H

#include "rpc_slots.h"
#include "types.h"

#define WS_RING_MAGIC 0x474e4952u /* "RING" */

struct ws_ring {
	uint32_t magic;
	uint32_t size; /* bytes of data, a power of two */
	uint32_t data_offset; /* of the data, from the start of the region */
	uint32_t load; /* of the log: another number after each load of a vmkernel; else 0 */
	uint64_t head; /* written by the producer only */
	uint64_t tail; /* written by the consumer only */
};
WS_ASSERT_SIZE(ws_ring, 32);

/* The log ring's region: page 0 is the header, the data follows. */
#define WS_LOG_RING_PAGES 33u
#define WS_LOG_RING_SIZE (32u * WS_PAGE_SIZE)
/* At most so much is written before head says so: what a reader must not trust at the tail. */
#define WS_LOG_LINE_MAX 512u

/* A VM's channel region: page 0 headers, serial out, serial in, transfer window, guest RPC. */
#define WS_VM_SERIAL_OUT_SIZE (16u * WS_PAGE_SIZE)
#define WS_VM_SERIAL_IN_SIZE (1u * WS_PAGE_SIZE)
#define WS_VM_WINDOW_SIZE (16u * WS_PAGE_SIZE)
#define WS_VM_SERIAL_OUT_OFFSET WS_PAGE_SIZE
#define WS_VM_SERIAL_IN_OFFSET (WS_VM_SERIAL_OUT_OFFSET + WS_VM_SERIAL_OUT_SIZE)
#define WS_VM_WINDOW_OFFSET (WS_VM_SERIAL_IN_OFFSET + WS_VM_SERIAL_IN_SIZE)
#define WS_VM_RPC_OFFSET (WS_VM_WINDOW_OFFSET + WS_VM_WINDOW_SIZE)
#define WS_VM_CHANNEL_PAGES 67u

struct ws_vm_channel {
	struct ws_ring serial_out;
	struct ws_ring serial_in;
};
WS_ASSERT_SIZE(ws_vm_channel, 64);
WS_STATIC_ASSERT(WS_VM_RPC_OFFSET + WS_RPC_BYTES == WS_VM_CHANNEL_PAGES * WS_PAGE_SIZE);

#endif
