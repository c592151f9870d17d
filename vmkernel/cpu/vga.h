/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* The VGA's text screen, which is the console's until the vmkernel dies. */
#ifndef CPU_VGA_H
#define CPU_VGA_H

#include <stddef.h>
#include "cpu/mmio.h"

#define VGA_HPA 0xb8000u
#define VGA_BYTES 0x8000u
#define MMIO_VGA (MMIO_BASE + 0x10000)

/*
 * Fills the screen with text, white on purple, if there is a VGA in colour text mode
 * (IBM VGA XGA Technical Reference, 2.8 and 2.9). Of text that is too long the beginning
 * and the last lines are shown. Context: a panic, MMIO_VGA mapped. The console may be
 * writing to the same registers: the worst that comes of it is a wrong picture.
 */
void vga_show(const char *text, size_t len);

#endif
