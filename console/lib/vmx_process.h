/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* Starting a virtual machine's process, vmware-vmx, from another tool. */
#ifndef VMX_PROCESS_H
#define VMX_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VMX_PROCESS_WHY 1024u
#define VM_TOOLS_SOCKET "/var/run/vmware/%u.tools" /* what vmware-cmd asks about its tools */
#define VM_GUESTINFO_FILE "/var/run/vmware/%u.guestinfo" /* its variables */
#define VM_CONSOLE_SOCKET "/var/run/vmware/%u.console" /* of a machine's id, for vmware-console */

#define VM_QUESTION_SOCKET "/var/run/vmware/%016llx.question" /* of its .vmx file's path */
#define QUESTION_PATH_MAX 64u

#define VM_RUN_FOLDER "/var/run/vmware"
#define VM_OPERATION_LOCK VM_RUN_FOLDER "/%016llx.operation" /* flock: of a power operation */
#define OPERATION_PATH_MAX 64u

/* A number for the path of a .vmx file, as good as no other path has. */
uint64_t vmx_path_hash(const char *config);
/* Where a machine that cannot start without a person waits for an answer. */
void vmx_question_path(const char *config, char path[QUESTION_PATH_MAX]);
/* The file that whoever starts, stops or resets a machine has locked. */
void vmx_operation_path(const char *config, char path[OPERATION_PATH_MAX]);

/*
 * Runs vmware-vmx (from the folder of the running program, or the PATH) for a .vmx
 * file and waits until the machine runs, or asks something. Its warnings go to standard
 * error. False: why has the reason, or the question.
 */
bool vmx_process_start(const char *config, bool attach, char *why, size_t why_size);

#endif
