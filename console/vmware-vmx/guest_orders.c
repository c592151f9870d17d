// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * Orders for the guest's tools. They poll a TCLO channel; to a poll we answer at our
 * leisure with one order, and the next poll brings its result: "OK …" or "ERROR …".
 * A channel that we do not know begins with "reset", whoever has served it before:
 * then the tools tell once more who they are and what they can do.
 */
#include <stdio.h>
#include <string.h>
#include "guest_rpc.h"
#include "vmx.h"
#include "vmx_log.h"

#define POWER_WAIT_MS 5000 /* an order that no channel has fetched by then is forgotten */

static bool alive(const struct vmx *x, const struct guest_orders *o)
{
	return o->toolbox && o->last_ok && x->tools.now - o->last_ok < GUEST_ALIVE_MS;
}

bool orders_alive(const struct vmx *x)
{
	unsigned int i;

	for (i = 0; i < WS_RPC_CHANNELS; i++)
		if (alive(x, &x->tools.orders[i]))
			return true;
	return false;
}

static void take_result(struct vmx *x, struct guest_orders *o, const char *text)
{
	bool ok = !strncmp(text, "OK", 2);

	if (o->sent == ORDER_RESET && ok) {
		o->toolbox = !strcmp(text, "OK ATR toolbox");
		/* Those of an earlier run would say that this one can be asked to halt. */
		if (o->toolbox)
			x->tools.heartbeats = 0;
		rpc_guest_log(x, "tools: %.60s", o->toolbox ? "running" : text);
	} else if (o->sent == ORDER_PING && ok && o->toolbox) {
		x->tools.heartbeats++;
	} else if (o->sent == ORDER_POWER) {
		rpc_guest_log(x, "tools: power operation: %s", ok ? "begun" : "refused");
	}
	if (ok && o->sent != ORDER_NONE) {
		o->last_ok = x->tools.now;
		if (o->toolbox)
			x->tools.last_ok = x->tools.now;
	}
	o->sent = ORDER_NONE;
}

static const char *choose(struct vmx *x, struct guest_orders *o)
{
	struct guest_tools *t = &x->tools;

	if (!o->reset_sent) {
		o->reset_sent = true;
		o->sent = ORDER_RESET;
		return "reset";
	}
	if (o->toolbox && !o->capabilities_sent) {
		o->capabilities_sent = true;
		o->sent = ORDER_CAPABILITIES;
		return "Capabilities_Register";
	}
	if (t->power_order[0] && alive(x, o)) {
		o->sent = ORDER_POWER;
		return t->power_order;
	}
	if (t->now < o->next_ping)
		return NULL;
	o->next_ping = t->now + GUEST_PING_MS;
	o->sent = ORDER_PING;
	return "ping";
}

bool orders_next(struct vmx *x, unsigned int i, uint32_t opened, uint32_t seq, const char *text,
		 char order[32])
{
	struct guest_tools *t = &x->tools;
	struct guest_orders *o = &t->orders[i];
	const char *next;

	if (o->opened != opened)
		*o = (struct guest_orders){ .opened = opened };
	else if (o->seen != seq)
		take_result(x, o, text);
	o->seen = seq;
	if (t->power_order[0] && t->now > t->power_until) {
		vmx_log("tools: have not fetched %s", t->power_order);
		t->power_order[0] = 0;
	}
	next = choose(x, o);
	if (!next)
		return false;
	snprintf(order, 32, "%s", next);
	if (o->sent == ORDER_POWER)
		t->power_order[0] = 0;
	return true;
}

int orders_wait(const struct vmx *x, unsigned int i)
{
	int64_t ms = x->tools.orders[i].next_ping - x->tools.now;

	return ms < 1 ? 1 : ms > GUEST_PING_MS ? GUEST_PING_MS : (int)ms;
}

void orders_closed(struct vmx *x, unsigned int i)
{
	struct guest_orders *o = &x->tools.orders[i];

	if (o->toolbox) {
		rpc_guest_log(x, "tools: gone");
		x->tools.can_power = false;
	}
	*o = (struct guest_orders){ 0 };
}

bool orders_power(struct vmx *x, bool reboot)
{
	struct guest_tools *t = &x->tools;

	if (!t->can_power || !orders_alive(x))
		return false;
	snprintf(t->power_order, sizeof(t->power_order), "%s", reboot ? "OS_Reboot" : "OS_Halt");
	t->power_until = t->now + POWER_WAIT_MS;
	vmx_log("tools: %s", t->power_order);
	return true;
}
