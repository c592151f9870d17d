/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* Starting a virtual machine's process, vmware-vmx, from another tool. */
#ifndef VMX_PROCESS_H
#define VMX_PROCESS_H

#include <stdbool.h>
#include <stddef.h>

#define VMX_PROCESS_WHY 1024u
#define VM_TOOLS_SOCKET "/var/run/vmware/%u.tools" /* what vmware-cmd asks about its tools */
#define VM_GUESTINFO_FILE "/var/run/vmware/%u.guestinfo" /* its variables */
#define VM_CONSOLE_SOCKET "/var/run/vmware/%u.console" /* of a machine's id, for vmware-console */

/*
 * Runs vmware-vmx (from the folder of the running program, or the PATH) for a .vmx
 * file and waits until the machine runs. Its warnings go to standard error. False:
 * why has the reason.
 */
bool vmx_process_start(const char *config, bool attach, char *why, size_t why_size);

#endif
