/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * The VSI tree: every statistic and tunable of the vmkernel is a typed, named
 * node with a path such as /sched/slice_ns. Nodes live in memory of whoever
 * registers them (static, or inside the object they describe), so that
 * registering cannot fail for lack of memory.
 *
 * One lock guards the tree, and is held while a node's functions run: these
 * may take locks of higher rank (spinlock.h), must not call back into this
 * file but for vsi_printf, and never run after vsi_remove has returned.
 * vsi_add and vsi_remove are called with no lock below RANK_VSI's successors held.
 * Paths and texts given to vsi_list, vsi_get and vsi_set are hostile.
 */
#ifndef VSI_VSI_H
#define VSI_VSI_H

#include "lib/list.h"
#include "lib/types.h"

#define VSI_NAME_MAX 48u /* bytes of a node's name, NUL included: letters, digits and ._:- */
#define VSI_PATH_MAX 256u /* bytes of a path, NUL included */
#define VSI_PIECE_MAX 512u /* bytes that one vsi_printf can add */

/* Where a node's function writes its value. Opaque: use vsi_printf. */
struct vsi_text {
	char *buf;
	size_t size; /* of buf */
	size_t len; /* bytes in buf */
	size_t skip; /* of the value, still to be left out */
	bool more; /* the value goes on after buf */
};

/* Appends to the value. */
void vsi_printf(struct vsi_text *text, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * A field that each member of a table has; "group/name": it stands in a folder of the member,
 * next to the others of this group. get writes the value for member
 * (a name from vsi_table_ops.name, or anything else: VMK_NOT_FOUND then); set
 * takes NUL-terminated text, NULL: read-only. Both return an enum vmk_error.
 */
struct vsi_field {
	const char *name, *help;
	int (*get)(void *ctx, const char *member, struct vsi_text *out);
	int (*set)(void *ctx, const char *member, const char *text);
};

/* A folder whose members come and go: /vm/<id>/<field>. */
struct vsi_table_ops {
	/* Name of the index-th member into name[VSI_NAME_MAX]; VMK_NOT_FOUND after the last. */
	int (*name)(void *ctx, uint32_t index, char *name);
	/* True if there is such a member. */
	bool (*exists)(void *ctx, const char *name);
	const struct vsi_field *fields;
	uint32_t field_count;
};

enum vsi_kind {
	VSI_KIND_FOLDER,
	VSI_KIND_U64, /* a variable, read and written atomically */
	VSI_KIND_TEXT, /* functions */
	VSI_KIND_TABLE,
	VSI_KIND_CONFIG, /* vsi_config alone */
};

struct vsi_node {
	const char *name, *help; /* must stay */
	enum vsi_kind kind;
	bool writable;
	uint64_t *value; /* U64 */
	uint64_t min, max; /* U64, writable */
	uint64_t initial; /* U64: its value when it was added */
	int (*get)(void *ctx, struct vsi_text *out); /* TEXT */
	int (*set)(void *ctx, const char *text); /* TEXT; NULL: read-only */
	const struct vsi_table_ops *table; /* TABLE */
	void *ctx; /* TEXT and TABLE: handed to the functions */
	struct vsi_node *parent; /* from here on the tree's own */
	struct list siblings, children;
};

/* Initialisers, for static nodes and compound literals. */
#define VSI_FOLDER(nm, hlp)                                          \
	{                                                            \
		.name = (nm), .help = (hlp), .kind = VSI_KIND_FOLDER \
	}
#define VSI_U64(nm, hlp, var)                                                     \
	{                                                                         \
		.name = (nm), .help = (hlp), .kind = VSI_KIND_U64, .value = (var) \
	}
#define VSI_U64_RW(nm, hlp, var, lo, hi)                                           \
	{                                                                          \
		.name = (nm), .help = (hlp), .kind = VSI_KIND_U64, .value = (var), \
		.writable = true, .min = (lo), .max = (hi)                         \
	}
#define VSI_TEXT(nm, hlp, getter, setter, context)                                   \
	{                                                                            \
		.name = (nm), .help = (hlp), .kind = VSI_KIND_TEXT, .get = (getter), \
		.set = (setter), .writable = (setter) != NULL, .ctx = (context)      \
	}
#define VSI_TABLE(nm, hlp, ops, context)                                             \
	{                                                                            \
		.name = (nm), .help = (hlp), .kind = VSI_KIND_TABLE, .table = (ops), \
		.ctx = (context)                                                     \
	}

/*
 * /config, to be added to the root: shows each writable number /FOLDER/NAME of the tree again as
 * /config/FOLDER/NAME, in one line with help, range and initial value.
 */
extern struct vsi_node vsi_config;

/*
 * Hangs node under parent (a folder in the tree; NULL: the root).
 * VMK_BAD_PARAM: bad name or not a folder; VMK_EXISTS.
 */
int vsi_add(struct vsi_node *parent, struct vsi_node *node);

/* Hangs count nodes under parent; stops at the first error and returns it. */
int vsi_add_all(struct vsi_node *parent, struct vsi_node *nodes, uint32_t count);

/* As vsi_add, under the folder at path; VMK_NOT_FOUND as well. */
int vsi_add_at(const char *path, struct vsi_node *node);

/* Takes node and everything under it out of the tree; harmless if it is not in it. */
void vsi_remove(struct vsi_node *node);

/* Nodes in the tree: what a leak test compares. */
uint32_t vsi_count(void);

/*
 * Children of a folder, one name a line, "name/" for a folder. start: index of
 * the first child wanted. *len: bytes written; *next: where to go on, 0: that
 * was all. Errors: VMK_BAD_PARAM (malformed path, buf below VSI_NAME_MAX + 2
 * bytes), VMK_NOT_FOUND, VMK_NOT_SUPPORTED (not a folder).
 */
int vsi_list(const char *path, uint32_t start, char *buf, uint32_t size, uint32_t *len,
	     uint32_t *next);

/*
 * Value of a leaf from byte offset on, not NUL-terminated; a path that ends in
 * "?" gives type and help of any node instead. *len, *next as above. Errors:
 * VMK_BAD_PARAM, VMK_NOT_FOUND, VMK_NOT_SUPPORTED (a folder), or what the leaf says.
 */
int vsi_get(const char *path, uint32_t offset, char *buf, uint32_t size, uint32_t *len,
	    uint32_t *next);

/*
 * Sets a leaf from NUL-terminated text. Errors: as vsi_get, VMK_READ_ONLY,
 * VMK_BAD_PARAM (not a number), VMK_LIMIT_EXCEEDED (out of range), or what the leaf says.
 */
int vsi_set(const char *path, const char *text);

#endif
