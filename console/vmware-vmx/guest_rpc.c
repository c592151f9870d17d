// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * Questions of the guest's tools. A request is a line of text; the answer begins with
 * "1 " or "0 ". Tools go on without what they are told is unknown.
 */
#include "guest_rpc.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "tool.h"
#include "vmx.h"
#include "vmx_log.h"

#define GUESTINFO "guestinfo."
#define SECOND 1000

/* ---- the commands: arguments to an answer ------------------------------------------------ */

static size_t say(char *reply, bool ok, const char *text)
{
	int n = snprintf(reply, WS_RPC_MAX, "%c %s", ok ? '1' : '0', text);

	return n < (int)WS_RPC_MAX ? (size_t)n : (size_t)snprintf(reply, WS_RPC_MAX, "0 Too long");
}

static size_t info_get(struct vmx *x, const char *args, char *reply)
{
	const char *value = NULL;

	if (!strncasecmp(args, GUESTINFO, strlen(GUESTINFO)))
		value = guest_info_get(&x->tools.info, args + strlen(GUESTINFO));
	return say(reply, value, value ? value : "No value found");
}

static size_t info_set(struct vmx *x, const char *args, char *reply)
{
	size_t len = strcspn(args, " ");
	char name[GUEST_INFO_NAME_MAX];
	const char *why;

	if (strncasecmp(args, GUESTINFO, strlen(GUESTINFO)))
		return say(reply, false, "Only guestinfo. variables can be set");
	args += strlen(GUESTINFO);
	len -= strlen(GUESTINFO);
	if (!tool_format(name, sizeof(name), "%.*s", (int)len, args))
		return say(reply, false, "Bad name");
	why = guest_info_set(&x->tools.info, name, args + len + (args[len] == ' '));
	return say(reply, !why, why ? why : "");
}

static size_t log_line(struct vmx *x, const char *args, char *reply)
{
	rpc_guest_log(x, "guest: %.*s", GUEST_LOG_LINE, args);
	return say(reply, true, "");
}

static size_t machine_id(struct vmx *x, const char *args, char *reply)
{
	const char *id = x->tools.machine_id;

	(void)args;
	return say(reply, *id, *id ? id : "No machine id");
}

static size_t can_power(struct vmx *x, const char *args, char *reply)
{
	/* Registered with nothing behind it; 0 takes it back. */
	x->tools.can_power = args[0] != '0';
	return say(reply, true, "");
}

static size_t version(struct vmx *x, const char *args, char *reply)
{
	rpc_guest_log(x, "tools: version %.*s", 40, args);
	return say(reply, true, "");
}

static size_t power_status(struct vmx *x, const char *args, char *reply)
{
	rpc_guest_log(x, "tools: power operation: %s",
		      args[0] == '1' ? "done by the guest" : "failed in the guest");
	return say(reply, true, "");
}

static size_t accept(struct vmx *x, const char *args, char *reply)
{
	(void)x;
	(void)args;
	return say(reply, true, "");
}

static const struct {
	const char *prefix;
	size_t (*run)(struct vmx *x, const char *args, char *reply);
} commands[] = {
	{ "info-get ", info_get },
	{ "info-set ", info_set },
	{ "log ", log_line },
	{ "machine.id.get", machine_id },
	{ "tools.capability.statechange ", can_power },
	{ "tools.capability.", accept },
	{ "tools.set.versiontype ", version },
	{ "tools.set.version ", version },
	{ "tools.os.statechange.status ", power_status },
	{ "SetGuestInfo ", accept },
	{ "vmx.capability.unified_loop ", accept },
	{ "guest.upgrader_send_cmd_line_args ", accept },
};

size_t rpc_answer(struct vmx *x, const char *request, char *reply)
{
	size_t i, len;

	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		len = strlen(commands[i].prefix);
		if (!strncmp(request, commands[i].prefix, len))
			return commands[i].run(x, request + len, reply);
	}
	return say(reply, false, "Unknown command");
}

void rpc_guest_log(struct vmx *x, const char *fmt, ...)
{
	struct guest_tools *t = &x->tools;
	char line[GUEST_LOG_LINE + 32];
	va_list args;

	while (t->log_lines < GUEST_LOG_BURST && t->log_refill + SECOND <= t->now) {
		t->log_refill += SECOND;
		t->log_lines++;
	}
	if (t->log_lines == GUEST_LOG_BURST)
		t->log_refill = t->now;
	if (!t->log_lines || t->log_bytes >= GUEST_LOG_BYTES)
		return;
	t->log_lines--;
	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	t->log_bytes += strlen(line);
	vmx_log("%s", line);
	if (t->log_bytes >= GUEST_LOG_BYTES)
		vmx_log("guest: no more of its lines, it has written too many");
}

/* ---- the slots -------------------------------------------------------------------------- */

static void reply_to(struct vmx *x, unsigned int i, uint32_t seq, const char *text, size_t len)
{
	struct ws_rpc_slot *slot = &x->tools.rpc->slot[i];

	memcpy(x->tools.buffers + i * WS_RPC_MAX, text, len);
	slot->reply_len = len;
	__atomic_store_n(&slot->reply_seq, seq, __ATOMIC_RELEASE);
}

static int serve_orders(struct vmx *x, unsigned int i, uint32_t seq, const char *text)
{
	struct ws_rpc_slot *slot = &x->tools.rpc->slot[i];
	char order[32];

	if (!orders_next(x, i, slot->opened, seq, text, order))
		return orders_wait(x, i);
	x->tools.requests++;
	reply_to(x, i, seq, order, strlen(order));
	return GUEST_PING_MS;
}

/* A slot that is ours; returns when to look again, in ms. */
static int serve_slot(struct vmx *x, unsigned int i, uint32_t seq)
{
	struct ws_rpc_slot *slot = &x->tools.rpc->slot[i];
	uint32_t protocol = __atomic_load_n(&slot->protocol, __ATOMIC_ACQUIRE);
	char request[WS_RPC_MAX + 1], reply[WS_RPC_MAX];
	struct hc_vm kick = { .vm = x->vm };
	uint32_t len = slot->request_len;

	if (len > WS_RPC_MAX)
		len = 0;
	memcpy(request, x->tools.buffers + i * WS_RPC_MAX, len);
	request[len] = 0;
	if (protocol == WS_RPC_TCLO)
		return serve_orders(x, i, seq, request);
	x->tools.requests++;
	/* One that was given up only goes back. */
	len = protocol == WS_RPC_RPCI ? rpc_answer(x, request, reply) : 0;
	reply_to(x, i, seq, reply, len);
	vmnix_call(x->fd, HC_VM_KICK, &kick, sizeof(kick));
	return GUEST_PING_MS;
}

int rpc_serve(struct vmx *x, int64_t now)
{
	struct guest_tools *t = &x->tools;
	int wait = GUEST_PING_MS, again;
	unsigned int i;
	uint32_t seq;

	t->now = now;
	if (!t->second || now - t->second >= SECOND) {
		t->second = now;
		t->requests = 0;
	}
	for (i = 0; i < WS_RPC_CHANNELS; i++) {
		struct ws_rpc_slot *slot = &t->rpc->slot[i];

		seq = __atomic_load_n(&slot->request_seq, __ATOMIC_ACQUIRE);
		if (__atomic_load_n(&slot->protocol, __ATOMIC_ACQUIRE) != WS_RPC_TCLO)
			orders_closed(x, i);
		if (seq == slot->reply_seq)
			continue;
		if (t->requests >= GUEST_REQUESTS_PER_S)
			return (int)(t->second + SECOND - now);
		again = serve_slot(x, i, seq);
		wait = again < wait ? again : wait;
	}
	return wait;
}

/* ---- beginning and end ------------------------------------------------------------------ */

void rpc_init(struct vmx *x)
{
	unsigned int i;

	x->tools.listener = -1;
	for (i = 0; i < GUEST_ASK_CLIENTS; i++)
		x->tools.client[i] = -1;
	x->tools.log_lines = GUEST_LOG_BURST;
}

/* Variables that the .vmx file gives, and the machine's id. */
static void read_file(struct vmx *x, bool fresh)
{
	struct guest_tools *t = &x->tools;
	char text[VMX_WHY_MAX];
	const char *id, *why;
	struct vmx_file f;
	size_t i;

	if (!vmx_file_load(&f, x->path, text, sizeof(text)))
		return; /* it was there a moment ago, and has told what is wrong */
	id = vmx_file_get(&f, "machine.id");
	if (id && !tool_format(t->machine_id, sizeof(t->machine_id), "%s", id))
		vmx_log("machine.id: is too long");
	for (i = 0; fresh && i < f.count; i++) {
		const char *key = f.entry[i].key;

		if (strncasecmp(key, GUESTINFO, strlen(GUESTINFO)))
			continue;
		why = guest_info_set(&t->info, key + strlen(GUESTINFO), f.entry[i].value);
		if (why)
			vmx_log("%s: %s", key, why);
	}
	vmx_file_free(&f);
}

bool rpc_open(struct vmx *x, bool fresh, char *why)
{
	struct guest_tools *t = &x->tools;
	char path[64];

	t->rpc = (void *)((uint8_t *)x->region + WS_VM_RPC_OFFSET);
	t->buffers = (uint8_t *)t->rpc + WS_PAGE_SIZE;
	snprintf(path, sizeof(path), "%.40s/%u.guestinfo", x->run_dir, x->vm);
	guest_info_open(&t->info, path, fresh);
	read_file(x, fresh);
	return ask_open(x, why);
}

void rpc_close(struct vmx *x, bool gone)
{
	guest_info_close(&x->tools.info, gone);
	ask_close(x);
}
