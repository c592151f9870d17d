// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * A person at a terminal, for tests in the console: "on_terminal STEP… -- COMMAND…" runs
 * COMMAND on a pseudo-terminal of its own. "wait:TEXT" waits until TEXT has come since the
 * step before (60 s at most), "send:TEXT" types TEXT; in it \r is Enter, \e Escape, \] Ctrl-].
 * All output is passed on. Prints whether the terminal's settings are as before,
 * and ends with the command's status; 99: a text has not come.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define WAIT_S 60
#define SEEN_MAX (1u << 20)

static char seen[SEEN_MAX + 1];
static size_t used, looked; /* text before looked belongs to earlier steps */
static int master;

/* One read, or ms without any; false when nobody is left on the other side. */
static int take(int ms)
{
	struct pollfd p = { .fd = master, .events = POLLIN };
	ssize_t n;

	if (poll(&p, 1, ms) <= 0)
		return 1;
	n = read(master, seen + used, SEEN_MAX - used);
	if (n <= 0)
		return 0;
	if (write(STDOUT_FILENO, seen + used, n) != n)
		exit(98);
	used += n;
	return 1;
}

static void wait_for(const char *text)
{
	time_t end = time(NULL) + WAIT_S;
	char *found;

	for (;;) {
		found = memmem(seen + looked, used - looked, text, strlen(text));
		if (found) {
			looked = found - seen + strlen(text);
			return;
		}
		if (time(NULL) > end || !take(100)) {
			printf("\non_terminal: \"%s\" has not come\n", text);
			exit(99);
		}
	}
}

static void type(const char *text)
{
	char c;

	for (; *text; text++) {
		c = *text;
		if (c == '\\' && text[1]) {
			c = *++text;
			c = c == 'r' ? '\r' : c == 'e' ? 0x1b : c == ']' ? 0x1d : c;
		}
		if (write(master, &c, 1) != 1)
			exit(98);
	}
}

static pid_t run(char **argv, const char *slave)
{
	pid_t child = fork();
	int fd;

	if (child)
		return child;
	setsid();
	fd = open(slave, O_RDWR);
	ioctl(fd, TIOCSCTTY, 0);
	dup2(fd, 0);
	dup2(fd, 1);
	dup2(fd, 2);
	execvp(argv[0], argv);
	_exit(127);
}

int main(int argc, char **argv)
{
	struct termios before, after;
	const char *name;
	int status, slave, i;
	pid_t child;

	for (i = 1; i < argc && strcmp(argv[i], "--"); i++)
		;
	master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (i + 1 >= argc || master < 0 || grantpt(master) || unlockpt(master))
		return 98;
	name = ptsname(master);
	/* Held open, so that its settings outlive the command. */
	slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	tcgetattr(slave, &before);
	child = run(argv + i + 1, name);
	for (i = 1; strcmp(argv[i], "--"); i++) {
		if (!strncmp(argv[i], "wait:", 5))
			wait_for(argv[i] + 5);
		else
			type(argv[i] + 5);
	}
	for (i = 0; i < WAIT_S * 10 && !waitpid(child, &status, WNOHANG); i++)
		take(100);
	while (used < SEEN_MAX && poll(&(struct pollfd){ master, POLLIN, 0 }, 1, 100) > 0)
		take(0);
	if (i == WAIT_S * 10) {
		kill(child, SIGKILL);
		printf("\non_terminal: the command does not end\n");
		return 97;
	}
	tcgetattr(slave, &after);
	printf("\non_terminal: settings %s\n",
	       before.c_iflag == after.c_iflag && before.c_oflag == after.c_oflag &&
			       before.c_cflag == after.c_cflag && before.c_lflag == after.c_lflag
		       ? "as before"
		       : "changed");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
