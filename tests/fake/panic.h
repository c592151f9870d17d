/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* Tests of what must panic. */
#ifndef FAKE_PANIC_H
#define FAKE_PANIC_H

#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

#define FAKE_PANIC_EXIT 42

/* True in a process that waits for its panic: it then exits with FAKE_PANIC_EXIT. */
extern bool fake_panic_expected;
extern const char *fake_panic_text; /* what its reason must have in it */

/* The statement must panic. It runs in a child, so that no lock stays taken here. */
#define EXPECT_PANIC(statement)                                               \
	do {                                                                  \
		int panic_status = 0;                                         \
		pid_t panic_child = fork();                                   \
		if (panic_child == 0) {                                       \
			fake_panic_expected = true;                           \
			statement;                                            \
			_exit(0);                                             \
		}                                                             \
		assert_true(panic_child > 0);                                 \
		waitpid(panic_child, &panic_status, 0);                       \
		assert_true(WIFEXITED(panic_status));                         \
		assert_int_equal(WEXITSTATUS(panic_status), FAKE_PANIC_EXIT); \
	} while (0)

/* The same, and the reason has text in it. */
#define EXPECT_PANIC_SAYING(text, statement) \
	do {                                 \
		fake_panic_text = (text);    \
		EXPECT_PANIC(statement);     \
		fake_panic_text = "";        \
	} while (0)

#endif
