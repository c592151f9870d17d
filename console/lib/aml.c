// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * AML byte codes. A block's length stands before its content and is as long as the
 * number needs, so closing a block moves the content to make room for it.
 */
#include "aml.h"
#include <stdlib.h>
#include <string.h>

enum block { BLOCK_PLAIN, BLOCK_RESOURCES };

static void put(struct aml *a, const void *data, size_t len)
{
	if (a->full || len > a->size - a->len) {
		a->full = true;
		return;
	}
	memcpy(a->buf + a->len, data, len);
	a->len += len;
}

static void put_byte(struct aml *a, uint8_t byte)
{
	put(a, &byte, 1);
}

static void put_le(struct aml *a, uint64_t value, unsigned int bytes)
{
	while (bytes--) {
		put_byte(a, value);
		value >>= 8;
	}
}

static void put_segment(struct aml *a, const char *name)
{
	if (strlen(name) == 4)
		put(a, name, 4);
	else
		a->full = true;
}

void aml_init(struct aml *a, void *buf, size_t size)
{
	*a = (struct aml){ .buf = buf, .size = size };
}

bool aml_done(const struct aml *a)
{
	return !a->full && !a->depth;
}

static void begin(struct aml *a, enum block kind)
{
	if (a->depth == AML_DEPTH_MAX) {
		a->full = true;
		return;
	}
	a->kind[a->depth] = kind;
	a->open[a->depth++] = a->len;
}

/* Puts bytes into the output before what begins at pos. */
static void insert(struct aml *a, size_t pos, const uint8_t *data, size_t len)
{
	size_t tail = a->len - pos;

	put(a, data, len); /* only to make room */
	if (a->full)
		return;
	memmove(a->buf + pos + len, a->buf + pos, tail);
	memcpy(a->buf + pos, data, len);
}

/* PkgLength (20.2.4) counts itself. */
static void insert_length(struct aml *a, size_t pos)
{
	size_t content = a->len - pos, total = content + 1;
	uint8_t code[3];

	if (total < 0x40) {
		code[0] = total;
		insert(a, pos, code, 1);
		return;
	}
	total = content + 2;
	if (total >= 0x1000)
		total = content + 3;
	code[0] = (total >= 0x1000 ? 0x80 : 0x40) | (total & 15);
	code[1] = total >> 4;
	code[2] = total >> 12;
	if (total >= 0x100000)
		a->full = true;
	insert(a, pos, code, total >= 0x1000 ? 3 : 2);
}

void aml_end(struct aml *a)
{
	size_t pos, content;
	uint8_t size[3];

	if (a->full || !a->depth) {
		a->full = true;
		return;
	}
	pos = a->open[--a->depth];
	if (a->kind[a->depth] == BLOCK_RESOURCES) {
		put_byte(a, 0x79); /* end tag, checksum 0: not checked */
		put_byte(a, 0);
		/* BufferOp PkgLength BufferSize ByteList */
		content = a->len - pos;
		size[0] = 0x0b; /* WordPrefix */
		size[1] = content;
		size[2] = content >> 8;
		insert(a, pos, size, sizeof(size));
	}
	insert_length(a, pos);
}

void aml_scope_begin(struct aml *a, const char *name)
{
	put_byte(a, 0x10);
	begin(a, BLOCK_PLAIN);
	put_byte(a, '\\');
	put_segment(a, name);
}

void aml_device_begin(struct aml *a, const char *name)
{
	put_byte(a, 0x5b);
	put_byte(a, 0x82);
	begin(a, BLOCK_PLAIN);
	put_segment(a, name);
}

void aml_package_begin(struct aml *a, uint8_t elements)
{
	put_byte(a, 0x12);
	begin(a, BLOCK_PLAIN);
	put_byte(a, elements);
}

void aml_resources_begin(struct aml *a)
{
	put_byte(a, 0x11);
	begin(a, BLOCK_RESOURCES);
}

void aml_name(struct aml *a, const char *name)
{
	put_byte(a, 0x08);
	put_segment(a, name);
}

void aml_integer(struct aml *a, uint64_t value)
{
	if (value <= 1) {
		put_byte(a, value); /* ZeroOp, OneOp */
	} else if (value <= 0xff) {
		put_byte(a, 0x0a);
		put_le(a, value, 1);
	} else if (value <= 0xffff) {
		put_byte(a, 0x0b);
		put_le(a, value, 2);
	} else if (value <= 0xffffffff) {
		put_byte(a, 0x0c);
		put_le(a, value, 4);
	} else {
		put_byte(a, 0x0e);
		put_le(a, value, 8);
	}
}

void aml_string(struct aml *a, const char *text)
{
	put_byte(a, 0x0d);
	put(a, text, strlen(text) + 1);
}

void aml_eisa_id(struct aml *a, const char *id)
{
	uint32_t product = strtoul(id + 3, NULL, 16);
	uint32_t vendor = (id[0] - '@') << 10 | (id[1] - '@') << 5 | (id[2] - '@');

	put_byte(a, 0x0c);
	put_byte(a, vendor >> 8);
	put_byte(a, vendor);
	put_byte(a, product >> 8);
	put_byte(a, product);
}

void aml_io(struct aml *a, uint16_t port, uint8_t len)
{
	put_byte(a, 0x47); /* 6.4.2.5 */
	put_byte(a, 1); /* decodes 16 bits */
	put_le(a, port, 2);
	put_le(a, port, 2);
	put_byte(a, 1);
	put_byte(a, len);
}

void aml_irq(struct aml *a, uint8_t irq)
{
	put_byte(a, 0x22); /* 6.4.2.1, without the information byte: edge, high */
	put_le(a, 1u << irq, 2);
}

/* Address space descriptors (6.4.3.5): both ends fixed, this device hands them on. */
static void window(struct aml *a, uint8_t type, uint8_t flags, uint64_t first, uint64_t last,
		   unsigned int bytes)
{
	put_byte(a, bytes == 2 ? 0x88 : 0x87);
	put_le(a, 3 + 5 * bytes, 2);
	put_byte(a, type);
	put_byte(a, 0x0c);
	put_byte(a, flags);
	put_le(a, 0, bytes); /* granularity */
	put_le(a, first, bytes);
	put_le(a, last, bytes);
	put_le(a, 0, bytes); /* translation */
	put_le(a, last - first + 1, bytes);
}

void aml_bus_range(struct aml *a, uint16_t first, uint16_t last)
{
	window(a, 2, 0, first, last, 2);
}

void aml_io_window(struct aml *a, uint16_t first, uint16_t last)
{
	window(a, 1, 3, first, last, 2); /* ISA and others: the entire range */
}

void aml_mem_window(struct aml *a, uint32_t first, uint32_t last)
{
	window(a, 0, 1, first, last, 4); /* read-write, not cacheable */
}
