/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * The registered virtual machines: a file of lines config "/path/of/the.vmx", as on
 * ESX. Other lines stay as they are. Changes lock out each other by a lock on the
 * file's folder, and replace the file at once.
 */
#ifndef VM_LIST_H
#define VM_LIST_H

#include <stdbool.h>
#include <stddef.h>

#define VM_LIST_FILE "/etc/vmware/vm-list"

struct vm_list {
	char **config; /* in the order of the file */
	size_t count;
};

/* A file that is not there is an empty list. False and errno: it could not be read. */
bool vm_list_read(const char *file, struct vm_list *list);
void vm_list_free(struct vm_list *list);

/*
 * Adds or removes a config path. False and errno: EEXIST or ENOENT if it is registered
 * already or not at all, EINVAL if the path could not stand in the file.
 */
bool vm_list_add(const char *file, const char *config);
bool vm_list_remove(const char *file, const char *config);

/*
 * The registered config that a user means: by its path (also relative, or through
 * links), its displayName, or its uuid.bios. Freed by the caller. NULL and errno:
 * ENOENT, or ENOTUNIQ if a name fits several.
 */
char *vm_list_find(const struct vm_list *list, const char *what);

/* All that a name fits, "/a.vmx, /b.vmx", as far as there is room; returns text. */
#define VM_LIST_MATCHES 1024u
char *vm_list_matches(const struct vm_list *list, const char *what, char *text, size_t size);

#endif
