// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/* sources: console/lib/vmx_config.c console/lib/vmx_file.c console/lib/replace_file.c
 *          console/lib/tool.c
 */
/* What .vmx keys mean, what is refused with file, line and key, what is warned about. */
#include "test_lib.h"
#include <stdlib.h>
#include <string.h>

#include "vmx_config.h"

#define BASE "vmnix.kernel = \"k\"\n"

static char why[VMX_WHY_MAX], warnings[4096];
static struct vmx_config c;

static void warn(void *ctx, const char *text)
{
	assert_ptr_equal(ctx, &c);
	strncat(warnings, text, sizeof(warnings) - strlen(warnings) - 2);
	strcat(warnings, "\n");
}

static bool read_config(const char *text)
{
	struct vmx_file f;
	bool ok;

	warnings[0] = why[0] = 0;
	assert_true(vmx_file_parse(&f, "/vm/a.vmx", strdup(text), strlen(text), why, sizeof(why)));
	ok = vmx_config_read(&f, &c, warn, &c, why, sizeof(why));
	vmx_file_free(&f);
	return ok;
}

static void test_defaults(void **state)
{
	(void)state;
	assert_true(read_config(BASE));
	assert_string_equal(warnings, "");
	assert_string_equal(c.display_name, "a.vmx");
	assert_int_equal(c.mem_mb, 32);
	assert_int_equal(c.vcpus, 1);
	assert_int_equal(c.serial, VMX_SERIAL_NONE);
	assert_int_equal(c.shares, 1000);
	assert_int_equal(c.min_pct, 0);
	assert_int_equal(c.max_pct, 0);
	assert_false(c.has_uuid);
	assert_string_equal(c.kernel, "/vm/k");
	assert_string_equal(c.initrd, "");
	assert_string_equal(c.cmdline, "");
}

static void test_values(void **state)
{
	(void)state;
	assert_true(
		read_config("displayName = \"one\"\nMEMSIZE = 64\nnumvcpus = 1\n"
			    "serial0.present = true\nserial0.fileType = \"Pipe\"\n"
			    "serial0.fileName = \"/run/s\"\nserial0.pipe.endPoint = client\n"
			    "sched.cpu.shares = High\nsched.cpu.min = 10\nsched.cpu.max = 50\n"
			    "uuid.bios = \"56 4d 01 02 03 04 05 06-07 08 09 0a 0b 0c 0d ff\"\n"
			    "vmnix.kernel = /k\nvmnix.initrd = sub/i\nvmnix.cmdline = \"a b\"\n"));
	assert_string_equal(warnings, "");
	assert_string_equal(c.display_name, "one");
	assert_int_equal(c.mem_mb, 64);
	assert_int_equal(c.serial, VMX_SERIAL_PIPE);
	assert_true(c.serial_client);
	assert_string_equal(c.serial_path, "/run/s");
	assert_int_equal(c.shares, 2000);
	assert_int_equal(c.min_pct, 10);
	assert_int_equal(c.max_pct, 50);
	assert_true(c.has_uuid);
	assert_int_equal(c.uuid[0], 0x56);
	assert_int_equal(c.uuid[15], 0xff);
	assert_string_equal(c.kernel, "/k");
	assert_string_equal(c.initrd, "/vm/sub/i");
	assert_string_equal(c.cmdline, "a b");
	assert_true(read_config(BASE "serial0.present = TRUE\nserial0.startConnected = FALSE\n"
				     "sched.cpu.max = unlimited\n"));
	assert_int_equal(c.serial, VMX_SERIAL_NONE);
	assert_int_equal(c.max_pct, 0);
}

static void refused(const char *text, const char *expect)
{
	assert_false(read_config(text));
	if (!strstr(why, expect))
		fail_msg("'%s' lacks '%s'", why, expect);
}

static void test_refusals(void **state)
{
	char longest[3000];

	(void)state;
	refused("", "/vm/a.vmx: vmnix.kernel: is missing");
	refused(BASE "MemSize = 100x\n", "/vm/a.vmx:2: MemSize: \"100x\" is not a number");
	refused(BASE "memsize = 6\n", "/vm/a.vmx:2: memsize: must be a multiple of 4");
	refused(BASE "memsize = 99999999999999999999\n", "memsize");
	refused(BASE "memsize = -4\n", "memsize");
	refused(BASE "memsize = \"\"\n", "memsize");
	refused(BASE "numvcpus = 2\n", "numvcpus: only 1");
	refused(BASE "serial0.present = maybe\n", "is not TRUE or FALSE");
	refused(BASE "serial0.present = TRUE\n", "serial0.fileType: is missing");
	refused(BASE "serial0.present = TRUE\nserial0.fileType = device\n", ":3: serial0.fileType");
	refused(BASE "serial0.present = TRUE\nserial0.fileType = file\n", "serial0.fileName");
	refused(BASE "serial0.fileType = fil\n", "is not file|pty");
	refused(BASE "sched.cpu.shares = 0\n", "sched.cpu.shares");
	refused(BASE "sched.cpu.shares = lots\n", "or low|normal|high");
	refused(BASE "sched.cpu.min = 101\n", "sched.cpu.min");
	refused(BASE "sched.cpu.min = 20\nsched.cpu.max = 10\n", "sched.cpu.max");
	refused(BASE "uuid.bios = 1234\n", "uuid.bios");
	refused(BASE "displayName = \"a|0Ab\"\n", "displayName");
	snprintf(longest, sizeof(longest), BASE "vmnix.cmdline = \"%02500d\"\n", 0);
	refused(longest, "vmnix.cmdline: is too long");
}

static void test_warnings(void **state)
{
	(void)state;
	assert_true(read_config(BASE "foo.bar = 1\nscsi0.present = TRUE\nscsi1.present = FALSE\n"
				     "scsi0:0.fileName = x\nethernet0.present = TRUE\n"
				     "guestinfo.x = 1\nmemsize = 4\nmemsize = 8\n"));
	assert_non_null(strstr(warnings, "/vm/a.vmx:2: foo.bar: unknown key"));
	assert_non_null(strstr(warnings, ":3: scsi0.present: not supported"));
	assert_non_null(strstr(warnings, ":6: ethernet0.present: not supported"));
	assert_non_null(strstr(warnings, ":8: memsize: given again"));
	assert_null(strstr(warnings, "scsi1"));
	assert_null(strstr(warnings, "guestinfo"));
	assert_null(strstr(warnings, "fileName"));
	assert_int_equal(c.mem_mb, 8);
}

static void test_value_ok(void **state)
{
	(void)state;
	assert_true(vmx_value_ok("memsize", "64"));
	assert_false(vmx_value_ok("MEMSIZE", "sixty"));
	assert_true(vmx_value_ok("some.key", "sixty"));
	assert_true(vmx_value_ok("scsi12:3.present", "true"));
	assert_false(vmx_value_ok("scsi12:3.present", "tru"));
}

static void test_uuid(void **state)
{
	char text[VMX_UUID_TEXT];
	uint8_t uuid[16], again[16];

	(void)state;
	assert_true(vmx_uuid_parse("564d0102-0304-0506-0708-090a0b0c0d0e", uuid));
	vmx_uuid_format(uuid, text);
	assert_string_equal(text, "56 4d 01 02 03 04 05 06-07 08 09 0a 0b 0c 0d 0e");
	assert_true(vmx_uuid_parse(text, again));
	assert_memory_equal(uuid, again, 16);
	assert_false(vmx_uuid_parse("564d0102-0304-0506-0708-090a0b0c0d0e0f", uuid));
	assert_false(vmx_uuid_parse("564d0102-0304-0506-0708-090a0b0c0d0", uuid));
	assert_false(vmx_uuid_parse("", uuid));
	assert_false(vmx_uuid_parse("0x564d0102030405060708090a0b0c0d", uuid));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults), cmocka_unit_test(test_values),
		cmocka_unit_test(test_refusals), cmocka_unit_test(test_warnings),
		cmocka_unit_test(test_value_ok), cmocka_unit_test(test_uuid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
