/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* sources: vmnix/image.c */
/* The loader's checks: what is accepted lies in the file and where a vmkernel may lie. */
#include "fuzz.h"
#include "image.h"

static void check_accepted(const struct image *img, size_t size)
{
	uint64_t end = img->base;

	fuzz_require(img->segments >= 1 && img->segments <= IMAGE_SEGMENTS_MAX && img->pcpus_max);
	fuzz_require(img->span <= IMAGE_SPAN_MAX && img->span % 4096 == 0);
	for (uint32_t i = 0; i < img->segments; i++) {
		const Elf64_Phdr *s = &img->segment[i];

		fuzz_require(s->p_offset <= size && s->p_filesz <= size - s->p_offset);
		fuzz_require(s->p_filesz <= s->p_memsz && s->p_vaddr % 4096 == 0 &&
			     s->p_vaddr >= end);
		fuzz_require(!(s->p_flags & PF_W && s->p_flags & PF_X));
		end = s->p_vaddr + s->p_memsz;
	}
	fuzz_require(img->base >= IMAGE_VA_MIN && end <= img->base + img->span);
	fuzz_require(img->base + img->span <= IMAGE_VA_MAX);
	fuzz_require(img->entry >= img->base && img->entry < end);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *file = fuzz_copy(data, size);
	char reason[160] = "";
	struct image img;

	if (!image_check(file, size, &img, reason, sizeof(reason)))
		check_accepted(&img, size);
	else
		fuzz_require(reason[0] && strlen(reason) < sizeof(reason));
	free(file);
	return 0;
}
