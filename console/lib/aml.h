/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * A builder of ACPI Machine Language (ACPI 6.4, chapter 20) for what a DSDT without
 * methods needs: scopes, devices, names, integers, strings, packages and resource
 * templates (chapter 6.4). Blocks nest: each aml_*_begin is closed by aml_end.
 * Names are segments of four characters, '_' filled ("_S5_").
 */
#ifndef AML_H
#define AML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AML_DEPTH_MAX 8u

struct aml {
	uint8_t *buf;
	size_t size, len;
	bool full; /* something did not fit, or nesting was wrong: buf is of no use */
	size_t open[AML_DEPTH_MAX]; /* where the blocks that are open begin their content */
	uint8_t kind[AML_DEPTH_MAX];
	uint32_t depth;
};

void aml_init(struct aml *a, void *buf, size_t size);
/* True if all blocks were closed and everything fitted. */
bool aml_done(const struct aml *a);

void aml_scope_begin(struct aml *a, const char *name); /* of the root: "_SB_" */
void aml_device_begin(struct aml *a, const char *name);
void aml_package_begin(struct aml *a, uint8_t elements);
void aml_resources_begin(struct aml *a); /* a buffer of resource descriptors: value of _CRS */
void aml_end(struct aml *a);

/* NameOp: the next thing is the value. */
void aml_name(struct aml *a, const char *name);
void aml_integer(struct aml *a, uint64_t value);
void aml_string(struct aml *a, const char *text);
/* A plug-and-play id such as "PNP0501" in its packed form. */
void aml_eisa_id(struct aml *a, const char *id);

/* Resource descriptors. */
void aml_io(struct aml *a, uint16_t port, uint8_t len);
void aml_irq(struct aml *a, uint8_t irq); /* edge, active high, not shared */
void aml_bus_range(struct aml *a, uint16_t first, uint16_t last);
void aml_io_window(struct aml *a, uint16_t first, uint16_t last);
void aml_mem_window(struct aml *a, uint32_t first, uint32_t last);

#endif
