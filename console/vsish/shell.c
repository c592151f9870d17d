// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * The prompt: on a terminal with GNU readline (editing, history, completion of
 * commands and of paths in the tree), else plain lines.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <readline/history.h>
#include <readline/readline.h>
#include "tool.h"
#include "vsi_client.h"
#include "vsish.h"

#define WORDS_MAX 16

static const char *const *commands;
static volatile sig_atomic_t interrupted;
static sigset_t open_mask; /* lets Ctrl-C in */

/* ---- completion ---- */

static char *command_match(const char *text, int state)
{
	static size_t i;

	if (!state)
		i = 0;
	while (commands[i]) {
		const char *name = commands[i++];

		if (!strncmp(name, text, strlen(text)))
			return strdup(name);
	}
	return NULL;
}

/* Children of the folder that text is in, text being their path as far as it is typed. */
static char *list_around(const char *text, size_t folder_len)
{
	char folder[HC_VSI_PATH_MAX], path[HC_VSI_PATH_MAX], *list;

	if (!tool_format(folder, sizeof(folder), "%.*s", (int)folder_len, text) ||
	    !vsish_absolute(folder_len ? folder : ".", path) ||
	    vsi_client_list(vsish_fd, path, &list))
		return NULL;
	return list;
}

static char *path_match(const char *text, int state)
{
	static char *list, *rest;
	const char *slash = strrchr(text, '/');
	size_t folder_len = slash ? (size_t)(slash - text) + 1 : 0, len;
	char *name, *match;

	if (!state) {
		free(list);
		rest = list = list_around(text, folder_len);
	}
	while (rest && *rest) {
		name = rest;
		len = strcspn(name, "\n");
		rest += len + (name[len] == '\n');
		if (strncmp(name, text + folder_len, strlen(text + folder_len)))
			continue;
		if (asprintf(&match, "%.*s%.*s", (int)folder_len, text, (int)len, name) < 0)
			return NULL;
		/* After a folder there is more to type. */
		rl_completion_append_character = name[len - 1] == '/' ? '\0' : ' ';
		return match;
	}
	return NULL;
}

static char *folder_match(const char *text, int state)
{
	char *match = path_match(text, state);

	while (match && match[strlen(match) - 1] != '/') {
		free(match);
		match = path_match(text, 1);
	}
	return match;
}

/* How many words there are before the one that begins at start; *first: the first of them. */
static int words_before(int start, char *first, size_t size)
{
	char *copy = strndup(rl_line_buffer, (size_t)start), *word, *save;
	int n = 0;

	first[0] = '\0';
	for (word = copy ? strtok_r(copy, " \t", &save) : NULL; word;
	     word = strtok_r(NULL, " \t", &save))
		if (!n++)
			(void)tool_format(first, size, "%s", word);
	free(copy);
	return n;
}

static char **complete(const char *text, int start, int end)
{
	char command[16];
	int n = words_before(start, command, sizeof(command));

	(void)end;
	/* Never names of files. */
	rl_attempted_completion_over = 1;
	if (!n)
		return rl_completion_matches(text, command_match);
	if (!strcmp(command, "set") && n > 1)
		return NULL;
	return rl_completion_matches(text, strcmp(command, "cd") ? path_match : folder_match);
}

/* ---- lines ---- */

static void on_interrupt(int nr)
{
	(void)nr;
	interrupted = 1;
}

/* Ctrl-C gives a new line, which none of readline's own ways does. */
static void drop_line(void)
{
	interrupted = 0;
	rl_crlf();
	rl_replace_line("", 0);
	rl_on_new_line();
	rl_redisplay();
}

static int read_key(FILE *in)
{
	struct pollfd input = { .fd = fileno(in), .events = POLLIN };
	unsigned char c;

	/* The only place where Ctrl-C is let in: nothing else is then half done. */
	while (ppoll(&input, 1, NULL, &open_mask) < 0) {
		if (errno != EINTR)
			return EOF;
		rl_check_signals(); /* the window may have another size */
		if (interrupted)
			drop_line();
	}
	return read(input.fd, &c, 1) == 1 ? c : EOF;
}

static void set_up_readline(void)
{
	rl_readline_name = "vsish";
	rl_attempted_completion_function = complete;
	rl_completer_word_break_characters = " \t";
	rl_completer_quote_characters = "";
	rl_catch_signals = 0;
	rl_getc_function = read_key;
	using_history();
}

/* The next line, freed by the caller; NULL: there is none. */
static char *next_line(bool tty)
{
	char prompt[HC_VSI_PATH_MAX + 4], *line = NULL;
	struct sigaction interrupt = { .sa_handler = on_interrupt }, before;
	size_t size = 0;
	sigset_t closed;

	if (!tty) {
		fflush(stdout);
		if (getline(&line, &size, stdin) >= 0)
			return line;
		free(line);
		return NULL;
	}
	(void)tool_format(prompt, sizeof(prompt), "%s> ", vsish_cwd);
	sigemptyset(&closed);
	sigaddset(&closed, SIGINT);
	sigaction(SIGINT, &interrupt, &before);
	sigprocmask(SIG_BLOCK, &closed, &open_mask);
	line = readline(prompt);
	sigprocmask(SIG_SETMASK, &open_mask, NULL);
	sigaction(SIGINT, &before, NULL);
	return line;
}

static void remember(const char *line)
{
	HIST_ENTRY *last = history_length ? history_get(history_length) : NULL;

	if (line[strspn(line, " \t")] && (!last || strcmp(last->line, line)))
		add_history(line);
}

/* False: that was the last. */
static bool serve(char *line, int *code)
{
	char *words[WORDS_MAX], *word, *save;
	int n = 0;

	for (word = strtok_r(line, " \t\r\n", &save); word && n < WORDS_MAX;
	     word = strtok_r(NULL, " \t\r\n", &save))
		words[n++] = word;
	if (!n || words[0][0] == '#')
		return true;
	if (!strcmp(words[0], "quit") || !strcmp(words[0], "exit"))
		return false;
	*code = vsish_run(n, words);
	return true;
}

int vsish_interact(const char *const *command_names)
{
	bool tty = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO), go_on = true;
	int code = TOOL_OK;

	commands = command_names;
	if (tty)
		set_up_readline();
	while (go_on) {
		char *line = next_line(tty);

		if (!line) {
			if (tty)
				putchar('\n');
			break;
		}
		if (tty)
			remember(line);
		go_on = serve(line, &code);
		free(line);
	}
	return tty ? TOOL_OK : code;
}
