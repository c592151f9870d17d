// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * SMBIOS (DSP0134): who made this machine and what is in it. Guests look here for
 * "VMware", administrators for the UUID and the serial number made from it.
 */
#include "smbios.h"
#include <stdio.h>
#include <string.h>
#include "bytes.h"

#define ENTRY_LEN 31u
#define TABLE_OFFSET 32u
#define CHASSIS_HANDLE 0x0300u
#define MEMORY_HANDLE 0x1000u

struct smbios {
	uint8_t *area;
	size_t size, used; /* used: next free byte */
	uint8_t *open; /* the structure being built */
	uint8_t strings; /* it has */
	uint16_t count, longest;
	bool full;
};

static void append(struct smbios *s, const void *data, size_t len)
{
	if (s->full || len > s->size - s->used) {
		s->full = true;
		return;
	}
	memcpy(s->area + s->used, data, len);
	s->used += len;
}

/* Begins a structure of len bytes, zeroed; where it fits not, a scratch one. */
static uint8_t *begin(struct smbios *s, uint8_t type, uint8_t len, uint16_t handle)
{
	static uint8_t scratch[256];
	static const uint8_t zeroes[256];

	s->open = s->area + s->used;
	append(s, zeroes, len);
	if (s->full)
		s->open = scratch;
	s->open[0] = type;
	s->open[1] = len;
	put_le(s->open + 2, handle, 2);
	s->strings = 0;
	return s->open;
}

/* Adds a string to the structure and puts its number at offset. */
static void string(struct smbios *s, uint8_t offset, const char *text)
{
	s->open[offset] = ++s->strings;
	append(s, text, strlen(text) + 1);
}

static void end(struct smbios *s)
{
	size_t len;

	append(s, "\0", s->strings ? 1 : 2);
	len = s->area + s->used - s->open;
	if (!s->full && len > s->longest)
		s->longest = len;
	s->count++;
}

static void add_bios(struct smbios *s)
{
	uint8_t *p = begin(s, 0, 24, 0);

	put_le(p + 6, 0xf000, 2); /* segment */
	put_le(p + 10, 1u << 7, 8); /* PCI */
	p[0x13] = 1u << 4; /* this is a virtual machine */
	p[0x14] = p[0x15] = 0xff; /* no release numbers */
	p[0x16] = p[0x17] = 0xff;
	string(s, 4, "vmnix");
	string(s, 5, VMNIX_VERSION);
	string(s, 8, "11/22/2026");
	end(s);
}

static void add_system(struct smbios *s, const struct guest_machine *m)
{
	static const uint8_t order[16] = { 3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15 };
	uint8_t *p = begin(s, 1, 27, 0x0100);
	char serial[64] = "VMware-", *to = serial + 7;
	int i;

	for (i = 0; i < 16; i++) {
		p[8 + i] = m->uuid[order[i]]; /* the first three fields are little-endian */
		to += sprintf(to, "%02x%s", m->uuid[i], i == 7 ? "-" : i < 15 ? " " : "");
	}
	p[0x18] = 6; /* woken up by the power switch */
	string(s, 4, "VMware, Inc.");
	string(s, 5, "VMware Virtual Platform");
	string(s, 6, "None");
	string(s, 7, serial);
	end(s);
}

static void add_board(struct smbios *s)
{
	uint8_t *p = begin(s, 2, 15, 0x0200);

	p[9] = 1; /* hosting board */
	put_le(p + 11, CHASSIS_HANDLE, 2);
	p[13] = 10; /* motherboard */
	string(s, 4, "vmnix");
	string(s, 5, "Virtual PC");
	end(s);
	p = begin(s, 3, 21, CHASSIS_HANDLE);
	p[5] = 1; /* other */
	p[9] = p[10] = p[11] = 3; /* states: safe */
	p[12] = 2; /* security: unknown */
	string(s, 4, "No Enclosure");
	end(s);
}

static void add_processors(struct smbios *s, uint32_t vcpus)
{
	uint32_t i;

	for (i = 0; i < vcpus; i++) {
		uint8_t *p = begin(s, 4, 42, 0x0400 + i);
		char socket[16];

		p[5] = 3; /* central processor */
		p[6] = 2; /* family unknown */
		p[0x18] = 0x41; /* populated, enabled */
		p[0x19] = 2; /* upgrade: unknown */
		put_le(p + 0x1a, 0xffff, 2); /* no caches described */
		put_le(p + 0x1c, 0xffff, 2);
		put_le(p + 0x1e, 0xffff, 2);
		p[0x23] = p[0x24] = p[0x25] = 1; /* cores, enabled, threads */
		put_le(p + 0x26, 1u << 2, 2); /* 64-bit */
		put_le(p + 0x28, 2, 2);
		snprintf(socket, sizeof(socket), "CPU%u", i);
		string(s, 4, socket);
		end(s);
	}
}

static void add_memory(struct smbios *s, uint64_t bytes)
{
	uint8_t *p = begin(s, 16, 23, MEMORY_HANDLE);

	p[4] = 1; /* other place */
	p[5] = 3; /* system memory */
	p[6] = 3; /* no error correction */
	put_le(p + 7, bytes >> 10, 4);
	put_le(p + 11, 0xfffe, 2); /* no error information */
	put_le(p + 13, 1, 2);
	end(s);
	p = begin(s, 17, 34, 0x1100);
	put_le(p + 4, MEMORY_HANDLE, 2);
	put_le(p + 6, 0xfffe, 2);
	put_le(p + 8, 64, 2);
	put_le(p + 10, 64, 2);
	put_le(p + 12, bytes >> 20 < 0x7fff ? bytes >> 20 : 0x7fff, 2);
	put_le(p + 0x1c, bytes >> 20 < 0x7fff ? 0 : bytes >> 20, 4);
	p[14] = 1; /* form factor: other */
	p[18] = 1; /* type: other */
	put_le(p + 19, 1u << 1, 2);
	string(s, 16, "RAM slot #0");
	end(s);
	p = begin(s, 19, 31, 0x1300);
	put_le(p + 4, 0, 4);
	put_le(p + 8, (bytes >> 10) - 1, 4);
	put_le(p + 12, MEMORY_HANDLE, 2);
	p[14] = 1;
	end(s);
}

bool smbios_build(uint8_t *area, size_t size, uint32_t gpa, const struct guest_machine *m)
{
	struct smbios s = { .area = area, .size = size, .used = TABLE_OFFSET };
	uint8_t *e = area;

	if (size < TABLE_OFFSET)
		return false;
	add_bios(&s);
	add_system(&s, m);
	add_board(&s);
	add_processors(&s, m->vcpus);
	add_memory(&s, m->mem_bytes);
	begin(&s, 32, 11, 0x2000); /* boot status: no errors */
	end(&s);
	begin(&s, 127, 4, 0x7f00);
	end(&s);
	if (s.full)
		return false;
	memset(e, 0, TABLE_OFFSET);
	memcpy(e, "_SM_", 4);
	e[5] = ENTRY_LEN;
	e[6] = 2;
	e[7] = 7;
	put_le(e + 8, s.longest, 2);
	memcpy(e + 16, "_DMI_", 5);
	put_le(e + 22, s.used - TABLE_OFFSET, 2);
	put_le(e + 24, gpa + TABLE_OFFSET, 4);
	put_le(e + 28, s.count, 2);
	e[30] = 0x27;
	e[21] = checksum(e + 16, 15);
	e[4] = checksum(e, ENTRY_LEN);
	return true;
}
