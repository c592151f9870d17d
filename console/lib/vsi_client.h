/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* The vmkernel's VSI tree, asked piece by piece until all of a list or value is there. */
#ifndef VSI_CLIENT_H
#define VSI_CLIENT_H

#include <stddef.h>

/*
 * Children of a folder, one a line ("name/": a folder), or the value of a leaf.
 * *text is NUL-terminated, freed by the caller; NULL on an error of vmnix_dev.h.
 */
int vsi_client_list(int fd, const char *path, char **text);
int vsi_client_get(int fd, const char *path, char **text);
int vsi_client_set(int fd, const char *path, const char *value);

#endif
