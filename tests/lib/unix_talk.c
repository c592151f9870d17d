// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * The other end of a Unix socket, for tests in the console: "unix_talk PATH TEXT" connects to
 * PATH, sends its standard input, and prints what comes until that has TEXT in it. Exit status
 * 1: TEXT has not come within 60 s, or the other end has gone before.
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define WAIT_S 60
#define SEEN_MAX (1u << 18)

static char seen[SEEN_MAX + 1];

static int send_input(int fd)
{
	char buffer[512];
	ssize_t n;

	while ((n = read(0, buffer, sizeof(buffer))) > 0)
		if (write(fd, buffer, (size_t)n) != n)
			return -1;
	return 0;
}

static int wait_for(int fd, const char *text)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	time_t end = time(NULL) + WAIT_S;
	size_t used = 0;
	ssize_t n;

	while (used < SEEN_MAX && time(NULL) < end) {
		if (poll(&p, 1, 1000) <= 0)
			continue;
		n = read(fd, seen + used, SEEN_MAX - used);
		if (n <= 0)
			return 1;
		fwrite(seen + used, 1, (size_t)n, stdout);
		used += (size_t)n;
		if (memmem(seen, used, text, strlen(text)))
			return 0;
	}
	return 1;
}

int main(int argc, char **argv)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (argc != 3)
		return 2;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", argv[1]);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) || send_input(fd)) {
		perror(argv[1]);
		return 1;
	}
	return wait_for(fd, argv[2]);
}
