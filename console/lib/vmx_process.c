// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/* Runs vmware-vmx and reads what it says: warnings, and at the end perhaps an error. */
#include "vmx_process.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tool.h"

#define NAME "vmware-vmx"

static void run(const char *config, bool attach, int err_fd)
{
	const char *argv[] = { NAME, attach ? "--attach" : config, attach ? config : NULL, NULL };
	char path[PATH_MAX], *slash;
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - sizeof(NAME) - 1);
	int null = open("/dev/null", O_RDWR);

	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(err_fd, STDERR_FILENO);
	path[n > 0 ? n : 0] = 0;
	slash = strrchr(path, '/');
	if (slash) {
		memcpy(slash + 1, NAME, sizeof(NAME));
		execv(path, (char **)argv);
	}
	execvp(NAME, (char **)argv);
	dprintf(STDERR_FILENO, NAME ": " NAME " cannot be run: %s\n", strerror(errno));
	_exit(127);
}

/* Passes on all lines but the last, which stays in last without the program's name. */
static void read_lines(int fd, char *last, size_t size)
{
	FILE *f = fdopen(fd, "r");
	char *line = NULL;
	size_t room = 0;

	last[0] = 0;
	while (f && getline(&line, &room, f) > 0) {
		const char *text = line;

		if (last[0])
			tool_error("%s", last);
		line[strcspn(line, "\n")] = 0;
		if (!strncmp(text, NAME ": ", sizeof(NAME) + 1))
			text += sizeof(NAME) + 1;
		tool_format(last, size, "%s", text);
	}
	free(line);
	if (f)
		fclose(f);
	else
		close(fd);
}

/* FNV-1a. */
uint64_t vmx_path_hash(const char *config)
{
	uint64_t hash = 0xcbf29ce484222325;

	while (*config)
		hash = (hash ^ (uint8_t)*config++) * 0x100000001b3;
	return hash;
}

void vmx_question_path(const char *config, char path[QUESTION_PATH_MAX])
{
	tool_format(path, QUESTION_PATH_MAX, VM_QUESTION_SOCKET,
		    (unsigned long long)vmx_path_hash(config));
}

void vmx_operation_path(const char *config, char path[OPERATION_PATH_MAX])
{
	tool_format(path, OPERATION_PATH_MAX, VM_OPERATION_LOCK,
		    (unsigned long long)vmx_path_hash(config));
}

bool vmx_process_start(const char *config, bool attach, char *why, size_t why_size)
{
	int err[2], status = 0;
	pid_t child;

	if (pipe2(err, O_CLOEXEC)) {
		tool_format(why, why_size, "pipe: %s", strerror(errno));
		return false;
	}
	fflush(stdout);
	child = fork();
	if (!child)
		run(config, attach, err[1]);
	close(err[1]);
	if (child < 0) {
		tool_format(why, why_size, "fork: %s", strerror(errno));
		close(err[0]);
		return false;
	}
	read_lines(err[0], why, why_size);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && !WEXITSTATUS(status)) {
		if (why[0])
			tool_error("%s", why);
		return true;
	}
	if (!why[0])
		tool_format(why, why_size, NAME " ended with status 0x%x", status);
	return false;
}
