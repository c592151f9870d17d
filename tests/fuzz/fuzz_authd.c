/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* sources: console/lib/authd.c */
/*
 * What anybody may send to vmware-authd: refused, or exactly the arguments that are in it,
 * which packed again make the same message.
 */
#include "fuzz.h"

#include "authd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct authd_request r, again;
	char *argv[AUTHD_ARGS + 1];
	uint32_t count = 0;

	if (size > sizeof(r))
		return 0;
	memset(&r, 0x55, sizeof(r));
	memcpy(&r, data, size);
	if (!authd_unpack(&r, size, argv))
		return 0;
	while (argv[count])
		count++;
	fuzz_require(count == r.count);
	fuzz_require(authd_pack(&again, argv));
	fuzz_require(!memcmp(&r, &again, size));
	return 0;
}
