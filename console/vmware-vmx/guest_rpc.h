/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * What this process does for the tools in the guest: guest_rpc.c answers their
 * questions (RPCI), guest_orders.c gives them orders (TCLO), guest_ask.c is the door
 * for vmware-cmd. All that comes from the guest is hostile: it costs this process a
 * bounded time, memory, and length of vmware.log, and nobody else anything.
 */
#ifndef GUEST_RPC_H
#define GUEST_RPC_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "guest_info.h"
#include "rpc_slots.h"

#define GUEST_ASK_CLIENTS 4u
#define GUEST_ASK_POLLS (GUEST_ASK_CLIENTS + 1u)

#define GUEST_REQUESTS_PER_S 500u /* more wait for the next second */
#define GUEST_LOG_BURST 50u /* lines at once; after that one a second */
#define GUEST_LOG_BYTES (1u << 20) /* of all lines of the guest, while this process lives */
#define GUEST_LOG_LINE 400 /* bytes of a line that are kept */

#define GUEST_PING_MS 1000
#define GUEST_ALIVE_MS 10000 /* tools that answered a ping so recently are running */

enum guest_order { ORDER_NONE, ORDER_RESET, ORDER_CAPABILITIES, ORDER_PING, ORDER_POWER };

/* A TCLO channel, as this process knows it. */
struct guest_orders {
	uint32_t opened; /* the opening that this is about */
	uint32_t seen; /* request_seq of the last result looked at */
	enum guest_order sent; /* what the next result is about */
	bool reset_sent, capabilities_sent;
	bool toolbox; /* the service, not the program of a user's desktop */
	int64_t last_ok, next_ping; /* ms */
};

struct vmx;

struct guest_tools {
	struct ws_rpc *rpc;
	uint8_t *buffers;
	int64_t now; /* ms, as the last call of rpc_serve said */
	struct guest_info info;
	char machine_id[256];
	struct guest_orders orders[WS_RPC_CHANNELS];
	uint64_t heartbeats; /* pings answered, since these tools began */
	int64_t last_ok; /* ms, 0: never */
	bool can_power; /* they have said that they can halt and reboot */
	char power_order[16]; /* OS_Halt or OS_Reboot waits for the next poll; or empty */
	int64_t power_until; /* ms: then it is forgotten */
	int64_t second; /* beginning of the one in which requests are counted */
	unsigned int requests;
	unsigned int log_lines; /* that may come now */
	int64_t log_refill;
	size_t log_bytes;
	int listener, client[GUEST_ASK_CLIENTS];
	char ask_path[108];
};

/* ---- guest_rpc.c ------------------------------------------------------------------------ */

/* Before anything else here. */
void rpc_init(struct vmx *x);
/* Once the region is mapped. fresh: the machine was just made. False: why. */
bool rpc_open(struct vmx *x, bool fresh, char *why);
/* Serves what the guest has sent; now in ms of a monotonic clock, > 0. When to call again: ms. */
int rpc_serve(struct vmx *x, int64_t now);
/* gone: the machine is off for good; otherwise a successor finds what it needs. */
void rpc_close(struct vmx *x, bool gone);
/* Answers one request: reply has room for WS_RPC_MAX bytes. Returns the length. */
size_t rpc_answer(struct vmx *x, const char *request, char *reply);
/* A line of the guest's into vmware.log, if it has not written too many. */
void rpc_guest_log(struct vmx *x, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* ---- guest_orders.c --------------------------------------------------------------------- */

/* Channel i asks for orders; text is its last result. True: order is to be sent. */
bool orders_next(struct vmx *x, unsigned int i, uint32_t opened, uint32_t seq, const char *text,
		 char order[32]);
/* ms until a channel that waits is to be looked at again. */
int orders_wait(const struct vmx *x, unsigned int i);
/* Channel i was closed. */
void orders_closed(struct vmx *x, unsigned int i);
bool orders_alive(const struct vmx *x);
/* Halt or reboot by the tools. False: there are none that would. */
bool orders_power(struct vmx *x, bool reboot);

/* ---- guest_ask.c ------------------------------------------------------------------------ */

bool ask_open(struct vmx *x, char *why);
unsigned int ask_poll(struct vmx *x, struct pollfd *p);
void ask_serve(struct vmx *x, const struct pollfd *p, unsigned int count);
void ask_close(struct vmx *x);

#endif
