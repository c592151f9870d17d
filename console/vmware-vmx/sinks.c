// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * The ends of the serial line. Each reads the output ring at its own pace from its
 * own position; who is more than the ring behind loses what scrolled out, and nobody
 * ever holds up the machine. The position of the .vmx file's back end is kept in the
 * ring's tail, where a successor of this process finds it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>
#include "tool.h"
#include "unix_socket.h"
#include "vmx.h"
#include "vmx_log.h"

#define CHUNK 4096u

static bool refuse(char *why, const char *path, const char *text)
{
	tool_format(why, VMX_WHY_MAX, "%s: %s", path, text);
	return false;
}

static struct sink *add_sink(struct vmx *x, int fd, uint64_t pos, bool input)
{
	unsigned int i;

	for (i = 0; i < VMX_SINKS_MAX; i++) {
		if (x->sink[i].fd >= 0)
			continue;
		x->sink[i] = (struct sink){ .fd = fd, .pos = pos, .input = input };
		return &x->sink[i];
	}
	close(fd);
	return NULL;
}

static void drop(struct vmx *x, struct sink *s)
{
	close(s->fd);
	s->fd = -1;
	if (s->main && x->config.serial == VMX_SERIAL_PIPE && x->config.serial_client)
		x->pipe_wanted = true;
}

static void add_main(struct vmx *x, int fd, bool input)
{
	struct sink *s = add_sink(x, fd, x->out.header->tail, input);

	if (s)
		s->main = true;
}

/* ---- back ends ---- */

static bool open_pty(struct vmx *x, char *why)
{
	const char *link = x->config.serial_path, *name = NULL;
	int fd = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	struct termios raw;
	struct stat st;

	if (fd >= 0 && !grantpt(fd) && !unlockpt(fd))
		name = ptsname(fd);
	x->pty_slave = name ? open(name, O_RDWR | O_NOCTTY | O_CLOEXEC) : -1;
	if (x->pty_slave < 0 || tcgetattr(x->pty_slave, &raw))
		return refuse(why, "serial0: a pseudo-terminal", strerror(errno));
	cfmakeraw(&raw);
	tcsetattr(x->pty_slave, TCSANOW, &raw);
	vmx_log("serial0: %s", name);
	if (link[0]) {
		if (!lstat(link, &st) && S_ISLNK(st.st_mode))
			unlink(link);
		if (symlink(name, link))
			return refuse(why, link, strerror(errno));
	}
	add_main(x, fd, true);
	return true;
}

static bool open_file(struct vmx *x, char *why)
{
	const char *path = x->config.serial_path;
	int fd =
		open(path, O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0644);

	if (fd < 0)
		return refuse(why, path, strerror(errno));
	add_main(x, fd, false);
	return true;
}

/* A pipe's client waits for a server that is not there yet; any other failure is told. */
static bool connect_pipe(struct vmx *x)
{
	int fd = unix_connect(x->config.serial_path, true);

	x->pipe_wanted = fd < 0;
	if (fd >= 0)
		add_main(x, fd, true);
	return fd >= 0 || errno == ENOENT || errno == ECONNREFUSED || errno == EAGAIN;
}

static bool open_backend(struct vmx *x, char *why)
{
	const char *path = x->config.serial_path;

	switch (x->config.serial) {
	case VMX_SERIAL_NONE:
		break;
	case VMX_SERIAL_FILE:
		return open_file(x, why);
	case VMX_SERIAL_PTY:
		return open_pty(x, why);
	case VMX_SERIAL_PIPE:
		if (x->config.serial_client)
			return connect_pipe(x) || refuse(why, path, strerror(errno));
		x->pipe_listener = unix_listen(path);
		return x->pipe_listener >= 0 || refuse(why, path, strerror(errno));
	}
	return true;
}

void sinks_init(struct vmx *x)
{
	unsigned int i;

	for (i = 0; i < VMX_SINKS_MAX; i++)
		x->sink[i].fd = -1;
	x->pipe_listener = -1;
	x->listener = -1;
	x->pty_slave = -1;
}

bool sinks_open(struct vmx *x, char *why)
{
	mkdir(x->run_dir, 0755); /* unix_listen() tells if it is not there */
	snprintf(x->console_path, sizeof(x->console_path), "%s/%u.console", x->run_dir, x->vm);
	if (!open_backend(x, why))
		return false;
	x->listener = unix_listen(x->console_path);
	return x->listener >= 0 || refuse(why, x->console_path, strerror(errno));
}

/* ---- output ---- */

static void pump_one(struct vmx *x, struct sink *s)
{
	uint8_t buf[CHUNK];
	uint64_t lost = 0;
	ssize_t n;
	size_t len;

	s->stuck = false;
	while ((len = serial_ring_peek(&x->out, &s->pos, buf, sizeof(buf), &lost))) {
		do
			n = write(s->fd, buf, len);
		while (n < 0 && errno == EINTR);
		if (n < 0 && errno != EAGAIN) {
			if (s->main)
				vmx_log("serial0: %s", strerror(errno));
			drop(x, s);
			break;
		}
		if (n > 0)
			s->pos += n;
		if (n < (ssize_t)len) {
			s->stuck = true;
			break;
		}
	}
	if (s->main) {
		x->out.header->tail = s->pos;
		x->lost += lost;
	}
}

static bool has_main(const struct vmx *x)
{
	unsigned int i;

	for (i = 0; i < VMX_SINKS_MAX; i++)
		if (x->sink[i].fd >= 0 && x->sink[i].main)
			return true;
	return false;
}

void sinks_pump(struct vmx *x)
{
	unsigned int i;

	for (i = 0; i < VMX_SINKS_MAX; i++)
		if (x->sink[i].fd >= 0)
			pump_one(x, &x->sink[i]);
	/* With nobody to write for, nothing waits. */
	if (x->config.serial == VMX_SERIAL_NONE && !has_main(x))
		x->out.header->tail = serial_ring_head(&x->out);
}

/* ---- input ---- */

static void take_input(struct vmx *x, struct sink *s, short events)
{
	struct hc_vm kick = { .vm = x->vm };
	size_t room = serial_ring_room(&x->in);
	uint8_t buf[CHUNK];
	ssize_t n;

	if (s->input && !room) {
		/* A full ring is no reason to keep one who has gone. */
		if (events & (POLLHUP | POLLERR))
			drop(x, s);
		return;
	}
	n = read(s->fd, buf, s->input && room < sizeof(buf) ? room : sizeof(buf));
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		drop(x, s);
		return;
	}
	if (s->input) {
		serial_ring_put(&x->in, buf, n);
		vmnix_call(x->fd, HC_VM_KICK, &kick, sizeof(kick));
	}
}

static void accept_one(struct vmx *x, int listener, bool backend)
{
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct sink *s;

	if (fd < 0)
		return;
	if (backend && has_main(x)) {
		close(fd); /* one at a time */
	} else if (backend) {
		add_main(x, fd, true);
	} else {
		s = add_sink(x, fd, serial_ring_oldest(&x->out), true);
		if (!s)
			vmx_log("too many consoles");
	}
}

unsigned int sinks_poll(struct vmx *x, struct pollfd *p)
{
	bool room = serial_ring_room(&x->in) > 0;
	unsigned int n = 0, i;

	if (x->pipe_wanted)
		connect_pipe(x);
	p[n++] = (struct pollfd){ .fd = x->listener, .events = POLLIN };
	if (x->pipe_listener >= 0)
		p[n++] = (struct pollfd){ .fd = x->pipe_listener, .events = POLLIN };
	for (i = 0; i < VMX_SINKS_MAX; i++) {
		const struct sink *s = &x->sink[i];

		if (s->fd < 0)
			continue;
		p[n++] = (struct pollfd){
			.fd = s->fd,
			.events =
				(short)((s->input && room ? POLLIN : 0) | (s->stuck ? POLLOUT : 0)),
		};
	}
	return n;
}

static void serve_sink(struct vmx *x, struct sink *s, short events)
{
	if (events & POLLOUT)
		pump_one(x, s);
	if (s->fd >= 0 && events & (POLLIN | POLLHUP | POLLERR))
		take_input(x, s, events);
}

void sinks_serve(struct vmx *x, const struct pollfd *p, unsigned int count)
{
	unsigned int i, k;

	for (k = 0; k < count; k++) {
		if (!p[k].revents)
			continue;
		for (i = 0; i < VMX_SINKS_MAX; i++)
			if (x->sink[i].fd == p[k].fd)
				serve_sink(x, &x->sink[i], p[k].revents);
		if (p[k].fd == x->listener || p[k].fd == x->pipe_listener)
			accept_one(x, p[k].fd, p[k].fd == x->pipe_listener);
	}
	sinks_pump(x);
}

bool sinks_connect(struct vmx *x, char *why)
{
	return open_backend(x, why);
}

void sinks_disconnect(struct vmx *x)
{
	const char *path = x->config.serial_path;
	unsigned int i;

	for (i = 0; i < VMX_SINKS_MAX; i++)
		if (x->sink[i].fd >= 0 && x->sink[i].main)
			drop(x, &x->sink[i]);
	x->pipe_wanted = false;
	if (x->pipe_listener >= 0 || (x->pty_slave >= 0 && path[0]))
		unlink(path);
	if (x->pipe_listener >= 0)
		close(x->pipe_listener);
	if (x->pty_slave >= 0)
		close(x->pty_slave);
	x->pipe_listener = x->pty_slave = -1;
	x->config.serial = VMX_SERIAL_NONE;
}

void sinks_close(struct vmx *x)
{
	const char *path = x->config.serial_path;
	unsigned int i;

	for (i = 0; i < VMX_SINKS_MAX; i++)
		if (x->sink[i].fd >= 0)
			close(x->sink[i].fd);
	if (x->lost)
		vmx_log("serial0: %llu bytes scrolled out unread", (unsigned long long)x->lost);
	if (x->listener >= 0)
		unlink(x->console_path);
	if (x->pipe_listener >= 0 || (x->pty_slave >= 0 && path[0]))
		unlink(path);
}
