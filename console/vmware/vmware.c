// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * vmware: which version this is, in the line that scripts for ESX read:
 * "PRODUCT VERSION build-ID". The build is that of the vmkernel that is loaded,
 * or else of the file that would be: the GNU build id that its linker left in it.
 */
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "tool.h"
#include "vmnix_dev.h"

#define IMAGE "/boot/vmkernel"
#define IMAGE_MAX (64u << 20)
#define BUILD_BYTES 6 /* of the build id, as all tools show it */

static const char help[] =
	"usage: vmware -v     product, version and build: \"vmnix 0.1.0 build-…\"\n"
	"       vmware -l     product and version\n"
	"       --help, --version\n"
	"exit status: 0 done, 1 the build is not known, 2 wrong usage\n";

static bool loaded_build(uint8_t build[BUILD_BYTES])
{
	struct hc_version v = { .abi_major = WS_ABI_MAJOR, .abi_minor = WS_ABI_MINOR };
	int fd = vmnix_open();
	bool ok = fd >= 0 && !vmnix_call(fd, HC_VERSION, &v, sizeof(v));

	if (fd >= 0)
		close(fd);
	memcpy(build, v.build_id, BUILD_BYTES);
	return ok;
}

/* The build id in len bytes of ELF notes. */
static bool find_note(const uint8_t *notes, size_t len, uint8_t build[BUILD_BYTES])
{
	Elf64_Nhdr n;
	size_t name, data;

	while (len >= sizeof(n)) {
		memcpy(&n, notes, sizeof(n));
		name = ((size_t)n.n_namesz + 3) & ~3ul;
		data = ((size_t)n.n_descsz + 3) & ~3ul;
		if (name > len - sizeof(n) || data > len - sizeof(n) - name)
			return false;
		if (n.n_type == NT_GNU_BUILD_ID && n.n_namesz == 4 && n.n_descsz >= BUILD_BYTES &&
		    !memcmp(notes + sizeof(n), "GNU", 4)) {
			memcpy(build, notes + sizeof(n) + name, BUILD_BYTES);
			return true;
		}
		notes += sizeof(n) + name + data;
		len -= sizeof(n) + name + data;
	}
	return false;
}

static bool elf_build(const uint8_t *file, size_t len, uint8_t build[BUILD_BYTES])
{
	Elf64_Ehdr e;
	Elf64_Phdr p;
	unsigned int i;

	if (len < sizeof(e) || memcmp(file, ELFMAG, SELFMAG) || file[EI_CLASS] != ELFCLASS64)
		return false;
	memcpy(&e, file, sizeof(e));
	for (i = 0; i < e.e_phnum; i++) {
		if (e.e_phoff > len || (i + 1) * sizeof(p) > len - e.e_phoff)
			return false;
		memcpy(&p, file + e.e_phoff + i * sizeof(p), sizeof(p));
		if (p.p_type == PT_NOTE && p.p_offset <= len && p.p_filesz <= len - p.p_offset &&
		    find_note(file + p.p_offset, p.p_filesz, build))
			return true;
	}
	return false;
}

static void file_build(uint8_t build[BUILD_BYTES])
{
	size_t len = 0;
	uint8_t *file = tool_read_file(IMAGE, IMAGE_MAX, &len);

	if (!file)
		tool_die(TOOL_FAILED, "no vmkernel is loaded, and " IMAGE ": %s",
			 tool_read_text(errno));
	if (!elf_build(file, len, build))
		tool_die(TOOL_FAILED, IMAGE ": has no build id");
	free(file);
}

int main(int argc, char **argv)
{
	uint8_t build[BUILD_BYTES] = { 0 };
	int i;

	tool_init(argv[0]);
	for (i = 1; i < argc; i++)
		tool_standard_option(argv[i], help);
	if (argc != 2 || (strcmp(argv[1], "-v") && strcmp(argv[1], "-l")))
		tool_die(TOOL_USAGE, "-v or -l is wanted (--help explains)");
	if (!strcmp(argv[1], "-v") && !loaded_build(build))
		file_build(build);
	printf("vmnix " VMNIX_VERSION);
	if (!strcmp(argv[1], "-v")) {
		printf(" build-");
		for (i = 0; i < BUILD_BYTES; i++)
			printf("%02x", build[i]);
	}
	putchar('\n');
	return tool_finish(TOOL_OK);
}
