/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* Machines that cannot start before a person has answered a question. */
#ifndef QUESTION_H
#define QUESTION_H

#include "cmd.h"

/* Whether the machine's process waits for an answer. */
bool question_waits(const struct target *t);
/* Tells VMC_INPUT with question and choices; returns it. */
enum vmcontrol question_error(const struct target *t);
/* Gives up the start. */
enum vmcontrol question_cancel(struct target *t);
/* The verb: with a number, or a dialogue. */
enum vmcontrol do_answer(struct options *o, char **args, int count);

#endif
