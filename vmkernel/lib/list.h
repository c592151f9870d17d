/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * Doubly linked lists through a struct list inside the elements; a list's
 * head is a struct list of its own. The caller locks.
 */
#ifndef LIB_LIST_H
#define LIB_LIST_H

#include "lib/types.h"

struct list {
	struct list *next, *prev;
};

/* Initialiser of a static head. */
#define LIST_INIT(head)          \
	{                        \
		&(head), &(head) \
	}

static inline void list_init(struct list *head)
{
	head->next = head->prev = head;
}

static inline bool list_empty(const struct list *head)
{
	return head->next == head;
}

/* Puts node before pos; before the head is the tail. */
static inline void list_insert_before(struct list *pos, struct list *node)
{
	node->next = pos;
	node->prev = pos->prev;
	pos->prev->next = node;
	pos->prev = node;
}

static inline void list_add_tail(struct list *head, struct list *node)
{
	list_insert_before(head, node);
}

static inline void list_add_head(struct list *head, struct list *node)
{
	list_insert_before(head->next, node);
}

/* node is afterwards a list of its own: removing it again does no harm. */
static inline void list_del(struct list *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	list_init(node);
}

/* The element that holds a node. */
#define LIST_ENTRY(node, type, member) container_of(node, type, member)

/* The first element, or NULL. */
#define LIST_FIRST(head, type, member) \
	(list_empty(head) ? NULL : LIST_ENTRY((head)->next, type, member))

/* pos is a variable: NOLINTBEGIN(bugprone-macro-parentheses) */
/* pos: a type *. The body may not remove pos. */
#define LIST_FOR_EACH(pos, head, type, member)                                     \
	for (pos = LIST_ENTRY((head)->next, type, member); &pos->member != (head); \
	     pos = LIST_ENTRY(pos->member.next, type, member))

/* As above; next_pos: a second type *. The body may remove and free pos. */
#define LIST_FOR_EACH_SAFE(pos, next_pos, head, type, member)      \
	for (pos = LIST_ENTRY((head)->next, type, member),         \
	    next_pos = LIST_ENTRY(pos->member.next, type, member); \
	     &pos->member != (head);                               \
	     pos = next_pos, next_pos = LIST_ENTRY(pos->member.next, type, member))
/* NOLINTEND(bugprone-macro-parentheses) */

#endif
