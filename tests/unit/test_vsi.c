/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* sources: vmkernel/vsi/vsi.c vmkernel/lib/text.c vmkernel/lib/format.c vmkernel/lib/spinlock.c
 *	tests/fake/panic.c */
/*
 * The VSI tree: registering and removing, listing and reading in pieces of
 * every size, setting, tables, help, and hostile paths.
 */
#include "test_lib.h"
#include <string.h>

#include "vsi/vsi.h"

#define NAME47 "a234567890123456789012345678901234567890-234567"

static uint64_t number = 7, tunable = 5;
static char text_value[64] = "hello";

static int get_text(void *ctx, struct vsi_text *out)
{
	vsi_printf(out, "%s\n", (char *)ctx);
	return VMK_OK;
}

static int set_text(void *ctx, const char *text)
{
	if (strlen(text) > 20)
		return VMK_LIMIT_EXCEEDED;
	strcpy(ctx, text);
	return VMK_OK;
}

static int get_long(void *ctx, struct vsi_text *out)
{
	(void)ctx;
	for (int i = 0; i < 1000; i++)
		vsi_printf(out, "line %d\n", i);
	return VMK_OK;
}

static int get_broken(void *ctx, struct vsi_text *out)
{
	(void)ctx;
	(void)out;
	return VMK_BUSY;
}

static uint32_t members = 3;

static int member_name(void *ctx, uint32_t index, char *name)
{
	(void)ctx;
	if (index >= members)
		return VMK_NOT_FOUND;
	snprintf(name, VSI_NAME_MAX, "m%u", index);
	return VMK_OK;
}

static bool member_exists(void *ctx, const char *name)
{
	(void)ctx;
	return name[0] == 'm' && name[1] >= '0' && name[1] < (char)('0' + members) && !name[2];
}

static int field_get(void *ctx, const char *member, struct vsi_text *out)
{
	(void)ctx;
	vsi_printf(out, "field of %s\n", member);
	return VMK_OK;
}

static int field_set(void *ctx, const char *member, const char *text)
{
	snprintf(ctx, sizeof(text_value), "%s=%s", member, text);
	return VMK_OK;
}

static const struct vsi_field fields[] = {
	{ "ro", "reads", field_get, NULL },
	{ "cpu/ro", "in a group", field_get, NULL },
	{ "cpu/rw", "in a group", field_get, field_set },
	{ "cpuset", "in none", field_get, NULL },
	{ "mem/rw", "in another", field_get, field_set },
	{ "rw", "reads and writes", field_get, field_set },
};
static const struct vsi_table_ops table = { member_name, member_exists, fields, 6 };

static struct vsi_node top = VSI_FOLDER("top", "the test's folder");
static struct vsi_node sub = VSI_FOLDER(NAME47, "long name");
static struct vsi_node nodes[] = {
	VSI_U64("number", "a number", &number),
	VSI_U64_RW("tunable", "a tunable", &tunable, 2, 10),
	VSI_TEXT("text", "a text", get_text, set_text, text_value),
	VSI_TEXT("long", "a long text", get_long, NULL, NULL),
	VSI_TEXT("broken", "fails", get_broken, NULL, NULL),
	VSI_TABLE("table", "a table", &table, text_value),
};

static char buf[20000];
static uint32_t len, next;

/* The value of path, read in one go. */
static const char *get(const char *path)
{
	assert_int_equal(vsi_get(path, 0, buf, sizeof(buf) - 1, &len, &next), VMK_OK);
	assert_int_equal(next, 0);
	buf[len] = '\0';
	return buf;
}

static int get_error(const char *path)
{
	int err = vsi_get(path, 0, buf, sizeof(buf), &len, &next);

	assert_true(!err || (!len && !next));
	return err;
}

static const char *list(const char *path)
{
	assert_int_equal(vsi_list(path, 0, buf, sizeof(buf) - 1, &len, &next), VMK_OK);
	assert_int_equal(next, 0);
	buf[len] = '\0';
	return buf;
}

static int list_error(const char *path)
{
	return vsi_list(path, 0, buf, sizeof(buf), &len, &next);
}

static int setup(void **state)
{
	assert_int_equal(vsi_add(NULL, &top), VMK_OK);
	assert_int_equal(vsi_add(&top, &sub), VMK_OK);
	assert_int_equal(vsi_add_all(&top, nodes, ARRAY_SIZE(nodes)), VMK_OK);
	return seed_setup(state);
}

static void test_read(void **state)
{
	(void)state;
	assert_string_equal(list("/"), "top/\n");
	assert_string_equal(list("/top"),
			    NAME47 "/\nnumber\ntunable\ntext\nlong\nbroken\ntable/\n");
	assert_string_equal(list("/top/table/"), "m0/\nm1/\nm2/\n");
	assert_string_equal(list("/top/table/m1"), "ro\ncpu/\ncpuset\nmem/\nrw\n");
	assert_string_equal(list("/top/table/m1/cpu"), "ro\nrw\n");
	assert_string_equal(list("/top/table/m1/mem/"), "rw\n");
	assert_string_equal(get("/top/table/m1/cpu/ro"), "field of m1\n");
	assert_string_equal(get("/top/table/m1/cpuset"), "field of m1\n");
	assert_int_equal(get_error("/top/table/m1/cpu"), VMK_NOT_SUPPORTED);
	assert_int_equal(get_error("/top/table/m1/cp"), VMK_NOT_FOUND);
	assert_int_equal(get_error("/top/table/m1/mem/ro"), VMK_NOT_FOUND);
	assert_int_equal(get_error("/top/table/m1/cpu/ro/x"), VMK_NOT_FOUND);
	assert_int_equal(get_error("/top/table/m1/ro/cpu"), VMK_NOT_FOUND);
	assert_int_equal(get_error("/top/table/m1/cpu/cpu"), VMK_NOT_FOUND);
	assert_int_equal(list_error("/top/table/m1/cpu/rw"), VMK_NOT_SUPPORTED);
	assert_string_equal(list("/top/" NAME47), "");
	assert_string_equal(get("/top/number"), "7\n");
	assert_string_equal(get("/top/text"), "hello\n");
	assert_string_equal(get("/top/table/m2/ro"), "field of m2\n");
	assert_string_equal(get("/top/tunable?"), "number, read/write, 2..10: a tunable\n");
	assert_string_equal(get("/top/number?"), "number, read-only: a number\n");
	assert_string_equal(get("/top/long?"), "text, read-only: a long text\n");
	assert_string_equal(get("/top/table/m0/rw?"), "text, read/write: reads and writes\n");
	assert_string_equal(get("/top?"), "folder: the test's folder\n");
	assert_int_equal(get_error("/top/broken"), VMK_BUSY);
	assert_int_equal(get_error("/top"), VMK_NOT_SUPPORTED);
	assert_int_equal(get_error("/top/table/m0"), VMK_NOT_SUPPORTED);
	assert_int_equal(get_error("/top/table/m3"), VMK_NOT_FOUND);
	assert_int_equal(get_error("/top/table/m0/none"), VMK_NOT_FOUND);
	assert_int_equal(get_error("/top/number/x"), VMK_NOT_FOUND);
	assert_int_equal(get_error("/top/table/m0/ro/x"), VMK_NOT_FOUND);
	assert_int_equal(list_error("/top/number"), VMK_NOT_SUPPORTED);
	assert_int_equal(list_error("/top/table/m0/ro"), VMK_NOT_SUPPORTED);
	assert_int_equal(list_error("/none"), VMK_NOT_FOUND);
}

static void test_set(void **state)
{
	(void)state;
	assert_int_equal(vsi_set("/top/tunable", "10\n"), VMK_OK);
	assert_int_equal(tunable, 10);
	assert_int_equal(vsi_set("/top/tunable", "0x2"), VMK_OK);
	assert_int_equal(vsi_set("/top/tunable", "11"), VMK_LIMIT_EXCEEDED);
	assert_int_equal(vsi_set("/top/tunable", "1"), VMK_LIMIT_EXCEEDED);
	assert_int_equal(vsi_set("/top/tunable", "ten"), VMK_BAD_PARAM);
	assert_int_equal(tunable, 2);
	assert_int_equal(vsi_set("/top/number", "1"), VMK_READ_ONLY);
	assert_int_equal(vsi_set("/top/long", "1"), VMK_READ_ONLY);
	assert_int_equal(vsi_set("/top/table/m1/ro", "1"), VMK_READ_ONLY);
	assert_int_equal(vsi_set("/top", "1"), VMK_NOT_SUPPORTED);
	assert_int_equal(vsi_set("/top/table", "1"), VMK_NOT_SUPPORTED);
	assert_int_equal(vsi_set("/top/tunable?", "3"), VMK_BAD_PARAM);
	assert_int_equal(vsi_set("/top/text", "bye"), VMK_OK);
	assert_string_equal(text_value, "bye");
	assert_int_equal(vsi_set("/top/text", "something that is too long"), VMK_LIMIT_EXCEEDED);
	assert_int_equal(vsi_set("/top/table/m1/rw", "v"), VMK_OK);
	assert_string_equal(text_value, "m1=v");
}

static void test_pieces(void **state)
{
	static char whole[20000], again[20000];
	uint32_t total, at;

	(void)state;
	strcpy(whole, get("/top/long"));
	total = len;
	for (int i = 0; i < 30; i++) {
		uint32_t size = (uint32_t)rnd_between(i < 3 ? 1 : 20, 3000);

		at = 0;
		do {
			assert_int_equal(vsi_get("/top/long", at, again + at, size, &len, &next),
					 VMK_OK);
			assert_true(len <= size && (!next || (len && next == at + len)));
			at += len;
		} while (next);
		assert_int_equal(at, total);
		assert_memory_equal(again, whole, total);
	}
	assert_int_equal(vsi_get("/top/long", total + 5, buf, 10, &len, &next), VMK_OK);
	assert_true(!len && !next);
	assert_int_equal(vsi_get("/top/long", UINT32_MAX, buf, 10, &len, &next), VMK_OK);
	assert_true(!len && !next);
}

static void test_list_pieces(void **state)
{
	char all[1000], again[1000];
	uint32_t at = 0, index = 0;

	(void)state;
	strcpy(all, list("/top"));
	do {
		assert_int_equal(vsi_list("/top", index, again + at, VSI_NAME_MAX + 2, &len, &next),
				 VMK_OK);
		assert_true(len > 0 && (!next || next > index));
		index = next;
		at += len;
	} while (next);
	assert_int_equal(at, strlen(all));
	assert_memory_equal(again, all, at);
	assert_int_equal(vsi_list("/top", 0, again, VSI_NAME_MAX + 1, &len, &next), VMK_BAD_PARAM);
	assert_int_equal(vsi_list("/top", UINT32_MAX, again, 100, &len, &next), VMK_OK);
	assert_true(!len && !next);
}

static void test_register(void **state)
{
	struct vsi_node bad[] = { VSI_FOLDER("", ""), VSI_FOLDER("a/b", ""), VSI_FOLDER("a b", ""),
				  VSI_FOLDER(NAME47 "8", ""), VSI_FOLDER("\xff", "") };
	struct vsi_node folder = VSI_FOLDER("folder", ""), twin = VSI_FOLDER("folder", "");
	struct vsi_node leaf = VSI_U64("leaf", "", &number);
	uint32_t before = vsi_count();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(vsi_add(&top, &bad[i]), VMK_BAD_PARAM);
	assert_int_equal(vsi_add(&folder, &leaf), VMK_BAD_PARAM); /* not in the tree */
	assert_int_equal(vsi_add(&top, &folder), VMK_OK);
	assert_int_equal(vsi_add(&top, &twin), VMK_EXISTS);
	assert_int_equal(vsi_add(&folder, &leaf), VMK_OK);
	assert_int_equal(vsi_add(&leaf, &twin), VMK_BAD_PARAM);
	assert_string_equal(get("/top/folder/leaf"), "7\n");
	vsi_remove(&folder);
	vsi_remove(&folder);
	vsi_remove(&leaf);
	assert_int_equal(vsi_count(), before);
	assert_int_equal(get_error("/top/folder/leaf"), VMK_NOT_FOUND);
	assert_int_equal(vsi_add(&top, &twin), VMK_OK);
	vsi_remove(&twin);
}

static void test_bad_paths(void **state)
{
	static const char *const bad[] = { "",
					   "top",
					   "//",
					   "/top//number",
					   "/top/ ",
					   "/top/\x80",
					   "/top/number??",
					   "??",
					   "/top/../top",
					   "/?x",
					   "/" NAME47 "8",
					   "/top/%s%n" };
	char path[400];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_not_equal(get_error(bad[i]), VMK_OK);
	memset(path, 'a', sizeof(path));
	path[0] = '/';
	assert_int_equal(get_error(path), VMK_BAD_PARAM); /* no NUL within VSI_PATH_MAX */
	for (int i = 0; i < 50000; i++) {
		static const char alphabet[] = "/?.a0:\xff %topablenumber";
		size_t n = rnd() % 60;

		strcpy(path, rnd() & 1 ? "/top/" : "");
		for (size_t j = strlen(path); j < n; j++) {
			path[j] = alphabet[rnd() % (sizeof(alphabet) - 1)];
			path[j + 1] = '\0';
		}
		get_error(path);
		list_error(path);
	}
}

static void test_config(void **state)
{
	static uint64_t other = 3, third = 9;
	static struct vsi_node folder = VSI_FOLDER("tuned", "has tunables");
	static struct vsi_node late = VSI_U64_RW("late", "added by path", &other, 1, 4);
	static struct vsi_node outside = VSI_U64_RW("outside", "in no folder", &third, 0, 10);

	(void)state;
	assert_int_equal(vsi_add(NULL, &vsi_config), VMK_OK);
	assert_int_equal(vsi_add(NULL, &folder), VMK_OK);
	assert_int_equal(vsi_add(NULL, &outside), VMK_OK);
	assert_int_equal(vsi_add_at("/nix", &late), VMK_NOT_FOUND);
	assert_int_equal(vsi_add_at("/top/number", &late), VMK_BAD_PARAM);
	assert_string_equal(list("/config"), "top/\n");
	assert_int_equal(vsi_add_at("/tuned", &late), VMK_OK);
	assert_int_equal(vsi_add_at("/tuned/", &late), VMK_EXISTS);
	assert_string_equal(list("/config"), "top/\ntuned/\n");
	assert_string_equal(list("/config/top"), "tunable\n");
	other = 2;
	assert_string_equal(get("/config/tuned/late"),
			    "late (added by path) [1-4: default = 3]: 2\n");
	assert_int_equal(vsi_set("/config/tuned/late", "4"), VMK_OK);
	assert_int_equal(other, 4);
	assert_int_equal(vsi_set("/config/tuned/late", "5"), VMK_LIMIT_EXCEEDED);
	assert_int_equal(get_error("/config"), VMK_NOT_SUPPORTED);
	assert_int_equal(get_error("/config/top"), VMK_NOT_SUPPORTED);
	assert_int_equal(get_error("/config/top/number"), VMK_NOT_FOUND);
	assert_int_equal(get_error("/config/outside"), VMK_NOT_FOUND);
	assert_int_equal(get_error("/config/config"), VMK_NOT_FOUND);
	assert_int_equal(vsi_set("/config/top/text", "x"), VMK_NOT_FOUND);
	assert_int_equal(vsi_set("/config", "1"), VMK_NOT_SUPPORTED);
	assert_string_equal(get("/config?"),
			    "folder: what can be tuned, with range and initial value\n");
	vsi_remove(&vsi_config);
	vsi_remove(&folder);
	vsi_remove(&outside);
	assert_int_equal(list_error("/config"), VMK_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),	 cmocka_unit_test(test_set),
		cmocka_unit_test(test_pieces),	 cmocka_unit_test(test_list_pieces),
		cmocka_unit_test(test_register), cmocka_unit_test(test_bad_paths),
		cmocka_unit_test(test_config),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
