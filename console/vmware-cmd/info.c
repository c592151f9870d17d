// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/* Product, rights and sessions: what scripts ask about a machine besides its power. */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "caller.h"
#include "info.h"
#include "tool.h"
#include "vmx_process.h"

#define BUILD_BYTES 6 /* of the build id, as vmkloader shows it */
#define CONNECTED "03" /* state of a connected socket in /proc/net/unix */

/* Part n, from 0, of a version "0.1.0". */
static void version_part(unsigned int n, char *value, size_t size)
{
	const char *p = VMNIX_VERSION;

	while (n-- && *p)
		p += strcspn(p, ".") + (strchr(p, '.') != NULL);
	tool_format(value, size, "%.*s", (int)strcspn(p, "."), p);
}

static enum vmcontrol build_id(const struct target *t, char *value, size_t size)
{
	struct hc_version v = { .abi_major = WS_ABI_MAJOR };
	int i, err = t->fd < 0 ? VMK_NOT_FOUND : vmnix_call(t->fd, HC_VERSION, &v, sizeof(v));

	if (err)
		return vmcontrol_error(VMC_OTHER, "Unknown error: build: no vmkernel is loaded");
	for (i = 0; i < BUILD_BYTES; i++)
		tool_format(value + 2 * i, size - 2 * i, "%02x", v.build_id[i]);
	return VMC_OK;
}

enum vmcontrol product_info(const struct target *t, const char *what, char *value, size_t size)
{
	static const char *const parts[] = { "majorversion", "minorversion", "revision" };
	struct utsname name;
	unsigned int i;

	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (strcmp(what, parts[i]))
			continue;
		version_part(i, value, size);
		return VMC_OK;
	}
	if (!strcmp(what, "build"))
		return build_id(t, value, size);
	if (!strcmp(what, "product"))
		tool_format(value, size, "vmnix");
	else if (!strcmp(what, "platform") && !uname(&name))
		tool_format(value, size, "vmnix-%s", name.machine);
	else
		return vmcontrol_error(VMC_ARGUMENTS, "Invalid arguments: '%s' is no product info",
				       what);
	return VMC_OK;
}

enum vmcontrol run_as_user(const struct target *t, char *value, size_t size)
{
	const struct passwd *user = NULL;
	struct stat st;
	FILE *f;

	if (stat(t->config, &st))
		return vmcontrol_error(VMC_OTHER, "Unknown error: %s: %s", t->config,
				       strerror(errno));
	tool_format(value, size, "%u", (unsigned int)st.st_uid);
	f = fopen("/etc/passwd", "re"); /* and no other source: the tool is linked statically */
	while (f && (user = fgetpwent(f)) && user->pw_uid != st.st_uid)
		;
	if (user)
		tool_format(value, size, "%s", user->pw_name);
	if (f)
		fclose(f);
	return VMC_OK;
}

unsigned int capabilities(const struct target *t)
{
	return (caller_has(t->config, RIGHT_READ) ? 4 : 0) |
	       (caller_has(t->config, RIGHT_ROOT) ? 2 : 0) |
	       (caller_has(t->config, RIGHT_EXECUTE) ? 1 : 0);
}

/* Each session is a connected socket with the path that the machine's process listens at. */
unsigned int console_sessions(const struct target *t)
{
	char line[512], state[8], path[256], want[64];
	unsigned int count = 0;
	FILE *f = t->vm ? fopen("/proc/net/unix", "re") : NULL;

	tool_format(want, sizeof(want), VM_CONSOLE_SOCKET, t->vm);
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%*s %*s %*s %*s %*s %7s %*s %255s", state, path) == 2 &&
		    !strcmp(state, CONNECTED) && !strcmp(path, want))
			count++;
	if (f)
		fclose(f);
	return count;
}
