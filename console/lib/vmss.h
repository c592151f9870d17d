/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * The file of a suspended virtual machine (.vmss): a header, the state of its processors
 * and devices as the vmkernel gave it, its guestinfo variables, and its memory without
 * pages of zeros, in records by rising address. Every part has a CRC-32; what is read is
 * hostile all the same. Numbers are little-endian.
 */
#ifndef VMSS_H
#define VMSS_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "hostcall.h"
#include "ring.h"

#define VMSS_MAGIC "vmnix suspended\n" /* 16 bytes, without the NUL */
#define VMSS_VERSION 1u
#define VMSS_PAGE 4096u
#define VMSS_STATE_MAX WS_VM_WINDOW_SIZE
#define VMSS_INFO_MAX 65536u /* names and values, each with its NUL */
#define VMSS_CHUNK_MAX WS_VM_WINDOW_SIZE /* of memory in one record */

struct vmss_header {
	char magic[16];
	uint32_t version;
	uint32_t header_len;
	uint64_t file_len;
	uint8_t uuid[16];
	uint64_t mem_bytes;
	uint32_t vcpus;
	uint32_t state_len;
	uint32_t state_crc;
	uint32_t mem_crc; /* over the headers of all records */
	uint64_t records;
	uint64_t pages; /* of memory in them */
	char label[HC_LABEL_MAX];
	uint32_t info_len;
	uint32_t info_crc;
	uint8_t pad[92];
	uint32_t crc; /* over all before it */
};

struct vmss_record {
	uint64_t gpa; /* a multiple of VMSS_PAGE */
	uint32_t len; /* as well */
	uint32_t crc; /* over gpa, len, and the bytes that follow */
};

struct vmss {
	FILE *f;
	char path[PATH_MAX], temp[PATH_MAX];
	struct vmss_header h;
	uint32_t mem_crc; /* so far, and the same of those below */
	uint64_t records, pages;
	uint64_t next_gpa; /* the next record is not below it */
};

/* ---- writing: false: why (why_size bytes) is set, and vmss_abandon() is due --------------- */

/* A new file beside path; what of h says whose machine it is must be set. */
bool vmss_create(struct vmss *v, const char *path, const struct vmss_header *h, char *why,
		 size_t why_size);
/* First the state, then variables, then memory by rising address, VMSS_CHUNK_MAX bytes at most. */
bool vmss_put_state(struct vmss *v, const void *state, uint32_t len, char *why, size_t why_size);
bool vmss_put_info(struct vmss *v, const void *info, uint32_t len, char *why, size_t why_size);
bool vmss_put_memory(struct vmss *v, uint64_t gpa, const uint8_t *data, uint32_t len, char *why,
		     size_t why_size);
/* Flushes all of it to the disk; then path is the new file. */
bool vmss_commit(struct vmss *v, char *why, size_t why_size);
void vmss_abandon(struct vmss *v);

/* ---- reading: false: why says which part of the file is wrong ------------------------------ */

/* Opens, and checks the header and the file's length. */
bool vmss_open(struct vmss *v, const char *path, char *why, size_t why_size);
/* state has room for VMSS_STATE_MAX bytes; h.state_len is their number. */
bool vmss_get_state(struct vmss *v, void *state, char *why, size_t why_size);
/* info has room for VMSS_INFO_MAX bytes; the last of h.info_len, if there are any, is NUL. */
bool vmss_get_info(struct vmss *v, char *info, char *why, size_t why_size);
/* The next record; *len is 0 after the last. data has room for VMSS_CHUNK_MAX bytes. */
bool vmss_get_memory(struct vmss *v, uint64_t *gpa, uint8_t *data, uint32_t *len, char *why,
		     size_t why_size);
void vmss_close(struct vmss *v);

/* Whether the file at path begins like one of these. */
bool vmss_is_one(const char *path);

#endif
