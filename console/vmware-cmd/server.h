/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* What vmware-cmd -s and -l do. */
#ifndef SERVER_H
#define SERVER_H

#include <stddef.h>
#include "cmd.h"

extern const struct verb server_verbs[];
extern const size_t server_verb_count;

/* -l: one path a line; as JSON with the names that other tools take, too. */
enum vmcontrol server_list(void);

#endif
