// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * vmnix-test: what tests and measurements ask of a loaded vmkernel: the register
 * self-test, the cost of a crossing, single hostcalls, and hostcalls with random
 * arguments, which must be refused and harm nothing.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <x86intrin.h>
#include "tool.h"
#include "vmnix_dev.h"
#include "vsi_client.h"

#define MANY_VMS 8u

static const char help[] =
	"usage: vmnix-test [--json] COMMAND\n"
	"  selftest [--rounds N] [--seed S]   patterns in every register, N crossings, comparison\n"
	"  bench [--rounds N]                 cost of a crossing and of a call, in TSC units\n"
	"  usercall [N]                       cost of a null hostcall from here, best of N\n"
	"  vmcost [MIB] [--rounds N]          cost of making and freeing a VM; memory of 8\n"
	"  call NR LEN [HEX]                  hostcall NR with LEN bytes; prints status and bytes\n"
	"  fuzzcalls [--seed S] [--count N]   N hostcalls with random numbers and arguments:\n"
	"                                     virtual machines may be stopped by them\n"
	"  --help, --version\n"
	"exit status: 0 passed, 1 failed, 2 wrong usage\n";

static int fd;
static bool json;
static uint64_t opt_rounds, opt_seed, opt_count = 10000;

static int report_failure(const char *what, int err, const char *reason)
{
	tool_error("%s: %s", what, reason && *reason ? reason : vmnix_text(err));
	return TOOL_FAILED;
}

/* The module tests and measures the crossing in one go, on the processor that crosses. */
static void bind_to_cpu0(void)
{
	cpu_set_t cpu0;

	CPU_ZERO(&cpu0);
	CPU_SET(0, &cpu0);
	if (sched_setaffinity(0, sizeof(cpu0), &cpu0))
		tool_die(TOOL_FAILED, "cannot run on CPU 0: %s", strerror(errno));
}

static int selftest(int argc, char **argv)
{
	struct vmnix_selftest t = { .seed = opt_seed, .rounds = opt_rounds ? opt_rounds : 1000 };
	int err;

	(void)argv;
	if (argc != 1)
		return TOOL_USAGE;
	bind_to_cpu0();
	err = vmnix_ioctl(fd, VMNIX_IOC_SELFTEST, &t);
	t.reason[sizeof(t.reason) - 1] = 0;
	if (json)
		printf("{\"rounds\": %u, \"seed\": %llu, \"done\": %llu, \"ok\": %s}\n", t.rounds,
		       (unsigned long long)t.seed, (unsigned long long)t.done,
		       err ? "false" : "true");
	else
		printf("selftest: %llu of %u rounds right, seed %llu\n", (unsigned long long)t.done,
		       t.rounds, (unsigned long long)t.seed);
	return err ? report_failure("selftest", err, t.reason) : TOOL_OK;
}

static int bench(int argc, char **argv)
{
	struct vmnix_bench b = { .rounds = opt_rounds ? opt_rounds : 1000 };
	int err;

	(void)argv;
	if (argc != 1)
		return TOOL_USAGE;
	bind_to_cpu0();
	err = vmnix_ioctl(fd, VMNIX_IOC_BENCH, &b);
	if (err)
		return report_failure("bench", err, NULL);
	printf(json ? "{\"page_tsc\": %llu, \"call_tsc\": %llu, \"empty_tsc\": %llu}\n"
		    : "page_tsc %llu\ncall_tsc %llu\nempty_tsc %llu\n",
	       (unsigned long long)b.page_tsc, (unsigned long long)b.call_tsc,
	       (unsigned long long)b.empty_tsc);
	return TOOL_OK;
}

static int usercall(int argc, char **argv)
{
	uint64_t count = 1000, best = UINT64_MAX, empty = UINT64_MAX, i, start, cost;
	struct hc_none none = {};
	int err;

	if (argc > 2 || (argc == 2 && !tool_number(argv[1], 1, 100000000, &count)))
		return TOOL_USAGE;
	for (i = 0; i < count; i++) {
		start = __rdtsc();
		cost = __rdtsc() - start;
		empty = cost < empty ? cost : empty;
		start = __rdtsc();
		err = vmnix_call(fd, HC_NULL, &none, sizeof(none));
		cost = __rdtsc() - start;
		if (err)
			return report_failure("null hostcall", err, NULL);
		best = cost < best ? cost : best;
	}
	printf(json ? "{\"user_tsc\": %llu, \"empty_tsc\": %llu}\n"
		    : "user_tsc %llu\nempty_tsc %llu\n",
	       (unsigned long long)best, (unsigned long long)empty);
	return TOOL_OK;
}

static int make_vm(uint32_t nr, uint64_t mib, uint32_t *vm)
{
	struct hc_vm_create c = { .vcpus = 1, .mem_bytes = mib << 20, .shares = 1000 };
	int err;

	snprintf(c.name, sizeof(c.name), "/vmnix-test/%d.%u", getpid(), nr);
	snprintf(c.label, sizeof(c.label), "vmnix-test %u", nr);
	err = vmnix_call(fd, HC_VM_CREATE, &c, sizeof(c));
	*vm = c.vm;
	return err;
}

static int free_vm(uint32_t vm)
{
	struct hc_vm a = { .vm = vm };

	return vmnix_call(fd, HC_VM_DESTROY, &a, sizeof(a));
}

/* Free bytes before anything and with MANY_VMS: all that a VM needs is taken at its creation. */
static int vm_memory(uint64_t mib)
{
	char *before = NULL, *after = NULL;
	uint32_t vm[MANY_VMS], made = 0;
	int err = vsi_client_get(fd, "/memory/free", &before);

	while (!err && made < MANY_VMS) {
		err = make_vm(made, mib, &vm[made]);
		made += !err;
	}
	if (!err)
		err = vsi_client_get(fd, "/memory/free", &after);
	while (made)
		free_vm(vm[--made]);
	if (!err)
		printf(json ? "\"vms\": %u, \"bytes\": %llu}\n" : "vms %u\nvms_bytes %llu\n",
		       MANY_VMS, strtoull(before, NULL, 0) - strtoull(after, NULL, 0));
	free(before);
	free(after);
	return err;
}

static int vmcost(int argc, char **argv)
{
	uint64_t create = UINT64_MAX, destroy = UINT64_MAX, mib = 64, i, start, cost;
	uint32_t vm;
	int err = 0;

	if (argc > 2 || (argc == 2 && !tool_number(argv[1], 4, 1 << 20, &mib)))
		return TOOL_USAGE;
	for (i = 0; i < (opt_rounds ? opt_rounds : 20) && !err; i++) {
		start = __rdtsc();
		err = make_vm(0, mib, &vm);
		cost = __rdtsc() - start;
		if (err)
			break;
		create = cost < create ? cost : create;
		start = __rdtsc();
		err = free_vm(vm);
		cost = __rdtsc() - start;
		destroy = cost < destroy ? cost : destroy;
	}
	if (err)
		return report_failure("vmcost", err, NULL);
	printf(json ? "{\"create_tsc\": %llu, \"destroy_tsc\": %llu, "
		    : "create_tsc %llu\ndestroy_tsc %llu\n",
	       (unsigned long long)create, (unsigned long long)destroy);
	err = vm_memory(mib);
	return err ? report_failure("vmcost", err, NULL) : TOOL_OK;
}

static bool parse_hex(const char *text, uint8_t *out, size_t len)
{
	size_t i;

	if (strlen(text) % 2 || strlen(text) / 2 > len ||
	    strspn(text, "0123456789abcdefABCDEF") != strlen(text))
		return false;
	for (i = 0; text[2 * i]; i++) {
		char digits[3] = { text[2 * i], text[2 * i + 1] };

		out[i] = strtoul(digits, NULL, 16);
	}
	return true;
}

static int call(int argc, char **argv)
{
	uint8_t args[HC_ARGS_MAX] = {};
	uint64_t nr, len, i;
	int err;

	if (argc < 3 || argc > 4 || !tool_number(argv[1], 0, UINT32_MAX, &nr) ||
	    !tool_number(argv[2], 0, sizeof(args), &len) ||
	    (argc == 4 && !parse_hex(argv[3], args, len)))
		return TOOL_USAGE;
	err = vmnix_call(fd, nr, args, len);
	if (json)
		printf("{\"status\": %d, \"args\": \"", err);
	else
		printf("status %d (%s)\n", err, vmnix_text(err));
	for (i = 0; i < len; i++)
		printf("%02x", args[i]);
	puts(json ? "\"}" : "");
	return err ? TOOL_FAILED : TOOL_OK;
}

/* Sizes of the argument structs. */
static const uint32_t call_len[] = {
#define HOSTCALL(nr, NAME, fn, args, text) [nr] = sizeof(struct args),
#include "hostcall.def"
#undef HOSTCALL
};

static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ull; /* splitmix64 */

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

/* Mostly small numbers in 32-bit fields: they get further than noise does. */
static void random_args(uint64_t *state, uint8_t *args)
{
	uint32_t i, word, style = next_random(state) % 4;

	for (i = 0; i < HC_ARGS_MAX; i += sizeof(word)) {
		uint64_t r = next_random(state);

		word = style == 0 ? r : style == 1 ? r % 8 : style == 2 ? r & 0xffff : 0;
		if (r >> 60 == 0)
			word = r >> 8;
		memcpy(args + i, &word, sizeof(word));
	}
}

static int fuzzcalls(int argc, char **argv)
{
	uint64_t state = opt_seed, i, refused = 0, done = 0;
	struct hc_version v = { .abi_major = WS_ABI_MAJOR };
	uint8_t args[HC_ARGS_MAX];
	int err;

	(void)argv;
	if (argc != 1)
		return TOOL_USAGE;
	for (i = 0; i < opt_count; i++) {
		uint32_t nr = next_random(&state) % (HC_COUNT + 2);
		uint32_t len = nr < HC_COUNT ? call_len[nr] : 8;

		if (next_random(&state) % 8 == 0)
			len = next_random(&state) % (sizeof(args) + 1);
		random_args(&state, args);
		err = vmnix_call(fd, nr, args, len);
		if (err == VMK_PANICKED || err == ENODEV)
			return report_failure("fuzzcalls", err, NULL);
		if (err)
			refused++;
		else
			done++;
	}
	err = vmnix_call(fd, HC_VERSION, &v, sizeof(v));
	printf(json ? "{\"calls\": %llu, \"done\": %llu, \"refused\": %llu, \"seed\": %llu, "
		      "\"alive\": %s}\n"
		    : "fuzzcalls: %llu calls, %llu done, %llu refused, seed %llu, vmkernel alive: "
		      "%s\n",
	       (unsigned long long)opt_count, (unsigned long long)done, (unsigned long long)refused,
	       (unsigned long long)opt_seed, err || v.panicked ? "false" : "true");
	return err || v.panicked ? report_failure("fuzzcalls", err ? err : VMK_PANICKED, NULL)
				 : TOOL_OK;
}

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "selftest", selftest }, { "bench", bench }, { "usercall", usercall },
	{ "vmcost", vmcost },	  { "call", call },   { "fuzzcalls", fuzzcalls },
};

/* Takes the options out of argv, wherever they stand; returns what is left. */
static int take_options(int argc, char **argv)
{
	static const struct {
		const char *name;
		uint64_t *value, min, max;
	} numbers[] = {
		{ "--rounds", &opt_rounds, 1, UINT32_MAX },
		{ "--seed", &opt_seed, 0, UINT64_MAX },
		{ "--count", &opt_count, 1, UINT64_MAX },
	};
	int i, left = 0;
	size_t k;

	for (i = 1; i < argc; i++) {
		tool_standard_option(argv[i], help);
		for (k = 0; k < 3 && strcmp(argv[i], numbers[k].name); k++)
			;
		if (!strcmp(argv[i], "--json")) {
			json = true;
		} else if (k < 3) {
			if (++i >= argc ||
			    !tool_number(argv[i], numbers[k].min, numbers[k].max, numbers[k].value))
				tool_die(TOOL_USAGE, "%s wants a number", numbers[k].name);
		} else if (argv[i][0] == '-') {
			tool_die(TOOL_USAGE, "unknown option '%s'", argv[i]);
		} else {
			argv[left++] = argv[i];
		}
	}
	return left;
}

int main(int argc, char **argv)
{
	size_t i;
	int code;

	tool_init(argv[0]);
	argc = take_options(argc, argv);
	if (!argc)
		tool_die(TOOL_USAGE, "a command is wanted (--help lists them)");
	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(argv[0], commands[i].name))
			continue;
		fd = vmnix_open();
		if (fd < 0)
			tool_die(TOOL_FAILED, "%s", vmnix_open_text(errno));
		code = commands[i].run(argc, argv);
		if (code == TOOL_USAGE)
			tool_error("wrong arguments for '%s' (--help shows them)", argv[0]);
		return tool_finish(code);
	}
	tool_die(TOOL_USAGE, "unknown command '%s' (--help lists them)", argv[0]);
}
