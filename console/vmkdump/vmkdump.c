// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * vmkdump: saves the memory of a vmkernel that has stopped as an ELF core. A
 * debugger finds each processor as a thread and memory at the addresses that
 * the one that stopped first saw. Stacks lie at the same address in the page
 * tables of every processor: those of the others are shown where the direct map
 * has them, with the frame pointers in them set right in the copy.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/procfs.h>
#include <sys/stat.h>
#include <sys/user.h>
#include <unistd.h>
#include "crossing.h"
#include "memory.h"
#include "tool.h"
#include "vmnix_dev.h"

#define DIRECTORY "/var/core"
#define CORES_MAX 1000u /* names tried in DIRECTORY */
#define FRAMES_MAX 64u
#define CPUS_MAX (WS_PCPUS_MAX + 1)

static const char help[] =
	"usage: vmkdump [--all] [FILE]     save the core of a vmkernel that has stopped\n"
	"       --all: memory of virtual machines, and what is free, too\n"
	"       FILE: what to write (" DIRECTORY "/vmkernel-core.N)\n"
	"       --help, --version\n"
	"exit status: 0 saved, 1 not, 2 wrong usage\n";

/* A frame pointer in a saved stack that gets another value. */
struct patch {
	uint64_t hpa, value;
};

struct core {
	struct memory memory;
	struct segment *segments;
	size_t segment_count;
	struct patch patches[CPUS_MAX * FRAMES_MAX];
	size_t patch_count;
	int fd;
	const char *path;
	char partial[PATH_MAX]; /* what is written, until it is whole */
};

static void __attribute__((noreturn)) write_failed(struct core *c)
{
	int err = errno;

	unlink(c->partial);
	tool_die(TOOL_FAILED, "%s: %s", c->path, strerror(err));
}

static void put(struct core *c, const void *data, size_t len)
{
	if (!tool_write_all(c->fd, data, len))
		write_failed(c);
}

/* Where the direct map has what this processor's own tables have at va; va itself if nowhere. */
static uint64_t alias(const struct core *c, const struct ws_core_cpu *cpu, uint64_t va)
{
	uint64_t hpa;

	return memory_translate(&c->memory, cpu->cr3, va, &hpa) &&
			       memory_slot(&c->memory, hpa) != NO_SLOT
		       ? WS_DIRECT_MAP + hpa
		       : va;
}

/* Registers and frames of a processor other than the one whose page tables the core has. */
static void move_stack(struct core *c, struct ws_core_cpu *cpu)
{
	uint64_t rbp = cpu->rbp, hpa, next, moved;
	unsigned int i;

	cpu->rsp = alias(c, cpu, cpu->rsp);
	cpu->rbp = alias(c, cpu, cpu->rbp);
	for (i = 0; i < FRAMES_MAX; i++) {
		if (rbp % 8 || !memory_translate(&c->memory, cpu->cr3, rbp, &hpa) ||
		    !memory_read(&c->memory, hpa, &next, sizeof(next)))
			return;
		moved = alias(c, cpu, next);
		if (moved == next)
			return;
		c->patches[c->patch_count++] = (struct patch){ hpa, moved };
		rbp = next;
	}
}

static void put_note(struct core *c, uint32_t type, const void *data, uint32_t len)
{
	const Elf64_Nhdr n = { .n_namesz = 5, .n_descsz = len, .n_type = type };
	static const char name[8] = "CORE", padding[4];

	put(c, &n, sizeof(n));
	put(c, name, sizeof(name));
	put(c, data, len);
	put(c, padding, -len % 4);
}

static uint64_t note_bytes(uint64_t len)
{
	return sizeof(Elf64_Nhdr) + 8 + (len + 3) / 4 * 4;
}

static void put_cpu(struct core *c, uint32_t id)
{
	struct ws_core_cpu *cpu = &c->memory.head.cpu[id];
	bool first = id == c->memory.head.panicked;
	struct elf_prstatus status = { .pr_cursig = first ? SIGABRT : 0, .pr_pid = (pid_t)id + 1 };
	struct user_regs_struct r = {
		.r15 = cpu->r15,
		.r14 = cpu->r14,
		.r13 = cpu->r13,
		.r12 = cpu->r12,
		.rbp = cpu->rbp,
		.rbx = cpu->rbx,
		.r11 = cpu->r11,
		.r10 = cpu->r10,
		.r9 = cpu->r9,
		.r8 = cpu->r8,
		.rax = cpu->rax,
		.rcx = cpu->rcx,
		.rdx = cpu->rdx,
		.rsi = cpu->rsi,
		.rdi = cpu->rdi,
		.orig_rax = ~0ull,
		.rip = cpu->rip,
		.cs = WS_SEL_VMK_CS,
		.eflags = cpu->rflags,
		.rsp = cpu->rsp,
		.ss = WS_SEL_VMK_DS,
	};

	_Static_assert(sizeof(r) == sizeof(status.pr_reg), "registers of a core's thread");
	status.pr_info.si_signo = status.pr_cursig;
	memcpy(&status.pr_reg, &r, sizeof(r));
	put_note(c, NT_PRSTATUS, &status, sizeof(status));
}

/* A debugger shows the first thread first, and in it the reason. */
static void put_notes(struct core *c)
{
	const struct ws_core *head = &c->memory.head;
	struct elf_prpsinfo info = { .pr_sname = 'Z', .pr_fname = "vmkernel", .pr_pid = 1 };
	uint32_t i;

	memcpy(info.pr_psargs, head->reason, sizeof(info.pr_psargs) - 1);
	put_cpu(c, head->panicked);
	put_note(c, NT_PRPSINFO, &info, sizeof(info));
	for (i = 0; i < CPUS_MAX; i++)
		if (head->cpu[i].valid && i != head->panicked)
			put_cpu(c, i);
}

static uint32_t cpus(const struct core *c)
{
	uint32_t i, n = 0;

	for (i = 0; i < CPUS_MAX; i++)
		n += !!c->memory.head.cpu[i].valid;
	return n;
}

/* Returns where the first page begins. */
static uint64_t put_headers(struct core *c)
{
	uint64_t notes_at = sizeof(Elf64_Ehdr) + (c->segment_count + 1) * sizeof(Elf64_Phdr);
	uint64_t notes = cpus(c) * note_bytes(sizeof(struct elf_prstatus)) +
			 note_bytes(sizeof(struct elf_prpsinfo));
	uint64_t pages_at = (notes_at + notes + PAGE - 1) / PAGE * PAGE;
	const Elf64_Ehdr e = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			     EV_CURRENT },
		.e_type = ET_CORE,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_phoff = sizeof(e),
		.e_ehsize = sizeof(e),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = c->segment_count + 1,
	};
	Elf64_Phdr p = { .p_type = PT_NOTE, .p_offset = notes_at, .p_filesz = notes, .p_align = 4 };
	size_t i;

	put(c, &e, sizeof(e));
	put(c, &p, sizeof(p));
	for (i = 0; i < c->segment_count; i++) {
		const struct segment *s = &c->segments[i];

		p = (Elf64_Phdr){
			.p_type = PT_LOAD,
			.p_flags = PF_R | PF_W | PF_X,
			.p_offset = pages_at + (uint64_t)s->slot * PAGE,
			.p_vaddr = s->va,
			.p_filesz = (uint64_t)s->pages * PAGE,
			.p_memsz = (uint64_t)s->pages * PAGE,
			.p_align = PAGE,
		};
		put(c, &p, sizeof(p));
	}
	put_notes(c);
	return pages_at;
}

static void apply_patches(const struct core *c, uint64_t hpa, uint8_t *page)
{
	size_t i;

	for (i = 0; i < c->patch_count; i++)
		if (c->patches[i].hpa - hpa < PAGE)
			memcpy(page + (c->patches[i].hpa - hpa), &c->patches[i].value, 8);
}

/* Pages of zeros become holes of the file. */
static void put_pages(struct core *c, uint64_t pages_at)
{
	static const uint8_t zeros[PAGE];
	const struct ws_core *head = &c->memory.head;
	uint8_t page[PAGE];
	uint64_t at;
	uint32_t i, slot;

	for (i = 0; i < head->extents; i++) {
		for (at = 0; at < head->extent[i].bytes; at += PAGE) {
			slot = c->memory.slot[i][at / PAGE];
			if (slot == NO_SLOT)
				continue;
			if (!memory_read(&c->memory, head->extent[i].hpa + at, page, PAGE)) {
				errno = EFAULT;
				write_failed(c);
			}
			apply_patches(c, head->extent[i].hpa + at, page);
			if (!memcmp(page, zeros, PAGE))
				continue;
			if (lseek(c->fd, (off_t)(pages_at + (uint64_t)slot * PAGE), SEEK_SET) < 0)
				write_failed(c);
			put(c, page, PAGE);
		}
	}
	if (ftruncate(c->fd, (off_t)(pages_at + (uint64_t)c->memory.slots * PAGE)))
		write_failed(c);
}

static void save(struct core *c)
{
	struct ws_core *head = &c->memory.head;
	uint32_t i;

	c->segments = memory_segments(&c->memory, head->cpu[head->panicked].cr3, &c->segment_count);
	for (i = 0; i < CPUS_MAX; i++)
		if (head->cpu[i].valid && i != head->panicked)
			move_stack(c, &head->cpu[i]);
	if (!tool_format(c->partial, sizeof(c->partial), "%s.XXXXXX", c->path))
		tool_die(TOOL_FAILED, "%s: %s", c->path, strerror(ENAMETOOLONG));
	/* For root alone: it may hold what guests keep secret. */
	c->fd = mkstemp(c->partial);
	if (c->fd < 0)
		tool_die(TOOL_FAILED, "%s: %s", c->path, strerror(errno));
	put_pages(c, put_headers(c));
	if (fsync(c->fd) || close(c->fd) ||
	    renameat2(AT_FDCWD, c->partial, AT_FDCWD, c->path, RENAME_NOREPLACE))
		write_failed(c);
	free(c->segments);
}

static const char *unused_name(void)
{
	static char name[64];
	unsigned int i;

	if (mkdir(DIRECTORY, 0700) && errno != EEXIST)
		tool_die(TOOL_FAILED, "%s: %s", DIRECTORY, strerror(errno));
	for (i = 1; i <= CORES_MAX; i++) {
		tool_format(name, sizeof(name), DIRECTORY "/vmkernel-core.%u", i);
		if (access(name, F_OK))
			return name;
	}
	tool_die(TOOL_FAILED, "%s has %u cores already", DIRECTORY, CORES_MAX);
}

int main(int argc, char **argv)
{
	static struct core core;
	bool all = false;
	int i, fd;

	tool_init(argv[0]);
	for (i = 1; i < argc; i++) {
		tool_standard_option(argv[i], help);
		if (!strcmp(argv[i], "--all"))
			all = true;
		else if (argv[i][0] == '-')
			tool_die(TOOL_USAGE, "unknown option '%s' (--help lists all)", argv[i]);
		else if (core.path)
			tool_die(TOOL_USAGE, "more than one file: '%s'", argv[i]);
		else
			core.path = argv[i];
	}
	fd = vmnix_open();
	if (fd < 0)
		tool_die(TOOL_FAILED, "%s", vmnix_open_text(errno));
	memory_open(&core.memory, fd, all);
	if (!core.path)
		core.path = unused_name();
	save(&core);
	printf("%s: %llu KiB of memory, %u processors; it stopped with: %s\n", core.path,
	       (unsigned long long)core.memory.slots * PAGE / 1024, cpus(&core),
	       core.memory.head.reason);
	memory_close(&core.memory);
	return tool_finish(TOOL_OK);
}
