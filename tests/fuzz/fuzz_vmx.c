/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* sources: console/lib/vmx_config.c console/lib/vmx_file.c console/lib/replace_file.c
 *	console/lib/tool.c */
/*
 * .vmx files: whatever the text is, there are entries or an error; a key that is set is
 * read back, and all else stays; what the keys mean is checked. The first line of the
 * input is the value that is set.
 */
#include "fuzz.h"
#include "vmx_config.h"

static char why[VMX_WHY_MAX];
static struct vmx_config config;

static void warn(void *ctx, const char *text)
{
	(void)ctx;
	fuzz_require(strlen(text) < VMX_WHY_MAX);
}

static void set_and_read(const struct vmx_file *f, const char *value)
{
	static const char key[] = "annotation";
	struct vmx_file again;
	size_t len;
	char *text = vmx_file_with(f, key, value, &len);

	fuzz_require(text);
	/* Nearly VMX_FILE_MAX bytes, or values that cannot be written, may be refused. */
	if (!vmx_file_parse(&again, "/vm/b.vmx", text, len, why, sizeof(why))) {
		fuzz_require(!strncmp(why, "/vm/b.vmx:", 10));
		return;
	}
	fuzz_require(!strcmp(vmx_file_get(&again, key), value));
	fuzz_require(again.count == f->count + !vmx_file_get(f, key));
	vmx_file_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *eol = memchr(data, '\n', size);
	size_t first = eol ? (size_t)(eol - data) : 0;
	char *value = fuzz_text(data, first), uuid[VMX_UUID_TEXT];
	struct vmx_file f;

	if (eol)
		first++;
	why[0] = 0;
	if (vmx_file_parse(&f, "/vm/a.vmx", fuzz_copy(data + first, size - first), size - first,
			   why, sizeof(why))) {
		if (vmx_config_read(&f, &config, warn, NULL, why, sizeof(why))) {
			fuzz_require(config.mem_mb && config.vcpus && config.kernel[0] == '/');
			vmx_uuid_format(config.uuid, uuid);
		} else {
			fuzz_require(!strncmp(why, "/vm/a.vmx", 9));
		}
		for (size_t i = 0; i < f.count; i++)
			vmx_value_ok(f.entry[i].key, value);
		set_and_read(&f, value);
		vmx_file_free(&f);
	} else {
		fuzz_require(!strncmp(why, "/vm/a.vmx:", 10));
	}
	free(value);
	return 0;
}
