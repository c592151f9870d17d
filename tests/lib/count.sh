# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
#
# Figures that need no machine: instructions, bytes, lines.

# Instructions from crossing_enter to the end of crossing_leave: both ways.
crossing_instructions() {
	local end
	end=$(nm "$1" | awk '$3 == "crossing_code_end" { print $1 }')
	objdump -d --no-show-raw-insn --section=.text.crossing --stop-address="0x$end" "$1" |
		grep -cP '^ +[0-9a-f]+:\t'
}

# Those of one function in the page.
function_instructions() {
	objdump -d --no-show-raw-insn --disassemble="$2" --section=.text.crossing "$1" |
		grep -cP '^ +[0-9a-f]+:\t'
}

section_bytes() {
	local size
	size=$(objdump -h "$1" | awk -v name="$2" '$2 == name { print $3 }')
	echo $((16#$size))
}

# Lines of C and assembly that are neither empty nor comment only.
code_lines() {
	[ $# = 0 ] && { echo 0; return; }
	cat "$@" | python3 -c '
import re, sys
text = re.sub(r"/\*.*?\*/", lambda m: "\n" * m.group().count("\n"), sys.stdin.read(), flags=re.S)
print(sum(1 for l in text.splitlines() if l.strip() and not re.match(r"\s*//", l)))'
}
