/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* sources: console/lib/vm_list.c console/lib/vmx_config.c console/lib/vmx_file.c
 *	console/lib/replace_file.c console/lib/tool.c */
/*
 * The list of registered machines: what is added is found and can be removed, and all
 * other lines stay. The input: a path, a NUL, then the file.
 */
#include "fuzz.h"
#include <unistd.h>

#include "tool.h"
#include "vm_list.h"

static char folder[] = "/tmp/fuzz_list_XX"
		       "XX"
		       "XX",
	    file[64];

static void remove_folder(void)
{
	unlink(file);
	rmdir(folder);
}

/* In place of libc's: nothing here is to last, and disks are slow. */
int fsync(int fd)
{
	return fd < 0;
}

static void write_list(const uint8_t *data, size_t size)
{
	FILE *f;

	if (!file[0]) {
		fuzz_require(mkdtemp(folder));
		snprintf(file, sizeof(file), "%s/vm-list", folder);
		atexit(remove_folder);
	}
	f = fopen(file, "w");
	fuzz_require(f && fwrite(data, 1, size, f) == size);
	fclose(f);
}

/* How often config is in the list. */
static size_t times(const char *config, size_t *count)
{
	struct vm_list list;
	size_t n = 0;

	fuzz_require(vm_list_read(file, &list));
	for (size_t i = 0; i < list.count; i++)
		n += !strcmp(list.config[i], config);
	*count = list.count;
	vm_list_free(&list);
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *nul = memchr(data, 0, size);
	size_t len = nul ? (size_t)(nul - data) : 0, before, count, had;
	char *config = fuzz_text(data, len);
	struct vm_list list;

	if (nul)
		len++;
	write_list(data + len, size - len);
	had = times(config, &before);
	if (vm_list_add(file, config)) {
		fuzz_require(!had && times(config, &count) == 1 && count == before + 1);
		fuzz_require(vm_list_remove(file, config));
		fuzz_require(!times(config, &count) && count == before);
	} else if (vm_list_remove(file, config)) {
		fuzz_require(had && !times(config, &count) && count == before - had);
	}
	fuzz_require(vm_list_read(file, &list));
	free(vm_list_find(&list, config));
	vm_list_free(&list);
	free(config);
	return 0;
}
