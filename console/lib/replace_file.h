/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
#ifndef REPLACE_FILE_H
#define REPLACE_FILE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Gives the file at path (symbolic links followed; made with mode 0644 if there is
 * none) new content: whoever opens it sees all of the old or all of the new, even
 * after a crash. Mode and owner stay. False and errno on failure, the old file stays.
 */
bool replace_file(const char *path, const void *data, size_t len);

#endif
