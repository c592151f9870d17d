// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * vmware-authd: lets ordinary users do with vmware-cmd what the modes of a .vmx file allow.
 * It is root, knows from the kernel who asks, and runs vmware-cmd for him, which looks at
 * the modes itself (caller.c there). Nothing of the message is believed but that it is text.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
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

#define VMWARE_CMD "/usr/bin/vmware-cmd"
#define CLIENTS_MAX 64
#define USER_MAX 16 /* of these for one user: he cannot keep the others out */
#define RECEIVE_S 5 /* that a client has for its message */
#define LOOK_MS 100
#define BUSY 14 /* VMControl's "could not connect" */
#define GROUPS_MAX 256
#define CALLER_MAX (GROUPS_MAX * 11 + 64)

static const char help[] =
	"usage: vmware-authd [--foreground]    serve vmware-cmd of ordinary users\n"
	"       vmware-authd --stop            end the one that runs\n"
	"       --help, --version\n";

static const char pid_file[] = "/var/run/vmware-authd.pid";
static volatile sig_atomic_t ended;
static struct client {
	pid_t pid; /* 0: free */
	uid_t uid;
} clients[CLIENTS_MAX];

static void on_end(int sig)
{
	(void)sig;
	ended = 1;
}

static void on_child(int sig)
{
	(void)sig;
}

/* Who is at the other end, as AUTHD_CALLER wants it. */
static bool describe_caller(int fd, char text[CALLER_MAX])
{
	gid_t groups[GROUPS_MAX];
	socklen_t size = sizeof(struct ucred), group_size = sizeof(groups);
	struct ucred cred;
	size_t at, i;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &size) ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &group_size))
		return false;
	at = (size_t)snprintf(text, CALLER_MAX, "%u:%u:", cred.uid, cred.gid);
	for (i = 0; i < group_size / sizeof(gid_t); i++)
		at += (size_t)snprintf(text + at, CALLER_MAX - at, "%s%u", i ? "," : "", groups[i]);
	return true;
}

/* The message, and exactly as many descriptors as there should be; or none. */
static bool receive(int fd, struct authd_request *r, size_t *size, int fds[AUTHD_FDS])
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int) * AUTHD_FDS)];
	} control;
	struct iovec iov = { r, sizeof(*r) };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = &control,
			      .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);
	struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&msg) : NULL;

	if (n <= 0 || msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC) || !c ||
	    c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS ||
	    c->cmsg_len != CMSG_LEN(sizeof(int) * AUTHD_FDS))
		return false;
	memcpy(fds, CMSG_DATA(c), sizeof(int) * AUTHD_FDS);
	*size = (size_t)n;
	return true;
}

static void __attribute__((noreturn)) run_for(const char *caller, char **argv, const int *fds)
{
	char *all[AUTHD_ARGS + 2] = { VMWARE_CMD };
	int i;

	memcpy(all + 1, argv, sizeof(char *) * (AUTHD_ARGS + 1));
	for (i = 0; i < 3; i++)
		dup2(fds[i], i);
	/* He stands where he may not be: then there are no relative paths. */
	if (fchdir(fds[3]) && chdir("/"))
		_exit(BUSY);
	clearenv();
	setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
	setenv(AUTHD_CALLER, caller, 1);
	signal(SIGCHLD, SIG_DFL);
	execv(VMWARE_CMD, all);
	_exit(BUSY);
}

/* Until vmware-cmd ends; if its user goes before, it is told so as by Ctrl-C. */
static int wait_for(pid_t child, int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLRDHUP };
	bool told = false;
	int status;

	while (waitpid(child, &status, WNOHANG) == 0) {
		if (poll(&p, told ? 0 : 1, LOOK_MS) > 0 && !told) {
			kill(child, SIGINT);
			told = true;
		}
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* One client, in a process of its own. */
static void serve(int fd)
{
	struct timeval limit = { .tv_sec = RECEIVE_S };
	char caller[CALLER_MAX], *argv[AUTHD_ARGS + 1];
	static struct authd_request r;
	int fds[AUTHD_FDS];
	int32_t status;
	size_t size;
	pid_t child;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (!describe_caller(fd, caller) || !receive(fd, &r, &size, fds) ||
	    !authd_unpack(&r, size, argv))
		return;
	umask(022);
	child = fork();
	if (!child)
		run_for(caller, argv, fds);
	if (child < 0)
		return;
	status = wait_for(child, fd);
	send(fd, &status, sizeof(status), MSG_NOSIGNAL);
}

static struct client *client_of(pid_t pid)
{
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		if (clients[i].pid == pid)
			return &clients[i];
	return NULL;
}

static void reap(void)
{
	struct client *c;
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0) {
		c = client_of(pid);
		if (c)
			c->pid = 0;
	}
}

static bool too_many(uid_t uid)
{
	size_t n = 0;

	for (size_t i = 0; i < CLIENTS_MAX; i++)
		n += clients[i].pid && clients[i].uid == uid;
	return n >= USER_MAX;
}

/* A process for the client, which is *c. */
static void begin(int fd, struct client *c, int listener)
{
	struct ucred cred;
	socklen_t size = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &size) || too_many(cred.uid))
		return;
	c->uid = cred.uid;
	c->pid = fork();
	if (!c->pid) {
		close(listener);
		serve(fd);
		_exit(0);
	}
	if (c->pid < 0)
		c->pid = 0;
}

static int serve_all(int listener)
{
	struct pollfd p = { .fd = listener, .events = POLLIN };
	struct client *c;
	int fd;

	while (!ended) {
		reap();
		/* Who comes while there are too many waits in the queue. */
		c = client_of(0);
		if (poll(&p, c ? 1 : 0, LOOK_MS * 10) <= 0 || !c)
			continue;
		fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0)
			continue;
		begin(fd, c, listener);
		close(fd);
	}
	unlink(AUTHD_SOCKET);
	unlink(pid_file);
	return TOOL_OK;
}

static int open_socket(void)
{
	int fd = unix_listen_packet(AUTHD_SOCKET);

	if (fd < 0 && errno == EADDRINUSE)
		tool_die(TOOL_FAILED, "one runs already (" AUTHD_SOCKET ")");
	if (fd < 0 || chmod(AUTHD_SOCKET, 0666))
		tool_die(TOOL_FAILED, AUTHD_SOCKET ": %s", strerror(errno));
	return fd;
}

static int stop(void)
{
	size_t len;
	char *text = tool_read_file(pid_file, 64, &len);
	uint64_t pid;
	int i;

	if (!text || !tool_number(strtok(text, "\n") ?: "", 2, 1u << 22, &pid) ||
	    kill((pid_t)pid, SIGTERM))
		return TOOL_OK; /* none runs */
	for (i = 0; i < 50 && !kill((pid_t)pid, 0); i++)
		usleep(100000);
	return TOOL_OK;
}

static void write_pid(void)
{
	FILE *f = fopen(pid_file, "we");

	if (!f || fprintf(f, "%d\n", (int)getpid()) < 0 || fclose(f))
		tool_error("warning: %s: %s", pid_file, strerror(errno));
}

int main(int argc, char **argv)
{
	struct sigaction end = { .sa_handler = on_end }, child = { .sa_handler = on_child };
	bool foreground = false;
	int i, listener;

	tool_init(argv[0]);
	for (i = 1; i < argc; i++) {
		tool_standard_option(argv[i], help);
		if (!strcmp(argv[i], "--stop"))
			return stop();
		if (strcmp(argv[i], "--foreground"))
			tool_die(TOOL_USAGE, "unknown argument '%s' (--help)", argv[i]);
		foreground = true;
	}
	if (geteuid())
		tool_die(TOOL_FAILED, "only root can serve others");
	listener = open_socket();
	if (!foreground && daemon(0, 0))
		tool_die(TOOL_FAILED, "daemon: %s", strerror(errno));
	write_pid();
	sigaction(SIGTERM, &end, NULL);
	sigaction(SIGINT, &end, NULL);
	sigaction(SIGCHLD, &child, NULL);
	return serve_all(listener);
}
