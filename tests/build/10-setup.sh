#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
#
# Set-up has nothing to do a second time, and refuses what it cannot serve.
. "$(dirname "$0")/../lib/check.sh"

out=$(scripts/setup 2>&1)
check "a second set-up does nothing and says nothing" test "$?-$out" = 0-

os=$(mktemp)
printf 'ID=fedora\nVERSION_ID=39\nPRETTY_NAME="Fedora Linux 39"\n' >"$os"
out=$(VMNIX_OS_RELEASE=$os scripts/setup 2>&1)
check "another distribution is refused" [ $? = 1 ]
rm -f "$os"
check_match "the refusal names the system" "$out" 'Fedora Linux 39'
check_match "the refusal names what is needed" "$out" 'qemu-system-x86'

out=$(make CC=no-such-compiler 2>&1)
check "without a compiler nothing builds" [ $? = 2 ]
check_match "make says what would bring it" "$out" '^.*no-such-compiler is not there: .make setup.'
check_match "make help needs none" "$(make CC=no-such-compiler help)" '^make run '
finish
