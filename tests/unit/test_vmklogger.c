// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/* sources: console/vmklogger/log_ring.c console/vmklogger/log_files.c console/lib/tool.c
 * console/lib/vmnix_dev.c */
/* vmklogger: whole lines out of a ring that wraps and overruns; files that rotate or fill up. */
#include "test_lib.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vmklogger/log_files.h"
#include "vmklogger/log_ring.h"

static struct ws_ring header;
static char data[WS_LOG_RING_SIZE], buf[WS_LOG_RING_SIZE];

static void produce(const char *text)
{
	for (; *text; text++)
		data[header.head++ % WS_LOG_RING_SIZE] = *text;
}

static int empty_ring(void **state)
{
	(void)state;
	header = (struct ws_ring){ .magic = WS_RING_MAGIC, .size = WS_LOG_RING_SIZE };
	memset(data, 'x', sizeof(data));
	return 0;
}

static void test_lines(void **state)
{
	struct log_position at = {};
	uint64_t lost = 1;

	(void)state;
	assert_int_equal(log_ring_copy(&header, data, &at, buf, &lost), 0);
	produce("one\ntwo\nthr");
	assert_int_equal(log_ring_copy(&header, data, &at, buf, &lost), 8);
	assert_memory_equal(buf, "one\ntwo\n", 8);
	assert_int_equal(log_ring_copy(&header, data, &at, buf, &lost), 0);
	produce("ee\n");
	assert_int_equal(log_ring_copy(&header, data, &at, buf, &lost), 6);
	assert_memory_equal(buf, "three\n", 6);
	assert_int_equal(lost, 0);
	at.at = 1ull << 60;
	assert_int_equal(log_ring_copy(&header, data, &at, buf, &lost), 0);
	assert_int_equal(at.at, header.head);
}

/* A reader that keeps up gets every line, however often the ring wraps. */
static void test_wrap(void **state)
{
	struct log_position at = {};
	uint64_t lost;
	char line[64];
	int i, n;

	(void)state;
	for (i = 0; i < 20000; i++) {
		n = snprintf(line, sizeof(line), "line %d of many\n", i);
		produce(line);
		assert_int_equal(log_ring_copy(&header, data, &at, buf, &lost), n);
		assert_memory_equal(buf, line, n);
		assert_int_equal(lost, 0);
	}
	assert_true(header.head > 2 * WS_LOG_RING_SIZE);
}

/* One that does not is told how much is gone, and gets the rest from a line's beginning on. */
static void test_overrun(void **state)
{
	struct log_position at = {};
	uint64_t lost;
	char line[64];
	size_t len;
	int i;

	(void)state;
	for (i = 0; i < 20000; i++) {
		snprintf(line, sizeof(line), "line %d of many\n", i);
		produce(line);
	}
	len = log_ring_copy(&header, data, &at, buf, &lost);
	assert_int_equal(lost + len, header.head);
	assert_true(len >= WS_LOG_RING_SIZE - WS_LOG_LINE_MAX - sizeof(line));
	assert_true(len <= WS_LOG_RING_SIZE - WS_LOG_LINE_MAX);
	assert_memory_equal(buf, "line ", 5);
	assert_memory_equal(buf + len - strlen(line), line, strlen(line));
}

/* Without a newline anywhere it still goes on. */
static void test_no_newline(void **state)
{
	struct log_position at = {};
	uint64_t lost;

	(void)state;
	header.head = WS_LOG_RING_SIZE / 2;
	assert_int_equal(log_ring_copy(&header, data, &at, buf, &lost), 0);
	assert_int_equal(at.at, 0);
	header.head = 5ull * WS_LOG_RING_SIZE;
	assert_int_equal(log_ring_copy(&header, data, &at, buf, &lost), 0);
	assert_int_equal(at.at, header.head);
	assert_int_equal(lost, header.head);
}

static char *content(const char *name)
{
	static char text[4096];
	FILE *f = fopen(name, "r");

	assert_non_null(f);
	text[fread(text, 1, sizeof(text) - 1, f)] = 0;
	fclose(f);
	return text;
}

#define NOW 1795426187 /* Nov 23 09:29:47 UTC 2026 */

static void test_files(void **state)
{
	const struct log_files files = { ".", 200, 2, "host" };
	static const char both[] = "0:00:00:00.008 cpu0:1024)SVM: 57: (WARNING: no\n"
				   "0:00:00:00.009 cpu0:1024)ALERT: VMM: 4: bad \x1b[2J\n";
	static const char long_line[] = "1)A: 1: .........................................\n";
	struct stat st;
	int i;

	(void)state;
	assert_true(log_files_append(&files, NOW, both, strlen(both), 0));
	assert_string_equal(content("vmkernel"),
			    "Nov 23 09:29:47 host vmkernel: "
			    "0:00:00:00.008 cpu0:1024)SVM: 57: (WARNING: no\n"
			    "Nov 23 09:29:47 host vmkernel: "
			    "0:00:00:00.009 cpu0:1024)ALERT: VMM: 4: bad ?[2J\n");
	assert_string_equal(content("vmkwarning"),
			    "Nov 23 09:29:47 host vmkernel: "
			    "0:00:00:00.009 cpu0:1024)ALERT: VMM: 4: bad ?[2J\n");
	assert_true(log_files_append(&files, NOW, "1)WARNING: A: 1: b\n", 19, 77));
	assert_string_equal(content("vmkernel"),
			    "Nov 23 09:29:47 host vmklogger: 77 bytes of the log are lost\n"
			    "Nov 23 09:29:47 host vmkernel: 1)WARNING: A: 1: b\n");
	assert_string_equal(strstr(content("vmkwarning"), "77 bytes"),
			    "77 bytes of the log are lost\n"
			    "Nov 23 09:29:47 host vmkernel: 1)WARNING: A: 1: b\n");
	assert_non_null(strstr(content("vmkernel.1"), "cpu0:1024"));
	for (i = 0; i < 9; i++)
		assert_true(log_files_append(&files, NOW, long_line, strlen(long_line), 0));
	assert_int_equal(stat("vmkernel.2", &st), 0);
	assert_true(st.st_size <= 200);
	assert_int_equal(stat("vmkernel.3", &st), -1);
	assert_int_equal(stat("vmkwarning.1", &st), -1);
}

/* A disk without room: nothing is kept, so that it can be tried again. */
static void test_full(void **state)
{
	const struct log_files files = { ".", 1 << 20, 2, "host" };
	char before[4096];

	(void)state;
	strcpy(before, content("vmkernel"));
	unlink("vmkwarning");
	assert_int_equal(symlink("/dev/full", "vmkwarning"), 0);
	assert_false(log_files_append(&files, NOW, "1)WARNING: A: 1: b\n", 19, 0));
	assert_int_equal(errno, ELOOP);
	assert_string_equal(content("vmkernel"), before);
	unlink("vmkwarning");
	assert_true(log_files_append(&files, NOW, "1)WARNING: A: 1: b\n", 19, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_lines, empty_ring),
		cmocka_unit_test_setup(test_wrap, empty_ring),
		cmocka_unit_test_setup(test_overrun, empty_ring),
		cmocka_unit_test_setup(test_no_newline, empty_ring),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_full),
	};
	char folder[] = "/tmp/vmnix-test.XXXXXX";
	int failed;

	setenv("TZ", "UTC", 1);
	if (!mkdtemp(folder) || chdir(folder))
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink("vmkernel");
	unlink("vmkernel.1");
	unlink("vmkernel.2");
	unlink("vmkwarning");
	unlink("vmkwarning.1");
	return chdir("/") || rmdir(folder) ? 1 : failed;
}
