// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * What vmware-authd should not be told. "authd_talk wrong": messages that are malformed, one
 * after the other; prints how many were sent and how many got an exit status for an answer.
 * "authd_talk hold N": N connections, held until standard input ends.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define MAGIC 0x64687441u
#define TEXT 4096u
#define FDS_MAX 8

struct message {
	uint32_t magic, version, count, len;
	char text[TEXT + 64];
};

static unsigned int sent, answered;

static int talk(void)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX,
				  .sun_path = "/var/run/vmware-authd.socket" };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);

	if (connect(fd, (struct sockaddr *)&sa, sizeof(sa))) {
		perror("connect");
		exit(1);
	}
	return fd;
}

static void say(const void *data, size_t size, unsigned int fds)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int) * FDS_MAX)];
	} control = { 0 };
	struct iovec iov = { (void *)data, size };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	int fd = talk();
	int32_t status;

	if (fds) {
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * fds);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int) * fds);
		for (unsigned int i = 0; i < fds; i++)
			memcpy(CMSG_DATA(&control.header) + i * sizeof(int),
			       &(int){ i < 3 ? (int)i : 0 }, sizeof(int));
	}
	sent += sendmsg(fd, &msg, MSG_NOSIGNAL) >= 0;
	answered += recv(fd, &status, sizeof(status), 0) == sizeof(status);
	close(fd);
}

static void wrong(void)
{
	struct message m = { MAGIC, 1, 1, 3, "-l" };
	struct message bad[] = { { MAGIC + 1, 1, 1, 3, "-l" }, { MAGIC, 0, 1, 3, "-l" },
				 { MAGIC, 2, 1, 3, "-l" },     { MAGIC, 1, 0, 3, "-l" },
				 { MAGIC, 1, 2, 3, "-l" },     { MAGIC, 1, 25, 3, "-l" },
				 { MAGIC, 1, ~0u, 3, "-l" },   { MAGIC, 1, 1, 2, "-l" },
				 { MAGIC, 1, 1, 4, "-l" },     { MAGIC, 1, 1, ~0u, "-l" },
				 { MAGIC, 1, 1, TEXT + 1, "" } };
	size_t head = 16, i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		say(&bad[i], head + 3, 4);
	for (i = 0; i < head + 3; i++)
		say(&m, i, 4);
	say(&m, sizeof(m), 4);
	for (i = 0; i <= FDS_MAX; i++)
		if (i != 4)
			say(&m, head + 3, (unsigned int)i);
	m.text[2] = 'x';
	say(&m, head + 3, 4);
	printf("sent %u answered %u\n", sent, answered);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "wrong")) {
		wrong();
	} else if (argc == 3 && !strcmp(argv[1], "hold")) {
		for (int i = atoi(argv[2]); i > 0; i--)
			talk();
		puts("held");
		fflush(stdout);
		while (getchar() != EOF)
			;
	}
	return 0;
}
