// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * Devices that are connected and disconnected while the machine runs: so far the back
 * end of serial0, as the .vmx file describes it at that moment. The port itself stays.
 */
#include <string.h>
#include "tool.h"
#include "vmx.h"
#include "vmx_log.h"

/* The reply begins with 3 or 8 for what the VMControl error will be, 0 for any other, 1: done. */
static void connect_serial(struct vmx *x, char *reply, size_t size)
{
	char why[VMX_WHY_MAX];
	struct vmx_config c;
	struct vmx_file f;
	bool ok;

	if (x->config.serial != VMX_SERIAL_NONE) {
		tool_format(reply, size, "8 serial0 is connected already");
		return;
	}
	if (!vmx_file_load(&f, x->path, why, sizeof(why))) {
		tool_format(reply, size, "0 %s", why);
		return;
	}
	ok = vmx_config_serial(&f, &c, why, sizeof(why));
	vmx_file_free(&f);
	if (ok) {
		x->config.serial = c.serial;
		x->config.serial_client = c.serial_client;
		memcpy(x->config.serial_path, c.serial_path, sizeof(c.serial_path));
		ok = sinks_connect(x, why);
	}
	if (!ok)
		sinks_disconnect(x);
	tool_format(reply, size, ok ? "1 " : "0 %s", why);
	vmx_log("serial0: %s", ok ? "connected" : why);
}

void device_connect(struct vmx *x, const char *name, bool connect, char *reply, size_t size)
{
	if (strcmp(name, "serial0")) {
		tool_format(reply, size, "3 there is no device '%.60s', serial0 is the only one",
			    name);
	} else if (connect) {
		connect_serial(x, reply, size);
	} else if (x->config.serial == VMX_SERIAL_NONE) {
		tool_format(reply, size, "8 serial0 is not connected");
	} else {
		sinks_pump(x); /* what it has printed goes there still */
		sinks_disconnect(x);
		vmx_log("serial0: disconnected");
		tool_format(reply, size, "1 ");
	}
}
