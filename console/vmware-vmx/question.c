// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * A question that a person must answer before the machine can start. This process
 * waits at a socket that is named after the .vmx file: a packet "question" gets text and
 * choices, a line each; "answer N" gets, once it is known, "1" (the machine runs, or the
 * start was given up as wanted), "0 why", or "2 text" (another question). While it waits
 * there is no machine, and the process may be killed: a new start asks again.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include "identity.h"
#include "tool.h"
#include "unix_socket.h"
#include "vmx.h"
#include "vmx_log.h"
#include "vmx_process.h"

#define REPLY_MAX 2048u
#define REPLY_MS 2000 /* for a client to take it, or to ask at all */

static int asker = -1; /* who has answered, and waits for what follows */

static const char *const discard_choices[] = { "Discard", "Cancel", NULL };
static const char *const moved_choices[] = { "Create",	    "Keep",   "Always Create",
					     "Always Keep", "Cancel", NULL };

static const char *const *choices(const struct vmx *x)
{
	return x->question == QUESTION_MOVED ? moved_choices : discard_choices;
}

static void question_text(const struct vmx *x, char *text, size_t size)
{
	if (x->question == QUESTION_MOVED)
		tool_format(text, size,
			    "The location of this virtual machine's configuration file has "
			    "changed since it was last powered on. If it has been copied, it "
			    "wants a new uuid.bios (Create); if it has been moved, it keeps its "
			    "old one (Keep).");
	else
		tool_format(text, size,
			    "%.1000s. Discard what was suspended, and start anew (Discard), or "
			    "leave all as it is (Cancel)?",
			    x->question_why);
}

static void send_text(int fd, const char *text)
{
	send(fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void describe(const struct vmx *x, int fd)
{
	const char *const *choice = choices(x);
	char text[REPLY_MAX];
	size_t len;

	question_text(x, text, sizeof(text));
	for (len = strlen(text); *choice; choice++, len = strlen(text))
		tool_format(text + len, sizeof(text) - len, "\n%s", *choice);
	send_text(fd, text);
}

/* The number of a choice, from 1; 0: there is no such. */
static unsigned int parse_answer(const struct vmx *x, const char *text)
{
	unsigned int count = 0;
	uint64_t number = 0;

	while (choices(x)[count])
		count++;
	if (!strcmp(text, "cancel"))
		return count;
	return strncmp(text, "answer ", 7) || !tool_number(text + 7, 1, count, &number)
		       ? 0
		       : (unsigned int)number;
}

/* One client, one packet. Returns what was chosen; then asker waits for the outcome. */
static unsigned int serve_client(const struct vmx *x, int listener)
{
	struct pollfd p = { .fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC), .events = POLLIN };
	unsigned int number = 0;
	char text[64];
	ssize_t n = -1;

	if (p.fd >= 0 && poll(&p, 1, REPLY_MS) == 1)
		n = recv(p.fd, text, sizeof(text) - 1, MSG_DONTWAIT);
	text[n > 0 ? n : 0] = 0;
	if (!strcmp(text, "question"))
		describe(x, p.fd);
	else
		number = parse_answer(x, text);
	if (number)
		asker = p.fd;
	else if (p.fd >= 0)
		close(p.fd);
	return number;
}

void question_tell(const char *outcome)
{
	if (asker < 0)
		return;
	send_text(asker, outcome);
	close(asker);
	asker = -1;
}

/* Does what was chosen. False: the start is given up, or why says what went wrong. */
static bool act(struct vmx *x, unsigned int number, char *why)
{
	const char *choice = choices(x)[number - 1];

	vmx_log("answer: %s", choice);
	if (!strcmp(choice, "Cancel"))
		return false;
	if (x->question == QUESTION_CHECKPOINT)
		return vm_discard(x, why);
	return identity_change(x, strstr(choice, "Create") != NULL, !strncmp(choice, "Always", 6),
			       why);
}

/* SIGTERM ends a process that waits, as it would any other. */
static void take_signals(bool take)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(take ? SIG_UNBLOCK : SIG_BLOCK, &set, NULL);
}

int question_open(struct vmx *x, char *why)
{
	char path[QUESTION_PATH_MAX], text[REPLY_MAX];
	int fd;

	mkdir(x->run_dir, 0755);
	vmx_question_path(x->path, path);
	fd = unix_listen_packet(path);
	if (fd < 0 && errno == EADDRINUSE)
		tool_format(why, VMX_WHY_MAX, "%s: the virtual machine waits for an answer",
			    x->path);
	else if (fd < 0)
		tool_format(why, VMX_WHY_MAX, "%s: %s", path, strerror(errno));
	question_text(x, text, sizeof(text));
	vmx_log("question: %s", text);
	if (fd < 0)
		return -1;
	tool_format(why, VMX_WHY_MAX, "2 %.1000s", text);
	question_tell(why);
	return fd;
}

bool question_wait(struct vmx *x, int listener, char *why)
{
	struct pollfd p = { .fd = listener, .events = POLLIN };
	char path[QUESTION_PATH_MAX];
	unsigned int number = 0;

	take_signals(true);
	while (!number)
		if (poll(&p, 1, -1) == 1)
			number = serve_client(x, listener);
	take_signals(false);
	vmx_question_path(x->path, path);
	unlink(path);
	close(listener);
	why[0] = 0;
	return act(x, number, why);
}
