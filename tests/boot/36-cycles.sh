#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
#
# A hundred VMs, one after the other, leave nothing behind: in the vmkernel no
# page, heap object, world or VM, in the console no process, file or entry of
# /proc, neither by the tools nor by the bare calls; nor do more than there are
# ids. And the log stays whole when it has filled its ring.
# timeout: 290
. "$(dirname "$0")/../lib/guests.sh"
runner=$(static_program micro_guest) && crash=$(micro_guest crash) &&
	ids=$(static_program vm_ids) || exit 1

script='
. /t/sched.sh
/etc/init.d/vmware start >/dev/null || exit 1
worlds() { vsish ls /sched/worlds | wc -l; }
processes() { grep -l . /proc/[0-9]*/cmdline 2>/dev/null | wc -l; } # not those of Linux itself, which come and go
entries() { find /proc/vmware | wc -l; }
# A process that has just ended still gives back what it had.
files() { sleep 1; cut -f1 /proc/sys/fs/file-nr; }
state() { ${1:-memory_state}; echo "worlds $(worlds) VMs $(vsish ls /vm | wc -l)"; echo "processes $(processes) entries $(entries)"; }
tool() { vmware-cmd demo1 start && vmware-cmd demo1 stop hard; }
bare() { /t/run /t/crash 16 5 99; }
# Logs and caches grow to what they are at first use.
tool >/dev/null && bare 2>/dev/null
for way in bare tool; do
	sleep 1 # for the process of the last one to end
	before=$(state) files=$(files) free=$(free_kb) n=0
	while [ $n -lt 50 ] && $way >/tmp/out 2>&1; do n=$((n + 1)); done
	check "50 VMs, $way" same 50 "$n"
	[ $n = 50 ] || cat /tmp/out
	sleep 1
	check "$way: all is as before" same "$before" "$(state)"
	check "$way: memory adds up" memory_adds_up
	check "$way: no file stays open" within "$files" "$(files)" 16
	check "$way: no memory of Linux is lost" within "$free" "$(free_kb)" 1000
done

before=$(state memory_but_slabs)
check "more machines than ids" /t/ids
check "ids: all is as before" same "$before" "$(state memory_but_slabs)"

# A reader meanwhile sees whole lines only.
vsish set /log/level 3
whole() { ! grep -vE "^[0-9]+:[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3} cpu[0-9]+:[0-9]+\)" /proc/vmware/log; }
torn=0 n=0
(while [ $(vsish get /log/bytes) -lt 140000 ]; do bare; done) >/dev/null 2>&1 &
filler=$!
while kill -0 $filler 2>/dev/null; do
	n=$((n + 1))
	usleep 100000
	whole >>/tmp/torn || torn=$((torn + 1))
done
check "$n readings of the log while it grows: all lines are whole" same 0 $torn
[ $torn = 0 ] || head -3 /tmp/torn
says "the log has filled its ring" "^(1[23])[0-9]{4}\$" sh -c "wc -c </proc/vmware/log"
check "no line is torn" whole
check "kernel log is clean" log_clean'
console "cycles" --cpus 3 --mem 1024 --file "$runner:/t/run" --file "$crash:/t/crash" --file "$ids:/t/ids" \
	--file tests/lib/sched.sh:/t/sched.sh -- "$script"
finish
