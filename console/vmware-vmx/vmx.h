/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * The process of one virtual machine, in parts: vm.c makes and feeds the VM, suspend.c
 * puts it into a file and takes it from there, sinks.c are the ends of its serial line,
 * guest_*.c serve its tools, serve.c waits for what happens, vmware-vmx.c starts all that
 * and lets the caller go.
 */
#ifndef VMX_H
#define VMX_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <limits.h>
#include "guest_rpc.h"
#include "serial_ring.h"
#include "vmnix_dev.h"
#include "vmx_config.h"
#include "vmx_process.h"

#define VMX_SINKS_MAX 16u
#define VMX_POLL_MAX (VMX_SINKS_MAX + 8u + GUEST_ASK_POLLS)
#define VMX_RUN_DIR VM_RUN_FOLDER

/* Somebody at the other end of the serial line: a file, pty, socket, or vmware-console. */
struct sink {
	int fd; /* -1: this place is free */
	uint64_t pos; /* of the next byte of output that it gets */
	bool main; /* the back end that the .vmx file names */
	bool input; /* what it sends goes into the machine */
	bool stuck; /* takes no more right now */
};

enum question { QUESTION_NONE, QUESTION_CHECKPOINT, QUESTION_MOVED };

struct vmx {
	int fd; /* of /dev/vmnix */
	uint32_t vm;
	char path[PATH_MAX]; /* of the .vmx file, absolute */
	struct vmx_config config;
	const char *run_dir; /* where the socket of vmware-console is made: VMX_RUN_DIR */
	void *region;
	struct serial_ring out, in;
	uint64_t lost; /* bytes of output that scrolled out before the back end took them */
	struct sink sink[VMX_SINKS_MAX];
	int listener; /* of vmware-console */
	char console_path[108];
	int pipe_listener; /* of serial0.fileType pipe, server; -1: none */
	int pty_slave; /* kept open, so that the pty lives without a reader */
	bool pipe_wanted; /* pipe, client: connect when somebody listens */
	struct guest_tools tools;
	char info[GUEST_INFO_BYTES]; /* variables of the file that it goes on from */
	uint32_t info_len;
	enum question question; /* why it does not start */
	char question_why[VMX_WHY_MAX]; /* what is wrong with the file to go on from */
	bool suspended; /* the VM is off, and in its file */
};

/* ---- vm.c: all errors are told by why (VMX_WHY_MAX bytes) ------------------------------ */

/* False if a VM of this .vmx file is on, or is just being started or stopped. */
bool vm_may_start(struct vmx *x, char *why);
/* Makes the VM, fills it, switches it on. On failure nothing is left of it. */
bool vm_start(struct vmx *x, char *why);
/* Takes over a VM that is there and that nobody serves. */
bool vm_take_over(struct vmx *x, char *why);
/* After a reset: memory as at the start, on again. */
bool vm_restart(struct vmx *x, char *why);
/* Frees the VM, which is off. */
void vm_destroy(struct vmx *x);

/* ---- suspend.c ------------------------------------------------------------------------- */

/* Puts the VM into its file and switches it off. False: it runs on, if it was on. */
bool vm_suspend(struct vmx *x, char *why);
/* Lets a VM go on whose process died before it was in its file. */
bool vm_go_on(struct vmx *x, char *why);
/* Fills a new VM from the file that the .vmx file names: it stands where it was suspended. */
bool vm_load(struct vmx *x, char *why);
/* The variables that the file had, whatever the .vmx file says; after rpc_open(). */
void vm_load_info(struct vmx *x);
/* Gives up what was suspended; the file goes if it is this machine's. */
bool vm_discard(struct vmx *x, char *why);
/* Lets it go on; the file is used up then. */
bool vm_resume(struct vmx *x, char *why);

/* ---- question.c ------------------------------------------------------------------------ */

/* Asks x->question: the socket, or -1 and why. Before this, nothing of the VM is left. */
int question_open(struct vmx *x, char *why);
/* Until it is answered, and done what was chosen. False: given up; why is empty if as wanted. */
bool question_wait(struct vmx *x, int listener, char *why);
/* The outcome, to who has answered, if anybody waits: "1", "0 why". */
void question_tell(const char *outcome);

/* ---- sinks.c ---------------------------------------------------------------------------- */

/* Before anything else here: no sink is open. */
void sinks_init(struct vmx *x);
/* Opens the back end of the .vmx file and the socket for vmware-console. */
bool sinks_open(struct vmx *x, char *why);
/* Hands out output, as far as everybody takes it. */
void sinks_pump(struct vmx *x);
/* What sinks want to be polled for: fills p, returns the count. */
unsigned int sinks_poll(struct vmx *x, struct pollfd *p);
/* Serves what poll() found. */
void sinks_serve(struct vmx *x, const struct pollfd *p, unsigned int count);
/* Only the back end, as x->config has it now. */
bool sinks_connect(struct vmx *x, char *why);
/* Closes it, and there is none in x->config any more. */
void sinks_disconnect(struct vmx *x);
/* Closes all; tidies up files unless a successor will want them. */
void sinks_close(struct vmx *x);

/* ---- device.c --------------------------------------------------------------------------- */

/* Connects or disconnects a device; reply gets "1", or a digit for the error and why. */
void device_connect(struct vmx *x, const char *name, bool connect, char *reply, size_t size);

/* ---- serve.c ---------------------------------------------------------------------------- */

/* Before serve(): from here on signals are taken by it alone. */
bool serve_prepare(char *why);
/* Until the machine is off (0), SIGTERM comes (0), or the vmkernel has gone (1). */
int serve(struct vmx *x);

#endif
