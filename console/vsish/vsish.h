/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* What the files of vsish share: where it is in the tree, its commands, its prompt. */
#ifndef VSISH_H
#define VSISH_H

#include <stdbool.h>
#include <stddef.h>
#include "hostcall.h"

extern int vsish_fd; /* of the module */
extern char vsish_cwd[HC_VSI_PATH_MAX];

/* path, seen from vsish_cwd, without ".", ".." and double slashes; false if it is too long. */
bool vsish_absolute(const char *path, char out[HC_VSI_PATH_MAX]);

/* Runs one command; an exit code of tool.h. */
int vsish_run(int argc, char **argv);

/* Says what the vmkernel thinks of path, and returns TOOL_FAILED. */
int vsish_failed(const char *path, int err);

/* help.c: the tree's own words on a node, and on those below a folder; an exit code. */
int vsish_describe(const char *path);

/*
 * json.c: with vsish_json one object instead of lines: "values" and "children" by path (the
 * texts are changed), "errors" by path, "status". The last prints it, and returns code.
 */
extern bool vsish_json;
void vsish_json_value(const char *path, char *text);
void vsish_json_children(const char *path, char *text);
void vsish_json_error(const char *path, int err);
int vsish_json_end(int code);

/* shell.c: commands from standard input until it ends; an exit code. */
int vsish_interact(const char *const *command_names);

#endif
