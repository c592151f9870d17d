// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/* Answers and errors in the original's words, and the same as JSON; see answer.h. */
#include "answer.h"
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "json_text.h"
#include "tool.h"

static bool json;
static json_t *object; /* as far as it is known */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of object */
static atomic_flag ended = ATOMIC_FLAG_INIT; /* somebody says the last words */

static void member(const char *name, json_t *value)
{
	if (!json) {
		json_decref(value);
		return;
	}
	pthread_mutex_lock(&lock);
	if (!object)
		object = json_object();
	json_object_set_new(object, name, value);
	pthread_mutex_unlock(&lock);
}

void answer_json(bool on)
{
	json = on;
}

void answer_about(const char *operation, const char *vm, char **args, int count)
{
	json_t *list = json_array();
	int i;

	for (i = 0; i < count; i++)
		json_array_append_new(list, json_text(args[i]));
	member("operation", json_text(operation));
	if (vm)
		member("vm", json_text(vm));
	member("arguments", list);
}

void answer_vm(const char *config)
{
	member("vm", json_text(config));
}

static void print(const struct options *o, const char *verb, char **args, int count,
		  const char *value)
{
	int i;

	if (o->quiet) {
		puts(value);
		return;
	}
	printf("%s(", verb);
	for (i = 0; i < count; i++)
		printf("%s%s", i ? ", " : "", args[i]);
	printf(") = %s\n", value);
}

static enum vmcontrol give(const struct options *o, const char *verb, char **args, int count,
			   const char *value, json_t *json_value)
{
	member("value", json_value);
	if (!json)
		print(o, verb, args, count, value);
	return VMC_OK;
}

enum vmcontrol answer(const struct options *o, const char *verb, char **args, int count,
		      const char *value)
{
	return give(o, verb, args, count, value, json_text(value));
}

enum vmcontrol answer_done(const struct options *o, const char *verb, char **args, int count)
{
	return give(o, verb, args, count, "1", json_integer(1));
}

enum vmcontrol answer_figure(const struct options *o, const char *verb, char **args, int count,
			     const char *value)
{
	return give(o, verb, args, count, value, json_figure(value));
}

enum vmcontrol answer_number(const struct options *o, const char *verb, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	return answer_figure(o, verb, NULL, 0, text);
}

enum vmcontrol answer_value(const struct options *o, const char *verb, json_t *value)
{
	return give(o, verb, NULL, 0, "", value);
}

bool answer_is_json(void)
{
	return json;
}

void answer_lines(void)
{
	member("value", json_array());
}

void answer_line(const char *line, json_t *item)
{
	if (!json) {
		json_decref(item);
		puts(line);
		fflush(stdout);
		return;
	}
	json_array_append_new(json_object_get(object, "value"), item);
}

/* ---- errors ---- */

void answer_error(enum vmcontrol code, const char *text)
{
	if (json)
		member("error",
		       json_pack("{s:i, s:o}", "code", -(int)code, "text", json_text(text)));
}

enum vmcontrol vmcontrol_error(enum vmcontrol code, const char *fmt, ...)
{
	char prefix[40], text[4096];
	va_list args;

	snprintf(prefix, sizeof(prefix), "VMControl error -%d: ", code);
	va_start(args, fmt);
	tool_line(prefix, fmt, args);
	va_end(args);
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	answer_error(code, text);
	return code;
}

enum vmcontrol state_error(const struct target *t, const char *operation)
{
	return vmcontrol_error(
		VMC_STATE,
		"Invalid operation for virtual machine's current state: The requested operation "
		"(\"%s\") could not be completed because it conflicted with the state of the "
		"virtual machine (\"%s\") at the time the request was received.",
		operation, target_state(t));
}

void usage_error(const char *fmt, ...)
{
	char text[4096];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	tool_error("%s", text);
	if (json) {
		member("error", json_pack("{s:o}", "text", json_text(text)));
		member("status", json_integer(TOOL_USAGE));
		json_print(object);
	}
	exit(tool_finish(TOOL_USAGE));
}

static int last_words(enum vmcontrol code)
{
	int status = code == VMC_OTHER ? TOOL_FAILED : (int)code;

	if (json) {
		member("status", json_integer(status));
		if (!json_print(object) && !status)
			status = TOOL_FAILED;
		object = NULL;
	}
	return tool_finish(status);
}

int answer_end(enum vmcontrol code)
{
	if (atomic_flag_test_and_set(&ended))
		for (;;)
			pause(); /* the other thread ends us */
	return last_words(code);
}

/* ---- the time limit ---- */

static unsigned int limit;

static void *watch(void *unused)
{
	unsigned int left = limit;

	while (left)
		left = sleep(left);
	if (atomic_flag_test_and_set(&ended))
		return unused;
	_exit(last_words(vmcontrol_error(VMC_TIMEOUT,
					 "Timeout: not done within %u seconds; what has begun may "
					 "go on by itself",
					 limit)));
}

void answer_limit(unsigned int seconds)
{
	pthread_t thread;

	limit = seconds;
	if (!pthread_create(&thread, NULL, watch, NULL))
		pthread_detach(thread);
}
