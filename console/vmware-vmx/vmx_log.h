/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* vmware.log beside the .vmx file: what happened to this virtual machine, line by line. */
#ifndef VMX_LOG_H
#define VMX_LOG_H

#include <stdbool.h>

#define VMX_LOG_KEEP 3 /* without log.keepOld */
#define VMX_LOG_KEEP_MAX 100

/*
 * Opens vmware.log in the folder of config; unless append is set, vmware.log becomes
 * vmware-0.log, that vmware-1.log, … so that keep old ones stay. False and errno: no log is kept.
 */
bool vmx_log_open(const char *config, bool append, unsigned int keep);

/* "Nov 22 23:51:15.123: vmx| text". Control characters in text become dots. */
void vmx_log(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* One ready line, by nothing but write(): for signal handlers. */
void vmx_log_raw(const char *line);

#endif
