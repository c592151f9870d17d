#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
#
# What can be counted without a boot: the crossing page's instructions, the
# module's lines of code, and that no compiler had a word to say about it.
. "$(dirname "$0")/../lib/check.sh"
. tests/lib/count.sh

for v in 5.10 6.1 6.12; do
	module=build/vmnix/$v/vmnix.ko
	n=$(crossing_instructions "$module")
	echo "# $v: the crossing takes $n instructions"
	check "$v: there and back in at most 71 instructions" [ "$n" -gt 20 -a "$n" -le 71 ]
	check "$v: all of it in one page" [ "$(section_bytes "$module" .text.crossing)" = 4096 ]
	check "$v: the module was built without a warning" sh -c \
		"test -s build/vmnix/$v/build.log && ! grep -iE 'warning' build/vmnix/$v/build.log |
			grep -v 'compiler differs'"
done
lines=$(code_lines vmnix/*.[ch])
selftest=$(code_lines vmnix/selftest.c)
echo "# vmnix: $lines lines of code, $selftest of them the self-test"
check "the module without its self-test has at most 2000 lines of code" \
	[ $((lines - selftest)) -le 2000 ]
finish
