/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * How an ordinary user's vmware-cmd asks vmware-authd, which is root: one message with the
 * arguments, and with it standard input, output and error and the working directory as file
 * descriptors; the answer is one message with the exit status.
 */
#ifndef AUTHD_H
#define AUTHD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AUTHD_SOCKET "/var/run/vmware-authd.socket"
#define AUTHD_MAGIC 0x64687441u /* "Athd" */
#define AUTHD_VERSION 1u
#define AUTHD_ARGS 24u
#define AUTHD_TEXT 4096u
#define AUTHD_FDS 4u

/* For vmware-cmd that runs for another: "uid:gid:group,group…". */
#define AUTHD_CALLER "VMWARE_CALLER"

struct authd_request {
	uint32_t magic, version;
	uint32_t count; /* 1..AUTHD_ARGS arguments */
	uint32_t len; /* bytes of text */
	char text[AUTHD_TEXT]; /* the arguments, each with its NUL */
};

/* argv[1] and on, NULL at the end, into r; false: too many or too long. */
bool authd_pack(struct authd_request *r, char *const *argv);

/*
 * Arguments of a message of size bytes, as pointers into it and NULL at the end; false: it is
 * malformed.
 */
bool authd_unpack(struct authd_request *r, size_t size, char *argv[AUTHD_ARGS + 1]);

#endif
