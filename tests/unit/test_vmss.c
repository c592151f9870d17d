/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* sources: console/lib/vmss.c console/lib/tool.c */
/*
 * Files of suspended machines: what was written comes back, pages of zeros take no room,
 * and any byte that is not as it was written is noticed, with the name of the part.
 */
#include "test_lib.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vmss.h"

#define STATE_LEN 1234u
#define CHUNK 0x10000u
#define CHUNKS 4u

static char folder[40], path[64], why[512];
static const char info[] = "ip\0"
			   "10.0.0.5\0"
			   "role\0"
			   "web";
static uint8_t state_bytes[STATE_LEN], memory[CHUNKS * CHUNK], *file;
static size_t file_len;

static void read_all(void)
{
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	free(file);
	file = malloc(1 << 20);
	file_len = fread(file, 1, 1 << 20, f);
	fclose(f);
}

static void write_all(const uint8_t *data, size_t len)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	fclose(f);
}

static bool write_one(struct vmss *v)
{
	struct vmss_header h = { .mem_bytes = sizeof(memory), .vcpus = 1, .label = "one" };
	unsigned int i;

	if (!vmss_create(v, path, &h, why, sizeof(why)) ||
	    !vmss_put_state(v, state_bytes, sizeof(state_bytes), why, sizeof(why)) ||
	    !vmss_put_info(v, info, sizeof(info), why, sizeof(why)))
		return false;
	for (i = 0; i < CHUNKS; i++)
		if (!vmss_put_memory(v, i * CHUNK, memory + i * CHUNK, CHUNK, why, sizeof(why)))
			return false;
	return vmss_commit(v, why, sizeof(why));
}

static int setup(void **state)
{
	struct vmss v;
	size_t i;

	(void)state;
	strcpy(folder, "/tmp/test_vmss_XX"
		       "XX"
		       "XX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/a.vmss", folder);
	memset(memory, 0, sizeof(memory));
	for (i = 0; i < sizeof(state_bytes); i++)
		state_bytes[i] = (uint8_t)rnd();
	for (i = 0; i < 5 * VMSS_PAGE; i++) {
		memory[2 * VMSS_PAGE + i] = (uint8_t)rnd();
		memory[2 * CHUNK - 2 * VMSS_PAGE + i] = (uint8_t)rnd();
	}
	memory[sizeof(memory) - 1] = 1;
	assert_true(write_one(&v));
	read_all();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(path);
	assert_int_equal(rmdir(folder), 0);
	free(file);
	file = NULL;
	return 0;
}

/* True if all of it can be read, and is what was written. */
static bool reads(void)
{
	static char vars[VMSS_INFO_MAX];
	static uint8_t got[sizeof(memory)], data[VMSS_CHUNK_MAX], s[VMSS_STATE_MAX];
	struct vmss v;
	uint64_t gpa;
	uint32_t len = 1;
	bool ok = vmss_open(&v, path, why, sizeof(why)) &&
		  vmss_get_state(&v, s, why, sizeof(why)) &&
		  vmss_get_info(&v, vars, why, sizeof(why));

	memset(got, 0, sizeof(got));
	while (ok && len) {
		ok = vmss_get_memory(&v, &gpa, data, &len, why, sizeof(why));
		if (!ok || !len)
			break;
		assert_true(gpa + len <= sizeof(got));
		memcpy(got + gpa, data, len);
	}
	vmss_close(&v);
	if (!ok)
		return false;
	assert_memory_equal(s, state_bytes, sizeof(state_bytes));
	assert_int_equal(v.h.info_len, sizeof(info));
	assert_memory_equal(vars, info, sizeof(info));
	assert_memory_equal(got, memory, sizeof(got));
	return true;
}

static void round_trip(void **state)
{
	struct stat st;

	(void)state;
	assert_true(reads());
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	/* Eleven pages in four records: none spans two chunks. */
	assert_int_equal(st.st_size, sizeof(struct vmss_header) + STATE_LEN + sizeof(info) +
					     11 * VMSS_PAGE + 4 * sizeof(struct vmss_record));
	assert_true(vmss_is_one(path));
}

static void every_byte_counts(void **state)
{
	size_t vars = sizeof(struct vmss_header) + STATE_LEN, records = vars + sizeof(info), i;

	(void)state;
	for (i = 0; i < file_len; i += i < records + 64 ? 1 : 97) {
		file[i] ^= 1u << i % 8;
		write_all(file, file_len);
		file[i] ^= 1u << i % 8;
		assert_false(reads());
		if (i < 16)
			assert_non_null(strstr(why, "is not the file of a suspended"));
		else if (i < 20)
			assert_non_null(strstr(why, "has version"));
		else if (i < sizeof(struct vmss_header))
			assert_non_null(strstr(why, "its header is damaged"));
		else if (i >= vars && i < records)
			assert_non_null(strstr(why, "the guestinfo variables in it are damaged"));
		else if (i < records)
			assert_non_null(strstr(why, "the state of processors and devices"));
		else
			assert_non_null(strstr(why, "the memory in it is damaged"));
	}
}

static void cut_off(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < file_len; i += i < 300 ? 1 : 977) {
		write_all(file, i);
		assert_false(reads());
	}
	file[file_len] = 0;
	write_all(file, file_len + 1);
	assert_false(reads());
	assert_non_null(strstr(why, "were written"));
	write_all((const uint8_t *)"", 0);
	assert_false(vmss_is_one(path));
}

/* Two records change places: each is whole, together they are not. */
static void order_counts(void **state)
{
	uint8_t *first = file + sizeof(struct vmss_header) + STATE_LEN + sizeof(info), *copy;
	size_t len = sizeof(struct vmss_record) + 5 * VMSS_PAGE;
	size_t second = sizeof(struct vmss_record) + 2 * VMSS_PAGE;

	(void)state;
	copy = malloc(len);
	memcpy(copy, first, len);
	memmove(first, first + len, second);
	memcpy(first + second, copy, len);
	free(copy);
	write_all(file, file_len);
	assert_false(reads());
	assert_non_null(strstr(why, "the memory in it is damaged, in record 1 (0x2000)"));
}

static void keeps_the_old_one(void **state)
{
	struct vmss_header h = { .vcpus = 1 };
	struct vmss v;
	char temp[80];

	(void)state;
	assert_true(vmss_create(&v, path, &h, why, sizeof(why)));
	assert_true(vmss_put_state(&v, "new", 3, why, sizeof(why)));
	assert_true(reads());
	vmss_abandon(&v);
	assert_true(reads());
	/* What a writer that was killed has left behind is no obstacle. */
	snprintf(temp, sizeof(temp), "%s.tmp", path);
	assert_int_equal(symlink("/nowhere", temp), 0);
	assert_true(write_one(&v));
	assert_true(reads());
	assert_int_equal(access(temp, F_OK), -1);
}

static void cannot_be(void **state)
{
	struct vmss_header h = { .vcpus = 1 };
	struct vmss v;

	(void)state;
	assert_false(vmss_open(&v, "/nowhere/a.vmss", why, sizeof(why)));
	assert_non_null(strstr(why, "/nowhere/a.vmss: No such file"));
	vmss_close(&v);
	assert_false(vmss_open(&v, "/dev/zero", why, sizeof(why)));
	assert_non_null(strstr(why, "is not a file"));
	vmss_close(&v);
	assert_false(vmss_is_one("/dev/zero"));
	assert_false(vmss_is_one("/nowhere"));
	assert_false(vmss_create(&v, "/nowhere/a.vmss", &h, why, sizeof(why)));
	vmss_abandon(&v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(round_trip, setup, teardown),
		cmocka_unit_test_setup_teardown(every_byte_counts, setup, teardown),
		cmocka_unit_test_setup_teardown(cut_off, setup, teardown),
		cmocka_unit_test_setup_teardown(order_counts, setup, teardown),
		cmocka_unit_test_setup_teardown(keeps_the_old_one, setup, teardown),
		cmocka_unit_test_setup_teardown(cannot_be, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
