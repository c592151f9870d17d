/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * An absent keyboard controller that can still reset the machine. The status reads as
 * on an empty bus, all ones, but with "input buffer full" clear: a driver that looks
 * for a controller finds output that never ends and reports that none is there, and
 * one that only waits to send the reset command need not wait in vain.
 */
#include "devices/i8042.h"

#define STATUS_ABSENT 0xfdu
#define COMMAND_PULSE_RESET 0xfeu

void i8042_init(struct i8042 *kbc, void (*reset)(void *opaque), void *opaque)
{
	kbc->reset = reset;
	kbc->opaque = opaque;
}

static vmk_status data_read(void *opaque, uint64_t offset, unsigned int size, uint64_t *val)
{
	(void)opaque, (void)offset, (void)size;
	*val = 0xff;
	return VMK_OK;
}

static vmk_status data_write(void *opaque, uint64_t offset, unsigned int size, uint64_t val)
{
	(void)opaque, (void)offset, (void)size, (void)val;
	return VMK_OK;
}

static vmk_status command_read(void *opaque, uint64_t offset, unsigned int size, uint64_t *val)
{
	(void)opaque, (void)offset, (void)size;
	*val = STATUS_ABSENT;
	return VMK_OK;
}

static vmk_status command_write(void *opaque, uint64_t offset, unsigned int size, uint64_t val)
{
	struct i8042 *kbc = opaque;

	(void)offset, (void)size;
	if (val == COMMAND_PULSE_RESET)
		kbc->reset(kbc->opaque);
	return VMK_OK;
}

const struct dev_ops i8042_data_ops = { data_read, data_write, 1 };
const struct dev_ops i8042_command_ops = { command_read, command_write, 1 };
