// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/* Asks a machine's process what it wants to know, and answers (vmware-vmx/question.c). */
#include "question.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "answer.h"
#include "guest.h"
#include "json_text.h"
#include "tool.h"
#include "unix_socket.h"
#include "vmx_process.h"

#define CHOICES_MAX 8u
#define REPLY_MAX 2048u
#define ASK_MS 5000
#define START_MS 600000 /* until the machine runs: as long as that may take */

struct question {
	char text[REPLY_MAX]; /* the others are parts of it */
	const char *choice[CHOICES_MAX];
	unsigned int count;
};

bool question_waits(const struct target *t)
{
	char path[QUESTION_PATH_MAX];
	int fd;

	vmx_question_path(t->config, path);
	fd = unix_connect_packet(path);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static bool read_question(const struct target *t, struct question *q)
{
	char path[QUESTION_PATH_MAX], *line;

	vmx_question_path(t->config, path);
	q->count = 0;
	if (!ask_at(path, "question", q->text, sizeof(q->text), ASK_MS))
		return false;
	line = q->text;
	strsep(&line, "\n");
	while (line && q->count < CHOICES_MAX)
		q->choice[q->count++] = strsep(&line, "\n");
	return q->count > 0;
}

static enum vmcontrol nobody_asks(const struct target *t)
{
	return state_error(t, "answer");
}

enum vmcontrol question_error(const struct target *t)
{
	char choices[REPLY_MAX] = "";
	struct question q;
	unsigned int i;

	if (!read_question(t, &q))
		return nobody_asks(t);
	for (i = 0; i < q.count; i++)
		tool_format(choices + strlen(choices), sizeof(choices) - strlen(choices),
			    "%s%u: %s", i ? ", " : "", i + 1, q.choice[i]);
	return vmcontrol_error(VMC_INPUT,
			       "Virtual machine requires user input to continue: %s (answer N: %s)",
			       q.text, choices);
}

static enum vmcontrol give_answer(struct target *t, const char *text)
{
	char path[QUESTION_PATH_MAX], reply[REPLY_MAX];

	vmx_question_path(t->config, path);
	if (!ask_at(path, text, reply, sizeof(reply), START_MS))
		return vmcontrol_error(VMC_CONNECT,
				       "Could not connect: nobody takes the answer any more");
	if (reply[0] == '1')
		return VMC_OK;
	if (reply[0] == '2')
		return question_error(t);
	return vmcontrol_error(VMC_OTHER, "Unknown error: %s", reply + 2);
}

enum vmcontrol question_cancel(struct target *t)
{
	return give_answer(t, "cancel");
}

/* Question and choices; then a number, or 0: nobody said any. */
static unsigned int dialogue(const struct question *q)
{
	uint64_t number = 0;
	char line[64];
	unsigned int i;

	printf("%s\n", q->text);
	for (i = 0; i < q->count; i++)
		printf("%3u) %s\n", i + 1, q->choice[i]);
	do {
		printf("Select choice (1-%u): ", q->count);
		fflush(stdout);
		if (!fgets(line, sizeof(line), stdin)) {
			putchar('\n');
			return 0;
		}
		line[strcspn(line, "\r\n")] = 0;
	} while (!tool_number(line, 1, q->count, &number));
	return (unsigned int)number;
}

/* With --json and no number only the question is told: there is nobody to ask. */
static enum vmcontrol tell(const struct options *o, const struct question *q)
{
	json_t *list = json_array();
	unsigned int i;

	for (i = 0; i < q->count; i++)
		json_array_append_new(list, json_text(q->choice[i]));
	return answer_value(
		o, "answer",
		json_pack("{s:o, s:o}", "question", json_text(q->text), "choices", list));
}

enum vmcontrol do_answer(struct options *o, char **args, int count)
{
	enum vmcontrol code;
	uint64_t number = 0;
	struct question q;
	char text[32];

	if (!question_waits(&o->target) || !read_question(&o->target, &q))
		return nobody_asks(&o->target);
	if (count && !tool_number(args[0], 1, q.count, &number))
		return vmcontrol_error(VMC_ARGUMENTS,
				       "Invalid arguments: '%s' is no number from 1 to %u", args[0],
				       q.count);
	if (!count && answer_is_json())
		return tell(o, &q);
	if (!count)
		number = dialogue(&q);
	if (!number)
		return question_error(&o->target);
	tool_format(text, sizeof(text), "answer %u", (unsigned int)number);
	code = give_answer(&o->target, text);
	return code ? code : answer_done(o, "answer", args, count);
}
