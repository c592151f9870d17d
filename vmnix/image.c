// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * The ELF checks of image.h. Every number in the file is hostile: nothing is
 * added or multiplied before it is bounded, and nothing is read twice.
 */
#ifdef __KERNEL__
#include <linux/kernel.h>
#include <linux/string.h>
#else
#include <stdio.h>
#include <string.h>
#endif
#include "image.h"
#include "boot_info.h"
#include "crossing.h"

#define PAGE 4096ull
#define PHDRS_MAX 16

#define REFUSE(...)                                        \
	do {                                               \
		snprintf(reason, reason_len, __VA_ARGS__); \
		return -1;                                 \
	} while (0)

static int check_header(const Elf64_Ehdr *h, __u64 bytes, char *reason, __u32 reason_len)
{
	if (memcmp(h->e_ident, ELFMAG, SELFMAG))
		REFUSE("not an ELF file");
	if (h->e_ident[EI_CLASS] != ELFCLASS64)
		REFUSE("ELF class is %u, want 64-bit", h->e_ident[EI_CLASS]);
	if (h->e_ident[EI_DATA] != ELFDATA2LSB)
		REFUSE("ELF data encoding is %u, want little-endian", h->e_ident[EI_DATA]);
	if (h->e_ident[EI_VERSION] != EV_CURRENT || h->e_version != EV_CURRENT)
		REFUSE("ELF version is %u, want 1", h->e_version);
	if (h->e_machine != EM_X86_64)
		REFUSE("machine is %u, want x86-64", h->e_machine);
	if (h->e_type != ET_EXEC)
		REFUSE("file type is %u, want a static executable", h->e_type);
	if (h->e_phentsize != sizeof(Elf64_Phdr))
		REFUSE("program header size is %u, want %zu", h->e_phentsize, sizeof(Elf64_Phdr));
	if (!h->e_phnum || h->e_phnum > PHDRS_MAX)
		REFUSE("%u program headers, want 1 to %u", h->e_phnum, PHDRS_MAX);
	if (h->e_phoff > bytes || (__u64)h->e_phnum * sizeof(Elf64_Phdr) > bytes - h->e_phoff)
		REFUSE("program headers lie outside the file");
	return 0;
}

static int check_load(const Elf64_Phdr *p, unsigned int n, __u64 bytes, char *reason,
		      __u32 reason_len)
{
	if (p->p_offset > bytes || p->p_filesz > bytes - p->p_offset)
		REFUSE("segment %u lies outside the file", n);
	if (p->p_memsz < p->p_filesz)
		REFUSE("segment %u is smaller in memory than in the file", n);
	if (!p->p_memsz)
		REFUSE("segment %u is empty", n);
	if (p->p_vaddr % PAGE)
		REFUSE("segment %u does not begin on a page", n);
	if (p->p_vaddr < IMAGE_VA_MIN || p->p_vaddr >= IMAGE_VA_MAX ||
	    p->p_memsz > IMAGE_VA_MAX - p->p_vaddr)
		REFUSE("segment %u is not between 1 and 2 GiB", n);
	if ((p->p_flags & PF_W) && (p->p_flags & PF_X))
		REFUSE("segment %u is writable and executable", n);
	if (!(p->p_flags & PF_R))
		REFUSE("segment %u is not readable", n);
	return 0;
}

static __u64 page_up(__u64 v)
{
	return (v + PAGE - 1) & ~(PAGE - 1);
}

static void insert_sorted(struct image *img, const Elf64_Phdr *p)
{
	__u32 i = img->segments++;

	for (; i && img->segment[i - 1].p_vaddr > p->p_vaddr; i--)
		img->segment[i] = img->segment[i - 1];
	img->segment[i] = *p;
}

static int check_layout(struct image *img, __u64 entry, char *reason, __u32 reason_len)
{
	const Elf64_Phdr *s = img->segment;
	int entry_ok = 0;
	__u32 i;

	if (!img->segments)
		REFUSE("no segment to load");
	for (i = 0; i < img->segments; i++) {
		if (i && s[i].p_vaddr < page_up(s[i - 1].p_vaddr + s[i - 1].p_memsz))
			REFUSE("segments at 0x%llx and 0x%llx overlap",
			       (unsigned long long)s[i - 1].p_vaddr,
			       (unsigned long long)s[i].p_vaddr);
		if (s[i].p_flags & PF_X && entry >= s[i].p_vaddr &&
		    entry - s[i].p_vaddr < s[i].p_filesz)
			entry_ok = 1;
	}
	if (!entry_ok)
		REFUSE("entry point 0x%llx is not in executable code", (unsigned long long)entry);
	i = img->segments - 1;
	img->entry = entry;
	img->base = s[0].p_vaddr;
	img->span = page_up(s[i].p_vaddr + s[i].p_memsz) - img->base;
	if (img->span > IMAGE_SPAN_MAX)
		REFUSE("image takes %llu bytes of memory, at most %llu",
		       (unsigned long long)img->span, (unsigned long long)IMAGE_SPAN_MAX);
	return 0;
}

static int check_abi(const struct ws_abi_note *note, struct image *img, char *reason,
		     __u32 reason_len)
{
	if (note->abi_major != WS_ABI_MAJOR)
		REFUSE("image speaks ABI %u.%u, this module %u.%u", note->abi_major,
		       note->abi_minor, WS_ABI_MAJOR, WS_ABI_MINOR);
	if (note->boot_info_size != sizeof(struct ws_boot_info))
		REFUSE("image has a boot info of %u bytes, this module of %zu",
		       note->boot_info_size, sizeof(struct ws_boot_info));
	if (note->crossing_size != sizeof(struct crossing))
		REFUSE("image has a crossing of %u bytes, this module of %zu", note->crossing_size,
		       sizeof(struct crossing));
	if (!note->pcpus_max)
		REFUSE("image can use no processor");
	img->pcpus_max = note->pcpus_max;
	return 0;
}

/* 1: the ABI note is there and good, 0: not in this segment, -1: refused. */
static int check_notes(const __u8 *p, __u64 left, struct image *img, char *reason, __u32 reason_len)
{
	struct ws_abi_note abi;
	Elf64_Nhdr n;

	while (left >= sizeof(n)) {
		__u64 name, desc;

		memcpy(&n, p, sizeof(n));
		p += sizeof(n);
		left -= sizeof(n);
		name = ((__u64)n.n_namesz + 3) & ~3ull;
		desc = ((__u64)n.n_descsz + 3) & ~3ull;
		if (name > left || desc > left - name)
			REFUSE("a note is longer than its segment");
		if (n.n_type == WS_NOTE_ABI && n.n_namesz == sizeof(WS_NOTE_NAME) &&
		    !memcmp(p, WS_NOTE_NAME, sizeof(WS_NOTE_NAME))) {
			if (n.n_descsz != sizeof(abi))
				REFUSE("the ABI note has %u bytes, want %zu", n.n_descsz,
				       sizeof(abi));
			memcpy(&abi, p + name, sizeof(abi));
			return check_abi(&abi, img, reason, reason_len) ? -1 : 1;
		}
		p += name + desc;
		left -= name + desc;
	}
	return 0;
}

static int check_segment(const Elf64_Phdr *p, unsigned int n, const __u8 *data, __u64 bytes,
			 struct image *img, char *reason, __u32 reason_len)
{
	switch (p->p_type) {
	case PT_LOAD:
		if (check_load(p, n, bytes, reason, reason_len))
			return -1;
		if (img->segments == IMAGE_SEGMENTS_MAX)
			REFUSE("more than %u segments to load", IMAGE_SEGMENTS_MAX);
		insert_sorted(img, p);
		return 0;
	case PT_INTERP:
	case PT_DYNAMIC:
	case PT_TLS:
		REFUSE("segment %u wants a dynamic linker or thread storage", n);
	case PT_NOTE:
		if (p->p_offset > bytes || p->p_filesz > bytes - p->p_offset)
			REFUSE("segment %u lies outside the file", n);
		return check_notes(data + p->p_offset, p->p_filesz, img, reason, reason_len);
	default:
		return 0;
	}
}

int image_check(const void *data, __u64 bytes, struct image *img, char *reason, __u32 reason_len)
{
	int found, abi_ok = 0;
	unsigned int i;
	Elf64_Ehdr h;
	Elf64_Phdr p;

	memset(img, 0, sizeof(*img));
	if (bytes < sizeof(h))
		REFUSE("file of %llu bytes is too short for an ELF header",
		       (unsigned long long)bytes);
	if (bytes > IMAGE_FILE_MAX)
		REFUSE("file of %llu bytes is too large", (unsigned long long)bytes);
	memcpy(&h, data, sizeof(h));
	if (check_header(&h, bytes, reason, reason_len))
		return -1;
	for (i = 0; i < h.e_phnum; i++) {
		memcpy(&p, (const __u8 *)data + h.e_phoff + i * sizeof(p), sizeof(p));
		found = check_segment(&p, i, data, bytes, img, reason, reason_len);
		if (found < 0)
			return -1;
		abi_ok |= found;
	}
	if (check_layout(img, h.e_entry, reason, reason_len))
		return -1;
	if (!abi_ok)
		REFUSE("no vmnix ABI note: not a vmkernel");
	return 0;
}
