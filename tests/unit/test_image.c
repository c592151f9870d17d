// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * The loader's checks against hostile images: a small valid image, changed in
 * one place at a time with the reason asserted, cut at every length, and
 * changed at random. Every image lies in a heap block of exactly its size, so
 * that the sanitizer sees each byte read outside it.
 */
/* sources: vmnix/image.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "boot_info.h"
#include "crossing.h"
#include "image.h"

#define REASON 160
#define FILE_BYTES 0x600
#define NOTE_AT 0x180
#define SEED 20260101ull
#define RANDOM_RUNS 200000

enum { TEXT, DATA, NOTE, PHDRS };

struct note {
	Elf64_Nhdr header;
	char name[8];
	struct ws_abi_note abi;
};

/* A whole file: text and data of one page each in memory, and the ABI note. */
struct file {
	Elf64_Ehdr h;
	Elf64_Phdr p[PHDRS];
	uint8_t pad[NOTE_AT - sizeof(Elf64_Ehdr) - PHDRS * sizeof(Elf64_Phdr)];
	struct note note;
	uint8_t rest[FILE_BYTES - NOTE_AT - sizeof(struct note)];
};
_Static_assert(sizeof(struct file) == FILE_BYTES, "no hidden padding");

static struct file good(void)
{
	struct file f = {
		.h = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
		       .e_type = ET_EXEC,
		       .e_machine = EM_X86_64,
		       .e_version = EV_CURRENT,
		       .e_entry = IMAGE_VA_MIN + 0x10,
		       .e_phoff = sizeof(Elf64_Ehdr),
		       .e_ehsize = sizeof(Elf64_Ehdr),
		       .e_phentsize = sizeof(Elf64_Phdr),
		       .e_phnum = PHDRS },
		.p = { [TEXT] = { .p_type = PT_LOAD,
				  .p_flags = PF_R | PF_X,
				  .p_offset = 0x200,
				  .p_vaddr = IMAGE_VA_MIN,
				  .p_filesz = 0x100,
				  .p_memsz = 0x100 },
		       [DATA] = { .p_type = PT_LOAD,
				  .p_flags = PF_R | PF_W,
				  .p_offset = 0x400,
				  .p_vaddr = IMAGE_VA_MIN + 0x1000,
				  .p_filesz = 0x80,
				  .p_memsz = 0x3000 },
		       [NOTE] = { .p_type = PT_NOTE,
				  .p_flags = PF_R,
				  .p_offset = NOTE_AT,
				  .p_filesz = sizeof(struct note) } },
		.note = { .header = { .n_namesz = sizeof(WS_NOTE_NAME),
				      .n_descsz = sizeof(struct ws_abi_note),
				      .n_type = WS_NOTE_ABI },
			  .name = WS_NOTE_NAME,
			  .abi = { .abi_major = WS_ABI_MAJOR,
				   .abi_minor = WS_ABI_MINOR,
				   .boot_info_size = sizeof(struct ws_boot_info),
				   .crossing_size = sizeof(struct crossing),
				   .pcpus_max = 16 } },
	};

	return f;
}

/* What every accepted image must keep, however it was made. */
static void assert_sound(const struct image *img, uint64_t bytes)
{
	uint64_t end = 0, first = img->segment[0].p_vaddr;
	bool entry_ok = false;
	uint32_t i;

	assert_in_range(img->segments, 1, IMAGE_SEGMENTS_MAX);
	for (i = 0; i < img->segments; i++) {
		const Elf64_Phdr *s = &img->segment[i];

		assert_true(s->p_offset <= bytes && s->p_filesz <= bytes - s->p_offset);
		assert_true(s->p_memsz && s->p_filesz <= s->p_memsz &&
			    s->p_memsz <= IMAGE_SPAN_MAX);
		assert_true(s->p_vaddr % 4096 == 0 && s->p_vaddr >= IMAGE_VA_MIN &&
			    s->p_vaddr >= end);
		assert_true((s->p_flags & (PF_W | PF_X)) != (PF_W | PF_X));
		end = (s->p_vaddr + s->p_memsz + 4095) & ~4095ull;
		if (s->p_flags & PF_X && img->entry >= s->p_vaddr &&
		    img->entry < s->p_vaddr + s->p_filesz)
			entry_ok = true;
	}
	assert_true(entry_ok && end <= IMAGE_VA_MAX);
	assert_int_equal(img->base, first);
	assert_int_equal(img->span, end - first);
	assert_true(img->span <= IMAGE_SPAN_MAX);
}

/* Checks a copy of exactly that size; the reason must be one line that ends. */
static int check(const void *data, uint64_t bytes, char *reason)
{
	struct image img;
	void *copy = malloc(bytes ? bytes : 1);
	int err;

	assert_non_null(copy);
	memcpy(copy, data, bytes);
	memset(reason, 0x7e, REASON);
	err = image_check(copy, bytes, &img, reason, REASON);
	free(copy);
	if (!err) {
		assert_sound(&img, bytes);
		return 0;
	}
	assert_int_equal(err, -1);
	assert_true(strnlen(reason, REASON) < REASON);
	assert_true(reason[0] && !strchr(reason, '\n'));
	return err;
}

static void refuse(const struct file *f, const char *why)
{
	char reason[REASON];

	assert_int_equal(check(f, sizeof(*f), reason), -1);
	if (!strstr(reason, why))
		fail_msg("\"%s\" does not say \"%s\"", reason, why);
}

#define REFUSED(why, ...)               \
	do {                            \
		struct file f = good(); \
		__VA_ARGS__;            \
		refuse(&f, why);        \
	} while (0)

#define ACCEPTED(...)                                  \
	do {                                           \
		struct file f = good();                \
		char said[REASON];                     \
		__VA_ARGS__;                           \
		if (check(&f, sizeof(f), said))        \
			fail_msg("refused: %s", said); \
	} while (0)

static void test_good(void **state)
{
	struct file f = good();
	char reason[REASON];
	struct image img;

	(void)state;
	assert_int_equal(image_check(&f, sizeof(f), &img, reason, REASON), 0);
	assert_int_equal(img.entry, IMAGE_VA_MIN + 0x10);
	assert_int_equal(img.base, IMAGE_VA_MIN);
	assert_int_equal(img.span, 0x4000);
	assert_int_equal(img.segments, 2);
	assert_int_equal(img.segment[1].p_offset, 0x400);
	assert_int_equal(img.segment[1].p_filesz, 0x80);
	assert_int_equal(img.segment[1].p_memsz, 0x3000);
	assert_int_equal(img.segment[1].p_flags, PF_R | PF_W);
	/* Segments in any order, and a header type that means nothing to us. */
	ACCEPTED(Elf64_Phdr t = f.p[TEXT]; f.p[TEXT] = f.p[DATA]; f.p[DATA] = t);
	ACCEPTED(f.note.abi.abi_minor++);
}

static void test_header(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < SELFMAG; i++)
		REFUSED("not an ELF file", f.h.e_ident[i] ^= 1);
	REFUSED("ELF class is 1, want 64-bit", f.h.e_ident[EI_CLASS] = ELFCLASS32);
	REFUSED("ELF data encoding is 2", f.h.e_ident[EI_DATA] = ELFDATA2MSB);
	REFUSED("ELF version", f.h.e_ident[EI_VERSION] = 2);
	REFUSED("ELF version is 2", f.h.e_version = 2);
	REFUSED("machine is 3, want x86-64", f.h.e_machine = EM_386);
	REFUSED("machine is 183", f.h.e_machine = EM_AARCH64);
	REFUSED("file type is 3, want a static executable", f.h.e_type = ET_DYN);
	REFUSED("file type is 1", f.h.e_type = ET_REL);
	REFUSED("program header size is 32", f.h.e_phentsize = 32);
	REFUSED("0 program headers", f.h.e_phnum = 0);
	REFUSED("17 program headers", f.h.e_phnum = 17);
	REFUSED("65535 program headers", f.h.e_phnum = 0xffff);
	REFUSED("program headers lie outside the file", f.h.e_phoff = ~0ull);
	REFUSED("program headers lie outside the file", f.h.e_phoff = ~0ull - 55);
	REFUSED("program headers lie outside the file", f.h.e_phoff = FILE_BYTES);
	REFUSED("program headers lie outside the file", f.h.e_phoff = FILE_BYTES - 3 * 56 + 1);
	REFUSED("no segment to load", f.p[TEXT].p_type = f.p[DATA].p_type = PT_NULL);
}

static void test_segment_numbers(void **state)
{
	static const uint64_t far_away[] = { FILE_BYTES + 1, 1ull << 63, ~0ull, ~0ull - 0xff,
					     0xffffffff };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(far_away) / sizeof(far_away[0]); i++) {
		REFUSED("segment 0 lies outside the file", f.p[TEXT].p_offset = far_away[i]);
		REFUSED("segment 0 lies outside the file", f.p[TEXT].p_filesz = far_away[i]);
		REFUSED("segment 2 lies outside the file", f.p[NOTE].p_offset = far_away[i]);
		REFUSED("segment 2 lies outside the file", f.p[NOTE].p_filesz = far_away[i]);
	}
	REFUSED("segment 1 lies outside the file", f.p[DATA].p_filesz = FILE_BYTES - 0x400 + 1);
	REFUSED("segment 0 is smaller in memory", f.p[TEXT].p_memsz = 0xff);
	REFUSED("segment 0 is empty", f.p[TEXT].p_memsz = f.p[TEXT].p_filesz = 0);
	REFUSED("segment 1 does not begin on a page", f.p[DATA].p_vaddr++);
	REFUSED("segment 0 is not between 1 and 2 GiB", f.p[TEXT].p_vaddr = 0);
	REFUSED("segment 0 is not between 1 and 2 GiB", f.p[TEXT].p_vaddr -= 4096);
	REFUSED("segment 0 is not between 1 and 2 GiB", f.p[TEXT].p_vaddr = IMAGE_VA_MAX);
	REFUSED("segment 0 is not between 1 and 2 GiB", f.p[TEXT].p_vaddr = ~0xfffull);
	REFUSED("segment 1 is not between 1 and 2 GiB", f.p[DATA].p_memsz = IMAGE_VA_MIN);
	REFUSED("segment 1 is not between 1 and 2 GiB", f.p[DATA].p_memsz = ~0ull);
	REFUSED("segment 1 is not between 1 and 2 GiB", f.p[DATA].p_memsz = 1ull << 63);
	REFUSED("at most 4194304", f.p[DATA].p_memsz = IMAGE_SPAN_MAX);
	REFUSED("at most 4194304", f.p[DATA].p_vaddr = IMAGE_VA_MAX - 0x3000);
	ACCEPTED(f.p[DATA].p_memsz = IMAGE_SPAN_MAX - 0x1000);
	ACCEPTED(f.p[TEXT].p_vaddr = IMAGE_VA_MAX - 0x4000; f.h.e_entry = IMAGE_VA_MAX - 0x4000;
		 f.p[DATA].p_vaddr = IMAGE_VA_MAX - 0x3000);
}

static void test_rights(void **state)
{
	(void)state;
	REFUSED("segment 0 is writable and executable", f.p[TEXT].p_flags |= PF_W);
	REFUSED("segment 1 is writable and executable", f.p[DATA].p_flags = 7);
	REFUSED("segment 1 is not readable", f.p[DATA].p_flags = PF_W);
	REFUSED("segment 0 is not readable", f.p[TEXT].p_flags = PF_X);
	REFUSED("is not in executable code", f.h.e_entry = 0);
	REFUSED("is not in executable code", f.h.e_entry = IMAGE_VA_MIN + 0x1000);
	REFUSED("is not in executable code", f.h.e_entry = IMAGE_VA_MIN - 1);
	REFUSED("is not in executable code", f.h.e_entry = ~0ull);
	/* The BSS part of a segment is no code, even if it is executable. */
	REFUSED("entry point 0x40000100 is not", f.p[TEXT].p_memsz = 0x200;
		f.h.e_entry = IMAGE_VA_MIN + 0x100);
	ACCEPTED(f.h.e_entry = IMAGE_VA_MIN + 0xff);
	REFUSED("is not in executable code", f.p[TEXT].p_flags = PF_R);
	REFUSED("segment 1 wants a dynamic linker", f.p[DATA].p_type = PT_DYNAMIC);
	REFUSED("segment 1 wants a dynamic linker", f.p[DATA].p_type = PT_INTERP);
	REFUSED("segment 2 wants a dynamic linker", f.p[NOTE].p_type = PT_TLS);
}

static void test_overlap(void **state)
{
	(void)state;
	REFUSED("segments at 0x40000000 and 0x40000000 overlap", f.p[DATA].p_vaddr = IMAGE_VA_MIN);
	REFUSED("segments at 0x40000000 and 0x40001000 overlap", f.p[TEXT].p_memsz = 0x1001);
	REFUSED("overlap", f.p[TEXT].p_memsz = 0x100000);
	REFUSED("overlap", f.p[TEXT].p_vaddr += 0x2000; f.h.e_entry += 0x2000);
	ACCEPTED(f.p[TEXT].p_memsz = 0x1000);
}

static void test_too_many_segments(void **state)
{
	struct {
		struct file f;
		Elf64_Phdr p[IMAGE_SEGMENTS_MAX + 2];
	} big = { .f = good() };
	char reason[REASON];
	int i;

	(void)state;
	big.p[0] = big.f.p[NOTE];
	for (i = 0; i <= IMAGE_SEGMENTS_MAX; i++) {
		big.p[i + 1] = big.f.p[TEXT];
		big.p[i + 1].p_vaddr += (IMAGE_SEGMENTS_MAX - i) * 0x1000ull;
	}
	big.f.h.e_phoff = sizeof(big.f);
	big.f.h.e_phnum = IMAGE_SEGMENTS_MAX + 1;
	big.f.h.e_entry = IMAGE_VA_MIN + 0x1000;
	assert_int_equal(check(&big, sizeof(big), reason), 0);
	big.f.h.e_phnum++;
	assert_int_equal(check(&big, sizeof(big), reason), -1);
	assert_string_equal(reason, "more than 8 segments to load");
}

static void test_note(void **state)
{
	(void)state;
	REFUSED("no vmnix ABI note: not a vmkernel", f.p[NOTE].p_type = PT_NULL);
	REFUSED("no vmnix ABI note", f.p[NOTE].p_filesz = 0);
	REFUSED("no vmnix ABI note", f.p[NOTE].p_filesz = sizeof(Elf64_Nhdr) - 1);
	REFUSED("no vmnix ABI note", f.note.header.n_type++);
	REFUSED("no vmnix ABI note", f.note.name[4] = 'y');
	REFUSED("no vmnix ABI note", f.note.header.n_namesz--);
	REFUSED("a note is longer than its segment", f.p[NOTE].p_filesz--);
	REFUSED("a note is longer than its segment", f.note.header.n_namesz = ~0u);
	REFUSED("a note is longer than its segment", f.note.header.n_descsz = ~0u);
	REFUSED("a note is longer than its segment", f.note.header.n_descsz = 0xfffffffd;
		f.note.header.n_namesz = 0xfffffffd);
	REFUSED("the ABI note has 19 bytes, want 20", f.note.header.n_descsz--);
	REFUSED("the ABI note has 16 bytes, want 20", f.note.header.n_descsz = 16);
	REFUSED("image speaks ABI", f.note.abi.abi_major++);
	REFUSED("image speaks ABI 4294967295.", f.note.abi.abi_major = ~0u);
	REFUSED("boot info of 1 bytes", f.note.abi.boot_info_size = 1);
	REFUSED("image can use no processor", f.note.abi.pcpus_max = 0);
	REFUSED("crossing of 4096 bytes", f.note.abi.crossing_size = 4096);
}

/* A foreign note before ours is skipped, padding and all. */
static void test_second_note(void **state)
{
	struct {
		struct file f;
		Elf64_Nhdr header;
		char name[4], desc[8];
		struct note note;
	} big = { .f = good(),
		  .header = { .n_namesz = 4, .n_descsz = 5, .n_type = 3 },
		  .name = "GNU" };
	char reason[REASON];

	(void)state;
	big.note = big.f.note;
	big.f.p[NOTE].p_offset = offsetof(typeof(big), header);
	big.f.p[NOTE].p_filesz = sizeof(big) - offsetof(typeof(big), header);
	assert_int_equal(check(&big, sizeof(big), reason), 0);
	big.header.n_descsz = 9;
	assert_int_equal(check(&big, sizeof(big), reason), -1);
}

static void test_cut_anywhere(void **state)
{
	struct file f = good();
	char reason[REASON];
	uint64_t bytes;

	(void)state;
	/* The data segment's last byte is at 0x47f: what follows is not needed. */
	for (bytes = 0; bytes < 0x480; bytes++)
		assert_int_equal(check(&f, bytes, reason), -1);
	assert_int_equal(check(&f, 0x480, reason), 0);
	assert_int_equal(check(&f, 0, reason), -1);
	assert_string_equal(reason, "file of 0 bytes is too short for an ELF header");
}

static void test_too_large(void **state)
{
	struct file f = good();
	char reason[REASON];
	struct image img;

	(void)state;
	/* Refused by size alone: nothing behind the first bytes is touched. */
	assert_int_equal(image_check(&f, IMAGE_FILE_MAX + 1, &img, reason, REASON), -1);
	assert_string_equal(reason, "file of 16777217 bytes is too large");
	assert_int_equal(image_check(&f, ~0ull, &img, reason, REASON), -1);
}

static void test_short_reason(void **state)
{
	struct file f = good();
	char reason[2] = { 1, 1 };
	struct image img;

	(void)state;
	f.h.e_machine = 0;
	assert_int_equal(image_check(&f, sizeof(f), &img, reason, 1), -1);
	assert_int_equal(reason[0], 0);
	assert_int_equal(reason[1], 1);
}

static uint64_t next_random(uint64_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 7;
	*s ^= *s << 17;
	return *s;
}

/* Each kind of damage: a bit, a byte, or a field filled with a telling number. */
static void mutate(uint8_t *bytes, uint64_t *s)
{
	static const uint64_t telling[] = { 0,		1,	    0xff,	0xfff,
					    0x1000,	0x40000000, 0x7fffffff, 0x80000000,
					    0xffffffff, 1ull << 63, ~0ull,	~0xfffull };
	/* Mostly where the headers are. */
	uint64_t r = next_random(s),
		 at = (r >> 8) % (r & 7 ? NOTE_AT + sizeof(struct note) : FILE_BYTES);
	uint64_t value = telling[(r >> 40) % 12];

	switch (r >> 56 & 3) {
	case 0:
		bytes[at] ^= 1 << (r >> 50 & 7);
		break;
	case 1:
		bytes[at] = (uint8_t)(r >> 48);
		break;
	case 2:
		at &= ~3ull;
		memcpy(bytes + at, &value, 4);
		break;
	default:
		at &= ~7ull;
		memcpy(bytes + at, &value, 8);
	}
}

static void test_random(void **state)
{
	unsigned int i, accepted = 0, shortened = 0;
	uint64_t s = SEED;
	char reason[REASON];

	(void)state;
	printf("# seed %llu, %u images\n", (unsigned long long)SEED, RANDOM_RUNS);
	for (i = 0; i < RANDOM_RUNS; i++) {
		struct file f = good();
		uint64_t n = next_random(&s) % 6 + 1, bytes = sizeof(f);

		while (n--)
			mutate((uint8_t *)&f, &s);
		if (next_random(&s) % 8 == 0) {
			bytes = next_random(&s) % (sizeof(f) + 1);
			shortened++;
		}
		accepted += !check(&f, bytes, reason);
	}
	/* Both outcomes must occur often, or the damage is of the wrong kind. */
	assert_in_range(accepted, RANDOM_RUNS / 100, RANDOM_RUNS * 9 / 10);
	assert_true(shortened);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_segment_numbers),
		cmocka_unit_test(test_rights),
		cmocka_unit_test(test_overlap),
		cmocka_unit_test(test_too_many_segments),
		cmocka_unit_test(test_note),
		cmocka_unit_test(test_second_note),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_too_large),
		cmocka_unit_test(test_short_reason),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
