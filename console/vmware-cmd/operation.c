// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * One power operation at a time on a machine: who does one holds a lock, which
 * the kernel takes away from a process that dies. The file says who it is, for
 * those who come meanwhile; it stays, empty of meaning, when nobody holds it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "cmd.h"
#include "tool.h"
#include "vmx_process.h"

#define STEP_MS 50
#define HOLDER_MAX 64

/* Who holds the lock, in words; "" if nobody has had the time to say so. */
static void read_holder(int fd, char holder[HOLDER_MAX])
{
	ssize_t n = pread(fd, holder, HOLDER_MAX - 1, 0);

	holder[n > 0 ? n : 0] = 0;
	holder[strcspn(holder, "\n")] = 0;
}

static enum vmcontrol busy(int fd)
{
	char holder[HOLDER_MAX];

	read_holder(fd, holder);
	return vmcontrol_error(VMC_STATE,
			       "Invalid operation for virtual machine's current state: Another "
			       "operation%s%s%s is in progress",
			       holder[0] ? " (" : "", holder, holder[0] ? ")" : "");
}

static bool take(int fd, unsigned int seconds)
{
	unsigned int left = seconds * 1000 / STEP_MS;

	while (flock(fd, LOCK_EX | LOCK_NB)) {
		if (errno != EWOULDBLOCK || !left--)
			return false;
		usleep(STEP_MS * 1000);
	}
	return true;
}

enum vmcontrol operation_begin(struct target *t, const char *name, unsigned int seconds)
{
	char path[OPERATION_PATH_MAX], holder[HOLDER_MAX];
	enum vmcontrol code = VMC_OK;
	int fd, len;

	mkdir(VM_RUN_FOLDER, 0755);
	vmx_operation_path(t->config, path);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return vmcontrol_error(errno == EACCES ? VMC_PERMISSION : VMC_OTHER, "%s: %s", path,
				       strerror(errno));
	if (!take(fd, seconds)) {
		code = busy(fd);
		close(fd);
		return code;
	}
	len = snprintf(holder, sizeof(holder), "%s, process %d\n", name, (int)getpid());
	if (ftruncate(fd, 0) || pwrite(fd, holder, (size_t)len, 0) != len)
		tool_error("warning: %s: %s", path, strerror(errno));
	t->operation = fd + 1;
	/* What was seen before may have been another's doing, which is over now. */
	target_look(t);
	return VMC_OK;
}

void operation_end(struct target *t)
{
	if (!t->operation)
		return;
	if (ftruncate(t->operation - 1, 0))
		tool_error("warning: the operation's lock: %s", strerror(errno));
	close(t->operation - 1);
	t->operation = 0;
}
