/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * The message channels of the backdoor (command 30), over which a guest's tools speak
 * with the host: a few bytes in registers at a time. A channel carries one message at
 * a time, to and fro. A request that is whole goes to a port; the answer comes from
 * there. Of the protocol two kinds are known, RPCI and TCLO (world-switch/rpc_slots.h).
 *
 * The high-bandwidth port is not offered: tools ask for that bit before they use it.
 */
#ifndef DEVICES_GUEST_RPC_H
#define DEVICES_GUEST_RPC_H

#include "devices/backdoor.h"
#include "devices/device.h"
#include "rpc_slots.h"

/* How long an RPCI request may go without answer; then the guest is told that it failed. */
#define GUEST_RPC_WAIT_NS 2000000000ull
/* A channel that was not used for so long makes place for a new one if there is none free. */
#define GUEST_RPC_IDLE_NS 60000000000ull

/* Where messages go to and come from; all are called with the device lock held. */
struct guest_rpc_port {
	/* Bytes of the buffer of a channel; offset is below WS_RPC_MAX and a multiple of 4. */
	void (*put)(void *opaque, uint32_t channel, uint32_t offset, uint32_t word);
	uint32_t (*get)(void *opaque, uint32_t channel, uint32_t offset);
	/* The channel was opened; its buffer holds a request of len bytes; nobody wants an
	 * answer any more, or the channel was closed. */
	void (*opened)(void *opaque, uint32_t channel, uint32_t protocol);
	void (*request)(void *opaque, uint32_t channel, uint32_t protocol, uint32_t len);
	void (*give_up)(void *opaque, uint32_t channel);
	/* Whether the last request was answered, or its giving up noticed; *len: any value. */
	bool (*answered)(void *opaque, uint32_t channel, uint32_t *len);
	void *opaque;
};

enum guest_rpc_phase {
	GUEST_RPC_IDLE,
	GUEST_RPC_SENDING, /* len bytes are announced, done are here */
	GUEST_RPC_HANDED_UP, /* the buffer is not ours */
	GUEST_RPC_ANSWERED, /* len bytes are to be read, done were */
};

struct guest_rpc_channel {
	bool open;
	bool has_cookie;
	bool given_up; /* HANDED_UP: what is answered is dropped */
	uint8_t phase; /* enum guest_rpc_phase */
	uint32_t protocol;
	uint32_t cookie[2]; /* high, low */
	uint32_t len, done;
	uint64_t deadline; /* HANDED_UP, RPCI: when it has failed */
	uint64_t last_use;
};

struct guest_rpc {
	struct dev_clock clock;
	struct guest_rpc_port port;
	uint64_t opens; /* cookies are made of it */
	uint64_t requests, failed; /* figures: handed up, not answered in time */
	struct guest_rpc_channel channel[WS_RPC_CHANNELS];
};

void guest_rpc_init(struct guest_rpc *rpc, const struct dev_clock *clock,
		    const struct guest_rpc_port *port);

/* Closes all channels. */
void guest_rpc_reset(struct guest_rpc *rpc);

/*
 * Serves command 30. 0: done. Otherwise no register was changed and the instruction is to
 * be repeated: when an answer may have come, and not later than the time returned (ns).
 */
uint64_t guest_rpc_call(struct guest_rpc *rpc, struct backdoor_regs *regs);

#endif
