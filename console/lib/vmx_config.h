/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * What a .vmx file asks for, checked and typed (vmx_keys.def, docs/vmx-keys.md).
 * Unknown keys are warned about, wrong values refused with file, line and key.
 */
#ifndef VMX_CONFIG_H
#define VMX_CONFIG_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include "hostcall.h"
#include "vmx_file.h"

#define VMX_CMDLINE_MAX 2048u

enum vmx_serial_type { VMX_SERIAL_NONE, VMX_SERIAL_FILE, VMX_SERIAL_PTY, VMX_SERIAL_PIPE };

struct vmx_config {
	char display_name[HC_LABEL_MAX]; /* cut to fit; the file's name if there is none */
	uint32_t mem_mb;
	uint32_t vcpus;
	bool has_uuid;
	uint8_t uuid[16]; /* in the order of the text */
	enum vmx_serial_type serial; /* NONE too if it does not start connected */
	bool serial_client; /* PIPE: connect to the socket rather than make it */
	char serial_path
		[PATH_MAX]; /* absolute, as all paths here; relative ones start at the file */
	uint32_t shares;
	uint32_t min_pct;
	uint32_t max_pct; /* 0: no limit */
	char kernel[PATH_MAX];
	char initrd[PATH_MAX]; /* empty: none */
	char cmdline[VMX_CMDLINE_MAX];
	char checkpoint[PATH_MAX]; /* empty: not suspended */
};

/* Gets one line for each thing that is odd but no error. */
typedef void (*vmx_warn)(void *ctx, const char *text);

/* False: why says what is wrong. f->path must be absolute. */
bool vmx_config_read(const struct vmx_file *f, struct vmx_config *c, vmx_warn warn, void *ctx,
		     char *why, size_t why_size);

/* What is behind serial0 once it is connected: only that is set in *c. False: why. */
bool vmx_config_serial(const struct vmx_file *f, struct vmx_config *c, char *why, size_t why_size);

/*
 * Whether value may be given to key: like vmx_config_read, one key at a time. For an
 * unknown key it is true.
 */
bool vmx_value_ok(const char *key, const char *value);

/* What a good value of sched.cpu.shares means: a number, low, normal or high for each VCPU. */
uint32_t vmx_shares(const char *value, uint32_t vcpus);

/* "56 4d … - …" or "564d…-…": 32 hexadecimal digits, blanks and - between bytes. */
bool vmx_uuid_parse(const char *text, uint8_t uuid[16]);
#define VMX_UUID_TEXT 48u
void vmx_uuid_format(const uint8_t uuid[16], char text[VMX_UUID_TEXT]);

#endif
