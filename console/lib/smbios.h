/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* The SMBIOS tables of a virtual machine (DMTF DSP0134, version 2.7). */
#ifndef SMBIOS_H
#define SMBIOS_H

#include <stdbool.h>
#include <stddef.h>
#include "guest_machine.h"

/*
 * Builds the entry point and the structures for guest-physical address gpa (in
 * 0xF0000-0xFFFFF, 16-byte aligned) in area. False if size bytes are too few.
 */
bool smbios_build(uint8_t *area, size_t size, uint32_t gpa, const struct guest_machine *m);

#endif
