# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
#
# For tests in shell: source this, say what you try with check NAME COMMAND…,
# and end with finish. Runs in the top folder of the tree.
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
checks_failed=0

ok() { echo "ok $*"; }

not_ok() {
	echo "not ok $*"
	checks_failed=1
}

# check NAME COMMAND…: ok if the command succeeds; its output is shown if not.
check() {
	local name=$1 output
	shift
	if output=$("$@" 2>&1); then
		ok "$name"
	else
		printf '%s\n' "$output"
		not_ok "$name"
	fi
}

# check_match NAME TEXT PATTERN: ok if the text has a line with the pattern.
check_match() {
	if grep -qE -- "$3" <<<"$2"; then
		ok "$1"
	else
		printf '%s\n' "looked for: $3" "$2"
		not_ok "$1"
	fi
}

finish() { exit "$checks_failed"; }
