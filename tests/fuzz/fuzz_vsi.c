/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* sources: vmkernel/vsi/vsi.c vmkernel/lib/text.c vmkernel/lib/format.c vmkernel/lib/spinlock.c
 *	tests/fuzz/panic.c */
/*
 * Paths and values given to the VSI tree: list, get, help and set in pieces of hostile
 * sizes and offsets. The input: operation, size, offset, then "path NUL value".
 */
#include "fuzz.h"
#include "error.h"
#include "vsi/vsi.h"

static uint64_t number = 7, tunable = 5, any = 1;
static char text_value[64] = "hello";

static int get_text(void *ctx, struct vsi_text *out)
{
	for (int i = 0; i < 40; i++)
		vsi_printf(out, "%s %d\n", (char *)ctx, i);
	return VMK_OK;
}

static int set_text(void *ctx, const char *text)
{
	return snprintf(ctx, sizeof(text_value), "%s", text) < (int)sizeof(text_value)
		       ? VMK_OK
		       : VMK_LIMIT_EXCEEDED;
}

static int member_name(void *ctx, uint32_t index, char *name)
{
	(void)ctx;
	if (index >= 5)
		return VMK_NOT_FOUND;
	snprintf(name, VSI_NAME_MAX, "m%u", index);
	return VMK_OK;
}

static bool member_exists(void *ctx, const char *name)
{
	(void)ctx;
	return name[0] == 'm' && name[1] >= '0' && name[1] < '5' && !name[2];
}

static int field_get(void *ctx, const char *member, struct vsi_text *out)
{
	(void)ctx;
	vsi_printf(out, "%s\n", member);
	return VMK_OK;
}

static int field_set(void *ctx, const char *member, const char *text)
{
	(void)ctx;
	return member[0] == text[0] ? VMK_OK : VMK_BAD_PARAM;
}

static const struct vsi_field fields[] = { { "a", "first", field_get, NULL },
					   { "b", "second", field_get, field_set } };
static const struct vsi_table_ops table = { member_name, member_exists, fields, 2 };
static struct vsi_node folder = VSI_FOLDER("sched", "a folder"), nodes[] = {
	VSI_U64("number", "read only", &number),
	VSI_U64_RW("tunable", "5 to 9", &tunable, 5, 9),
	VSI_U64_RW("any", "all values", &any, 0, UINT64_MAX),
	VSI_TEXT("text", "text", get_text, set_text, text_value),
	VSI_TABLE("vm", "machines", &table, NULL),
};

static void set_up(void)
{
	if (vsi_count())
		return;
	fuzz_require(!vsi_add(NULL, &folder));
	fuzz_require(!vsi_add_all(&folder, nodes, sizeof(nodes) / sizeof(nodes[0])));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f = { data, size };
	uint32_t op = fuzz_take(&f, 1) % 3, room = fuzz_take(&f, 2) % 3000;
	uint32_t offset = fuzz_take(&f, 4), len = 0, next = 0;
	char *path = fuzz_text(f.at, f.left), *buf = malloc(room + !room);
	const char *value = path + strlen(path);
	int err;

	set_up();
	value += value < path + f.left; /* what follows the path's NUL, or nothing */
	if (op == 2)
		err = vsi_set(path, value);
	else
		err = (op ? vsi_get : vsi_list)(path, offset, buf, room, &len, &next);
	fuzz_require(err <= 0 && len <= room);
	fuzz_require(err || op == 2 || !next || !room || next > offset);
	fuzz_require(tunable >= 5 && tunable <= 9 && number == 7);
	free(buf);
	free(path);
	return 0;
}
