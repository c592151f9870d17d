/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* The parts of vmware-cmd: vmware-cmd.c reads the command line and answers, power.c acts. */
#ifndef CMD_H
#define CMD_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include "vmnix_dev.h"

/* VMControl errors, negated: also the exit status (1 for OTHER, 2 is wrong usage). */
enum vmcontrol {
	VMC_OK = 0,
	VMC_ARGUMENTS = 3,
	VMC_PERMISSION = 5,
	VMC_STATE = 8,
	VMC_UNSUPPORTED = 10, /* this version has no such thing */
	VMC_NO_VM = 11,
	VMC_TIMEOUT = 12,
	VMC_CONNECT = 14,
	VMC_INPUT = 16, /* somebody must answer */
	VMC_EXISTS = 20,
	VMC_OTHER = 999,
};

#define COMMAND_WORDS 8

enum power_mode { MODE_DEFAULT, MODE_HARD, MODE_SOFT, MODE_TRYSOFT };

/* One virtual machine that a command is about. */
struct target {
	char config[PATH_MAX]; /* absolute, links resolved: the VM's name in the vmkernel */
	int fd; /* of /dev/vmnix, -1: no vmkernel, so nothing runs */
	uint32_t vm; /* 0: none in the vmkernel */
	int err; /* of asking it; no vmkernel is no error */
	struct hc_vm_info info; /* if there is one */
	bool suspended; /* it stands still, or its .vmx file names a file to go on from */
	bool stuck; /* it is not there yet: its process waits for an answer */
	unsigned int time_limit; /* s, of soft operations */
	bool verbose;
	int operation; /* the lock that says that we are at it, plus one; 0: we are not */
};

/* What the command line says. */
struct options {
	bool quiet, list, server, json;
	unsigned int limit; /* s, of the whole command; 0: none */
	struct target target;
	char *args[COMMAND_WORDS];
	int count;
};

struct verb {
	const char *name;
	int min, max; /* arguments */
	enum vmcontrol (*run)(struct options *o, char **args, int count);
	bool file_only; /* works on the .vmx file, whatever the vmkernel does */
	int right; /* enum right (caller.h) */
};

/* The registered machine that what names becomes o's target; VMC_OK, or an error that is told. */
enum vmcontrol find_target(struct options *o, const char *what);
/* The same; it is an error, too, if a vmkernel that does not answer may run the machine. */
enum vmcontrol find_known(struct options *o, const char *what);
/* Tells errno of the list of machines. */
enum vmcontrol list_error(void);

/* Looks (again) for the machine in the vmkernel. */
void target_look(struct target *t);
/* Whether the .vmx file names a file to go on from. */
bool has_checkpoint(const struct target *t);
/* "on", "off", "suspended" or "stuck". */
const char *target_state(const struct target *t);

/* "VMControl error -N: text" on standard error; returns code. */
enum vmcontrol vmcontrol_error(enum vmcontrol code, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* The error of an operation that does not fit the machine's state. */
enum vmcontrol state_error(const struct target *t, const char *operation);

/*
 * Nobody else may do a power operation on t until operation_end(); if somebody does, waits so
 * many seconds at most, and tells the error. Looks for the machine again.
 */
enum vmcontrol operation_begin(struct target *t, const char *name, unsigned int seconds);
void operation_end(struct target *t); /* harmless if none was begun */

/*
 * A machine whose process died while it suspended it: if it is in its file it leaves the
 * vmkernel, if not it goes on. Nothing is done to any other.
 */
enum vmcontrol power_settle(struct target *t);
enum vmcontrol power_start(struct target *t);
enum vmcontrol power_stop(struct target *t, enum power_mode mode);
enum vmcontrol power_reset(struct target *t, enum power_mode mode);
enum vmcontrol power_suspend(struct target *t);
/* A new process for a machine that runs without one. */
enum vmcontrol power_attach(struct target *t);

#endif
