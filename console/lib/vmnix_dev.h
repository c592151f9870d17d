/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * The way from a tool to the vmkernel: /dev/vmnix (vmnix_ioctl.h) and hostcalls
 * (hostcall.h). One error number serves both: 0 is success, negative numbers are
 * the vmkernel's (error.def), positive ones errno values of the module.
 */
#ifndef VMNIX_DEV_H
#define VMNIX_DEV_H

#include <stdbool.h>
#include <stdint.h>
#include "error.h"
#include "hostcall.h"
#include "ring.h"
#include "vmnix_ioctl.h"

/* A file of /dev/vmnix, or -1 and errno. Closed on exec. */
int vmnix_open(void);

/* What to tell the user when vmnix_open failed with err: "no vmnix module is loaded", … */
const char *vmnix_open_text(int err);

/* One hostcall: args is the struct of hostcall.h that nr wants, len its size. */
int vmnix_call(int fd, uint32_t nr, void *args, uint32_t len);

/* The text of an error of vmnix_call. */
const char *vmnix_text(int err);

/* An ioctl of vmnix_ioctl.h; 0 or a positive errno. */
int vmnix_ioctl(int fd, unsigned long request, void *arg);

/*
 * The id of the VM that was made from the config path, 0: there is none. err, unless
 * NULL, gets the error if the vmkernel could not be asked.
 */
uint32_t vmnix_find_vm(int fd, const char *config, int *err);

/* VM_INFO. */
int vmnix_vm_info(int fd, uint32_t vm, struct hc_vm_info *info);

/* VM_POWER. */
int vmnix_vm_power(int fd, uint32_t vm, enum hc_power_op op);

/* True while the VM's guest runs or is being reset. */
bool vmnix_state_is_on(uint32_t state);

#endif
