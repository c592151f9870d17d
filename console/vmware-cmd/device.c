// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/* connectdevice and disconnectdevice: the machine's process knows its devices. */
#include "device.h"
#include "guest.h"
#include "tool.h"

#define REPLY_MAX 1200u
#define CONNECT_MS 5000

enum vmcontrol device_connect(const struct target *t, const char *name, bool connect)
{
	const char *operation = connect ? "connectdevice" : "disconnectdevice";
	char question[256], reply[REPLY_MAX];

	if (!t->vm || !vmnix_state_is_on(t->info.state))
		return state_error(t, operation);
	if (!tool_format(question, sizeof(question), "%s %s", operation, name))
		return vmcontrol_error(VMC_ARGUMENTS, "Invalid arguments: the name is too long");
	if (!guest_ask(t, question, reply, sizeof(reply), CONNECT_MS))
		return vmcontrol_error(VMC_CONNECT,
				       "Could not connect: the process of the virtual machine does "
				       "not answer (attach makes a new one)");
	switch (reply[0]) {
	case '1':
		return VMC_OK;
	case '3':
		return vmcontrol_error(VMC_ARGUMENTS, "Invalid arguments: %s", reply + 2);
	case '8':
		return vmcontrol_error(VMC_STATE,
				       "Invalid operation for virtual machine's current state: %s",
				       reply + 2);
	}
	return vmcontrol_error(VMC_OTHER, "Unknown error: %s", reply + 2);
}
