// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * A guest's serial line in the vmkernel's log, if /vm/<id>/seriallog says so:
 * it is seen on the vmkernel's own serial port then, whatever has become of
 * the console. The port is slow and everybody's, so a guest that talks too
 * much loses lines of its own; how many is said in the next.
 */
#include "cpu/time.h"
#include "debug/log.h"
#include "vmm/vm.h"
#include "vmm/vm_resource.h"
#include "vsi/vsi.h"

#define LINES_MAX 20u /* per NS_PER_PERIOD */
#define NS_PER_PERIOD (1000 * NS_PER_MS)

static void end_line(struct vm *vm)
{
	struct serial_log *s = &vm->serial_log;
	uint64_t period = now_ns() / NS_PER_PERIOD;

	if (s->period != period) {
		s->period = period;
		s->lines = 0;
	}
	s->text[s->len] = 0;
	s->len = 0;
	if (s->lines == LINES_MAX) {
		s->lost++;
		return;
	}
	s->lines++;
	if (s->lost)
		LOG(INFO, "Serial", "VM %u: (%u lines lost) %s", vm->id, s->lost, s->text);
	else
		LOG(INFO, "Serial", "VM %u: %s", vm->id, s->text);
	s->lost = 0;
}

void serial_log(struct vm *vm, const uint8_t *buf, size_t len)
{
	struct serial_log *s = &vm->serial_log;

	for (size_t i = 0; i < len; i++) {
		if (buf[i] == '\r')
			continue;
		if (buf[i] != '\n')
			s->text[s->len++] = (char)buf[i];
		if (buf[i] == '\n' || s->len == sizeof(s->text) - 1)
			end_line(vm);
	}
}

int vm_get_seriallog(void *ctx, const char *member, struct vsi_text *out)
{
	const struct vm *vm = vm_named(member);

	(void)ctx;
	if (!vm)
		return VMK_NOT_FOUND;
	vsi_printf(out, "%u", vm->serial_log.on);
	return VMK_OK;
}

int vm_set_seriallog(void *ctx, const char *member, const char *text)
{
	struct vm *vm = vm_named(member);

	(void)ctx;
	if (!vm)
		return VMK_NOT_FOUND;
	if ((text[0] != '0' && text[0] != '1') || text[1])
		return VMK_BAD_PARAM;
	vm->serial_log.on = text[0] == '1';
	return VMK_OK;
}
