/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* sources: console/vmware-vmx/guest_rpc.c console/vmware-vmx/guest_orders.c
 *	console/vmware-vmx/guest_ask.c console/vmware-vmx/guest_info.c
 *	console/lib/unix_socket.c console/lib/vmx_file.c console/lib/replace_file.c
 *	console/lib/tool.c */
/*
 * The guest's tools, served by the machine's process: questions, orders, limits,
 * vmware-cmd's door, and a successor. The vmkernel's side of the slots is played here.
 */
#include "test_lib.h"
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "unix_socket.h"
#include "vmware-vmx/vmx.h"
#include "vmware-vmx/vmx_log.h"

static struct vmx x;
static char folder[40], why[VMX_WHY_MAX], last_log[2048];
static unsigned int kicks, logs;
static int64_t now;

int vmnix_call(int fd, uint32_t nr, void *args, uint32_t len)
{
	(void)fd;
	(void)args;
	(void)len;
	assert_int_equal(nr, HC_VM_KICK);
	kicks++;
	return 0;
}

static bool suspends;

void device_connect(struct vmx *v, const char *name, bool connect, char *reply, size_t size)
{
	assert_ptr_equal(v, &x);
	snprintf(reply, size, "%d %s", connect, name);
}

bool vm_suspend(struct vmx *v, char *text)
{
	assert_ptr_equal(v, &x);
	if (!suspends)
		strcpy(text, "no space");
	return suspends;
}

void vmx_log(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(last_log, sizeof(last_log), fmt, args);
	va_end(args);
	logs++;
}

static int setup(void **state)
{
	FILE *f;

	(void)state;
	strcpy(folder, "/tmp/test_tools_XX"
		       "XX"
		       "XX");
	assert_non_null(mkdtemp(folder));
	memset(&x, 0, sizeof(x));
	x.vm = 7;
	x.run_dir = folder;
	x.region = calloc(WS_VM_CHANNEL_PAGES, WS_PAGE_SIZE);
	snprintf(x.path, sizeof(x.path), "%s/a.vmx", folder);
	f = fopen(x.path, "w");
	assert_non_null(f);
	fputs("guestinfo.given = \"a b\"\nmachine.id = \"m1\"\n", f);
	fclose(f);
	now = 5000;
	kicks = logs = 0;
	rpc_init(&x);
	if (!rpc_open(&x, true, why))
		fail_msg("%s", why);
	return 0;
}

static int teardown(void **state)
{
	char command[80];

	(void)state;
	rpc_close(&x, true);
	free(x.region);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	return system(command);
}

/* ---- the vmkernel's side ---- */

static void post(unsigned int i, uint32_t protocol, const void *text, uint32_t len)
{
	struct ws_rpc_slot *slot = &x.tools.rpc->slot[i];

	assert_int_equal(slot->request_seq, slot->reply_seq);
	memcpy(x.tools.buffers + i * WS_RPC_MAX, text, len);
	slot->protocol = protocol;
	slot->request_len = len;
	slot->request_seq++;
}

/* What the guest gets to read, or NULL. */
static const char *answer_of(unsigned int i)
{
	static char text[WS_RPC_MAX + 1];
	struct ws_rpc_slot *slot = &x.tools.rpc->slot[i];

	if (slot->request_seq != slot->reply_seq)
		return NULL;
	assert_true(slot->reply_len <= WS_RPC_MAX);
	memcpy(text, x.tools.buffers + i * WS_RPC_MAX, slot->reply_len);
	text[slot->reply_len] = 0;
	return text;
}

static const char *ask(const char *text)
{
	const char *answer;

	now += 10;
	post(3, WS_RPC_RPCI, text, (uint32_t)strlen(text));
	rpc_serve(&x, now);
	answer = answer_of(3);
	return answer ? answer : "(none)";
}

/* The tools poll with a result; what they are ordered. */
static const char *poll_with(const char *result)
{
	post(0, WS_RPC_TCLO, result, (uint32_t)strlen(result));
	rpc_serve(&x, now);
	return answer_of(0);
}

static void tools_begin(unsigned int opening)
{
	struct ws_rpc_slot *slot = &x.tools.rpc->slot[0];

	slot->opened = opening;
	slot->reply_seq = slot->request_seq;
	assert_string_equal(poll_with(""), "reset");
	assert_string_equal(poll_with("OK ATR toolbox"), "Capabilities_Register");
	assert_string_equal(ask("tools.capability.statechange "), "1 ");
	assert_string_equal(poll_with("OK "), "ping");
	assert_null(poll_with("OK "));
}

/* ---- tests ---- */

static void questions(void **state)
{
	(void)state;
	assert_string_equal(ask("info-get guestinfo.given"), "1 a b");
	assert_string_equal(ask("info-get GuestInfo.GIVEN"), "1 a b");
	assert_string_equal(ask("info-get guestinfo.nix"), "0 No value found");
	assert_string_equal(ask("info-get displayName"), "0 No value found");
	assert_string_equal(ask("info-set guestinfo.a b  c "), "1 ");
	assert_string_equal(ask("info-get guestinfo.a"), "1 b  c ");
	assert_string_equal(ask("info-set guestinfo.a"), "1 ");
	assert_string_equal(ask("info-get guestinfo.a"), "0 No value found");
	assert_string_equal(ask("info-set memsize 12"), "0 Only guestinfo. variables can be set");
	assert_string_equal(ask("info-set guestinfo. x"), "0 Bad name");
	assert_string_equal(ask("info-set guestinfo.a=b x"), "0 Bad name");
	assert_string_equal(ask("machine.id.get"), "1 m1");
	assert_string_equal(ask("SetGuestInfo  2 1.2.3.4"), "1 ");
	assert_string_equal(ask("unity.operation"), "0 Unknown command");
	assert_string_equal(ask(""), "0 Unknown command");
	assert_string_equal(ask("log a\nb"), "1 ");
	assert_string_equal(last_log, "guest: a\nb"); /* vmx_log() itself makes it one line */
	assert_int_equal(kicks, 16);
}

static void limits(void **state)
{
	char text[WS_RPC_MAX + 1], value[9001];
	unsigned int i, ok;

	(void)state;
	memset(value, 'x', 9000);
	value[9000] = 0;
	for (i = ok = 0; i < 100; i++) {
		snprintf(text, sizeof(text), "info-set guestinfo.v%u %s", i, value);
		ok += !strcmp(ask(text), "1 ");
	}
	assert_int_equal(ok, 7);
	for (i = ok = 0; i < 1000; i++) {
		snprintf(text, sizeof(text), "info-set guestinfo.w%u 1", i);
		ok += !strcmp(ask(text), "1 ");
	}
	assert_int_equal(ok + 7 + 1, GUEST_INFO_VARS);
	for (i = 0; i < 7; i++) {
		snprintf(text, sizeof(text), "info-set guestinfo.v%u ", i);
		assert_string_equal(ask(text), "1 ");
	}
	memset(text, 'x', sizeof(text));
	memcpy(text, "info-set guestinfo.given ", 25);
	text[WS_RPC_MAX] = 0;
	assert_string_equal(ask(text), "0 Too long");
	text[25 + GUEST_INFO_VALUE_MAX] = 0;
	assert_string_equal(ask(text), "1 ");
	assert_int_equal(strlen(ask("info-get guestinfo.given")), GUEST_INFO_VALUE_MAX + 2);
}

static void log_and_rate(void **state)
{
	char line[120] = "log ";
	unsigned int i, before;

	(void)state;
	memset(line + 4, '0', sizeof(line) - 5);
	for (i = 0; i < 10000; i++) /* 100 s of flood */
		ask("log flood");
	assert_in_range(logs, 100, 160);
	before = logs;
	for (i = 0; i < 20000; i++) {
		now += 1000;
		assert_string_equal(ask(line), "1 ");
	}
	assert_in_range(logs - before, 1000, 11000);
	assert_non_null(strstr(last_log, "no more"));
	/* More requests than fit into a second wait for the next. */
	now += 1000;
	for (i = 0; i < GUEST_REQUESTS_PER_S; i++) {
		now -= 10;
		ask("log x");
	}
	now -= 10;
	assert_string_equal(ask("log x"), "(none)");
	assert_in_range(rpc_serve(&x, now + 10), 1, 1000);
	rpc_serve(&x, now + 1000);
	assert_string_equal(answer_of(3), "1 ");
}

static void orders(void **state)
{
	unsigned int i;

	(void)state;
	assert_false(orders_power(&x, false));
	tools_begin(1);
	assert_int_equal(x.tools.heartbeats, 1);
	for (i = 0; i < 5; i++) {
		now += GUEST_PING_MS / 2;
		rpc_serve(&x, now);
		assert_null(answer_of(0));
		now += GUEST_PING_MS / 2;
		rpc_serve(&x, now);
		assert_string_equal(answer_of(0), "ping");
		assert_null(poll_with("OK "));
	}
	assert_int_equal(x.tools.heartbeats, 6);
	assert_true(orders_alive(&x));
	assert_true(orders_power(&x, true));
	rpc_serve(&x, now);
	assert_string_equal(answer_of(0), "OS_Reboot");
	assert_null(poll_with("ERROR no"));
	now += GUEST_ALIVE_MS + 1;
	rpc_serve(&x, now);
	assert_false(orders_alive(&x));
	assert_false(orders_power(&x, true));
	tools_begin(2); /* another run of the tools in the same slot, with its own heartbeats */
	assert_int_equal(x.tools.heartbeats, 1);
	assert_true(orders_power(&x, false));
	x.tools.rpc->slot[0].protocol = WS_RPC_NONE;
	rpc_serve(&x, now);
	assert_false(orders_alive(&x));
	assert_string_equal(answer_of(0), ""); /* given back */
}

/* An order that nobody fetches is not carried out later. */
static void late_order(void **state)
{
	(void)state;
	tools_begin(1);
	now += GUEST_PING_MS;
	rpc_serve(&x, now);
	assert_string_equal(answer_of(0), "ping");
	assert_true(orders_power(&x, false));
	now += 6000;
	assert_string_equal(poll_with("OK "), "ping");
}

static void desktop_program(void **state)
{
	(void)state;
	x.tools.rpc->slot[0].opened = 1;
	assert_string_equal(poll_with(""), "reset");
	assert_string_equal(poll_with("OK ATR toolbox-dnd"), "ping");
	assert_null(poll_with("OK "));
	assert_int_equal(x.tools.heartbeats, 0);
	assert_false(orders_alive(&x));
}

static void successor(void **state)
{
	(void)state;
	assert_string_equal(ask("info-set guestinfo.kept over death"), "1 ");
	tools_begin(1);
	post(3, WS_RPC_RPCI, "info-get guestinfo.kept", 23);
	rpc_close(&x, false);
	x.tools = (struct guest_tools){ 0 };
	rpc_init(&x);
	assert_true(rpc_open(&x, false, why));
	rpc_serve(&x, now += 100);
	assert_string_equal(answer_of(3), "1 over death");
	assert_string_equal(answer_of(0), "reset");
	assert_string_equal(poll_with("OK ATR toolbox"), "Capabilities_Register");
}

static void damaged_file(void **state)
{
	char path[80];
	FILE *f;

	(void)state;
	snprintf(path, sizeof(path), "%s/7.guestinfo", folder);
	rpc_close(&x, false);
	f = fopen(path, "w");
	assert_non_null(f);
	fwrite("a\0b\0c\0not ended", 1, 15, f);
	fclose(f);
	assert_true(rpc_open(&x, false, why));
	assert_non_null(strstr(last_log, "damaged"));
}

static const char *door(const char *question)
{
	static char reply[GUEST_INFO_BYTES];
	struct pollfd p[GUEST_ASK_POLLS];
	int i, fd = unix_connect_packet(x.tools.ask_path);
	ssize_t n;

	assert_true(fd >= 0);
	assert_true(send(fd, question, strlen(question), 0) >= 0);
	for (i = 0; i < 2; i++) {
		unsigned int count = ask_poll(&x, p);

		assert_true(poll(p, count, 0) >= 0);
		ask_serve(&x, p, count);
	}
	n = recv(fd, reply, sizeof(reply) - 1, MSG_DONTWAIT);
	reply[n > 0 ? n : 0] = 0;
	close(fd);
	return reply;
}

static void vmware_cmd(void **state)
{
	struct pollfd p[GUEST_ASK_POLLS];
	int idle[GUEST_ASK_CLIENTS + 2];
	unsigned int i, count;

	(void)state;
	assert_string_equal(door("get given"), "1 a b");
	assert_string_equal(door("get nix"), "0 is not set");
	assert_string_equal(door("set n a  b"), "1 ");
	assert_string_equal(ask("info-get guestinfo.n"), "1 a  b");
	assert_string_equal(door("set =  b"), "0 Bad name");
	assert_string_equal(door("heartbeat"), "1 0");
	assert_string_equal(door("active"), "1 0");
	assert_string_equal(door("halt"), "0");
	assert_string_equal(door("nonsense"), "0 unknown");
	assert_string_equal(door("suspend"), "0 no space");
	assert_false(x.suspended);
	suspends = true;
	assert_string_equal(door("suspend"), "1 ");
	assert_true(x.suspended);
	tools_begin(1);
	assert_string_equal(door("heartbeat"), "1 1");
	assert_string_equal(door("active"), "1 1");
	assert_string_equal(door("reboot"), "1");
	/* Those who only come and say nothing keep nobody out. */
	for (i = 0; i < GUEST_ASK_CLIENTS + 2; i++) {
		idle[i] = unix_connect_packet(x.tools.ask_path);
		assert_true(idle[i] >= 0);
		count = ask_poll(&x, p);
		assert_true(poll(p, count, 0) >= 0);
		ask_serve(&x, p, count);
	}
	assert_string_equal(door("get given"), "1 a b");
	for (i = 0; i < GUEST_ASK_CLIENTS + 2; i++)
		close(idle[i]);
}

/* Whatever the bytes are. */
static void anything(void **state)
{
	static const char *const words[] = {
		"info-get ", "info-set ", "guestinfo.", "log ", "OK",
		" ",	     "a",	  "%s%n",	"\n",	"ERROR"
	};
	char text[256];
	unsigned int i, k;

	(void)state;
	srand(12);
	for (i = 0; i < 50000; i++) {
		unsigned int slot = rand() % WS_RPC_CHANNELS;
		struct ws_rpc_slot *s = &x.tools.rpc->slot[slot];

		text[0] = 0;
		for (k = rand() % 6; k; k--)
			strcat(text, words[rand() % 10]);
		if (rand() % 4 == 0)
			text[0] = (char)rand();
		if (rand() % 16 == 0)
			s->opened++;
		if (s->request_seq == s->reply_seq)
			post(slot, rand() % 3 ? WS_RPC_RPCI : WS_RPC_TCLO, text,
			     (uint32_t)strlen(text));
		if (rand() % 64 == 0)
			s->request_len = (uint32_t)rand();
		if (rand() % 64 == 0)
			s->protocol = (uint32_t)rand();
		assert_in_range(rpc_serve(&x, now += rand() % 50), 0, 1000);
		answer_of(slot);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(questions, setup, teardown),
		cmocka_unit_test_setup_teardown(limits, setup, teardown),
		cmocka_unit_test_setup_teardown(log_and_rate, setup, teardown),
		cmocka_unit_test_setup_teardown(orders, setup, teardown),
		cmocka_unit_test_setup_teardown(late_order, setup, teardown),
		cmocka_unit_test_setup_teardown(desktop_program, setup, teardown),
		cmocka_unit_test_setup_teardown(successor, setup, teardown),
		cmocka_unit_test_setup_teardown(damaged_file, setup, teardown),
		cmocka_unit_test_setup_teardown(vmware_cmd, setup, teardown),
		cmocka_unit_test_setup_teardown(anything, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
