// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * Start, stop, reset. The machine's own process does what follows from a power
 * change; where there is none any more, we clean up, or make a new one.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "cmd.h"
#include "guest.h"
#include "question.h"
#include "tool.h"
#include "vmss.h"
#include "vmx_file.h"
#include "vmx_process.h"

#define STEP_MS 50
#define SUSPEND_MS 600000 /* for gigabytes on a slow disk */
#define CLEAN_UP_S 10 /* for the machine's process to finish after power off */

static void pause_a_step(void)
{
	usleep(STEP_MS * 1000);
}

static time_t now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

static enum vmcontrol vmkernel_error(const char *operation, int err)
{
	return vmcontrol_error(VMC_OTHER, "Unknown error: %s: %s", operation, vmnix_text(err));
}

/* Waits until the machine is off; false when the time is over, or if nobody knows (t->err). */
static bool wait_until_off(struct target *t, unsigned int seconds)
{
	time_t end = now_s() + seconds;

	for (;;) {
		target_look(t);
		if (t->err)
			return false;
		if (!vmnix_state_is_on(t->info.state) || !t->vm)
			return true;
		if (now_s() > end)
			return false;
		pause_a_step();
	}
}

/* A VM that has gone off, and is still there. One that is being made belongs to its maker. */
static bool has_remains(const struct target *t)
{
	return t->vm && (t->info.state == HC_VM_OFF || t->info.state == HC_VM_CRASHED);
}

/* What a process that was killed has left behind for a successor; there will be none. */
static void remove_files(uint32_t vm)
{
	static const char *const names[] = { VM_CONSOLE_SOCKET, VM_TOOLS_SOCKET,
					     VM_GUESTINFO_FILE };
	char path[64];
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), names[i], vm);
		unlink(path);
	}
}

/* After power off: waits for the machine's process to free it, or frees it if there is none. */
static void clean_up(struct target *t)
{
	time_t end = now_s() + CLEAN_UP_S;
	struct hc_vm args;

	for (target_look(t); has_remains(t) && now_s() <= end; target_look(t)) {
		args = (struct hc_vm){ .vm = t->vm };
		if (!t->info.attached && !vmnix_call(t->fd, HC_VM_DESTROY, &args, sizeof(args)))
			remove_files(args.vm);
		pause_a_step();
	}
}

static enum vmcontrol run_process(struct target *t, bool attach)
{
	char why[VMX_PROCESS_WHY];

	if (vmx_process_start(t->config, attach, why, sizeof(why)))
		return VMC_OK;
	target_look(t);
	if (t->stuck)
		return question_error(t);
	return vmcontrol_error(VMC_OTHER, "Unknown error: %s", why);
}

static enum vmcontrol do_settle(struct target *t)
{
	enum vmcontrol code = VMC_OK;

	if (!t->vm || t->info.state != HC_VM_SUSPENDED || t->info.attached)
		return VMC_OK;
	if (has_checkpoint(t)) {
		vmnix_vm_power(t->fd, t->vm, HC_POWER_OFF);
		target_look(t);
		clean_up(t);
	} else {
		code = run_process(t, true);
	}
	target_look(t);
	return code;
}

static enum vmcontrol do_start(struct target *t)
{
	if (t->stuck)
		return question_error(t);
	if (has_remains(t))
		clean_up(t);
	if (t->vm && t->info.state == HC_VM_BUILDING)
		return vmcontrol_error(VMC_STATE, "Invalid operation for virtual machine's "
						  "current state: it is being started already");
	if (t->vm && vmnix_state_is_on(t->info.state))
		return state_error(t, "start");
	/* Its process died before it was in its file: it is still there, and goes on. */
	if (t->vm && t->info.state == HC_VM_SUSPENDED && !has_checkpoint(t))
		return run_process(t, true);
	return run_process(t, false);
}

static enum vmcontrol do_suspend(struct target *t)
{
	char reply[VMX_WHY_MAX];
	enum vmcontrol code;

	if (!t->vm || t->info.state != HC_VM_ON)
		return state_error(t, "suspend");
	if (!t->info.attached) {
		code = run_process(t, true);
		if (code)
			return code;
	}
	if (!guest_ask(t, "suspend", reply, sizeof(reply), SUSPEND_MS))
		return vmcontrol_error(VMC_CONNECT,
				       "Could not connect: the process of the virtual machine does "
				       "not answer, or has died (attach makes a new one)");
	if (reply[0] != '1')
		return vmcontrol_error(VMC_OTHER, "Unknown error: suspend: %s", reply + 2);
	clean_up(t);
	return VMC_OK;
}

static enum vmcontrol do_attach(struct target *t)
{
	if (!t->vm || t->info.attached)
		return state_error(t, "attach");
	return run_process(t, true);
}

/* The file that the .vmx file names is given up. What is no such file stays where it is. */
static enum vmcontrol discard_checkpoint(struct target *t)
{
	char why[VMX_WHY_MAX], path[PATH_MAX] = "";
	const char *slash = strrchr(t->config, '/'), *name;
	struct vmx_file f;

	if (!vmx_file_load(&f, t->config, why, sizeof(why)))
		return vmcontrol_error(VMC_OTHER, "Unknown error: %s", why);
	name = vmx_file_get(&f, "checkpoint.vmState");
	if (name && *name == '/')
		tool_format(path, sizeof(path), "%s", name);
	else if (name && *name)
		tool_format(path, sizeof(path), "%.*s/%s", (int)(slash - t->config), t->config,
			    name);
	vmx_file_free(&f);
	if (!path[0])
		return VMC_OK;
	if (!vmx_file_set(t->config, "checkpoint.vmState", "", why, sizeof(why)))
		return vmcontrol_error(VMC_OTHER, "Unknown error: %s", why);
	if (vmss_is_one(path))
		unlink(path);
	return VMC_OK;
}

static enum vmcontrol stop_hard(struct target *t)
{
	int err = vmnix_vm_power(t->fd, t->vm, HC_POWER_OFF);

	/* It may have gone by itself, which is all right. */
	if (err && err != VMK_NOT_FOUND && err != VMK_BAD_STATE)
		return vmkernel_error("stop", err);
	if (!wait_until_off(t, CLEAN_UP_S))
		return t->err ? vmkernel_error("stop", t->err)
			      : vmcontrol_error(VMC_TIMEOUT,
						"Timeout: the virtual machine does not stop");
	clean_up(t);
	/* It may have been on its way into a file. */
	return t->suspended ? discard_checkpoint(t) : VMC_OK;
}

/* A machine that is suspended is given up. */
static enum vmcontrol stop_suspended(struct target *t, enum power_mode mode)
{
	if (mode == MODE_SOFT || mode == MODE_DEFAULT)
		return state_error(t, "stop");
	return t->vm ? stop_hard(t) : discard_checkpoint(t);
}

/* VMC_TIMEOUT: quiet, if something else is tried then. */
static enum vmcontrol too_late(const struct target *t, const char *operation, bool quiet,
			       const char *what)
{
	if (t->err)
		return vmkernel_error(operation, t->err);
	if (quiet)
		return VMC_TIMEOUT;
	return vmcontrol_error(VMC_TIMEOUT, "Timeout: the guest did not %s within %u seconds", what,
			       t->time_limit);
}

/* Asks the tools to halt the guest, or else presses its power button; and waits. */
static enum vmcontrol soft_off(struct target *t, const char *operation, bool quiet)
{
	bool tools = guest_power(t, "halt"), off;
	enum vmcontrol code;
	int err = tools ? 0 : vmnix_vm_power(t->fd, t->vm, HC_POWER_BUTTON);

	if (err == VMK_NOT_FOUND)
		return VMC_OK;
	if (err && quiet)
		return VMC_STATE;
	if (err)
		return vmcontrol_error(
			VMC_STATE,
			"Invalid operation for virtual machine's current state: The guest does not "
			"listen to its ACPI power button. Make sure the VMware Tools, or an ACPI "
			"daemon, are running, or use %s hard",
			operation);
	if (t->verbose)
		tool_error("%s, waiting %u s at most",
			   tools ? "tools asked to halt" : "power button pressed", t->time_limit);
	/* Who loses patience meanwhile may stop it hard. */
	operation_end(t);
	off = wait_until_off(t, t->time_limit);
	code = operation_begin(t, operation, CLEAN_UP_S);
	if (code || off)
		return code;
	return too_late(t, operation, quiet, "switch off");
}

/* After the tools were asked to reboot; what was on before: t->info. */
static enum vmcontrol wait_for_reboot(struct target *t, bool quiet)
{
	uint64_t before = t->info.uptime_ns;
	enum vmcontrol code;
	time_t end = now_s() + t->time_limit;

	if (t->verbose)
		tool_error("tools asked to reboot, waiting %u s at most", t->time_limit);
	operation_end(t);
	do {
		pause_a_step();
		target_look(t);
		if (t->vm && t->info.state == HC_VM_ON && t->info.uptime_ns < before)
			return VMC_OK;
	} while (!t->err && t->vm && vmnix_state_is_on(t->info.state) && now_s() <= end);
	code = operation_begin(t, "reset", CLEAN_UP_S);
	if (code)
		return code;
	if (!t->err && (!t->vm || !vmnix_state_is_on(t->info.state))) {
		clean_up(t);
		return run_process(t, false); /* it has halted instead */
	}
	return too_late(t, "reset", quiet, "reboot");
}

static enum vmcontrol do_stop(struct target *t, enum power_mode mode)
{
	enum vmcontrol code = VMC_OK;

	if (t->stuck && (mode == MODE_HARD || mode == MODE_TRYSOFT))
		return question_cancel(t);
	if (t->suspended && !t->stuck)
		return stop_suspended(t, mode);
	if (!t->vm || !vmnix_state_is_on(t->info.state))
		return state_error(t, "stop");
	if (mode != MODE_HARD)
		code = soft_off(t, "stop", mode == MODE_TRYSOFT);
	if (mode == MODE_HARD || (mode == MODE_TRYSOFT && code))
		return stop_hard(t);
	if (!code)
		clean_up(t);
	return code;
}

/* The machine's process loads it again; one without gets a new process first. */
static enum vmcontrol reset_hard(struct target *t)
{
	enum vmcontrol code;
	int err;

	if (!t->info.attached) {
		code = run_process(t, true);
		if (code)
			return code;
	}
	err = vmnix_vm_power(t->fd, t->vm, HC_POWER_RESET);
	return err ? vmkernel_error("reset", err) : VMC_OK;
}

static enum vmcontrol do_reset(struct target *t, enum power_mode mode)
{
	enum vmcontrol code;

	if (!t->vm || !vmnix_state_is_on(t->info.state))
		return state_error(t, "reset");
	if (mode == MODE_HARD || mode == MODE_DEFAULT)
		return reset_hard(t);
	if (guest_power(t, "reboot")) {
		code = wait_for_reboot(t, mode == MODE_TRYSOFT);
		return code == VMC_TIMEOUT && mode == MODE_TRYSOFT ? reset_hard(t) : code;
	}
	code = soft_off(t, "reset", mode == MODE_TRYSOFT);
	if (code)
		return mode == MODE_TRYSOFT ? reset_hard(t) : code;
	clean_up(t);
	return run_process(t, false);
}

/* ---- one at a time ---------------------------------------------------------------------- */

enum vmcontrol power_settle(struct target *t)
{
	enum vmcontrol code;

	if (!t->vm || t->info.state != HC_VM_SUSPENDED || t->info.attached)
		return VMC_OK;
	code = operation_begin(t, "settle", 0);
	if (!code)
		code = do_settle(t);
	operation_end(t);
	return code;
}

static enum vmcontrol alone(struct target *t, const char *name,
			    enum vmcontrol (*operation)(struct target *t))
{
	enum vmcontrol code = operation_begin(t, name, 0);

	if (!code)
		code = operation(t);
	operation_end(t);
	return code;
}

static enum vmcontrol alone_in(struct target *t, const char *name, enum power_mode mode,
			       enum vmcontrol (*operation)(struct target *t, enum power_mode mode))
{
	enum vmcontrol code = operation_begin(t, name, 0);

	if (!code)
		code = operation(t, mode);
	operation_end(t);
	return code;
}

enum vmcontrol power_start(struct target *t)
{
	return alone(t, "start", do_start);
}

enum vmcontrol power_suspend(struct target *t)
{
	return alone(t, "suspend", do_suspend);
}

enum vmcontrol power_attach(struct target *t)
{
	return alone(t, "attach", do_attach);
}

enum vmcontrol power_stop(struct target *t, enum power_mode mode)
{
	return alone_in(t, "stop", mode, do_stop);
}

enum vmcontrol power_reset(struct target *t, enum power_mode mode)
{
	return alone_in(t, "reset", mode, do_reset);
}
