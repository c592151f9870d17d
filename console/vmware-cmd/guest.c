// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/* One question to the machine's process, one answer: "1 value" or "0 why not". */
#include "guest.h"
#include <ctype.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "tool.h"
#include "unix_socket.h"
#include "vmx_process.h"

#define ANSWER_MS 5000

bool ask_at(const char *path, const char *question, char *reply, size_t size, int ms)
{
	struct pollfd p = { .events = POLLIN };
	ssize_t n = -1;

	p.fd = unix_connect_packet(path);
	if (p.fd < 0)
		return false;
	if (send(p.fd, question, strlen(question), MSG_NOSIGNAL) >= 0 && poll(&p, 1, ms) == 1)
		n = recv(p.fd, reply, size - 1, 0);
	close(p.fd);
	reply[n > 0 ? n : 0] = 0;
	return n > 0;
}

bool guest_ask(const struct target *t, const char *question, char *reply, size_t size, int ms)
{
	char path[64];

	tool_format(path, sizeof(path), VM_TOOLS_SOCKET, t->vm);
	return ask_at(path, question, reply, size, ms);
}

static bool ask(const struct target *t, const char *question, char *reply, size_t size)
{
	return guest_ask(t, question, reply, size, ANSWER_MS);
}

static enum vmcontrol no_process(const struct target *t, const char *operation)
{
	if (!t->vm || !vmnix_state_is_on(t->info.state))
		return state_error(t, operation);
	return vmcontrol_error(VMC_CONNECT,
			       "Could not connect: the process of the virtual machine does not "
			       "answer (attach makes a new one)");
}

/* A guest must not get at the terminal of who looks: lines and tabs may stay. */
static void make_harmless(char *text)
{
	for (; *text; text++)
		if (iscntrl((unsigned char)*text) && *text != '\n' && *text != '\t')
			*text = '?';
}

enum vmcontrol guest_get(const struct target *t, const char *name, char *value, size_t size)
{
	static char question[256], reply[GUEST_TEXT];

	if (!tool_format(question, sizeof(question), "get %s", name))
		return vmcontrol_error(VMC_ARGUMENTS, "Invalid arguments: the name is too long");
	if (!ask(t, question, reply, sizeof(reply)))
		return no_process(t, "getguestinfo");
	if (reply[0] != '1')
		return vmcontrol_error(VMC_OTHER, "Unknown error: guestinfo.%s is not set", name);
	make_harmless(reply);
	tool_format(value, size, "%s", reply + 2);
	return VMC_OK;
}

enum vmcontrol guest_set(const struct target *t, const char *name, const char *value)
{
	static char question[GUEST_TEXT], reply[256];

	if (!*name || strchr(name, ' ') ||
	    !tool_format(question, sizeof(question), "set %s %s", name, value))
		return vmcontrol_error(VMC_ARGUMENTS, "Invalid arguments: '%s' cannot be set",
				       name);
	if (!ask(t, question, reply, sizeof(reply)))
		return no_process(t, "setguestinfo");
	if (reply[0] == '1')
		return VMC_OK;
	return vmcontrol_error(VMC_ARGUMENTS, "Invalid arguments: %s: %s", name, reply + 2);
}

enum vmcontrol guest_figure(const struct target *t, const char *what, char *value, size_t size)
{
	char reply[64];

	if (!ask(t, what, reply, sizeof(reply)) || reply[0] != '1')
		return no_process(t,
				  strcmp(what, "active") ? "getheartbeat" : "gettoolslastactive");
	tool_format(value, size, "%s", reply + 2);
	return VMC_OK;
}

bool guest_power(const struct target *t, const char *order)
{
	char reply[64];

	return ask(t, order, reply, sizeof(reply)) && reply[0] == '1';
}
