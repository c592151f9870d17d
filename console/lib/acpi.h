/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* The ACPI tables of a virtual machine (ACPI 6.4; section numbers in acpi.c). */
#ifndef ACPI_H
#define ACPI_H

#include <stdbool.h>
#include <stddef.h>
#include "guest_machine.h"

/*
 * Builds all tables for guest-physical address gpa (16-byte aligned, below 4 GiB) in
 * area; the RSDP comes first. False if size bytes are too few.
 */
bool acpi_build(uint8_t *area, size_t size, uint32_t gpa, const struct guest_machine *m);

#endif
