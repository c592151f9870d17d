/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* What the service's start and stop do with all registered machines. */
#ifndef SERVICE_H
#define SERVICE_H

#include "cmd.h"

/*
 * Starts the machines that want it, or stops all that are on, in their order; a line
 * for each on standard output. A failure does not keep the others waiting: its error
 * has been printed, the last one's code is returned.
 */
enum vmcontrol service_autostart(void);
enum vmcontrol service_autostop(unsigned int time_limit);

#endif
