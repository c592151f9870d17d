// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * The door for vmware-cmd: a socket of packets. One packet asks, one answers, "1 …" or
 * "0 …": get NAME, set NAME VALUE, heartbeat, active, halt, reboot, suspend,
 * connectdevice NAME, disconnectdevice NAME.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "guest_rpc.h"
#include "tool.h"
#include "unix_socket.h"
#include "vmx.h"
#include "vmx_log.h"

bool ask_open(struct vmx *x, char *why)
{
	struct guest_tools *t = &x->tools;

	snprintf(t->ask_path, sizeof(t->ask_path), "%.80s/%u.tools", x->run_dir, x->vm);
	t->listener = unix_listen_packet(t->ask_path);
	if (t->listener >= 0)
		return true;
	tool_format(why, VMX_WHY_MAX, "%s: %s", t->ask_path, strerror(errno));
	return false;
}

void ask_close(struct vmx *x)
{
	struct guest_tools *t = &x->tools;
	unsigned int i;

	for (i = 0; i < GUEST_ASK_CLIENTS; i++)
		if (t->client[i] >= 0)
			close(t->client[i]);
	if (t->listener < 0)
		return;
	close(t->listener);
	unlink(t->ask_path);
	rpc_init(x);
}

/* Seconds since the tools were heard of, from 1; 0: never. */
static unsigned long long active(const struct guest_tools *t)
{
	int64_t seconds = (t->now - t->last_ok) / 1000;

	if (!t->last_ok)
		return 0;
	return seconds < 1 ? 1 : (unsigned long long)seconds;
}

static void set(struct vmx *x, char *args, char *reply, size_t size)
{
	char *value = strchr(args, ' ');
	const char *why;

	if (value)
		*value++ = 0;
	why = guest_info_set(&x->tools.info, args, value ? value : "");
	tool_format(reply, size, "%c %s", why ? '0' : '1', why ? why : "");
}

static void suspend(struct vmx *x, char *reply, size_t size)
{
	char why[VMX_WHY_MAX] = "";

	x->suspended = vm_suspend(x, why);
	tool_format(reply, size, "%c %s", x->suspended ? '1' : '0', why);
}

static void answer(struct vmx *x, char *text, char *reply, size_t size)
{
	const struct guest_tools *t = &x->tools;
	const char *value;

	if (!strncmp(text, "get ", 4)) {
		value = guest_info_get(&t->info, text + 4);
		tool_format(reply, size, "%c %s", value ? '1' : '0', value ? value : "is not set");
	} else if (!strncmp(text, "set ", 4)) {
		set(x, text + 4, reply, size);
	} else if (!strcmp(text, "heartbeat")) {
		tool_format(reply, size, "1 %llu",
			    orders_alive(x) ? (unsigned long long)t->heartbeats : 0);
	} else if (!strcmp(text, "active")) {
		tool_format(reply, size, "1 %llu", active(t));
	} else if (!strcmp(text, "halt") || !strcmp(text, "reboot")) {
		tool_format(reply, size, "%c",
			    orders_power(x, !strcmp(text, "reboot")) ? '1' : '0');
	} else if (!strncmp(text, "connectdevice ", 14)) {
		device_connect(x, text + 14, true, reply, size);
	} else if (!strncmp(text, "disconnectdevice ", 17)) {
		device_connect(x, text + 17, false, reply, size);
	} else if (!strcmp(text, "suspend")) {
		suspend(x, reply, size);
	} else {
		tool_format(reply, size, "0 unknown");
	}
}

/* A client gets one answer and goes. */
static void serve_client(struct vmx *x, int *fd)
{
	static char text[GUEST_INFO_BYTES + 256], reply[GUEST_INFO_BYTES + 8];
	ssize_t n = recv(*fd, text, sizeof(text) - 1, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0) {
		text[n] = 0;
		answer(x, text, reply, sizeof(reply));
		n = send(*fd, reply, strlen(reply), MSG_DONTWAIT | MSG_NOSIGNAL);
	}
	if (n < 0)
		vmx_log("vmware-cmd: %s", strerror(errno));
	close(*fd);
	*fd = -1;
}

static void take_client(struct vmx *x)
{
	struct guest_tools *t = &x->tools;
	int fd = accept4(t->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	unsigned int i;

	for (i = 0; fd >= 0 && i < GUEST_ASK_CLIENTS; i++) {
		if (t->client[i] >= 0)
			continue;
		t->client[i] = fd;
		return;
	}
	/* All wait for one that says nothing: it makes place. */
	if (fd >= 0) {
		close(t->client[0]);
		t->client[0] = fd;
	}
}

unsigned int ask_poll(struct vmx *x, struct pollfd *p)
{
	struct guest_tools *t = &x->tools;
	unsigned int i, n = 0;

	p[n++] = (struct pollfd){ .fd = t->listener, .events = POLLIN };
	for (i = 0; i < GUEST_ASK_CLIENTS; i++)
		if (t->client[i] >= 0)
			p[n++] = (struct pollfd){ .fd = t->client[i], .events = POLLIN };
	return n;
}

void ask_serve(struct vmx *x, const struct pollfd *p, unsigned int count)
{
	struct guest_tools *t = &x->tools;
	unsigned int i, k;

	for (k = 0; k < count; k++) {
		if (!p[k].revents)
			continue;
		for (i = 0; i < GUEST_ASK_CLIENTS; i++)
			if (t->client[i] == p[k].fd)
				serve_client(x, &t->client[i]);
		if (p[k].fd == t->listener)
			take_client(x);
	}
}
