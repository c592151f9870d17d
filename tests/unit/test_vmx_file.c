// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/* sources: console/lib/vmx_file.c console/lib/replace_file.c console/lib/tool.c */
/* .vmx text: its syntax, its errors, a changed key that leaves the rest alone, noise. */
#include "test_lib.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vmx_file.h"

static char why[VMX_WHY_MAX];

static bool parse_bytes(struct vmx_file *f, const char *text, size_t len)
{
	char *copy = malloc(len ? len : 1);

	memcpy(copy, text, len);
	return vmx_file_parse(f, "/a.vmx", copy, len, why, sizeof(why));
}

static bool parse(struct vmx_file *f, const char *text)
{
	return parse_bytes(f, text, strlen(text));
}

static void test_syntax(void **state)
{
	struct vmx_file f;

	(void)state;
	assert_true(parse(&f, "#!/usr/bin/vmware\n\n  # note\r\n"
			      ".encoding = \"UTF-8\"\r\n"
			      "memsize=\"128\"# why\n"
			      "  serial0.fileName\t= \t\"/a b/#c|22|7C|20\" # x\n"
			      "scsi0:0.present = TRUE\n"
			      "MemSize = \"256\""));
	assert_int_equal(f.count, 5);
	assert_string_equal(vmx_file_get(&f, ".ENCODING"), "UTF-8");
	assert_string_equal(vmx_file_get(&f, "serial0.filename"), "/a b/#c\"| ");
	assert_string_equal(vmx_file_get(&f, "scsi0:0.present"), "TRUE");
	assert_string_equal(vmx_file_get(&f, "memsize"), "256"); /* the last one counts */
	assert_int_equal(vmx_file_find(&f, "memsize")->line, 8);
	assert_null(vmx_file_get(&f, "mem"));
	vmx_file_free(&f);
	assert_true(parse(&f, ""));
	assert_int_equal(f.count, 0);
	vmx_file_free(&f);
	assert_true(parse(&f, "\xef\xbb\xbf"
			      "a = \"\""));
	assert_string_equal(vmx_file_get(&f, "a"), "");
	vmx_file_free(&f);
}

static void refused(const char *text, const char *expect)
{
	struct vmx_file f;

	assert_false(parse(&f, text));
	assert_int_equal(f.count, 0);
	if (!strstr(why, expect))
		fail_msg("'%s' lacks '%s'", why, expect);
}

static void test_errors(void **state)
{
	char longest[300];
	struct vmx_file f;

	(void)state;
	refused("a = \"1\"\nb = \"2\n", "/a.vmx:2: ");
	refused("a\n", "/a.vmx:1: '='");
	refused("a =\n", "without a value");
	refused("a = \"x\" y\n", "follows");
	refused("a = x y\n", "follows");
	refused("= \"x\"\n", "key");
	refused("a = \"|2\"\n", "hexadecimal");
	refused("a = \"|zz\"\n", "hexadecimal");
	refused("a = \"|00\"\n", "hexadecimal");
	refused("ä = \"1\"\n", "key");
	memset(longest, 'k', sizeof(longest));
	strcpy(longest + 200, " = 1");
	refused(longest, "too long");
	assert_false(parse_bytes(&f, "a = \"x\0y\"\n", 10));
	assert_non_null(strstr(why, "NUL"));
}

static void check_with(const char *before, const char *key, const char *value, const char *after)
{
	struct vmx_file f;
	size_t len;
	char *text;

	assert_true(parse(&f, before));
	text = vmx_file_with(&f, key, value, &len);
	assert_non_null(text);
	assert_string_equal(text, after);
	assert_int_equal(len, strlen(after));
	vmx_file_free(&f);
	assert_true(parse(&f, text));
	assert_string_equal(vmx_file_get(&f, key), value);
	vmx_file_free(&f);
	free(text);
}

static void test_with(void **state)
{
	struct vmx_file f;
	size_t len;

	(void)state;
	check_with("# x\r\nA = \"1\"  # y\r\nb = 2\n", "a", "new",
		   "# x\r\nA = \"new\"  # y\r\nb = 2\n");
	check_with("a = 1\r\nb = 2\r\n", "c", "3", "a = 1\r\nb = 2\r\nc = \"3\"\r\n");
	check_with("a = 1\nA = 2 # z\n", "a", "3", "a = 1\nA = \"3\" # z\n");
	check_with("a = 1", "b.c:0", "say \"|\"\n", "a = 1\nb.c:0 = \"say |22|7C|22|0A\"\n");
	check_with("", "x", "", "x = \"\"\n");
	assert_true(parse(&f, "a = 1"));
	assert_null(vmx_file_with(&f, "a b", "1", &len));
	assert_null(vmx_file_with(&f, "", "1", &len));
	vmx_file_free(&f);
}

static void test_set_on_disk(void **state)
{
	char folder[] = "/tmp/test_vmx_XX"
			"XX"
			"XX",
	     path[64], link[64], text[64] = "";
	struct stat st;
	FILE *file;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/a.vmx", folder);
	snprintf(link, sizeof(link), "%s/link", folder);
	assert_false(vmx_file_set(path, "a", "1", why, sizeof(why)));
	file = fopen(path, "w");
	fputs("k = \"1\"\n", file);
	fclose(file);
	chmod(path, 0640);
	assert_int_equal(symlink(path, link), 0);
	assert_true(vmx_file_set(link, "K", "2", why, sizeof(why)));
	assert_int_equal(lstat(link, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	file = fopen(path, "r");
	assert_true(fread(text, 1, sizeof(text) - 1, file) > 0);
	fclose(file);
	assert_string_equal(text, "k = \"2\"\n");
	unlink(link);
	unlink(path);
	assert_int_equal(rmdir(folder), 0); /* no temporary file is left */
}

/* Any bytes end in entries or an error; what was parsed can be changed and parsed again. */
static void test_noise(void **state)
{
	static const char alphabet[] = "ab.:=\"|#1f \t\r\n\n=\"\"";
	uint32_t seed = 1, round, i;
	char noise[64], *text;
	struct vmx_file f;
	size_t len, left;

	(void)state;
	for (round = 0; round < 20000; round++) {
		for (i = 0; i < sizeof(noise); i++) {
			seed = seed * 1664525 + 1013904223;
			noise[i] = seed >> 31 && round % 4 == 0
					   ? (char)(seed >> 16)
					   : alphabet[(seed >> 16) % (sizeof(alphabet) - 1)];
		}
		left = (seed >> 8) % sizeof(noise);
		if (!parse_bytes(&f, noise, left))
			continue;
		text = vmx_file_with(&f, "ab", "x\"", &len);
		vmx_file_free(&f);
		assert_non_null(text);
		assert_true(vmx_file_parse(&f, "/b", text, len, why, sizeof(why)));
		assert_string_equal(vmx_file_get(&f, "AB"), "x\"");
		vmx_file_free(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_syntax), cmocka_unit_test(test_errors),
		cmocka_unit_test(test_with),   cmocka_unit_test(test_set_on_disk),
		cmocka_unit_test(test_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
