/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * .vmx files as text: lines of key = "value", comments with #, keys in any case,
 * |XX for a byte by its two hexadecimal digits. What the keys mean is vmx_config.h's
 * business. The text is hostile: whatever is in it ends in entries or in one error
 * that names file and line.
 */
#ifndef VMX_FILE_H
#define VMX_FILE_H

#include <stdbool.h>
#include <stddef.h>

#define VMX_FILE_MAX (1u << 20) /* bytes */
#define VMX_KEY_MAX 128u /* bytes of a key, NUL included */
#define VMX_WHY_MAX 1024u /* what callers should give for error texts */

struct vmx_entry {
	char *key; /* as written */
	char *value; /* escapes resolved, without quotes */
	unsigned int line; /* from 1 */
	size_t start, end; /* of the raw value in the text, quotes included */
};

struct vmx_file {
	char *path;
	char *text;
	size_t len;
	struct vmx_entry *entry;
	size_t count;
};

/* Takes text (malloc'ed, freed in any case) apart. False: *f is empty, why "path:line: …". */
bool vmx_file_parse(struct vmx_file *f, const char *path, char *text, size_t len, char *why,
		    size_t why_size);
bool vmx_file_load(struct vmx_file *f, const char *path, char *why, size_t why_size);
void vmx_file_free(struct vmx_file *f);

/* The last entry of a key, as later lines win; NULL: there is none. */
const struct vmx_entry *vmx_file_find(const struct vmx_file *f, const char *key);
/* Its value, or NULL. */
const char *vmx_file_get(const struct vmx_file *f, const char *key);

/* True if key could stand in a file: letters, digits and . _ : - */
bool vmx_key_ok(const char *key);

/*
 * The text with key set to value, all other bytes as they were; freed by the
 * caller. NULL if the key is malformed or memory is short.
 */
char *vmx_file_with(const struct vmx_file *f, const char *key, const char *value, size_t *len);

/* Sets a key in the file at path: a new file takes the place of the old one at once. */
bool vmx_file_set(const char *path, const char *key, const char *value, char *why, size_t why_size);

#endif
