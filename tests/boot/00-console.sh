#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
#
# The console boots with each kernel, runs a command, and console-run passes on
# output, status, trouble and time-outs.
. "$(dirname "$0")/../lib/check.sh"

for v in 5.10 6.1 6.12; do
	out=$(scripts/console-run -q --kernel $v --no-load --timeout 120 -- '
		uname -r; nproc; ip addr show lo | grep -c 127.0.0.1; ls -d /proc/1 /sys/class /dev/pts
		insmod /lib/modules/$(uname -r)/extra/vmnix.ko mem=64M && ls /dev/vmnix && rmmod vmnix &&
			! ls /dev/vmnix && echo unloaded' 2>&1)
	check_match "console $v boots" "$out" "^$v\.[0-9]+"
	check_match "console $v has its file systems" "$out" '^/dev/pts$'
	check_match "vmnix loads into $v" "$out" '^/dev/vmnix$'
	check_match "vmnix leaves $v" "$out" '^unloaded$'
done

scripts/console-run -q --no-load --timeout 60 -- 'exit 7' 2>/dev/null
check "the command's status comes back" [ $? = 7 ]

out=$(scripts/console-run -q --no-load --timeout 60 --file /etc/debian_version:/tmp/it -- \
	sh -c 'cat /tmp/it; echo "$1" >&2' x 'two  words' 2>&1)
check_match "files go in" "$out" "^$(cat /etc/debian_version)$"
check_match "arguments keep their blanks" "$out" '^two  words$'

out=$(scripts/console-run --no-load --timeout 20 -- 'echo begun; sleep 1000' 2>&1)
check "a time-out says 124" [ $? = 124 ]
check_match "output before a time-out is there" "$out" '^begun$'
check_match "a time-out shows the logs" "$out" 'Run /init as init process'

out=$(scripts/console-run --no-load --timeout 60 -- 'echo c >/proc/sysrq-trigger; sleep 100' 2>&1)
check "a console panic says 125" [ $? = 125 ]
check_match "a console panic is shown" "$out" 'sysrq triggered crash'
finish
