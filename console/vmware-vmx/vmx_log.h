/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* vmware.log beside the .vmx file: what happened to this virtual machine, line by line. */
#ifndef VMX_LOG_H
#define VMX_LOG_H

#include <stdbool.h>

/*
 * Opens vmware.log in the folder of config; unless append is set, vmware.log becomes
 * vmware-0.log, that vmware-1.log, that vmware-2.log. False and errno: no log is kept.
 */
bool vmx_log_open(const char *config, bool append);

/* "Nov 22 23:51:15.123: vmx| text". Control characters in text become dots. */
void vmx_log(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* One ready line, by nothing but write(): for signal handlers. */
void vmx_log_raw(const char *line);

#endif
