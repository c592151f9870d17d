// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * Message channels of the backdoor. Numbers and register use are those of open-vm-tools'
 * public headers. A guest may call the steps in any order with any values: each is served
 * only in the phase where it has a meaning, and fails without effect in all others.
 *
 * The guest's tools ask for the size of an RPCI answer once and take "none" for an error.
 * So that step waits, a bounded time, by being repeated; the guest takes its interrupts
 * meanwhile. TCLO is polled by nature and never waits.
 */
#include "devices/guest_rpc.h"

enum step {
	OPEN = 0,
	SEND_SIZE = 1,
	SEND_PAYLOAD = 2,
	RECV_SIZE = 3,
	RECV_PAYLOAD = 4,
	RECV_STATUS = 5,
	CLOSE = 6,
};

/* In the upper half of ECX. */
#define FAILED 0u
#define SUCCESS 1u
#define DO_RECV 2u

#define COOKIE_WANTED 0x80000000u

static void set_high(uint32_t *reg, uint32_t val)
{
	*reg = (*reg & 0xffff) | val << 16;
}

static uint32_t number_of(const struct guest_rpc *rpc, const struct guest_rpc_channel *c)
{
	return (uint32_t)(c - rpc->channel);
}

void guest_rpc_init(struct guest_rpc *rpc, const struct dev_clock *clock,
		    const struct guest_rpc_port *port)
{
	*rpc = (struct guest_rpc){ .clock = *clock, .port = *port };
}

/* Takes note of an answer. */
static void look(struct guest_rpc *rpc, struct guest_rpc_channel *c)
{
	uint32_t len;

	if (c->phase != GUEST_RPC_HANDED_UP ||
	    !rpc->port.answered(rpc->port.opaque, number_of(rpc, c), &len))
		return;
	if (c->given_up || !len || len > WS_RPC_MAX) {
		c->phase = GUEST_RPC_IDLE;
		c->given_up = false;
		return;
	}
	c->phase = GUEST_RPC_ANSWERED;
	c->len = len;
	c->done = 0;
}

static void give_up(struct guest_rpc *rpc, struct guest_rpc_channel *c)
{
	if (c->phase != GUEST_RPC_HANDED_UP)
		c->phase = GUEST_RPC_IDLE;
	c->given_up = c->phase == GUEST_RPC_HANDED_UP;
	rpc->port.give_up(rpc->port.opaque, number_of(rpc, c));
}

/* The buffer of one that is still handed up stays so until that is noticed above. */
static void shut(struct guest_rpc *rpc, struct guest_rpc_channel *c)
{
	c->open = false;
	give_up(rpc, c);
}

void guest_rpc_reset(struct guest_rpc *rpc)
{
	for (uint32_t i = 0; i < WS_RPC_CHANNELS; i++)
		if (rpc->channel[i].open)
			shut(rpc, &rpc->channel[i]);
}

/* ---- opening ---------------------------------------------------------------------------- */

static bool is_free(const struct guest_rpc_channel *c)
{
	return !c->open && c->phase != GUEST_RPC_HANDED_UP;
}

static struct guest_rpc_channel *find_free(struct guest_rpc *rpc, uint64_t now)
{
	struct guest_rpc_channel *oldest = NULL;

	for (uint32_t i = 0; i < WS_RPC_CHANNELS; i++) {
		struct guest_rpc_channel *c = &rpc->channel[i];

		look(rpc, c);
		if (is_free(c))
			return c;
		if (c->open && now - c->last_use >= GUEST_RPC_IDLE_NS &&
		    (!oldest || c->last_use < oldest->last_use))
			oldest = c;
	}
	/* Programs of the guest that were killed do not close theirs. */
	if (!oldest)
		return NULL;
	shut(rpc, oldest);
	return is_free(oldest) ? oldest : NULL;
}

/* Keeps programs of a guest apart that err, not such as guess. */
static uint64_t make_cookie(struct guest_rpc *rpc, uint64_t now)
{
	uint64_t x = now + ++rpc->opens * 0x9e3779b97f4a7c15ull;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
	return x ^ x >> 31;
}

static uint32_t open_channel(struct guest_rpc *rpc, struct backdoor_regs *r, uint64_t now)
{
	uint32_t protocol = r->ebx & ~COOKIE_WANTED;
	struct guest_rpc_channel *c;
	uint64_t cookie;

	if (protocol != WS_RPC_RPCI && protocol != WS_RPC_TCLO)
		return FAILED;
	c = find_free(rpc, now);
	if (!c)
		return FAILED;
	cookie = make_cookie(rpc, now);
	*c = (struct guest_rpc_channel){
		.open = true,
		.has_cookie = r->ebx & COOKIE_WANTED,
		.protocol = protocol,
		.cookie = { (uint32_t)(cookie >> 32), (uint32_t)cookie },
		.last_use = now,
	};
	rpc->port.opened(rpc->port.opaque, number_of(rpc, c), protocol);
	set_high(&r->edx, number_of(rpc, c));
	if (c->has_cookie) {
		r->esi = c->cookie[0];
		r->edi = c->cookie[1];
	}
	return SUCCESS;
}

/* ---- sending ---------------------------------------------------------------------------- */

static void hand_up(struct guest_rpc *rpc, struct guest_rpc_channel *c, uint64_t now)
{
	c->phase = GUEST_RPC_HANDED_UP;
	c->deadline = now + GUEST_RPC_WAIT_NS;
	rpc->requests++;
	rpc->port.request(rpc->port.opaque, number_of(rpc, c), c->protocol, c->len);
}

static uint32_t send_size(struct guest_rpc *rpc, struct guest_rpc_channel *c, uint32_t len,
			  uint64_t now)
{
	/* "Nothing to tell, any orders?", while the last such question is still open. */
	if (c->protocol == WS_RPC_TCLO && !len && c->phase >= GUEST_RPC_HANDED_UP)
		return SUCCESS;
	if (c->phase == GUEST_RPC_HANDED_UP || len > WS_RPC_MAX)
		return FAILED;
	c->phase = GUEST_RPC_SENDING;
	c->len = len;
	c->done = 0;
	if (!len)
		hand_up(rpc, c, now);
	return SUCCESS;
}

static uint32_t send_payload(struct guest_rpc *rpc, struct guest_rpc_channel *c, uint32_t word,
			     uint64_t now)
{
	if (c->phase != GUEST_RPC_SENDING)
		return FAILED;
	rpc->port.put(rpc->port.opaque, number_of(rpc, c), c->done, word);
	c->done += 4;
	if (c->done >= c->len)
		hand_up(rpc, c, now);
	return SUCCESS;
}

/* ---- receiving -------------------------------------------------------------------------- */

static uint32_t recv_size(struct guest_rpc *rpc, struct guest_rpc_channel *c,
			  struct backdoor_regs *r)
{
	if (c->phase == GUEST_RPC_ANSWERED) {
		c->done = 0;
		r->ebx = c->len;
		set_high(&r->edx, SEND_SIZE);
		return SUCCESS | DO_RECV;
	}
	if (c->protocol == WS_RPC_TCLO || c->phase != GUEST_RPC_HANDED_UP)
		return SUCCESS;
	if (!c->given_up) {
		rpc->failed++;
		give_up(rpc, c);
	}
	return FAILED;
}

static uint32_t recv_payload(struct guest_rpc *rpc, struct guest_rpc_channel *c,
			     struct backdoor_regs *r)
{
	uint32_t left = c->len - c->done, word;

	if (c->phase != GUEST_RPC_ANSWERED || c->done >= c->len)
		return FAILED;
	word = rpc->port.get(rpc->port.opaque, number_of(rpc, c), c->done);
	r->ebx = left < 4 ? word & ((1u << 8 * left) - 1) : word;
	set_high(&r->edx, SEND_PAYLOAD);
	c->done += 4;
	return SUCCESS;
}

static uint32_t recv_status(struct guest_rpc_channel *c, uint32_t status)
{
	if (c->phase != GUEST_RPC_ANSWERED)
		return FAILED;
	/* A guest that did not get it may read it again. */
	c->done = 0;
	if (status & SUCCESS)
		c->phase = GUEST_RPC_IDLE;
	return SUCCESS;
}

/* ---- all together ------------------------------------------------------------------------ */

static struct guest_rpc_channel *find(struct guest_rpc *rpc, const struct backdoor_regs *r)
{
	uint32_t number = r->edx >> 16;
	struct guest_rpc_channel *c;

	if (number >= WS_RPC_CHANNELS)
		return NULL;
	c = &rpc->channel[number];
	if (!c->open || (c->has_cookie && (r->esi != c->cookie[0] || r->edi != c->cookie[1])))
		return NULL;
	return c;
}

static uint32_t on_channel(struct guest_rpc *rpc, struct guest_rpc_channel *c, enum step step,
			   struct backdoor_regs *r, uint64_t now)
{
	switch (step) {
	case SEND_SIZE:
		return send_size(rpc, c, r->ebx, now);
	case SEND_PAYLOAD:
		return send_payload(rpc, c, r->ebx, now);
	case RECV_SIZE:
		return recv_size(rpc, c, r);
	case RECV_PAYLOAD:
		return recv_payload(rpc, c, r);
	case RECV_STATUS:
		return recv_status(c, r->ebx);
	case CLOSE:
		shut(rpc, c);
		return SUCCESS;
	default:
		return FAILED;
	}
}

static bool must_wait(const struct guest_rpc_channel *c, enum step step, uint64_t now)
{
	return step == RECV_SIZE && c->protocol == WS_RPC_RPCI && c->phase == GUEST_RPC_HANDED_UP &&
	       !c->given_up && now < c->deadline;
}

uint64_t guest_rpc_call(struct guest_rpc *rpc, struct backdoor_regs *regs)
{
	enum step step = regs->ecx >> 16;
	uint64_t now = dev_now(&rpc->clock);
	struct guest_rpc_channel *c;
	uint32_t status = FAILED;

	if (step == OPEN) {
		status = open_channel(rpc, regs, now);
	} else if ((c = find(rpc, regs))) {
		look(rpc, c);
		if (must_wait(c, step, now))
			return c->deadline;
		c->last_use = now;
		status = on_channel(rpc, c, step, regs, now);
	}
	set_high(&regs->ecx, status);
	return 0;
}
