// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * The VSI tree: finding a node by its path, listing, reading and setting.
 * Paths are split into names of bounded length before anything is compared.
 * Reading is by window: a value is produced whole each time, and only the
 * part that the caller asked for is kept, so no value is too long.
 */
#include "vsi/vsi.h"
#include "error.h"
#include "lib/format.h"
#include "lib/spinlock.h"
#include "lib/string.h"
#include "lib/text.h"
#include <stdarg.h>

/* What a path leads to: a node, or a member or field of a table. */
struct place {
	struct vsi_node *node;
	const struct vsi_field *field; /* in a member of node */
	char member[VSI_NAME_MAX]; /* "": the table itself */
	char group[VSI_NAME_MAX]; /* of its fields; "": none */
	bool config; /* below /config: only writable numbers are there */
};

static struct spinlock lock = SPINLOCK_INIT(RANK_VSI);
static struct vsi_node root = {
	.name = "",
	.help = "everything",
	.kind = VSI_KIND_FOLDER,
	.siblings = LIST_INIT(root.siblings),
	.children = LIST_INIT(root.children),
};
static uint32_t count;

struct vsi_node vsi_config = {
	.name = "config",
	.help = "what can be tuned, with range and initial value",
	.kind = VSI_KIND_CONFIG,
};

static bool name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '.' || c == '_' || c == ':' || c == '-';
}

/* Length of the name that text begins with, 0 if it is none or too long. */
static size_t name_len(const char *text)
{
	size_t len = 0;

	while (len < VSI_NAME_MAX && name_char(text[len]))
		len++;
	return len < VSI_NAME_MAX ? len : 0;
}

static bool in_tree(const struct vsi_node *node)
{
	while (node->parent)
		node = node->parent;
	return node == &root;
}

static struct vsi_node *find_child(struct vsi_node *folder, const char *name)
{
	struct vsi_node *child;

	LIST_FOR_EACH(child, &folder->children, struct vsi_node, siblings)
		if (!strcmp(child->name, name))
			return child;
	return NULL;
}

static int add_locked(struct vsi_node *parent, struct vsi_node *node)
{
	if (!in_tree(parent) || parent->kind != VSI_KIND_FOLDER)
		return VMK_BAD_PARAM;
	if (find_child(parent, node->name))
		return VMK_EXISTS;
	node->parent = parent;
	if (node->kind == VSI_KIND_U64)
		node->initial = *node->value;
	list_init(&node->children);
	list_add_tail(&parent->children, &node->siblings);
	count++;
	return VMK_OK;
}

static bool name_ok(const struct vsi_node *node)
{
	size_t len = name_len(node->name);

	return len && !node->name[len];
}

int vsi_add(struct vsi_node *parent, struct vsi_node *node)
{
	int err;

	if (!name_ok(node))
		return VMK_BAD_PARAM;
	spin_lock(&lock);
	err = add_locked(parent ? parent : &root, node);
	spin_unlock(&lock);
	return err;
}

int vsi_add_all(struct vsi_node *parent, struct vsi_node *nodes, uint32_t node_count)
{
	int err = VMK_OK;

	for (uint32_t i = 0; !err && i < node_count; i++)
		err = vsi_add(parent, &nodes[i]);
	return err;
}

/* The deepest first child below node, or node itself: the next to go. */
static struct vsi_node *first_leaf(struct vsi_node *node)
{
	while (!list_empty(&node->children))
		node = LIST_ENTRY(node->children.next, struct vsi_node, siblings);
	return node;
}

void vsi_remove(struct vsi_node *node)
{
	struct vsi_node *leaf;

	spin_lock(&lock);
	while (node->parent) {
		leaf = first_leaf(node);
		list_del(&leaf->siblings);
		leaf->parent = NULL;
		count--;
	}
	spin_unlock(&lock);
}

uint32_t vsi_count(void)
{
	return count;
}

/* What follows "group/" in a field's name, NULL: it is not in this group. "": in none. */
static const char *name_in_group(const struct vsi_field *field, const char *group)
{
	size_t len = strlen(group);

	if (!len)
		return field->name[name_len(field->name)] ? NULL : field->name;
	if (strncmp(field->name, group, len) || field->name[len] != '/')
		return NULL;
	return field->name + len + 1;
}

/* In a member: a field, or a group of fields. */
static int step_in_member(struct place *p, const char *name)
{
	const struct vsi_table_ops *table = p->node->table;
	const char *field;

	for (uint32_t i = 0; i < table->field_count; i++) {
		field = name_in_group(&table->fields[i], p->group);
		if (field && !strcmp(field, name)) {
			p->field = &table->fields[i];
			return VMK_OK;
		}
		if (!p->group[0] && name_in_group(&table->fields[i], name))
			return strscpy(p->group, name, sizeof(p->group));
	}
	return VMK_NOT_FOUND;
}

static bool is_tunable(const struct vsi_node *node)
{
	return node->kind == VSI_KIND_U64 && node->writable;
}

static bool has_tunables(const struct vsi_node *node)
{
	const struct vsi_node *child;

	if (node->kind == VSI_KIND_FOLDER)
		LIST_FOR_EACH(child, &node->children, const struct vsi_node, siblings)
			if (is_tunable(child))
				return true;
	return false;
}

/* Of the nodes that the tree has, whether child is in the folder that p is. */
static bool is_shown(const struct place *p, const struct vsi_node *child)
{
	if (!p->config)
		return true;
	return p->node == &root ? has_tunables(child) : is_tunable(child);
}

/* From one node of the tree to another. */
static int step_down(struct place *p, const char *name)
{
	struct vsi_node *child = find_child(p->node, name);

	if (!child || !is_shown(p, child))
		return VMK_NOT_FOUND;
	p->node = child;
	if (child->kind == VSI_KIND_CONFIG) {
		p->node = &root;
		p->config = true;
	}
	return VMK_OK;
}

/* One name further. */
static int step(struct place *p, const char *name)
{
	if (p->field)
		return VMK_NOT_FOUND;
	if (p->node->kind == VSI_KIND_FOLDER)
		return step_down(p, name);
	if (p->node->kind != VSI_KIND_TABLE)
		return VMK_NOT_FOUND;
	if (p->member[0])
		return step_in_member(p, name);
	if (!p->node->table->exists(p->node->ctx, name))
		return VMK_NOT_FOUND;
	return strscpy(p->member, name, sizeof(p->member));
}

/*
 * Walks an absolute path; one slash at its end is allowed, and a question
 * mark if help is not NULL.
 */
static int walk(const char *path, struct place *p, bool *help)
{
	char name[VSI_NAME_MAX];
	int err = VMK_OK;

	*p = (struct place){ .node = &root };
	if (strnlen(path, VSI_PATH_MAX) == VSI_PATH_MAX || *path != '/')
		return VMK_BAD_PARAM;
	path++;
	while (name_char(*path)) {
		size_t len = name_len(path);

		if (!len)
			return VMK_BAD_PARAM;
		memcpy(name, path, len);
		name[len] = '\0';
		path += len;
		if (!err)
			err = step(p, name);
		if (*path == '/')
			path++;
		else
			break;
	}
	if (help && *path == '?') {
		*help = true;
		path++;
	}
	return *path ? VMK_BAD_PARAM : err;
}

int vsi_add_at(const char *path, struct vsi_node *node)
{
	struct place p;
	int err;

	if (!name_ok(node))
		return VMK_BAD_PARAM;
	spin_lock(&lock);
	err = walk(path, &p, NULL);
	if (!err)
		err = add_locked(p.node, node);
	spin_unlock(&lock);
	return err;
}

void vsi_printf(struct vsi_text *text, const char *fmt, ...)
{
	char piece[VSI_PIECE_MAX];
	size_t len, skip, take;
	va_list args;

	va_start(args, fmt);
	len = (size_t)vmk_vsnprintf(piece, sizeof(piece), fmt, args);
	va_end(args);
	len = MIN(len, sizeof(piece) - 1);
	skip = MIN(len, text->skip);
	text->skip -= skip;
	take = MIN(len - skip, text->size - text->len);
	memcpy(text->buf + text->len, piece + skip, take);
	text->len += take;
	text->more |= skip + take < len;
}

/* As child_name, in a member: a group stands where its first field does. */
static int member_child_name(const struct place *p, uint32_t index, char *name)
{
	const struct vsi_table_ops *table = p->node->table;
	const char *last = "", *field;
	size_t len;

	for (uint32_t i = 0; i < table->field_count; i++) {
		field = name_in_group(&table->fields[i], p->group);
		len = field ? strlen(field) : name_len(table->fields[i].name) + 1;
		if (!field && (p->group[0] || !strncmp(last, table->fields[i].name, len)))
			continue;
		if (index-- == 0) {
			memcpy(name, field ? field : table->fields[i].name, len);
			name[len] = '\0';
			return VMK_OK;
		}
		last = table->fields[i].name;
	}
	return VMK_NOT_FOUND;
}

/* Name of the child at index, "/" appended if it can be listed. VMK_NOT_FOUND: no more. */
static int child_name(const struct place *p, uint32_t index, char *name)
{
	const struct vsi_table_ops *table = p->node->table;
	const struct vsi_node *child;
	int err;

	if (p->node->kind == VSI_KIND_TABLE && p->member[0])
		return member_child_name(p, index, name);
	if (p->node->kind == VSI_KIND_TABLE) {
		err = table->name(p->node->ctx, index, name);
		name[VSI_NAME_MAX - 1] = '\0';
		memcpy(name + strlen(name), "/", 2);
		return err;
	}
	LIST_FOR_EACH(child, &p->node->children, const struct vsi_node, siblings) {
		bool is_folder = child->kind != VSI_KIND_U64 && child->kind != VSI_KIND_TEXT;

		if (is_shown(p, child) && index-- == 0) {
			vmk_snprintf(name, VSI_NAME_MAX + 1, "%s%s", child->name,
				     is_folder ? "/" : "");
			return VMK_OK;
		}
	}
	return VMK_NOT_FOUND;
}

static int list_locked(const struct place *p, uint32_t start, char *buf, uint32_t size,
		       uint32_t *len, uint32_t *next)
{
	char name[VSI_NAME_MAX + 1] = "";
	uint32_t index = start;

	if (p->field || (p->node->kind != VSI_KIND_FOLDER && p->node->kind != VSI_KIND_TABLE))
		return VMK_NOT_SUPPORTED;
	while (child_name(p, index, name) == VMK_OK) {
		uint32_t n = (uint32_t)strlen(name);

		if (n + 1 > size - *len) {
			*next = index;
			break;
		}
		memcpy(buf + *len, name, n);
		buf[*len + n] = '\n';
		*len += n + 1;
		index++;
	}
	return VMK_OK;
}

int vsi_list(const char *path, uint32_t start, char *buf, uint32_t size, uint32_t *len,
	     uint32_t *next)
{
	struct place p;
	int err;

	*len = *next = 0;
	if (size < VSI_NAME_MAX + 2)
		return VMK_BAD_PARAM;
	spin_lock(&lock);
	err = walk(path, &p, NULL);
	if (!err)
		err = list_locked(&p, start, buf, size, len, next);
	spin_unlock(&lock);
	return err;
}

static int get_help(const struct place *p, struct vsi_text *text)
{
	static const char *const kinds[] = { "folder", "number", "text", "table", "folder" };
	const struct vsi_node *node = p->config && p->node == &root ? &vsi_config : p->node;

	if (p->field)
		vsi_printf(text, "text, %s: %s\n", p->field->set ? "read/write" : "read-only",
			   p->field->help);
	else if (node->kind == VSI_KIND_U64 && node->writable)
		vsi_printf(text, "number, read/write, %lu..%lu: %s\n", node->min, node->max,
			   node->help);
	else if (node->kind == VSI_KIND_U64 || node->kind == VSI_KIND_TEXT)
		vsi_printf(text, "%s, %s: %s\n", kinds[node->kind],
			   node->writable ? "read/write" : "read-only", node->help);
	else
		vsi_printf(text, "%s: %s\n", kinds[node->kind], node->help);
	return VMK_OK;
}

static int get_value(const struct place *p, struct vsi_text *text)
{
	const struct vsi_node *node = p->node;

	if (p->field)
		return p->field->get(node->ctx, p->member, text);
	if (p->config && is_tunable(node)) {
		vsi_printf(text, "%s (%s) [%lu-%lu: default = %lu]: %lu\n", node->name, node->help,
			   node->min, node->max, node->initial,
			   __atomic_load_n(node->value, __ATOMIC_RELAXED));
		return VMK_OK;
	}
	if (node->kind == VSI_KIND_TEXT)
		return node->get(node->ctx, text);
	if (node->kind != VSI_KIND_U64)
		return VMK_NOT_SUPPORTED;
	vsi_printf(text, "%lu\n", __atomic_load_n(node->value, __ATOMIC_RELAXED));
	return VMK_OK;
}

int vsi_get(const char *path, uint32_t offset, char *buf, uint32_t size, uint32_t *len,
	    uint32_t *next)
{
	struct vsi_text text = { .buf = buf, .size = size, .skip = offset };
	bool help = false;
	struct place p;
	int err;

	*len = *next = 0;
	spin_lock(&lock);
	err = walk(path, &p, &help);
	if (!err)
		err = help ? get_help(&p, &text) : get_value(&p, &text);
	spin_unlock(&lock);
	if (err)
		return err;
	*len = (uint32_t)text.len;
	if (text.more)
		*next = offset + *len;
	return VMK_OK;
}

static int set_number(const struct vsi_node *node, const char *text)
{
	uint64_t val;
	int err = parse_u64(text, &val);

	if (err)
		return err;
	if (val < node->min || val > node->max)
		return VMK_LIMIT_EXCEEDED;
	__atomic_store_n(node->value, val, __ATOMIC_RELAXED);
	return VMK_OK;
}

static int set_locked(const struct place *p, const char *text)
{
	const struct vsi_node *node = p->node;

	if (p->field)
		return p->field->set ? p->field->set(node->ctx, p->member, text) : VMK_READ_ONLY;
	if (node->kind == VSI_KIND_FOLDER || node->kind == VSI_KIND_TABLE)
		return VMK_NOT_SUPPORTED;
	if (!node->writable)
		return VMK_READ_ONLY;
	return node->kind == VSI_KIND_U64 ? set_number(node, text) : node->set(node->ctx, text);
}

int vsi_set(const char *path, const char *text)
{
	struct place p;
	int err;

	spin_lock(&lock);
	err = walk(path, &p, NULL);
	if (!err)
		err = set_locked(&p, text);
	spin_unlock(&lock);
	return err;
}
