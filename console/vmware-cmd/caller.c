// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * An ordinary user asks vmware-authd, which runs vmware-cmd as root with his numbers in the
 * environment; that one asks the kernel, as him, what he may do with the .vmx file. A
 * machine's process is root's and opens what its file names: so nobody but root may have
 * a hand in a file that others start.
 */
#include "caller.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "authd.h"
#include "tool.h"
#include "unix_socket.h"

#define GROUPS_MAX 256

static struct {
	bool other; /* not root itself */
	uid_t uid;
	gid_t gid, group[GROUPS_MAX];
	size_t groups;
} caller;

static bool number(const char **text, char end, uint32_t *value)
{
	char *stop;
	unsigned long n;

	if (**text < '0' || **text > '9')
		return false;
	n = strtoul(*text, &stop, 10);
	*text = stop + (*stop == end && end);
	*value = (uint32_t)n;
	return n <= UINT32_MAX && (*stop == end || !*stop);
}

/* "uid:gid:group,group…" */
static bool read_caller(const char *text)
{
	if (!number(&text, ':', &caller.uid) || !number(&text, ':', &caller.gid))
		return false;
	while (*text && caller.groups < GROUPS_MAX)
		if (!number(&text, ',', &caller.group[caller.groups++]))
			return false;
	return !*text;
}

static bool send_request(int fd, struct authd_request *r)
{
	int fds[AUTHD_FDS] = { 0, 1, 2, open(".", O_PATH | O_DIRECTORY | O_CLOEXEC) };
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(fds))];
	} control = {};
	struct iovec iov = { r, offsetof(struct authd_request, text) + r->len };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = &control,
			      .msg_controllen = sizeof(control) };

	if (fds[3] < 0)
		fds[3] = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(sizeof(fds));
	memcpy(CMSG_DATA(&control.header), fds, sizeof(fds));
	return sendmsg(fd, &msg, MSG_NOSIGNAL) > 0;
}

/* Its exit status; -1: nobody is there to ask. */
static int ask_authd(char *const *argv)
{
	static struct authd_request r;
	int fd = unix_connect_packet(AUTHD_SOCKET);
	int32_t status;

	if (fd < 0)
		return -1;
	if (!authd_pack(&r, argv + 1))
		return vmcontrol_error(VMC_ARGUMENTS, "Invalid arguments: they are too long");
	if (!send_request(fd, &r) || recv(fd, &status, sizeof(status), 0) != sizeof(status))
		return vmcontrol_error(VMC_CONNECT,
				       "Could not connect: vmware-authd does not answer");
	return status;
}

bool caller_begin(char *const *argv, int *status)
{
	const char *text = getenv(AUTHD_CALLER);

	if (geteuid()) {
		*status = ask_authd(argv);
		return *status < 0;
	}
	if (!text)
		return true;
	if (!read_caller(text))
		tool_die(VMC_PERMISSION, AUTHD_CALLER " is malformed");
	unsetenv(AUTHD_CALLER);
	caller.other = caller.uid != 0;
	return true;
}

/* The kernel's own answer, access control lists and all. */
static bool access_as_caller(const char *path, int mode)
{
	pid_t child = fork();
	int status;

	if (!child) {
		if (setgroups(caller.groups, caller.group) ||
		    setresgid(caller.gid, caller.gid, caller.gid) ||
		    setresuid(caller.uid, caller.uid, caller.uid))
			_exit(1);
		_exit(access(path, mode) ? 1 : 0);
	}
	return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
	       !WEXITSTATUS(status);
}

/* In a sticky folder nobody can rename or remove what is root's. */
static bool is_roots(const char *path)
{
	struct stat st;

	if (lstat(path, &st) || st.st_uid || S_ISLNK(st.st_mode))
		return false;
	return !(st.st_mode & (S_IWGRP | S_IWOTH)) || (S_ISDIR(st.st_mode) && st.st_mode & S_ISVTX);
}

/* The file and every folder above it are root's to change alone. */
static bool is_safe(const char *config)
{
	char path[PATH_MAX], *slash;

	tool_format(path, sizeof(path), "%s", config);
	while (is_roots(path)) {
		slash = strrchr(path, '/');
		if (!slash)
			return false;
		if (slash == path)
			return is_roots("/");
		*slash = 0;
	}
	return false;
}

bool caller_has(const char *config, enum right right)
{
	if (!caller.other && !geteuid())
		return true;
	if (right == RIGHT_ROOT || !config)
		return false;
	/* Without a daemon he only reads. */
	if (!caller.other)
		return right == RIGHT_READ && !access(config, R_OK);
	return access_as_caller(config, right == RIGHT_EXECUTE ? R_OK | X_OK : R_OK) &&
	       (right == RIGHT_READ || is_safe(config));
}

enum vmcontrol caller_permit(const char *config, enum right right)
{
	if (caller_has(config, right))
		return VMC_OK;
	if (!config || right == RIGHT_ROOT)
		return vmcontrol_error(VMC_PERMISSION,
				       "Insufficient permission: only root can do that");
	if (!caller.other && right == RIGHT_EXECUTE)
		return vmcontrol_error(VMC_PERMISSION, "Insufficient permission: vmware-authd, "
						       "which could do that for you, does not run");
	if (!caller.other || !access_as_caller(config, right == RIGHT_EXECUTE ? R_OK | X_OK : R_OK))
		return vmcontrol_error(VMC_PERMISSION,
				       "Insufficient permission: the modes of the .vmx file do not "
				       "give you %s",
				       right == RIGHT_EXECUTE ? "r and x" : "r");
	return vmcontrol_error(VMC_PERMISSION,
			       "Insufficient permission: others than root can change %s, or a "
			       "folder above it: only root can start what it names",
			       config);
}
