// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/* Files of suspended virtual machines, see vmss.h. */
#include "vmss.h"
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include "tool.h"

#define BUFFER (1u << 20)

_Static_assert(sizeof(struct vmss_header) == 256, "on disk");
_Static_assert(sizeof(struct vmss_record) == 16, "on disk");

static bool refuse(const struct vmss *v, char *why, size_t size, const char *text)
{
	tool_format(why, size, "%s: %s", v->path, text);
	return false;
}

static bool refuse_io(const struct vmss *v, char *why, size_t size)
{
	return refuse(v, why, size, strerror(errno ? errno : EIO));
}

static uint32_t header_crc(const struct vmss_header *h)
{
	return crc32(0, (const Bytef *)h, offsetof(struct vmss_header, crc));
}

static uint32_t record_crc(const struct vmss_record *r, const uint8_t *data)
{
	uint32_t crc = crc32(0, (const Bytef *)r, offsetof(struct vmss_record, crc));

	return crc32(crc, data, r->len);
}

/* ---- writing ---- */

static bool put(struct vmss *v, const void *data, size_t len, char *why, size_t size)
{
	errno = 0;
	return fwrite(data, 1, len, v->f) == len || refuse_io(v, why, size);
}

bool vmss_create(struct vmss *v, const char *path, const struct vmss_header *h, char *why,
		 size_t size)
{
	int fd;

	*v = (struct vmss){ .h = *h };
	memcpy(v->h.magic, VMSS_MAGIC, sizeof(v->h.magic));
	v->h.version = VMSS_VERSION;
	v->h.header_len = sizeof(v->h);
	if (!tool_format(v->path, sizeof(v->path), "%s", path) ||
	    !tool_format(v->temp, sizeof(v->temp), "%s.tmp", path)) {
		v->temp[0] = 0;
		return refuse(v, why, size, "the path is too long");
	}
	/* One writer at a time: what an earlier one left behind is replaced. */
	unlink(v->temp);
	fd = open(v->temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	v->f = fd < 0 ? NULL : fdopen(fd, "w");
	if (!v->f) {
		if (fd >= 0)
			close(fd);
		return refuse_io(v, why, size);
	}
	setvbuf(v->f, NULL, _IOFBF, BUFFER);
	/* The place of the header; its CRC is wrong until all is there. */
	return put(v, &v->h, sizeof(v->h), why, size);
}

bool vmss_put_state(struct vmss *v, const void *state, uint32_t len, char *why, size_t size)
{
	v->h.state_len = len;
	v->h.state_crc = crc32(0, state, len);
	return put(v, state, len, why, size);
}

bool vmss_put_info(struct vmss *v, const void *info, uint32_t len, char *why, size_t size)
{
	v->h.info_len = len;
	v->h.info_crc = crc32(0, info, len);
	return put(v, info, len, why, size);
}

static bool put_record(struct vmss *v, uint64_t gpa, const uint8_t *data, uint32_t len, char *why,
		       size_t size)
{
	struct vmss_record r = { .gpa = gpa, .len = len };

	r.crc = record_crc(&r, data);
	v->h.mem_crc = crc32(v->h.mem_crc, (const Bytef *)&r, sizeof(r));
	v->h.records++;
	v->h.pages += len / VMSS_PAGE;
	return put(v, &r, sizeof(r), why, size) && put(v, data, len, why, size);
}

static bool is_zero(const uint8_t *page)
{
	return !page[0] && !memcmp(page, page + 1, VMSS_PAGE - 1);
}

bool vmss_put_memory(struct vmss *v, uint64_t gpa, const uint8_t *data, uint32_t len, char *why,
		     size_t size)
{
	uint32_t at = 0, from;

	while (at < len) {
		while (at < len && is_zero(data + at))
			at += VMSS_PAGE;
		from = at;
		while (at < len && !is_zero(data + at))
			at += VMSS_PAGE;
		if (at > from && !put_record(v, gpa + from, data + from, at - from, why, size))
			return false;
	}
	return true;
}

/* The new name must outlive a crash, too. */
static bool flush_folder(const char *path)
{
	char copy[PATH_MAX];
	int fd, err;

	tool_format(copy, sizeof(copy), "%s", path);
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return false;
	err = fsync(fd);
	close(fd);
	return !err || errno == EINVAL;
}

bool vmss_commit(struct vmss *v, char *why, size_t size)
{
	off_t len = ftello(v->f);
	FILE *f = v->f;

	v->h.file_len = len;
	v->h.crc = header_crc(&v->h);
	errno = 0;
	if (len < 0 || fseeko(f, 0, SEEK_SET) || !put(v, &v->h, sizeof(v->h), why, size) ||
	    fflush(f) || fsync(fileno(f)))
		return refuse_io(v, why, size);
	v->f = NULL;
	if (fclose(f) || rename(v->temp, v->path))
		return refuse_io(v, why, size);
	v->temp[0] = 0;
	return flush_folder(v->path) || refuse_io(v, why, size);
}

void vmss_abandon(struct vmss *v)
{
	vmss_close(v);
	if (v->temp[0])
		unlink(v->temp);
	v->temp[0] = 0;
}

/* ---- reading ---- */

static bool get(struct vmss *v, void *data, size_t len)
{
	return fread(data, 1, len, v->f) == len;
}

static bool header_ok(struct vmss *v, uint64_t len, char *why, size_t size)
{
	const struct vmss_header *h = &v->h;

	if (len < sizeof(h->magic) || memcmp(h->magic, VMSS_MAGIC, sizeof(h->magic)))
		return refuse(v, why, size, "is not the file of a suspended virtual machine");
	if (len < sizeof(*h))
		return refuse(v, why, size, "is cut off within its header");
	if (h->version != VMSS_VERSION) {
		tool_format(why, size, "%s: has version %u, this is vmnix with version %u", v->path,
			    h->version, VMSS_VERSION);
		return false;
	}
	if (h->crc != header_crc(h) || h->header_len != sizeof(*h) ||
	    h->state_len > VMSS_STATE_MAX || h->info_len > VMSS_INFO_MAX)
		return refuse(v, why, size, "its header is damaged");
	if (len == h->file_len)
		return true;
	tool_format(why, size, "%s: has %llu bytes, %llu were written", v->path,
		    (unsigned long long)len, (unsigned long long)h->file_len);
	return false;
}

bool vmss_open(struct vmss *v, const char *path, char *why, size_t size)
{
	struct stat st;
	int fd;

	*v = (struct vmss){ 0 };
	if (!tool_format(v->path, sizeof(v->path), "%s", path))
		return refuse(v, why, size, "the path is too long");
	fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return refuse_io(v, why, size);
	v->f = fdopen(fd, "r");
	if (!v->f || fstat(fd, &st))
		return refuse_io(v, why, size);
	if (!S_ISREG(st.st_mode))
		return refuse(v, why, size, "is not a file");
	setvbuf(v->f, NULL, _IOFBF, BUFFER);
	if (fread(&v->h, 1, sizeof(v->h), v->f) < sizeof(v->h) && ferror(v->f))
		return refuse_io(v, why, size);
	return header_ok(v, st.st_size, why, size);
}

bool vmss_get_state(struct vmss *v, void *state, char *why, size_t size)
{
	if (get(v, state, v->h.state_len) && crc32(0, state, v->h.state_len) == v->h.state_crc)
		return true;
	return refuse(v, why, size, "the state of processors and devices in it is damaged");
}

bool vmss_get_info(struct vmss *v, char *info, char *why, size_t size)
{
	uint32_t len = v->h.info_len;

	if (get(v, info, len) && crc32(0, (const Bytef *)info, len) == v->h.info_crc &&
	    !(len && info[len - 1]))
		return true;
	return refuse(v, why, size, "the guestinfo variables in it are damaged");
}

static bool refuse_memory(const struct vmss *v, uint64_t gpa, char *why, size_t size)
{
	tool_format(why, size, "%s: the memory in it is damaged, in record %llu (0x%llx)", v->path,
		    (unsigned long long)v->records, (unsigned long long)gpa);
	return false;
}

bool vmss_get_memory(struct vmss *v, uint64_t *gpa, uint8_t *data, uint32_t *len, char *why,
		     size_t size)
{
	struct vmss_record r = { 0 };

	*len = 0;
	if (v->records == v->h.records) {
		if (v->mem_crc == v->h.mem_crc && v->pages == v->h.pages && fgetc(v->f) == EOF)
			return true;
		return refuse_memory(v, 0, why, size);
	}
	if (!get(v, &r, sizeof(r)) || !r.len || r.len > VMSS_CHUNK_MAX || r.len % VMSS_PAGE ||
	    r.gpa % VMSS_PAGE || r.gpa < v->next_gpa || r.gpa > UINT64_MAX / 2 ||
	    !get(v, data, r.len) || record_crc(&r, data) != r.crc)
		return refuse_memory(v, r.gpa, why, size);
	v->mem_crc = crc32(v->mem_crc, (const Bytef *)&r, sizeof(r));
	v->records++;
	v->pages += r.len / VMSS_PAGE;
	v->next_gpa = r.gpa + r.len;
	*gpa = r.gpa;
	*len = r.len;
	return true;
}

void vmss_close(struct vmss *v)
{
	if (v->f)
		fclose(v->f);
	v->f = NULL;
}

bool vmss_is_one(const char *path)
{
	char magic[sizeof(VMSS_MAGIC) - 1];
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	bool is;

	if (fd < 0)
		return false;
	is = read(fd, magic, sizeof(magic)) == sizeof(magic) &&
	     !memcmp(magic, VMSS_MAGIC, sizeof(magic));
	close(fd);
	return is;
}
