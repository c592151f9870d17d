// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/* sources: console/vmware-vmx/sinks.c console/lib/serial_ring.c
 *          console/lib/unix_socket.c console/lib/tool.c */
/* The ends of a serial line: file, pty, socket, consoles; slow ones, lost ones, successors. */
#include "test_lib.h"
#include <errno.h>
#include <signal.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include "tool.h"
#include "vmware-vmx/vmx.h"
#include "vmware-vmx/vmx_log.h"

static struct vmx x;
static char folder[40], why[VMX_WHY_MAX];
static unsigned int kicks;

int vmnix_call(int fd, uint32_t nr, void *args, uint32_t len)
{
	(void)fd;
	(void)args;
	assert_int_equal(nr, HC_VM_KICK);
	assert_int_equal(len, sizeof(struct hc_vm));
	kicks++;
	return 0;
}

void vmx_log(const char *fmt, ...)
{
	(void)fmt;
}

static int setup(void **state)
{
	struct ws_vm_channel *c = calloc(WS_VM_CHANNEL_PAGES, WS_PAGE_SIZE);

	(void)state;
	strcpy(folder, "/tmp/test_sinks_XX"
		       "XX"
		       "XX");
	assert_non_null(mkdtemp(folder));
	memset(&x, 0, sizeof(x));
	x.vm = 7;
	x.run_dir = folder;
	x.region = c;
	c->serial_out = (struct ws_ring){ .magic = WS_RING_MAGIC,
					  .size = WS_VM_SERIAL_OUT_SIZE,
					  .data_offset = WS_VM_SERIAL_OUT_OFFSET };
	c->serial_in = (struct ws_ring){ .magic = WS_RING_MAGIC,
					 .size = WS_VM_SERIAL_IN_SIZE,
					 .data_offset = WS_VM_SERIAL_IN_OFFSET };
	assert_true(serial_rings_open(x.region, &x.out, &x.in));
	sinks_init(&x);
	kicks = 0;
	return 0;
}

static int teardown(void **state)
{
	char command[80];

	(void)state;
	free(x.region);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	return system(command);
}

/* A path in the test's folder. */
static char *in_folder(char *path, const char *name)
{
	snprintf(path, 100, "%s/%s", folder, name);
	return path;
}

static void print(const char *text)
{
	for (; *text; text++)
		x.out.data[x.out.header->head++ % x.out.size] = *text;
}

/* One round of the main loop, without waiting. */
static void turn(void)
{
	struct pollfd p[VMX_POLL_MAX];
	unsigned int n = sinks_poll(&x, p);

	assert_true(n <= VMX_POLL_MAX);
	assert_true(poll(p, n, 0) >= 0);
	sinks_serve(&x, p, n);
}

static void open_sinks(enum vmx_serial_type type, const char *name)
{
	x.config.serial = type;
	in_folder(x.config.serial_path, name);
	if (!sinks_open(&x, why))
		fail_msg("%s", why);
}

static int connect_to(const char *name)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	in_folder(sa.sun_path, name);
	assert_int_equal(connect(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	turn();
	return fd;
}

static void expect(int fd, const char *text)
{
	char buf[256] = "";
	ssize_t n = read(fd, buf, sizeof(buf) - 1);

	assert_int_equal(n, strlen(text));
	assert_string_equal(buf, text);
}

static void expect_input(const char *text)
{
	size_t i;

	for (i = 0; text[i]; i++)
		assert_int_equal(x.in.data[x.in.header->tail++ % x.in.size], text[i]);
	assert_int_equal(x.in.header->tail, x.in.header->head);
}

static void test_file(void **state)
{
	size_t len;
	char *text;

	(void)state;
	open_sinks(VMX_SERIAL_FILE, "out");
	print("one ");
	turn();
	assert_int_equal(x.out.header->tail, 4);
	sinks_close(&x);
	/* A successor goes on where this one stopped. */
	print("two ");
	sinks_init(&x);
	open_sinks(VMX_SERIAL_FILE, "out");
	turn();
	sinks_close(&x);
	text = tool_read_file(x.config.serial_path, 100, &len);
	assert_string_equal(text, "one two ");
	free(text);
}

static void test_consoles(void **state)
{
	int a, b;

	(void)state;
	open_sinks(VMX_SERIAL_NONE, "");
	print("early ");
	a = connect_to("7.console");
	turn();
	expect(a, "early ");
	print("late ");
	turn();
	assert_int_equal(x.out.header->tail, 11);
	b = connect_to("7.console");
	turn();
	expect(a, "late ");
	expect(b, "early late ");
	assert_int_equal(write(a, "ls\n", 3), 3);
	assert_int_equal(write(b, "id\n", 3), 3);
	turn();
	expect_input("ls\nid\n");
	assert_int_equal(kicks, 2);
	close(a);
	turn();
	print("more ");
	turn();
	turn();
	expect(b, "more ");
	close(b);
	sinks_close(&x);
}

static void test_full_input(void **state)
{
	char big[WS_VM_SERIAL_IN_SIZE + 10];
	int a;

	(void)state;
	open_sinks(VMX_SERIAL_NONE, "");
	a = connect_to("7.console");
	memset(big, 'x', sizeof(big));
	assert_int_equal(write(a, big, sizeof(big)), sizeof(big));
	turn();
	assert_int_equal(serial_ring_room(&x.in), 0);
	turn();
	assert_int_equal(kicks, 1);
	x.in.header->tail += 5;
	turn();
	assert_int_equal(serial_ring_room(&x.in), 0);
	assert_int_equal(kicks, 2);
	/* Who has gone is dropped although the ring is full. */
	close(a);
	turn();
	turn();
	assert_int_equal(x.sink[0].fd, -1);
	sinks_close(&x);
}

/* One who reads nothing loses what scrolls out; the others and the machine go on. */
static void test_slow(void **state)
{
	int a, i, size = 4096;
	char buf[100000];
	ssize_t n, total = 0;

	(void)state;
	open_sinks(VMX_SERIAL_NONE, "");
	a = connect_to("7.console");
	setsockopt(x.sink[0].fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	for (i = 0; i < 4000; i++) {
		print("0123456789012345678901234567890123456789012345678901234567890123456789\n");
		turn();
	}
	assert_true(x.sink[0].stuck);
	for (i = 0; i < 1000; i++) {
		while ((n = read(a, buf, sizeof(buf))) > 0)
			total += n;
		turn();
	}
	assert_in_range(total, WS_VM_SERIAL_OUT_SIZE, 4000 * 71 - 1);
	assert_int_equal(x.sink[0].pos, x.out.header->head);
	close(a);
	sinks_close(&x);
}

static void test_pty(void **state)
{
	struct termios t;
	int fd;

	(void)state;
	open_sinks(VMX_SERIAL_PTY, "pty");
	print("login: ");
	turn();
	fd = open(x.config.serial_path, O_RDWR | O_NOCTTY | O_NONBLOCK);
	assert_true(fd >= 0);
	assert_int_equal(tcgetattr(fd, &t), 0);
	assert_false(t.c_lflag & (ECHO | ICANON));
	expect(fd, "login: ");
	assert_int_equal(write(fd, "root\n", 5), 5);
	turn();
	expect_input("root\n");
	close(fd);
	turn();
	assert_true(x.sink[0].fd >= 0);
	sinks_close(&x);
	assert_int_equal(access(x.config.serial_path, F_OK), -1);
}

static void test_pipe_server(void **state)
{
	int a, b;
	char c;

	(void)state;
	open_sinks(VMX_SERIAL_PIPE, "pipe");
	print("waits ");
	turn();
	assert_int_equal(x.out.header->tail, 0);
	a = connect_to("pipe");
	turn();
	expect(a, "waits ");
	assert_int_equal(x.out.header->tail, 6);
	b = connect_to("pipe"); /* one at a time */
	assert_int_equal(read(b, &c, 1), 0);
	close(b);
	close(a);
	turn();
	print("again ");
	a = connect_to("pipe");
	turn();
	expect(a, "again ");
	close(a);
	sinks_close(&x);
}

static void test_pipe_client(void **state)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0), a;

	(void)state;
	x.config.serial_client = true;
	open_sinks(VMX_SERIAL_PIPE, "server"); /* nobody there yet */
	assert_true(x.pipe_wanted);
	print("x");
	turn();
	in_folder(sa.sun_path, "server");
	assert_int_equal(bind(listener, (struct sockaddr *)&sa, sizeof(sa)), 0);
	assert_int_equal(listen(listener, 1), 0);
	turn();
	turn();
	assert_false(x.pipe_wanted);
	a = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
	expect(a, "x");
	close(a);
	turn();
	assert_true(x.pipe_wanted);
	close(listener);
	sinks_close(&x);
}

/* A socket left behind by a process that died is no obstacle; one in use is. */
static void test_stale_socket(void **state)
{
	struct vmx other;

	(void)state;
	open_sinks(VMX_SERIAL_NONE, "");
	other = x;
	sinks_init(&x);
	assert_false(sinks_open(&x, why));
	assert_non_null(strstr(why, "7.console"));
	close(other.listener);
	sinks_init(&x);
	open_sinks(VMX_SERIAL_NONE, "");
	sinks_close(&x);
	sinks_init(&x);
	strcpy(x.config.serial_path, "/nonexistent/file");
	x.config.serial = VMX_SERIAL_FILE;
	assert_false(sinks_open(&x, why));
	assert_non_null(strstr(why, "/nonexistent/file: No such file"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_file),	TEST(test_consoles),	 TEST(test_full_input),
		TEST(test_slow),	TEST(test_pty),		 TEST(test_pipe_server),
		TEST(test_pipe_client), TEST(test_stale_socket),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
