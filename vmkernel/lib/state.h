/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * The state of a machine as a row of bytes, and back. One function per part names its
 * fields once, and serves both ways, so that the two cannot come apart:
 *
 *	state_begin(s, "i8042", 1);
 *	STATE(s, kbc->command);
 *	state_flag(s, &kbc->full);
 *	state_check(s, kbc->count <= sizeof(kbc->byte));
 *	state_end(s);
 *
 * A part is its name (STATE_NAME bytes), version and length (32 bits each), and its fields
 * as they lie in memory. What is loaded is hostile: a name, version or length that is not
 * the expected one and a check that fails make the whole bad; from then on no field is
 * changed, and part says where it went wrong. What was loaded before stays, so an object
 * whose loading went bad must not be used.
 */
#ifndef LIB_STATE_H
#define LIB_STATE_H

#include "lib/types.h"

#define STATE_NAME 12u

struct state {
	uint8_t *buf;
	size_t size; /* loading: what there is, saving: room */
	size_t pos;
	bool loading;
	bool bad;
	size_t begin; /* of the fields of the part at hand */
	size_t end; /* loading: of its fields */
	const char *part; /* the last one begun; its name is a literal */
};

void state_init(struct state *s, void *buf, size_t size, bool loading);

/* A part. Parts do not nest. */
void state_begin(struct state *s, const char *name, uint32_t version);
void state_end(struct state *s);

/* Fields. A flag that is neither 0 nor 1 is bad. */
void state_bytes(struct state *s, void *field, size_t len);
void state_flag(struct state *s, bool *flag);
#define STATE(s, field) state_bytes((s), &(field), sizeof(field))

/* Loading: what was loaded is bad unless ok. */
void state_check(struct state *s, bool ok);

/* Nothing went wrong, and, loading, nothing is left over. */
bool state_done(const struct state *s);

#endif
