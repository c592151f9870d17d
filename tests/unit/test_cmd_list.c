// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/* sources: console/lib/vm_list.c console/lib/vmx_config.c console/lib/vmx_file.c
 *          console/lib/replace_file.c console/lib/tool.c
 */
/* The list of registered machines: adding, removing, finding, many at the same time. */
#include "test_lib.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tool.h"
#include "vm_list.h"

static char folder[] = "/tmp/test_cmd_XX"
		       "XX"
		       "XX",
	    list_file[64];

static void write_file(const char *name, const char *text)
{
	char path[100];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "w");
	fputs(text, f);
	fclose(f);
}

static int make_folder(void **state)
{
	(void)state;
	strcpy(strstr(folder, "cmd_") + 4, "XX"
					   "XX"
					   "XX");
	snprintf(list_file, sizeof(list_file), "%s/etc/vm-list", mkdtemp(folder));
	return 0;
}

static int remove_folder(void **state)
{
	char command[100];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", folder);
	return system(command);
}

static void check_text(const char *expect)
{
	size_t len;
	char *text = tool_read_file(list_file, 10000, &len);

	assert_non_null(text);
	assert_string_equal(text, expect);
	free(text);
}

static void test_change(void **state)
{
	struct vm_list list;

	(void)state;
	assert_true(vm_list_read(list_file, &list));
	assert_int_equal(list.count, 0);
	assert_false(vm_list_remove(list_file, "/a"));
	assert_int_equal(errno, ENOENT);
	assert_true(vm_list_add(list_file, "/a"));
	assert_true(vm_list_add(list_file, "/b c/d.vmx"));
	assert_false(vm_list_add(list_file, "/a"));
	assert_int_equal(errno, EEXIST);
	assert_false(vm_list_add(list_file, "relative"));
	assert_false(vm_list_add(list_file, "/x\"\nconfig \"/y"));
	assert_int_equal(errno, EINVAL);
	check_text("config \"/a\"\nconfig \"/b c/d.vmx\"\n");
	assert_true(vm_list_read(list_file, &list));
	assert_int_equal(list.count, 2);
	assert_string_equal(list.config[1], "/b c/d.vmx");
	vm_list_free(&list);
	assert_true(vm_list_remove(list_file, "/a"));
	check_text("config \"/b c/d.vmx\"\n");
}

/* What others wrote stays: comments, odd blanks, a last line without an end. */
static void test_foreign(void **state)
{
	struct vm_list list;

	(void)state;
	assert_true(vm_list_add(list_file, "/a"));
	write_file("etc/vm-list",
		   "# mine\n\tconfig   \"/x\" extra\nconfig\nconfig \"\nother \"/z\"\n"
		   "config \"/y\"");
	assert_true(vm_list_read(list_file, &list));
	assert_int_equal(list.count, 2);
	vm_list_free(&list);
	assert_true(vm_list_add(list_file, "/a"));
	assert_true(vm_list_remove(list_file, "/x"));
	check_text("# mine\nconfig\nconfig \"\nother \"/z\"\nconfig \"/y\"\nconfig \"/a\"\n");
}

static void check_found(const struct vm_list *list, const char *what, const char *expect)
{
	char *found = vm_list_find(list, what);

	if (expect)
		assert_string_equal(found, expect);
	else
		assert_null(found);
	free(found);
}

static void test_find(void **state)
{
	char one[100], two[100], link[100];
	struct vm_list list;

	(void)state;
	snprintf(one, sizeof(one), "%s/1.vmx", folder);
	snprintf(two, sizeof(two), "%s/2.vmx", folder);
	snprintf(link, sizeof(link), "%s/link", folder);
	write_file("1.vmx", "displayName = \"first\"\n"
			    "uuid.bios = \"56 4d 01 02 03 04 05 06-07 08 09 0a 0b 0c 0d 0e\"\n");
	write_file("2.vmx", "displayName = \"first\"\n");
	assert_int_equal(symlink(one, link), 0);
	assert_true(vm_list_add(list_file, one));
	assert_true(vm_list_add(list_file, "/gone.vmx"));
	assert_true(vm_list_read(list_file, &list));
	check_found(&list, one, one);
	check_found(&list, link, one);
	check_found(&list, "first", one);
	check_found(&list, "564d0102-0304-0506-0708-090a0b0c0d0e", one);
	check_found(&list, "/gone.vmx", "/gone.vmx");
	check_found(&list, two, NULL);
	check_found(&list, "second", NULL);
	check_found(&list, "", NULL);
	vm_list_free(&list);
	assert_true(vm_list_add(list_file, two));
	assert_true(vm_list_read(list_file, &list));
	check_found(&list, "first", NULL);
	assert_int_equal(errno, ENOTUNIQ);
	vm_list_free(&list);
}

static void test_many_at_once(void **state)
{
	struct vm_list list;
	int i, k, status;
	char path[64];

	(void)state;
	for (i = 0; i < 8; i++) {
		if (fork())
			continue;
		for (k = 0; k < 10; k++) {
			snprintf(path, sizeof(path), "/vm/%d-%d", i, k);
			if (!vm_list_add(list_file, path))
				_exit(1);
		}
		_exit(0);
	}
	for (i = 0; i < 8; i++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	assert_true(vm_list_read(list_file, &list));
	assert_int_equal(list.count, 80);
	vm_list_free(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_change, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_foreign, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_find, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_many_at_once, make_folder, remove_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
