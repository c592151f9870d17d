/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* The vmkernel's own serial port (16550 at COM2 unless told otherwise): the log's raw sink. */
#ifndef CPU_SERIAL_H
#define CPU_SERIAL_H

#include <stddef.h>
#include <stdint.h>

/* port: I/O base, 0 for none. Programs 115200 8N1, no interrupts. */
void serial_init(uint16_t port);

/* Polled; gives up on a port that never drains. Any context. */
void serial_write(const char *text, size_t len);

#endif
