// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * pty_drive COMMAND…: runs a program on a terminal of its own, a vt100 of 24
 * lines and 80 columns, and does what standard input says, one step a line:
 *
 *   type|TEXT                    keys, with \n \t \e \\ and \xHH
 *   expect|NAME|SECONDS|REGEX    ok NAME as soon as the screen matches; \n: next line
 *   gone|NAME|SECONDS|REGEX      ok NAME as soon as it does not
 *   show                         prints the screen as it is a moment later
 *   size|ROWS|COLUMNS            the window has another size, and is empty
 *   end|NAME|SECONDS|STATUS      ok NAME if the program exits with STATUS
 *
 * What is wrong is "not ok NAME", with the screen before it. After the last
 * step, and when it ends, the program is killed.
 */
#include <ctype.h>
#include <fcntl.h>
#include <poll.h>
#include <regex.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROWS_MAX 100
#define COLS_MAX 250
#define PARAMS_MAX 16

static struct {
	char cell[ROWS_MAX][COLS_MAX + 1];
	int rows, cols, row, col, saved_row, saved_col, top, bottom;
	bool wrap; /* the last column was written: the next character goes to the next line */
	enum { PLAIN, ESCAPE, CSI, SKIP } state;
	int param[PARAMS_MAX], params;
} vt;

static int master;
static pid_t child;

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000ll + t.tv_nsec / 1000000;
}

static int clamp(int v, int low, int high)
{
	return v < low ? low : v > high ? high : v;
}

static void blank(int row, int from, int to)
{
	for (int i = from; i < to; i++)
		vt.cell[row][i] = ' ';
}

static void resize(int rows, int cols)
{
	struct winsize size;

	for (int r = 0; r < ROWS_MAX; r++)
		blank(r, 0, COLS_MAX);
	vt.rows = clamp(rows, 2, ROWS_MAX);
	vt.cols = clamp(cols, 2, COLS_MAX);
	vt.row = clamp(vt.row, 0, vt.rows - 1);
	vt.col = clamp(vt.col, 0, vt.cols - 1);
	vt.wrap = false;
	vt.top = 0;
	vt.bottom = vt.rows - 1;
	for (int r = 0; r < ROWS_MAX; r++)
		vt.cell[r][vt.cols] = '\0';
	size = (struct winsize){ .ws_row = (unsigned short)vt.rows,
				 .ws_col = (unsigned short)vt.cols };
	ioctl(master, TIOCSWINSZ, &size);
}

static void scroll_up(void)
{
	for (int r = vt.top; r < vt.bottom; r++)
		memcpy(vt.cell[r], vt.cell[r + 1], sizeof(vt.cell[r]));
	blank(vt.bottom, 0, vt.cols);
}

static void scroll_down(void)
{
	for (int r = vt.bottom; r > vt.top; r--)
		memcpy(vt.cell[r], vt.cell[r - 1], sizeof(vt.cell[r]));
	blank(vt.top, 0, vt.cols);
}

static void line_feed(void)
{
	if (vt.row == vt.bottom)
		scroll_up();
	else if (vt.row < vt.rows - 1)
		vt.row++;
}

static void put(char c)
{
	if (vt.wrap) {
		vt.col = 0;
		line_feed();
	}
	vt.cell[vt.row][vt.col] = c;
	vt.wrap = vt.col == vt.cols - 1;
	vt.col += !vt.wrap;
}

static void plain(unsigned char c)
{
	if (c >= ' ' && c != 0x7f) {
		put((char)c);
		return;
	}
	if (c == '\r' || c == '\b' || c == '\n')
		vt.wrap = false;
	if (c == '\r')
		vt.col = 0;
	else if (c == '\n')
		line_feed();
	else if (c == '\b')
		vt.col = clamp(vt.col - 1, 0, vt.cols - 1);
	else if (c == '\t')
		vt.col = clamp((vt.col | 7) + 1, 0, vt.cols - 1);
	else if (c == 0x1b)
		vt.state = ESCAPE;
}

static void escape(char c)
{
	vt.state = PLAIN;
	if (c == '[') {
		vt.state = CSI;
		vt.params = 0;
		memset(vt.param, 0, sizeof(vt.param));
	} else if (strchr("()#", c)) {
		vt.state = SKIP;
	} else if (c == 'D') {
		line_feed();
	} else if (c == 'M' && vt.row == vt.top) {
		scroll_down();
	} else if (c == 'M') {
		vt.row = clamp(vt.row - 1, 0, vt.rows - 1);
	} else if (c == '7') {
		vt.saved_row = vt.row;
		vt.saved_col = vt.col;
	} else if (c == '8') {
		vt.row = vt.saved_row;
		vt.col = vt.saved_col;
	}
}

static void erase_screen(int how)
{
	if (how == 0)
		blank(vt.row, vt.col, vt.cols);
	else if (how == 1)
		blank(vt.row, 0, vt.col + 1);
	for (int r = 0; r < vt.rows; r++)
		if ((r > vt.row && how != 1) || (r < vt.row && how != 0) || how == 2)
			blank(r, 0, vt.cols);
}

static void control(char c)
{
	int n = vt.param[0] ? vt.param[0] : 1;

	vt.wrap = false;
	switch (c) {
	case 'H':
	case 'f':
		vt.row = clamp(n - 1, 0, vt.rows - 1);
		vt.col = clamp(vt.param[1] - 1, 0, vt.cols - 1);
		break;
	case 'A':
		vt.row = clamp(vt.row - n, 0, vt.rows - 1);
		break;
	case 'B':
		vt.row = clamp(vt.row + n, 0, vt.rows - 1);
		break;
	case 'C':
		vt.col = clamp(vt.col + n, 0, vt.cols - 1);
		break;
	case 'D':
		vt.col = clamp(vt.col - n, 0, vt.cols - 1);
		break;
	case 'J':
		erase_screen(vt.param[0]);
		break;
	case 'K':
		blank(vt.row, vt.param[0] ? 0 : vt.col, vt.param[0] == 1 ? vt.col + 1 : vt.cols);
		break;
	case 'r':
		vt.top = clamp(n - 1, 0, vt.rows - 2);
		vt.bottom =
			clamp((vt.param[1] ? vt.param[1] : vt.rows) - 1, vt.top + 1, vt.rows - 1);
		vt.row = vt.col = 0;
		break;
	}
}

static void take(unsigned char c)
{
	if (vt.state == PLAIN) {
		plain(c);
	} else if (vt.state == ESCAPE) {
		escape((char)c);
	} else if (vt.state == SKIP) {
		vt.state = PLAIN;
	} else if (isdigit(c)) {
		vt.param[vt.params] = clamp(vt.param[vt.params] * 10 + c - '0', 0, 9999);
	} else if (c == ';') {
		vt.params = clamp(vt.params + 1, 0, PARAMS_MAX - 1);
	} else if (c >= '@' && c <= '~') {
		vt.state = PLAIN;
		control((char)c);
	}
}

/* Takes what the program writes for so long; false: there is no more to come. */
static bool listen_for(int ms)
{
	struct pollfd in = { .fd = master, .events = POLLIN };
	unsigned char buf[4096];
	ssize_t n;

	if (poll(&in, 1, ms) <= 0)
		return true;
	n = read(master, buf, sizeof(buf));
	for (ssize_t i = 0; i < n; i++)
		take(buf[i]);
	return n > 0;
}

static void show(void)
{
	for (int r = 0; r < vt.rows; r++) {
		int end = vt.cols;

		while (end && vt.cell[r][end - 1] == ' ')
			end--;
		printf("  |%.*s\n", end, vt.cell[r]);
	}
}

static void result(bool good, const char *name)
{
	if (!good)
		show();
	printf("%s %s\n", good ? "ok" : "not ok", name);
	fflush(stdout);
}

static bool on_screen(const regex_t *re)
{
	char text[ROWS_MAX * (COLS_MAX + 1) + 1];
	size_t len = 0;

	for (int r = 0; r < vt.rows; r++)
		len += (size_t)sprintf(text + len, "%.*s\n", vt.cols, vt.cell[r]);
	return !regexec(re, text, 0, NULL, 0);
}

static void expect(const char *name, int seconds, char *pattern, bool wanted)
{
	int64_t end = now_ms() + seconds * 1000ll;
	bool alive = true;
	regex_t re;

	for (char *p = pattern; (p = strstr(p, "\\n"));) {
		*p = '\n';
		memmove(p + 1, p + 2, strlen(p + 2) + 1);
	}
	if (regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB | REG_NEWLINE)) {
		fprintf(stderr, "pty_drive: bad pattern: %s\n", pattern);
		exit(2);
	}
	while (on_screen(&re) != wanted && alive && now_ms() < end)
		alive = listen_for(50);
	if (on_screen(&re) != wanted)
		printf("looked for: %s\n", pattern);
	result(on_screen(&re) == wanted, name);
	regfree(&re);
}

static void type(const char *text)
{
	for (; *text; text++) {
		char c = *text;

		if (c == '\\' && text[1]) {
			c = *++text;
			c = c == 'n' ? '\r' : c == 't' ? '\t' : c == 'e' ? 0x1b : c;
			if (c == 'x' && isxdigit(text[1]) && isxdigit(text[2])) {
				c = (char)strtol((char[]){ text[1], text[2], 0 }, NULL, 16);
				text += 2;
			}
		}
		if (write(master, &c, 1) != 1)
			return;
	}
}

static void end(const char *name, int seconds, int wanted)
{
	int64_t deadline = now_ms() + seconds * 1000ll;
	int status = 0;
	pid_t got = 0;

	while (!got && now_ms() < deadline) {
		if (!listen_for(50))
			usleep(20000);
		got = waitpid(child, &status, WNOHANG);
	}
	if (got == child)
		child = 0;
	if (!got)
		printf("it does not end\n");
	else if (!WIFEXITED(status) || WEXITSTATUS(status) != wanted)
		printf("it ended with wait status 0x%x\n", status);
	result(got && WIFEXITED(status) && WEXITSTATUS(status) == wanted, name);
}

/* When the program has said nothing for a moment. */
static void show_later(void)
{
	int64_t end = now_ms() + 300;

	while (now_ms() < end && listen_for(50))
		;
	show();
}

static void step(char *line)
{
	char *word[4] = { line, NULL, NULL, NULL };

	line[strcspn(line, "\n")] = '\0';
	/* The last field may hold bars. */
	for (int i = 1; i < (strncmp(line, "type|", 5) ? 4 : 2) && word[i - 1]; i++) {
		word[i] = strchr(word[i - 1], '|');
		if (word[i])
			*word[i]++ = '\0';
	}
	if (!strcmp(word[0], "type") && word[1])
		type(word[1]);
	else if (!strcmp(word[0], "size") && word[2])
		resize(atoi(word[1]), atoi(word[2]));
	else if (!strcmp(word[0], "end") && word[3])
		end(word[1], atoi(word[2]), atoi(word[3]));
	else if (!strcmp(word[0], "show"))
		show_later();
	else if ((!strcmp(word[0], "expect") || !strcmp(word[0], "gone")) && word[3])
		expect(word[1], atoi(word[2]), word[3], word[0][0] == 'e');
	else if (word[0][0] && word[0][0] != '#') {
		fprintf(stderr, "pty_drive: what is '%s'?\n", word[0]);
		exit(2);
	}
}

static void start(char **argv)
{
	int slave;

	master = posix_openpt(O_RDWR | O_NOCTTY);
	if (master < 0 || grantpt(master) || unlockpt(master)) {
		perror("pty_drive: terminal");
		exit(2);
	}
	resize(24, 80);
	child = fork();
	if (child)
		return;
	setsid();
	slave = open(ptsname(master), O_RDWR);
	if (slave < 0 || ioctl(slave, TIOCSCTTY, 0) || dup2(slave, 0) < 0 || dup2(slave, 1) < 0 ||
	    dup2(slave, 2) < 0)
		_exit(126);
	close(master);
	setenv("TERM", "vt100", 1);
	execvp(argv[1], argv + 1);
	perror(argv[1]);
	_exit(127);
}

int main(int argc, char **argv)
{
	char line[1024];

	if (argc < 2)
		return 2;
	start(argv);
	while (fgets(line, sizeof(line), stdin))
		step(line);
	if (child) {
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	}
	return 0;
}
