/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* sources: console/lib/vmss.c console/lib/tool.c */
/*
 * Files of suspended machines. All checksums are put right after the fuzzer's changes,
 * unless it says not to: otherwise it would see nothing but them. The input: one byte
 * that says so, then the file.
 */
/* input: at most 16384 bytes */
#include "fuzz.h"
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include "vmss.h"

static char path[64], why[1024];
static uint8_t state[VMSS_STATE_MAX], chunk[VMSS_CHUNK_MAX];
static char info[VMSS_INFO_MAX];
static int fd = -1;

static void put_right(uint8_t *file, size_t size)
{
	struct vmss_header h;
	struct vmss_record r;
	size_t at;

	if (size < sizeof(h))
		return;
	memcpy(&h, file, sizeof(h));
	h.file_len = size;
	h.mem_crc = 0;
	at = sizeof(h) + (size_t)h.state_len;
	if (at <= size)
		h.state_crc = crc32(0, file + sizeof(h), h.state_len);
	if (at <= size && h.info_len <= size - at)
		h.info_crc = crc32(0, file + at, h.info_len);
	at += h.info_len;
	for (h.pages = h.records = 0; at <= size && size - at >= sizeof(r); h.records++) {
		memcpy(&r, file + at, sizeof(r));
		if (r.len > size - at - sizeof(r))
			break;
		r.crc = crc32(0, (uint8_t *)&r, offsetof(struct vmss_record, crc));
		r.crc = crc32(r.crc, file + at + sizeof(r), r.len);
		h.mem_crc = crc32(h.mem_crc, (uint8_t *)&r, sizeof(r));
		h.pages += r.len / VMSS_PAGE;
		memcpy(file + at, &r, sizeof(r));
		at += sizeof(r) + r.len;
	}
	h.crc = crc32(0, (uint8_t *)&h, offsetof(struct vmss_header, crc));
	memcpy(file, &h, sizeof(h));
}

static void read_memory(struct vmss *v)
{
	uint64_t gpa, next = 0;
	uint32_t len;

	while (vmss_get_memory(v, &gpa, chunk, &len, why, sizeof(why)) && len) {
		fuzz_require(gpa >= next && len <= VMSS_CHUNK_MAX && gpa % VMSS_PAGE == 0);
		next = gpa + len;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f = { data, size };
	bool honest = fuzz_take(&f, 1) & 1;
	uint8_t *file = fuzz_copy(f.at, f.left);
	struct vmss v;

	size = f.left;
	if (fd < 0) {
		fd = memfd_create("vmss", 0);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	}
	if (honest)
		put_right(file, size);
	fuzz_require(!ftruncate(fd, 0) && pwrite(fd, file, size, 0) == (ssize_t)size);
	if (vmss_open(&v, path, why, sizeof(why)) && vmss_get_state(&v, state, why, sizeof(why)) &&
	    vmss_get_info(&v, info, why, sizeof(why)))
		read_memory(&v);
	vmss_close(&v);
	vmss_is_one(path);
	free(file);
	return 0;
}
