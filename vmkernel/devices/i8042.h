/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * The place of the keyboard controller, ports 60h and 64h: empty but for the reset
 * line that PCs have there. No PS/2 device exists until the machine has a screen.
 */
#ifndef DEVICES_I8042_H
#define DEVICES_I8042_H

#include "devices/device.h"

struct i8042 {
	void (*reset)(void *opaque);
	void *opaque;
};

extern const struct dev_ops i8042_data_ops; /* port 60h */
extern const struct dev_ops i8042_command_ops; /* port 64h */

void i8042_init(struct i8042 *kbc, void (*reset)(void *opaque), void *opaque);

#endif
