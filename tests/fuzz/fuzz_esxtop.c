/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* sources: console/esxtop/parse.c console/esxtop/read.c console/esxtop/table.c
 *	console/esxtop/csv.c console/esxtop/view.c console/esxtop/fields.c
 *	console/lib/vsi_client.c console/lib/tool.c */
/*
 * Two snapshots of esxtop from a VSI tree that answers with what it likes, made a table,
 * CSV and lines. The input is the answers, each up to a NUL; those of byte 1 alone are
 * replies that lie about their length, of byte 2 errors.
 */
#include "fuzz.h"
#include "esxtop/top.h"
#include "vmnix_dev.h"
#include "vsi_client.h"

static struct fuzz input;

int vmnix_call(int fd, uint32_t nr, void *args, uint32_t len)
{
	struct hc_vsi *a = args;
	const uint8_t *end;
	size_t n;

	(void)fd;
	fuzz_require((nr == HC_VSI_GET || nr == HC_VSI_LIST) && len == sizeof(*a));
	fuzz_require(strnlen(a->path, sizeof(a->path)) < sizeof(a->path));
	if (!input.left)
		return VMK_NOT_FOUND;
	end = memchr(input.at, 0, input.left);
	n = end ? (size_t)(end - input.at) : input.left;
	if (n == 1 && *input.at <= 2) {
		bool lie = *input.at == 1;

		fuzz_take(&input, 2);
		a->len = lie ? fuzz_take(&input, 4) : 0;
		a->next = lie ? fuzz_take(&input, 4) : 0;
		return lie ? VMK_OK : -(int)fuzz_take(&input, 1);
	}
	a->len = n < sizeof(a->text) ? n : sizeof(a->text);
	fuzz_fill(&input, a->text, a->len);
	if (a->len == n)
		fuzz_take(&input, 1);
	a->next = a->len < n ? a->offset + a->len : 0;
	return VMK_OK;
}

static void show(const struct top_snapshot *a, const struct top_snapshot *b, FILE *out)
{
	struct top_view view = { .expanded = true };
	struct top_table t;
	struct top_csv csv;

	fuzz_require(top_table_make(a, b, &t));
	fuzz_require(top_csv_begin(&csv, "host", &t, b, out));
	top_csv_line(&csv, &t, b, out);
	top_csv_end(&csv);
	top_view_write(&view, &t, b, out);
	view = (struct top_view){ .panel = TOP_MEMORY, .sort = TOP_BY_SIZE };
	top_view_write(&view, &t, b, out);
	top_table_free(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static FILE *out;
	struct top_snapshot a, b;

	if (!out)
		out = fopen("/dev/null", "w");
	input = (struct fuzz){ data, size };
	if (top_read(3, &a))
		return 0;
	if (fuzz_take(&input, 1) & 1)
		input = (struct fuzz){ data, size };
	if (!top_read(3, &b)) {
		show(&a, &b, out);
		top_snapshot_free(&b);
	}
	show(&a, &a, out);
	top_snapshot_free(&a);
	return 0;
}
