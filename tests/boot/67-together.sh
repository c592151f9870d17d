#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
#
# Twenty vmware-cmd at once, on the same machine and on several, some of them and of the
# machines' processes killed in the middle: one power operation at a time on each machine,
# the others say who is at it, and what is left is whole.
# timeout: 240
. "$(dirname "$0")/../lib/guests.sh"
seed=${SEED:-$(date +%s)}
rounds=${ROUNDS:-4}
echo "# seed $seed, $rounds rounds"

script='
. /t/sched.sh
. /t/guest_os.sh
/etc/init.d/vmware start >/dev/null || exit 1
machines="w1 w2 w3 w4"
for m in $machines; do vm $m memsize 96; done
processes() { pidof vmware-vmx | wc -w; }
present() { vsish ls /vm | wc -l; }
everything() { memory_state; echo "worlds $(vsish ls /sched/worlds | wc -l) VMs $(present) processes $(processes)"; }
# Logs and caches grow to what they are at first use.
for m in $machines; do vmware-cmd $m start && vmware-cmd $m stop hard; done >/dev/null
gone() { n=0; until [ "$(processes)" = 0 ] && [ "$(present)" = 0 ]; do n=$((n + 1)); [ $n -lt 300 ] || return 1; sleep 0.1; done; }
check "nothing runs" gone
before=$(everything)

# together FILE: runs the commands of FILE all at once; their exit codes and words go to /tmp/said.
together() {
	rm -f /tmp/said.*
	i=0
	while read -r command; do
		i=$((i + 1))
		(eval "$command" >/tmp/said.$i 2>&1; echo "code $?" >>/tmp/said.$i) &
	done <"$1"
	wait
	cat /tmp/said.* >/tmp/said
}
codes() { grep "^code" /tmp/said | sort | uniq -c | sed "s/^ *//" | tr "\n" ";"; }

i=0
while [ $i -lt 20 ]; do echo "vmware-cmd w1 start"; i=$((i + 1)); done >/tmp/plan
together /tmp/plan
check "of 20 that start one machine, one does" same "1 code 0;19 code 8;" "$(codes)"
says "another says who is at it" "error -8: Invalid operation .* Another operation \(start, process [0-9]+\) is in progress" cat /tmp/said
check "it runs" state w1 on
sed -i "s/start/stop hard/" /tmp/plan
together /tmp/plan
check "of 20 that stop it, one does" same "1 code 0;19 code 8;" "$(codes)"
check "it is off" state w1 off

# Whoever waits for a guest that does not listen holds up nobody who is in a hurry.
vmware-cmd w1 start >/dev/null && booted w1
# Its kernel takes notice, but nobody would switch it off.
in_guest w1 "killall acpid"
vmware-cmd -v --timeout 60 w1 stop soft >/tmp/soft 2>&1 &
soft=$!
check "stop soft waits" appears "power button pressed" /tmp/soft
check "stop hard while stop soft waits" vmware-cmd w1 stop hard
wait $soft
check "it is off" state w1 off

# consistent: what the tools say of each machine is what the vmkernel has, and has a process.
consistent() {
	for m in $machines; do
		s=$(vmware-cmd -q $m getstate) || return 1
		id=$(vsish ls /vm | sed "s,/,," | while read -r v; do [ "$(vsish get /vm/$v/config)" = /vmfs/$m/$m.vmx ] && echo $v; done)
		echo "$m $s ${id:-none}"
		case $s in
		on) [ -n "$id" ] || return 1 ;;
		off) [ -z "$id" ] || return 1 ;;
		*) return 1 ;;
		esac
	done
}
# One that was killed on the way leaves things to those who come next.
settled() { n=0; until consistent >/tmp/c; do n=$((n + 1)); [ $n -lt 150 ] || { cat /tmp/c; return 1; }; sleep 0.1; done; }
all_off() {
	for m in $machines; do
		[ "$(vmware-cmd -q $m getstate)" = off ] || vmware-cmd $m stop hard || return 1
	done
	gone || { ps | grep vmware; vsish ls /vm; return 1; }
}
r=0
while [ $r -lt $rounds ]; do
	r=$((r + 1))
	# 20 commands, and meanwhile somebody who kills.
	awk -v seed=$((seed + r)) "BEGIN { srand(seed)
		split(\"start,start,start,stop hard,stop hard,reset,reset hard,getstate,getpid,attach\", verb, \",\")
		for (i = 0; i < 20; i++)
			printf \"usleep %d; vmware-cmd w%d %s\\n\", rand() * 1500000, 1 + int(rand() * 4), verb[1 + int(rand() * 10)] }" >/tmp/plan
	awk -v seed=$((seed + r)) "BEGIN { srand(seed + 77)
		for (i = 0; i < 8; i++) printf \"%d %s %d\\n\", rand() * 400000, rand() < 0.6 ? \"vmware-cmd\" : \"vmware-vmx\", rand() * 20 }" |
		while read -r us what nth; do
			usleep $us
			set -- $(pidof $what)
			[ $# = 0 ] || { shift $((nth % $#)); kill -9 $1; }
		done &
	together /tmp/plan
	# 1 is for one whose process was killed under it.
	check "round $r: no command ends as none should" same "" "$(grep "^code" /tmp/said | grep -vE "code (0|1|8|14|137)\$")"
	check "round $r: no command says what none should" same "" \
		"$(grep "error" /tmp/said | grep -vE "error -8: Invalid operation|error -14: |: the process of the virtual machine died|status 0x9")"
	check "round $r: tools and vmkernel agree" settled
	check "round $r: all can be stopped" all_off
	for m in $machines; do vmware-cmd $m start || echo "not started: $m"; done >/tmp/out 2>&1
	check "round $r: all can be started" same "" "$(grep -v "= 1" /tmp/out)"
	check "round $r: and stopped" all_off
	check "round $r: all is as before" same "$before" "$(everything)"
done
check "kernel log is clean" log_clean'
console "together" --cpus 3 --mem 1024 --file tests/lib/guest_os.sh:/t/guest_os.sh --file tests/lib/sched.sh:/t/sched.sh -- "seed=$seed rounds=$rounds
$script"
finish
