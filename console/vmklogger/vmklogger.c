// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * vmklogger: carries what the vmkernel says from its ring into files on the
 * console, as long as it runs; vmkernels may come and go meanwhile. How far the
 * ring has been read is kept in a file, so that a successor goes on there. Locks
 * on that file tell who the daemon is, and let only one process carry at a time.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "log_files.h"
#include "log_ring.h"
#include "tool.h"

#define STATE_FILE "/var/run/vmklogger"
#define INTERVAL_MS 500
#define STOP_SECONDS 10
#define PIECE 16384u /* bytes of lines; with the time before each they fit into SIZE_MIN */
#define SIZE_MIN 64 /* KiB */
#define SETTINGS_AT 64 /* in the state file, behind the position */

enum { LOCK_DAEMON, LOCK_COPY }; /* bytes of the state file */
enum action { START, FOREGROUND, STOP, SYNC };

static const char help[] =
	"usage: vmklogger [OPTION…]       write the vmkernel's log to files from now on\n"
	"       vmklogger --stop          write what is new, and end the one that runs\n"
	"       vmklogger --sync          if one runs: write what is new at once\n"
	"OPTIONs: --directory DIR: where vmkernel and vmkwarning are (/var/log)\n"
	"         --size KIB: a file that would grow beyond becomes .1, 64..1048576 (1024)\n"
	"         --keep N: so many old files of each, 0..100 (6)\n"
	"         --foreground: stay\n"
	"         --help, --version\n"
	"exit status: 0 done, 1 failed, 2 wrong usage\n";

static sigset_t end_signals;
static struct log_files files = { .directory = "/var/log", .size = 1024 << 10, .keep = 6 };

static bool lock(int fd, int byte, int how)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1 };

	while (fcntl(fd, how, &l))
		if (errno != EINTR || how != F_SETLKW)
			return false;
	return true;
}

static void unlock(int fd, int byte)
{
	struct flock l = { .l_type = F_UNLCK, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1 };

	fcntl(fd, F_SETLK, &l);
}

/* 0: none runs. */
static pid_t daemon_pid(int fd)
{
	struct flock l = { .l_type = F_WRLCK, .l_start = LOCK_DAEMON, .l_len = 1 };

	return fcntl(fd, F_GETLK, &l) || l.l_type == F_UNLCK ? 0 : l.l_pid;
}

static int open_state(void)
{
	int fd = open(STATE_FILE, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		tool_die(TOOL_FAILED, STATE_FILE ": %s", strerror(errno));
	return fd;
}

/* Text of one length, so that it is overwritten whole. */
static void read_state(int fd, struct log_position *position)
{
	char text[64] = "";
	unsigned int load;
	unsigned long long at;

	*position = (struct log_position){};
	if (pread(fd, text, sizeof(text) - 1, 0) > 0 && sscanf(text, "%8x %20llu", &load, &at) == 2)
		*position = (struct log_position){ .load = load, .at = at };
}

static bool write_state(int fd, const struct log_position *position)
{
	char text[64];
	int n = snprintf(text, sizeof(text), "%08x %020llu\n", position->load,
			 (unsigned long long)position->at);

	return pwrite(fd, text, n, 0) == n;
}

/* At most so much of len bytes of lines is written at once: whole lines. */
static size_t piece(const char *text, size_t len)
{
	const char *end;

	if (len <= PIECE)
		return len;
	end = memrchr(text, '\n', PIECE);
	return end ? (size_t)(end + 1 - text) : PIECE;
}

/* Lines that end at next, piece by piece, so that files can be rotated in between. */
static bool write_lines(int fd, const char *text, size_t len, const struct log_position *next,
			uint64_t lost)
{
	size_t n, rest = len;

	do {
		n = piece(text, rest);
		rest -= n;
		if (!log_files_append(&files, time(NULL), text, n, lost) ||
		    !write_state(fd, &(struct log_position){ next->load, next->at - rest }))
			return false;
		text += n;
		lost = 0;
	} while (rest);
	return true;
}

/* Carries what is new. False and errno: it could not be written. No vmkernel is no error. */
static bool carry(int fd)
{
	static char buf[WS_LOG_RING_SIZE];
	struct log_position from, next;
	uint64_t lost = 0;
	bool ok = true;
	size_t len = 0;
	int err;

	lock(fd, LOCK_COPY, F_SETLKW);
	read_state(fd, &from);
	if (log_ring_read(&from, buf, &len, &next, &lost) &&
	    (len || lost || from.load != next.load))
		ok = write_lines(fd, buf, len, &next, lost);
	err = errno;
	unlock(fd, LOCK_COPY);
	errno = err;
	return ok;
}

/* Until SIGTERM. What cannot be written now is tried again. */
static void serve(int fd)
{
	const struct timespec interval = { .tv_nsec = INTERVAL_MS * 1000000l };
	int signal;

	do {
		signal = sigtimedwait(&end_signals, NULL, &interval);
		carry(fd);
	} while (signal != SIGTERM && signal != SIGINT);
}

static void block_signals(void)
{
	sigemptyset(&end_signals);
	sigaddset(&end_signals, SIGTERM);
	sigaddset(&end_signals, SIGINT);
	sigprocmask(SIG_BLOCK, &end_signals, NULL);
}

/* For --sync of another process: "SIZE KEEP HOST DIRECTORY". */
static bool write_settings(int fd)
{
	char text[SETTINGS_AT + PATH_MAX];
	int n = snprintf(text, sizeof(text), "%lld %u %s %s", (long long)files.size, files.keep,
			 files.host, files.directory);

	return n < (int)sizeof(text) && !ftruncate(fd, SETTINGS_AT) &&
	       pwrite(fd, text, n, SETTINGS_AT) == n;
}

static bool read_settings(int fd)
{
	static char text[SETTINGS_AT + PATH_MAX];
	long long size;
	int at = 0;

	if (pread(fd, text, sizeof(text) - 1, SETTINGS_AT) <= 0 ||
	    sscanf(text, "%lld %u %64s %n", &size, &files.keep, files.host, &at) < 3 ||
	    text[at] != '/')
		return false;
	files.size = size;
	files.directory = text + at;
	return true;
}

static void begin(int fd)
{
	pid_t other;

	if (!lock(fd, LOCK_DAEMON, F_SETLK)) {
		other = daemon_pid(fd);
		tool_die(TOOL_FAILED, "process %d does it already", (int)other);
	}
	if (gethostname(files.host, sizeof(files.host) - 1) || !files.host[0])
		strcpy(files.host, "console");
	files.host[strcspn(files.host, ". ")] = 0;
	/* Nothing to write yet, but the files are there, or it is said why not. */
	if (!log_files_append(&files, 0, "", 0, 0) || !carry(fd))
		tool_die(TOOL_FAILED, "%s: %s", files.directory, strerror(errno));
	if (!write_settings(fd))
		tool_die(TOOL_FAILED, STATE_FILE ": %s", strerror(errno));
}

static void detach(void)
{
	int null = open("/dev/null", O_RDWR);

	if (null < 0 || chdir("/"))
		tool_die(TOOL_FAILED, "/dev/null: %s", strerror(errno));
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	if (null > STDERR_FILENO)
		close(null);
}

/* The parent ends when the first lines are written, or with the child if they cannot be. */
static int start(int fd)
{
	int ready[2], status;
	pid_t child;
	char byte;

	if (pipe2(ready, O_CLOEXEC))
		tool_die(TOOL_FAILED, "%s", strerror(errno));
	child = fork();
	if (child < 0)
		tool_die(TOOL_FAILED, "%s", strerror(errno));
	if (child) {
		close(ready[1]);
		if (read(ready[0], &byte, 1) == 1)
			return TOOL_OK;
		return waitpid(child, &status, 0) == child && WIFEXITED(status)
			       ? WEXITSTATUS(status)
			       : TOOL_FAILED;
	}
	close(ready[0]);
	setsid();
	block_signals();
	begin(fd);
	detach();
	if (write(ready[1], "", 1) == 1)
		close(ready[1]);
	serve(fd);
	return TOOL_OK;
}

static int stop(int fd)
{
	pid_t pid = daemon_pid(fd);
	int tenths;

	if (pid && kill(pid, SIGTERM))
		tool_die(TOOL_FAILED, "process %d: %s", (int)pid, strerror(errno));
	for (tenths = 0; daemon_pid(fd) == pid && pid; tenths++) {
		if (tenths == STOP_SECONDS * 10)
			tool_die(TOOL_FAILED, "process %d does not end", (int)pid);
		usleep(100000);
	}
	return TOOL_OK;
}

/* In the daemon's place, to its files. */
static int sync_now(int fd)
{
	if (!daemon_pid(fd) || !read_settings(fd))
		return TOOL_OK;
	if (!carry(fd))
		tool_die(TOOL_FAILED, "%s: %s", files.directory, strerror(errno));
	return TOOL_OK;
}

/* The daemon leaves the folder that it was started in. */
static void find_directory(void)
{
	files.directory = realpath(files.directory, NULL);
	if (!files.directory)
		tool_die(TOOL_FAILED, "no such directory: %s", strerror(errno));
}

static const char *argument(int argc, char **argv, int *i)
{
	if (*i + 1 >= argc)
		tool_die(TOOL_USAGE, "%s takes an argument", argv[*i]);
	return argv[++*i];
}

static enum action parse(int argc, char **argv)
{
	enum action action = START;
	uint64_t number;
	int i;

	for (i = 1; i < argc; i++) {
		tool_standard_option(argv[i], help);
		if (!strcmp(argv[i], "--stop")) {
			action = STOP;
		} else if (!strcmp(argv[i], "--sync")) {
			action = SYNC;
		} else if (!strcmp(argv[i], "--foreground")) {
			action = FOREGROUND;
		} else if (!strcmp(argv[i], "--directory")) {
			files.directory = argument(argc, argv, &i);
		} else if (!strcmp(argv[i], "--size")) {
			if (!tool_number(argument(argc, argv, &i), SIZE_MIN, 1 << 20, &number))
				tool_die(TOOL_USAGE, "--size takes a number from 64 to 1048576");
			files.size = (off_t)number << 10;
		} else if (!strcmp(argv[i], "--keep")) {
			if (!tool_number(argument(argc, argv, &i), 0, LOG_KEEP_MAX, &number))
				tool_die(TOOL_USAGE, "--keep takes a number from 0 to 100");
			files.keep = (unsigned int)number;
		} else {
			tool_die(TOOL_USAGE, "unknown option '%s' (--help lists all)", argv[i]);
		}
	}
	return action;
}

int main(int argc, char **argv)
{
	enum action action;
	int fd;

	tool_init(argv[0]);
	action = parse(argc, argv);
	if (action == START || action == FOREGROUND)
		find_directory();
	fd = open_state();
	switch (action) {
	case STOP:
		return stop(fd);
	case SYNC:
		return sync_now(fd);
	case FOREGROUND:
		block_signals();
		begin(fd);
		serve(fd);
		return TOOL_OK;
	default:
		return start(fd);
	}
}
