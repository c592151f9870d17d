// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/* /dev/vmnix and the hostcalls that most tools make; see vmnix_dev.h. */
#include "vmnix_dev.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

int vmnix_open(void)
{
	return open(VMNIX_DEVICE, O_RDWR | O_CLOEXEC | O_NONBLOCK);
}

const char *vmnix_open_text(int err)
{
	switch (err) {
	case ENOENT:
	case ENXIO:
	case ENODEV:
		return "the vmnix module is not loaded (no " VMNIX_DEVICE ")";
	case EACCES:
	case EPERM:
		return VMNIX_DEVICE ": only root may use it";
	default:
		return strerror(err);
	}
}

int vmnix_ioctl(int fd, unsigned long request, void *arg)
{
	while (ioctl(fd, request, arg) < 0)
		if (errno != EINTR)
			return errno;
	return 0;
}

int vmnix_call(int fd, uint32_t nr, void *args, uint32_t len)
{
	struct vmnix_call call = { .nr = nr, .len = len, .args = (uintptr_t)args };
	int err = vmnix_ioctl(fd, VMNIX_IOC_CALL, &call);

	return err ? err : call.status;
}

const char *vmnix_text(int err)
{
	static char unknown[40];

	if (err == ENODEV)
		return "no vmkernel is loaded";
	if (err > 0)
		return strerror(err);
	switch (err) {
#define WS_ERROR(name, value, text) \
	case name:                  \
		return text;
#include "error.def"
#undef WS_ERROR
	}
	snprintf(unknown, sizeof(unknown), "unknown vmkernel error %d", err);
	return unknown;
}

uint32_t vmnix_find_vm(int fd, const char *config, int *err)
{
	struct hc_vm_list list = {};
	int status = vmnix_call(fd, HC_VM_LIST, &list, sizeof(list));
	uint32_t i;

	if (err)
		*err = status;
	for (i = 0; !status && i < list.count && i < HC_VM_MAX; i++) {
		struct hc_vm_name name = { .vm = list.vm[i] };

		/* One that has just gone is no error. */
		if (vmnix_call(fd, HC_VM_NAME, &name, sizeof(name)))
			continue;
		if (!strncmp(name.name, config, sizeof(name.name)))
			return list.vm[i];
	}
	return 0;
}

int vmnix_vm_info(int fd, uint32_t vm, struct hc_vm_info *info)
{
	memset(info, 0, sizeof(*info));
	info->vm = vm;
	return vmnix_call(fd, HC_VM_INFO, info, sizeof(*info));
}

int vmnix_vm_power(int fd, uint32_t vm, enum hc_power_op op)
{
	struct hc_vm_power power = { .vm = vm, .op = op };

	return vmnix_call(fd, HC_VM_POWER, &power, sizeof(power));
}

bool vmnix_state_is_on(uint32_t state)
{
	return state == HC_VM_ON || state == HC_VM_RESETTING;
}
