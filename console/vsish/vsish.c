// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * vsish: a shell for the vmkernel's VSI tree. One command from the command line
 * (vsish -e get /sched/slice_ns, or without -e), or many from standard input.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tool.h"
#include "vmnix_dev.h"
#include "vsi_client.h"
#include "vsish.h"

#define DEPTH_MAX 16

static const char help[] =
	"usage: vsish [-e] COMMAND…   one command\n"
	"       vsish --json [-e] get PATH…, ls [PATH], set PATH VALUE\n"
	"                             what it finds as one object\n"
	"       vsish                 a prompt, or commands from standard input\n"
	"       ls [-r] [PATH]        children of a folder (-r: and theirs)\n"
	"       get PATH…             values; 'PATH?': type and help\n"
	"       set PATH VALUE        change a value\n"
	"       cd [PATH], pwd        change and show the folder that paths begin at\n"
	"       help [PATH]           this, or what is at PATH\n"
	"       exit, quit            leave the prompt\n"
	"       --help, --version\n"
	"exit status: 0 done, 1 the vmkernel refuses, 2 wrong usage\n";

int vsish_fd;
char vsish_cwd[HC_VSI_PATH_MAX] = "/";

bool vsish_absolute(const char *path, char out[HC_VSI_PATH_MAX])
{
	char joined[2 * HC_VSI_PATH_MAX], *word, *save;
	size_t len = 0;

	if (!tool_format(joined, sizeof(joined), "%s/%s", path[0] == '/' ? "" : vsish_cwd, path))
		return false;
	out[0] = 0;
	for (word = strtok_r(joined, "/", &save); word; word = strtok_r(NULL, "/", &save)) {
		if (!strcmp(word, "."))
			continue;
		if (!strcmp(word, "..")) {
			while (len && out[--len] != '/')
				;
			out[len] = 0;
			continue;
		}
		if (!tool_format(out + len, HC_VSI_PATH_MAX - len, "/%s", word))
			return false;
		len += strlen(out + len);
	}
	if (!len)
		memcpy(out, "/", sizeof("/"));
	return true;
}

int vsish_failed(const char *path, int err)
{
	tool_error("%s: %s", path, vmnix_text(err));
	if (vsish_json)
		vsish_json_error(path, err);
	return TOOL_FAILED;
}

/* NOLINTNEXTLINE(misc-no-recursion): to DEPTH_MAX */
static int list(const char *path, bool deep, int depth)
{
	char *text, *line, *save, child[HC_VSI_PATH_MAX];
	int err = vsi_client_list(vsish_fd, path, &text), code = TOOL_OK;

	if (err)
		return vsish_failed(path, err);
	if (!deep) {
		if (vsish_json)
			vsish_json_children(path, text);
		else
			fputs(text, stdout);
		free(text);
		return TOOL_OK;
	}
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (!tool_format(child, sizeof(child), "%s/%s", path[1] ? path : "", line))
			continue;
		puts(child);
		if (child[strlen(child) - 1] == '/' && depth < DEPTH_MAX) {
			child[strlen(child) - 1] = 0;
			if (list(child, true, depth + 1))
				code = TOOL_FAILED;
		}
	}
	free(text);
	return code;
}

static int do_ls(int argc, char **argv)
{
	bool deep = argc > 1 && !strcmp(argv[1], "-r");
	char path[HC_VSI_PATH_MAX];

	if (argc > 2 + deep || (deep && vsish_json))
		return TOOL_USAGE;
	if (!vsish_absolute(argc > 1 + deep ? argv[1 + deep] : ".", path))
		return vsish_failed(argv[1 + deep], VMK_BAD_PARAM);
	return list(path, deep, 0);
}

static int do_get(int argc, char **argv)
{
	char path[HC_VSI_PATH_MAX], *text;
	int i, err, code = TOOL_OK;

	if (argc < 2)
		return TOOL_USAGE;
	for (i = 1; i < argc; i++) {
		err = vsish_absolute(argv[i], path) ? vsi_client_get(vsish_fd, path, &text)
						    : VMK_BAD_PARAM;
		if (err) {
			code = vsish_failed(argv[i], err);
			continue;
		}
		if (vsish_json) {
			vsish_json_value(path, text);
			free(text);
			continue;
		}
		fputs(text, stdout);
		if (!*text || text[strlen(text) - 1] != '\n')
			putchar('\n');
		free(text);
	}
	return code;
}

static int do_set(int argc, char **argv)
{
	char path[HC_VSI_PATH_MAX];
	int err;

	if (argc != 3)
		return TOOL_USAGE;
	err = vsish_absolute(argv[1], path) ? vsi_client_set(vsish_fd, path, argv[2])
					    : VMK_BAD_PARAM;
	return err ? vsish_failed(argv[1], err) : TOOL_OK;
}

static int do_cd(int argc, char **argv)
{
	char path[HC_VSI_PATH_MAX], *text;
	int err;

	if (argc > 2)
		return TOOL_USAGE;
	if (!vsish_absolute(argc == 2 ? argv[1] : "/", path))
		return vsish_failed(argv[1], VMK_BAD_PARAM);
	err = vsi_client_list(vsish_fd, path, &text);
	if (err)
		return vsish_failed(path, err);
	free(text);
	memcpy(vsish_cwd, path, sizeof(vsish_cwd));
	return TOOL_OK;
}

static int do_pwd(int argc, char **argv)
{
	(void)argv;
	if (argc != 1)
		return TOOL_USAGE;
	puts(vsish_cwd);
	return TOOL_OK;
}

/* What can be typed: the two that leave the prompt as well. */
static const char *const names[] = { "ls",  "get",  "cat",  "set",  "cd",
				     "pwd", "help", "exit", "quit", NULL };

static bool is_command(const char *word)
{
	size_t i;

	for (i = 0; names[i]; i++)
		if (!strcmp(names[i], word))
			return true;
	return false;
}

static int do_help(int argc, char **argv)
{
	int i, code = TOOL_OK;

	if (argc == 1 || (argc == 2 && is_command(argv[1]))) {
		fputs(help, stdout);
		return TOOL_OK;
	}
	for (i = 1; i < argc; i++)
		if (vsish_describe(argv[i]))
			code = TOOL_FAILED;
	return code;
}

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "ls", do_ls }, { "get", do_get }, { "cat", do_get },	 { "set", do_set },
	{ "cd", do_cd }, { "pwd", do_pwd }, { "help", do_help },
};
int vsish_run(int argc, char **argv)
{
	size_t i;
	int code;

	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(argv[0], commands[i].name))
			continue;
		code = commands[i].run(argc, argv);
		if (code == TOOL_USAGE)
			tool_error("wrong arguments for '%s' (--help shows them)", argv[0]);
		return code;
	}
	tool_error("unknown command '%s' (--help lists all)", argv[0]);
	return TOOL_USAGE;
}

/* One command whose result can be an object. */
static int run_json(int argc, char **argv)
{
	static const char *const can[] = { "get", "cat", "ls", "set" };
	size_t i;

	for (i = 0; i < sizeof(can) / sizeof(can[0]); i++)
		if (argc > 0 && !strcmp(argv[0], can[i]))
			return vsish_json_end(vsish_run(argc, argv));
	tool_die(TOOL_USAGE, "--json goes with get, ls and set (--help)");
}

int main(int argc, char **argv)
{
	int first = 1;

	tool_init(argv[0]);
	if (argc > 1)
		tool_standard_option(argv[1], help);
	if (argc > 1 && !strcmp(argv[1], "--json")) {
		vsish_json = true;
		first = 2;
	}
	if (argc > first && !strcmp(argv[first], "-e")) {
		first++;
		if (argc == first)
			tool_die(TOOL_USAGE, "-e wants a command");
	}
	if (first < argc && argv[first][0] == '-')
		tool_die(TOOL_USAGE, "unknown option '%s' (--help)", argv[first]);
	vsish_fd = vmnix_open();
	if (vsish_fd < 0)
		tool_die(TOOL_FAILED, "%s", vmnix_open_text(errno));
	if (vsish_json)
		return tool_finish(run_json(argc - first, argv + first));
	return tool_finish(first < argc ? vsish_run(argc - first, argv + first)
					: vsish_interact(names));
}
