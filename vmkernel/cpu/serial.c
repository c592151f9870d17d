// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * Polled output to a 16550 UART (PC16550D data sheet, chapter 8). The port
 * is the vmkernel's alone: the console is told to leave COM2 be.
 */
#include "cpu/serial.h"
#include "cpu/x86.h"

#define UART_IER 1
#define UART_FCR 2
#define UART_LCR 3
#define UART_MCR 4
#define UART_LSR 5
#define LSR_THRE 0x20
#define DRAIN_TRIES 100000

static uint16_t serial_port;

void serial_init(uint16_t port)
{
	serial_port = port;
	if (!port)
		return;
	outb(port + UART_IER, 0);
	outb(port + UART_LCR, 0x80);
	outb(port, 1);
	outb(port + UART_IER, 0);
	outb(port + UART_LCR, 0x03);
	outb(port + UART_FCR, 0x07);
	outb(port + UART_MCR, 0x03);
}

static void put(uint8_t byte)
{
	for (int i = 0; i < DRAIN_TRIES; i++) {
		if (inb(serial_port + UART_LSR) & LSR_THRE) {
			outb(serial_port, byte);
			return;
		}
		cpu_relax();
	}
	serial_port = 0;
}

void serial_write(const char *text, size_t len)
{
	for (size_t i = 0; i < len && serial_port; i++) {
		if (text[i] == '\n')
			put('\r');
		if (serial_port)
			put((uint8_t)text[i]);
	}
}
