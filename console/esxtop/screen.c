// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * The interactive mode: shows a view, takes keys until the delay is over, then
 * reads again. Questions stand in the first line; the empty one above the rows
 * says what a key could not do.
 */
#include <curses.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "tool.h"
#include "top.h"
#include "vmnix_dev.h"

#define HEADER_MARK '\1'
#define DELAY_MAX 86400u

static const char *const help[] = {
	"Keys of esxtop",
	"",
	"c  CPU panel                m  memory panel",
	"s  seconds between refreshes (now %u)",
	"e  worlds of each group, too        V  VMs only",
	"f  choose fields            space  refresh at once",
	"up, down, PgUp, PgDn, Home, End  rows that do not fit",
	"q  quit                     h  this help",
	"",
	"Order, CPU panel:     U  %%USED    R  %%RDY    N  ID",
	"Order, memory panel:  M  MEMSZ    T  TCHD    N  ID",
	"",
	"%%USED  time on a PCPU, and %%RUN the same; %%SYS of this: in the vmkernel",
	"%%WAIT  without anything to do or not started; %%IDLE of this: a VCPU in HLT",
	"%%RDY   ready, but no PCPU was free; %%MLMTD of this: held back by its maximum",
	"MEMSZ  memory of the VM in MB, TCHD of this in use, NPT its nested page tables",
	"",
	"A world's %%RUN, %%WAIT and %%RDY make 100. So do a PCPU's worlds and its idling.",
	"The console's PCPU is Linux's own and not shown.",
	"",
	"Any key goes back.",
};

struct screen {
	int fd;
	uint32_t delay;
	struct top_view view;
	struct top_snapshot before, now;
	struct top_table table;
	const char *note; /* what the last key came to */
	int scroll, page; /* rows above the first that is shown; rows that fit */
};

static volatile sig_atomic_t asked_to_end;
static sigset_t open_mask; /* lets signals in */

static void on_signal(int nr)
{
	(void)nr;
	asked_to_end = 1;
}

static int count_lines(const char *text)
{
	int lines = 0;

	for (; (text = strchr(text, '\n')); text++)
		lines++;
	return lines;
}

static void put_header(int row, const char *line)
{
	attron(A_REVERSE);
	mvprintw(row, 0, "%-*.*s", COLS, COLS, line);
	attroff(A_REVERSE);
}

/* In the empty line above the header: what a key came to, or which rows these are. */
static void put_note(const struct screen *s, int row, int rows)
{
	int last = s->scroll + s->page;

	if (s->note)
		mvaddnstr(row, 0, s->note, COLS);
	else if (rows > s->page)
		mvprintw(row, 0, "rows %d to %d of %d", s->scroll + 1, last < rows ? last : rows,
			 rows);
}

/* What is above the header of the rows stays, the rows below move. */
static void put_text(struct screen *s, char *text)
{
	char *line = text, *save;
	int row = 0, rows, skip = 0;

	erase();
	/* Blank lines count, so no strtok. */
	for (; row < LINES && line && *line; line = save) {
		save = strchr(line, '\n');
		if (save)
			*save++ = '\0';
		if (skip > 0) {
			skip--;
			continue;
		}
		if (*line == HEADER_MARK) {
			rows = save ? count_lines(save) : 0;
			s->page = LINES > row + 1 ? LINES - row - 1 : 1;
			if (s->scroll > rows - s->page)
				s->scroll = rows - s->page;
			if (s->scroll < 0)
				s->scroll = 0;
			skip = s->scroll;
			put_note(s, row - 1, rows);
			put_header(row, line + 1);
		} else {
			mvaddnstr(row, 0, line, COLS);
		}
		row++;
	}
	refresh();
}

static void draw(struct screen *s)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return;
	top_view_write(&s->view, &s->table, &s->now, out);
	fclose(out);
	if (text)
		put_text(s, text);
	free(text);
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000ll + t.tv_nsec / 1000000;
}

/*
 * A key, or ERR: none within ms (-1: any time), or a signal came. Signals are let in
 * here alone, so that none is overlooked just before we wait.
 */
static int wait_key(int64_t ms)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
	int key;

	timeout(0);
	key = getch();
	if (key != ERR)
		return key;
	/* A terminal that has gone is always ready and has nothing to say. */
	if (ppoll(&in, 1, ms < 0 ? NULL : &t, &open_mask) > 0 && in.revents & (POLLHUP | POLLERR))
		asked_to_end = 1;
	return asked_to_end ? ERR : getch();
}

/* A key that is no change of the window's size; ERR: the end. */
static int wait_any_key(void)
{
	int key;

	do
		key = wait_key(-1);
	while (!asked_to_end && (key == ERR || key == KEY_RESIZE));
	return key;
}

static void show_help(const struct screen *s)
{
	erase();
	for (int i = 0; i < LINES && i < (int)(sizeof(help) / sizeof(help[0])); i++) {
		move(i, 0);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		printw(help[i], s->delay);
#pragma GCC diagnostic pop
	}
	refresh();
	wait_any_key();
}

/* A line that is typed after the question, at most size - 1 bytes. False: given up. */
static bool ask(const char *question, char *answer, size_t size)
{
	size_t len = 0;
	int key;

	for (;;) {
		answer[len] = '\0';
		mvprintw(0, 0, "%s%s", question, answer);
		clrtoeol();
		refresh();
		key = wait_any_key();
		if (key == ERR || key == 0x1b)
			return false;
		if (key == '\n' || key == '\r' || key == KEY_ENTER)
			return true;
		if ((key == KEY_BACKSPACE || key == '\b' || key == 0x7f) && len)
			len--;
		else if (key > ' ' && key < 0x7f && len + 1 < size)
			answer[len++] = (char)key;
	}
}

static void ask_delay(struct screen *s)
{
	char question[64], answer[16];
	uint64_t n;

	draw(s);
	snprintf(question, sizeof(question), "Seconds between refreshes (now %u): ", s->delay);
	if (!ask(question, answer, sizeof(answer)) || !answer[0])
		return;
	if (tool_number(answer, 1, DELAY_MAX, &n))
		s->delay = (uint32_t)n;
	else
		s->note = "That is no number of seconds from 1 to 86400.";
}

/* Letters switch fields on and off, any other key goes back. */
static void choose_fields(struct screen *s)
{
	struct top_field field;
	unsigned int i;
	int key;

	do {
		erase();
		mvaddstr(0, 0, "Fields of this panel: * are shown");
		for (i = 0; top_view_field(&s->view, i, &field); i++)
			mvprintw((int)i + 2, 0, "%c %c:  %-8s = %s", field.shown ? '*' : ' ',
				 'A' + (int)i, field.title, field.about);
		mvprintw((int)i + 3, 0,
			 "Toggle fields with a-%c, any other key to return:", 'a' + (int)i - 1);
		refresh();
		key = wait_any_key();
		if (key >= 'A' && key <= 'Z')
			key += 'a' - 'A';
	} while (key >= 'a' && key <= 'z' &&
		 top_view_toggle_field(&s->view, (unsigned int)key - 'a'));
}

/* False: no key that moves the rows. */
static bool scroll_key(struct screen *s, int key)
{
	switch (key) {
	case KEY_UP:
		s->scroll--;
		return true;
	case KEY_DOWN:
		s->scroll++;
		return true;
	case KEY_PPAGE:
		s->scroll -= s->page;
		return true;
	case KEY_NPAGE:
		s->scroll += s->page;
		return true;
	case KEY_HOME:
		s->scroll = 0;
		return true;
	case KEY_END:
		s->scroll = INT_MAX;
		return true;
	default:
		return false;
	}
}

static void set_panel(struct screen *s, enum top_panel panel)
{
	if (s->view.panel != panel) {
		s->view.sort = TOP_BY_ID;
		s->scroll = 0;
	}
	s->view.panel = panel;
}

/* One key; false: quit. */
static bool take_key(struct screen *s, int key)
{
	s->note = NULL;
	switch (key) {
	case 'q':
		return false;
	case 'c':
		set_panel(s, TOP_CPU);
		break;
	case 'm':
		set_panel(s, TOP_MEMORY);
		break;
	case 'e':
		s->view.expanded = !s->view.expanded;
		break;
	case 'V':
		s->view.vms_only = !s->view.vms_only;
		break;
	case 's':
		ask_delay(s);
		break;
	case 'f':
		choose_fields(s);
		break;
	case 'h':
	case '?':
		show_help(s);
		break;
	case KEY_RESIZE:
	case 'L' & 0x1f:
		clearok(stdscr, TRUE);
		break;
	default:
		if (!scroll_key(s, key) && !top_view_sort_key(&s->view, key))
			s->note = "No such key here: h for help.";
	}
	return true;
}

/* Takes keys until the next refresh is due; false: quit. */
static bool serve(struct screen *s)
{
	int64_t start = now_ms(), left;
	int key;

	while (!asked_to_end) {
		draw(s);
		left = start + s->delay * 1000ll - now_ms();
		if (left <= 0)
			return true;
		key = wait_key(left);
		if (asked_to_end)
			break;
		if (key == ERR && now_ms() < start + s->delay * 1000ll)
			continue;
		if (key == ERR || key == ' ')
			return true;
		if (!take_key(s, key))
			return false;
	}
	return false;
}

/* The next snapshot and what it means; 0, or an error of vmnix_dev.h. */
static int update(struct screen *s)
{
	struct top_snapshot next;
	struct top_table table;
	int err = top_read(s->fd, &next);

	if (err)
		return err;
	if (!top_table_make(&s->now, &next, &table)) {
		top_snapshot_free(&next);
		return ENOMEM;
	}
	top_snapshot_free(&s->before);
	top_table_free(&s->table);
	s->before = s->now;
	s->now = next;
	s->table = table;
	return VMK_OK;
}

static int run(struct screen *s, uint64_t count)
{
	int err = top_read(s->fd, &s->now);
	uint64_t done = 0;

	/* The first figures come soon: they tell of an instant only. */
	if (!err)
		usleep(200000);
	if (!err)
		err = update(s);
	while (!err && serve(s) && (!count || ++done < count))
		err = update(s);
	return err;
}

int top_screen(int fd, uint32_t delay, uint64_t count)
{
	static const int signals[] = { SIGTERM, SIGHUP, SIGINT };
	struct sigaction action = { .sa_handler = on_signal };
	sigset_t closed;
	struct screen s = { .fd = fd, .delay = delay };
	SCREEN *terminal;
	int err;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		tool_error("this is no terminal: -b writes CSV");
		return TOOL_FAILED;
	}
	terminal = newterm(NULL, stdout, stdin);
	if (!terminal) {
		tool_error("unknown kind of terminal '%s': set TERM",
			   getenv("TERM") ? getenv("TERM") : "");
		return TOOL_FAILED;
	}
	/* newterm has its own handlers, which would end us in the middle of anything. */
	sigemptyset(&closed);
	sigaddset(&closed, SIGWINCH);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		sigaction(signals[i], &action, NULL);
		sigaddset(&closed, signals[i]);
	}
	sigprocmask(SIG_BLOCK, &closed, &open_mask);
	cbreak();
	noecho();
	keypad(stdscr, TRUE);
	curs_set(0);
	err = run(&s, count);
	endwin();
	delscreen(terminal);
	top_snapshot_free(&s.before);
	top_snapshot_free(&s.now);
	top_table_free(&s.table);
	if (err)
		tool_error("%s", vmnix_text(err));
	return err ? TOOL_FAILED : TOOL_OK;
}
