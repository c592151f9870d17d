// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/* sources: console/lib/autostart.c console/lib/vmx_file.c console/lib/replace_file.c
 *          console/lib/tool.c
 */
/* The order in which the service starts and stops machines. */
#include "test_lib.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "autostart.h"

static struct autostart read_text(const char *text, size_t index)
{
	char why[VMX_WHY_MAX];
	struct autostart a;
	struct vmx_file f;

	assert_true(vmx_file_parse(&f, "/x.vmx", strdup(text), strlen(text), why, sizeof(why)));
	autostart_read(&f, index, &a);
	vmx_file_free(&f);
	return a;
}

static void test_keys(void **state)
{
	struct autostart a = read_text("displayName = \"x\"\n", 3);

	(void)state;
	assert_false(a.start);
	assert_int_equal(a.index, 3);
	assert_int_equal(a.start_order, AUTOSTART_LAST);
	assert_int_equal(a.delay, 0);
	assert_int_equal(a.stop, AUTOSTOP_SOFT);
	assert_false(a.has_stop_order);
	a = read_text("AutoStart = \"PowerOn\"\nautostart.order = \"20\"\nautostart.delay = 5\n"
		      "autostop = \"poweroff\"\nautostop.order = \"0\"\n",
		      0);
	assert_true(a.start);
	assert_int_equal(a.start_order, 20);
	assert_int_equal(a.delay, 5);
	assert_int_equal(a.stop, AUTOSTOP_HARD);
	assert_true(a.has_stop_order);
	assert_int_equal(a.stop_order, 0);
}

static void test_wrong_values(void **state)
{
	struct autostart a = read_text("autostart = \"yes\"\nautostart.order = \"-1\"\n"
				       "autostart.delay = \"999999\"\nautostop = \"explode\"\n"
				       "autostop.order = \"first\"\n",
				       0);

	(void)state;
	assert_false(a.start);
	assert_int_equal(a.start_order, AUTOSTART_LAST);
	assert_int_equal(a.delay, 0);
	assert_int_equal(a.stop, AUTOSTOP_SOFT);
	assert_false(a.has_stop_order);
}

static void check_order(const struct autostart *list, size_t count, const char *expect)
{
	char text[32] = "";
	size_t i;

	for (i = 0; i < count; i++)
		text[i] = (char)('a' + list[i].index);
	assert_string_equal(text, expect);
}

static void test_order(void **state)
{
	struct autostart list[] = {
		read_text("", 0),
		read_text("autostart.order = 20\n", 1),
		read_text("autostart.order = 10\n", 2),
		read_text("autostart.order = 20\nautostop.order = 7\n", 3),
		read_text("autostop.order = 3\n", 4),
	};
	size_t count = sizeof(list) / sizeof(list[0]);

	(void)state;
	autostart_sort(list, count);
	check_order(list, count, "cbdae");
	autostop_sort(list, count);
	check_order(list, count, "edabc");
	autostart_sort(list, count);
	check_order(list, count, "cbdae");
	autostart_sort(list, 0);
	autostop_sort(list, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_wrong_values),
		cmocka_unit_test(test_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
