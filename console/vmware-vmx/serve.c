// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * The main loop: doorbells of the vmkernel, the ends of the serial line, signals.
 * Nothing that happens here can hold up the machine.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>
#include "vmx.h"
#include "vmx_log.h"

#define IDLE_MS 2000 /* look without a doorbell: the vmkernel may have gone */
#define RETRY_MS 500 /* a pipe's server may have come */

enum verdict { GO_ON, MACHINE_OFF, LEAVE, LOST };

static int signal_fd = -1;

/* The shared region has gone under our hands: the VM was destroyed by force. */
static void on_sigbus(int nr)
{
	(void)nr;
	vmx_log_raw("vmx| the virtual machine was destroyed\n");
	_exit(1);
}

bool serve_prepare(char *why)
{
	struct sigaction bus = { .sa_handler = on_sigbus };
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	sigaction(SIGBUS, &bus, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (signal_fd < 0)
		snprintf(why, VMX_WHY_MAX, "signals: %s", strerror(errno));
	return signal_fd >= 0;
}

static enum verdict reset(struct vmx *x)
{
	char why[VMX_WHY_MAX];

	vmx_log("reset");
	if (vm_restart(x, why)) {
		vmx_log("on");
		return GO_ON;
	}
	vmx_log("cannot start again: %s", why);
	vmnix_vm_power(x->fd, x->vm, HC_POWER_OFF);
	return MACHINE_OFF;
}

static enum verdict check_state(struct vmx *x)
{
	struct hc_vm_info info;
	int err = vmnix_vm_info(x->fd, x->vm, &info);

	if (err) {
		vmx_log("the virtual machine is gone: %s", vmnix_text(err));
		return LOST;
	}
	info.reason[sizeof(info.reason) - 1] = 0;
	switch (info.state) {
	case HC_VM_RESETTING:
		return reset(x);
	case HC_VM_OFF:
		vmx_log("off: %s", info.reason);
		return MACHINE_OFF;
	case HC_VM_CRASHED:
		vmx_log("CRASHED: %s", info.reason);
		return MACHINE_OFF;
	}
	return GO_ON;
}

static enum verdict check_events(struct vmx *x)
{
	struct hc_events events = { .vm = x->vm };
	uint64_t rings;
	int err;

	/* First the count, then the events: one that comes in between rings again. */
	if (read(x->fd, &rings, sizeof(rings)) < 0 && errno != EAGAIN && errno != EINTR) {
		vmx_log(VMNIX_DEVICE ": %s", strerror(errno));
		return LOST;
	}
	err = vmnix_call(x->fd, HC_EVENTS, &events, sizeof(events));
	if (err) {
		vmx_log("the virtual machine is gone: %s", vmnix_text(err));
		return LOST;
	}
	return events.events & HC_EV_STATE ? check_state(x) : GO_ON;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + 1;
}

/* wait: ms until the guest's tools want something; set anew. */
static enum verdict wait_and_serve(struct vmx *x, int *wait)
{
	struct pollfd p[VMX_POLL_MAX];
	unsigned int n = sinks_poll(x, p + 2), asks = ask_poll(x, p + 2 + n);
	enum verdict verdict;
	int ready, limit = x->pipe_wanted ? RETRY_MS : IDLE_MS;

	p[0] = (struct pollfd){ .fd = x->fd, .events = POLLIN };
	p[1] = (struct pollfd){ .fd = signal_fd, .events = POLLIN };
	ready = poll(p, n + asks + 2, *wait < limit ? *wait : limit);
	if (ready < 0 && errno != EINTR) {
		vmx_log("poll: %s", strerror(errno));
		return LEAVE;
	}
	if (ready > 0 && p[1].revents)
		return LEAVE;
	verdict = ready <= 0 || p[0].revents ? check_events(x) : GO_ON;
	if (verdict == GO_ON) {
		sinks_serve(x, p + 2, ready > 0 ? n : 0);
		*wait = rpc_serve(x, now_ms());
		ask_serve(x, p + 2 + n, ready > 0 ? asks : 0);
	}
	if (x->suspended)
		return MACHINE_OFF;
	return verdict;
}

static void detach(struct vmx *x)
{
	struct hc_vm_attach none = { .vm = x->vm };

	vmx_log("this process leaves, the machine goes on");
	vmnix_call(x->fd, HC_VM_ATTACH, &none, sizeof(none));
}

int serve(struct vmx *x)
{
	enum verdict verdict = check_state(x);
	int wait = 0;

	sinks_pump(x);
	while (verdict == GO_ON)
		verdict = wait_and_serve(x, &wait);
	if (verdict != LOST)
		sinks_pump(x);
	sinks_close(x);
	rpc_close(x, verdict != LEAVE);
	if (verdict == MACHINE_OFF)
		vm_destroy(x);
	else if (verdict == LEAVE)
		detach(x);
	return verdict == LOST;
}
