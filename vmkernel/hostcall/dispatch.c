// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * From a call block to the function that serves it. Arguments are copied
 * once, so that what was checked is what is used.
 */
#include "hostcall/calls.h"
#include "debug/panic.h"
#include "lib/string.h"

union call_args {
#define HOSTCALL(nr, NAME, fn, args, text) struct args fn;
#include "hostcall.def"
#undef HOSTCALL
};

WS_STATIC_ASSERT(sizeof(union call_args) <= HC_ARGS_MAX);

struct call {
	int (*serve)(union call_args *args);
	uint16_t size;
};

#define HOSTCALL(nr, NAME, fn, args, text)        \
	static int serve_##fn(union call_args *a) \
	{                                         \
		return hc_call_##fn(&a->fn);      \
	}
#include "hostcall.def"
#undef HOSTCALL

static const struct call calls[HC_COUNT] = {
#define HOSTCALL(nr, NAME, fn, args, text) [nr] = { serve_##fn, sizeof(struct args) },
#include "hostcall.def"
#undef HOSTCALL
};

static bool allowed_after_panic(uint64_t nr)
{
	return nr == HC_VERSION || nr == HC_SHARED_PAGE || nr == HC_FAREWELL;
}

bool hostcall_string_ok(const char *array, size_t size)
{
	return strnlen(array, size) < size;
}

void hostcall_dispatch(struct crossing *x)
{
	uint64_t nr = x->call.nr;
	union call_args args;

	if (nr == HC_NULL) {
		x->call.status = VMK_OK;
		return;
	}
	if (nr >= HC_COUNT || !calls[nr].serve) {
		x->call.status = VMK_BAD_CALL;
		return;
	}
	if (panic_happened() && !allowed_after_panic(nr)) {
		x->call.status = VMK_PANICKED;
		return;
	}
	call_look();
	/* TOUR(15): From now on the console is a customer. Each call is a crossing that arrives
	 * here: a number, and a struct that is copied first, so that what is checked is what
	 * is used. To start a virtual machine takes four: create, copy its memory in, set the
	 * registers, power on. */
	memcpy(&args, x->call.args, calls[nr].size);
	x->call.status = calls[nr].serve(&args);
	memcpy(x->call.args, &args, calls[nr].size);
}
