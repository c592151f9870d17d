#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
#
# esxtop and vsish as a person uses them: CSV whose figures add up while guests
# spin, come and go, and both programs on a terminal.
# timeout: 180
. "$(dirname "$0")/../lib/guests.sh"
runner=$(static_program micro_guest) && crash=$(micro_guest crash) && drive=$(static_program pty_drive) ||
	exit 1

# Sums of each line of a CSV file of esxtop: prints what is not 100 within 1.
sums=$(
	cat <<'EOF'
BEGIN { FS = "\",\"" }
{ gsub(/^"|"$/, "") }
NR == 1 {
	columns = NF
	for (i = 2; i <= NF; i++) {
		split($i, part, "\\")
		object[i] = part[4]
		counter[i] = part[5]
	}
	next
}
NF != columns { print "line " NR ": " NF " fields, not " columns; bad = 1 }
$1 !~ /^[01][0-9]\/[0-3][0-9]\/20[0-9][0-9] [0-2][0-9]:[0-5][0-9]:[0-5][0-9]$/ {
	print "line " NR ": time " $1
	bad = 1
}
{
	split("", pcpu)
	split("", world)
	for (i = 2; i <= NF; i++) {
		if ($i !~ /^([0-9]+\.[0-9][0-9]| )$/) { print "line " NR ": " object[i] ": " $i; bad = 1 }
		if ($i == " ") continue
		if (object[i] ~ /^Physical Cpu World/) {
			split(object[i], part, /[(:]/)
			pcpu[part[2] " worlds and idle"] += $i
		} else if (object[i] ~ /^Physical Cpu\(/) {
			split(object[i], part, /[()]/)
			pcpu[part[2]] += $i
			if (counter[i] ~ /Idle/) pcpu[part[2] " worlds and idle"] += $i
		}
		if (object[i] ~ /^Vcpu/ && counter[i] ~ /^% (Run|Ready|Wait)$/) world[object[i]] += $i
	}
	for (p in pcpu) {
		if (p == "_Total worlds and idle") continue
		n++
		if (pcpu[p] < 99 || pcpu[p] > 101) { print "line " NR ": PCPU " p ": " pcpu[p]; bad = 1 }
	}
	for (w in world) {
		n++
		# What came during the first interval was not there for all of it.
		if ((world[w] < 99 && (NR > 2 || w ~ /1088/)) || world[w] > 101) { print "line " NR ": " w ": " world[w]; bad = 1 }
	}
}
END { print n " sums"; exit bad || n < 12 }
EOF
)

# What a person types, and sees.
esxtop_steps=$(
	cat <<'EOF'
expect|esxtop: a PCPU is busy, the other idle|20|^USED\(%\) +(99|100)\.[0-9]+ +0\.[0-9]+ +(49|50)\.|^USED\(%\) +0\.[0-9]+ +(99|100)\.[0-9]+ +(49|50)\.
expect|esxtop: header of the CPU panel|1|^ +ID NAME +NWLD +%USED +%RUN +%SYS +%WAIT +%RDY +%IDLE +%MLMTD *$
expect|esxtop: by id, idle comes first|1|%USED.*\n +1025 idle +2 .*\n +[0-9]+ micro [0-9]+ +1 +(99|100)\.
type|s
expect|esxtop: s asks|5|^Seconds between refreshes \(now 5\): +$
type|12\x7f\x7fx\n
expect|esxtop: s takes no nonsense|5|^That is no number of seconds
type|s1\n
expect|esxtop: refreshes each second|10|over 1\.[0-9] s *$
type|e
expect|esxtop: e shows the worlds of a group|5|^ +1025 idle .*\n +1025 +idle1 +1 .*\n +1026 +idle2 +1 .*\n.* micro .*\n.* vmm0:micro
type|V
gone|esxtop: V leaves VMs only|5|idle1
type|V
type|e
gone|esxtop: e hides the worlds|5|vmm0
type|m
expect|esxtop: the memory panel|5|^PMEM +/MB: 256\.0 total: 64\.0 guests, .* vmkernel, [0-9.]+ free *$
expect|esxtop: memory of the VM|5|%TCHD.*\n +[0-9]+ micro [0-9]+ +1 on +64\.0 +[0-9.]+ +[0-9.]+ +[0-9.]+
type|U
expect|esxtop: no such key there|5|^No such key here
type|h
expect|esxtop: help|5|^Keys of esxtop
gone|esxtop: help fits|1|MEMSZ +TCHD
type|x
type|c
expect|esxtop: back to the CPU panel|5|^USED
type|f
expect|esxtop: f lists the fields|5|^\* A: +ID +=.*\n\* B: +NAME .*\n(.*\n)*\* J: +%MLMTD .*\n.*\n *Toggle fields with a-j
type|fA
expect|esxtop: letters switch them|5|^  A: +ID .*\n\* B: .*\n(.*\n)*  F: +%SYS
type|\n
expect|esxtop: the others are shown|5|^NAME +NWLD +%USED +%RUN +%WAIT +%RDY +%IDLE +%MLMTD *\n *idle +2
type|fafq
expect|esxtop: and all again|5|^ +ID NAME +NWLD +%USED +%RUN +%SYS
type|e
size|8|80
expect|esxtop: more rows than the window has|5|^rows 1 to 2 of 5 *\n +ID NAME.*\n +1025 idle +2 .*\n +1025 +idle1
type|\eOB
expect|esxtop: down|5|^rows 2 to 3 of 5 *\n +ID NAME.*\n +1025 +idle1 .*\n +1026 +idle2
type|\eOB\eOB\eOB\eOB\eOB\eOB
expect|esxtop: to the last|5|^rows 4 to 5 of 5 *\n.*\n.* micro .*\n.* vmm0:micro
type|\eOA
expect|esxtop: up|5|^rows 3 to 4 of 5
size|24|80
gone|esxtop: all fit again|5|^rows
type|e
size|10|60
expect|esxtop: a smaller window|5|^ +ID NAME +NWLD +%USED +%RUN +%SYS +%WAIT *$
size|24|80
expect|esxtop: a larger one|5|%MLMTD *$
type|q
end|esxtop: q leaves|5|0
EOF
)
vsish_steps=$(
	cat <<'EOF'
expect|vsish: a prompt|10|^/> *$
type|ls\n
expect|vsish: ls|5|^sched/ *\n(.*\n)*/> *$
type|cd sch\t\n
expect|vsish: cd, completion of a folder, the prompt says where|5|^/> cd sched/ *\n/sched> *$
type|pwd\n
expect|vsish: pwd|5|^/sched *\n/sched> *$
type|get sl\t\n
expect|vsish: completion of a leaf|5|^/sched> get slice_ns *\n10000000 *\n/sched> *$
type|set sli\t5000000\n
expect|vsish: set|5|^/sched> set slice_ns 5000000 *\n/sched> *$
type|\e[A
expect|vsish: history|5|^/sched> set slice_ns 5000000 *\n/sched> set slice_ns 5000000 *$
type|\x03
expect|vsish: Ctrl-C drops the line|5|^/sched> set slice_ns 5000000 *\n/sched> *$
type|get ../sched/pcpus/1/\t\t
expect|vsish: two tabs list|5|1/current +.*\n(.*\n)*.*1/times *\n/sched> get 
type|idl\t\n
expect|vsish: completion in the middle of the tree|5|get \.\./sched/pcpus/1/idle *\n[0-9]+ *\n/sched> *$
type|he\tsl\t\n
expect|vsish: help of a leaf|5|^/sched> help slice_ns *\nnumber, read/write, 1000000\.\.100000000: ns that .*\n/sched> *$
type|help worlds/1025\n
expect|vsish: help of a member|5|^table: all worlds by id *\n +name +text, read-only: name *\n
expect|vsish: and of all its leaves|5|^ +times +text, read-only: .*\n(.*\n)*/sched> *$
type|help set\n
expect|vsish: help of a command|5|set PATH VALUE
type|cd\n
expect|vsish: cd alone goes to the top|5|^/sched> cd *\n/> *$
type|help /sched/pcpus\n
expect|vsish: help of a table|5|^table: .*\n +\*/current +text, read-only: id of the world .*\n(.*\n)*/> *$
type|get /no/such\n
expect|vsish: an error is one line|5|^vsish: /no/such: .*\n/> *$
type|get /sched/slice_ns\n
expect|vsish: the value was set|5|^5000000 *\n/> *$
type|\x04
end|vsish: Ctrl-D leaves|5|0
EOF
)

script='
check "esxtop --version" sh -c "esxtop --version | grep -q ^esxtop..vmnix.."
refused "no module" "^esxtop: the vmnix module is not loaded" esxtop -b
check "vmkernel loads" sh -c "insmod $module mem=256M && vmkloader"
sums() { awk "$(cat /t/sums.awk)" "$1"; }
/t/run /t/crash 64 110 7 >/dev/null 2>&1 &
spinner=$!
sleep 1
check "batch mode" sh -c "esxtop -b -n 3 -d 2 >/tmp/steady"
says "header of Performance Monitor" "^\"\(PDH-CSV 4\.0\) \(UTC\)\(0\)\",\"..console.Memory.Machine MBytes\"," head -1 /tmp/steady
check "a header and three lines" [ "$(wc -l </tmp/steady)" = 4 ]
check "sums of a steady machine" sums /tmp/steady
spun() { awk -F "\",\"" "NR == 1 { for (i = 1; i <= NF; i++) if (\$i ~ /Group Cpu.*micro.*Used\$/) c = i }
	NR > 1 { print \$c; if (\$c < 98 || \$c > 100.5) bad = 1 } END { exit bad || !c }" /tmp/steady; }
check "the spinner has all of a PCPU" spun
esxtop -b -n 7 -d 1 >/tmp/busy &
for i in 1 2 3; do
	/t/run /t/crash 16 1 7 >/dev/null 2>&1 & first=$!
	/t/run /t/crash 16 2 7 >/dev/null 2>&1
	wait $first
done
sleep 2
check "a header and seven lines" [ "$(wc -l </tmp/busy)" = 8 ]
check "sums while guests come and go" sums /tmp/busy
waited() { awk -F "\",\"" "NR == 1 { for (i = 1; i <= NF; i++) if (!c && \$i ~ /Group Cpu.*micro.*Ready\$/) c = i }
	NR > 1 { print \$c; if (\$c > 5) good = 1 } END { exit !good }" /tmp/busy; }
check "three on two PCPUs: the first had to wait" waited
# More worlds than one piece of a VSI value has lines.
many=
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28; do
	/t/run /t/crash 4 30 7 >/dev/null 2>&1 & many="$many $!"
done
n=0
until [ "$(grep -c vmm0:micro /proc/vmware/sched/cpu)" = 29 ] || [ $n = 100 ]; do n=$((n + 1)); usleep 200000; done
check "batch mode with thirty worlds" sh -c "esxtop -b -n 1 -d 3 >/tmp/many"
check "all are there" sh -c "[ \$(head -1 /tmp/many | grep -o \"Group Cpu([0-9]*:micro [0-9]*).% Used\" | wc -l) = 29 ]"
check "sums of thirty worlds" sums /tmp/many
kill $many
wait $many 2>/dev/null
refused "a wrong number" "^esxtop: -d wants seconds" esxtop -b -d 0
refused "a wrong option" "^esxtop: unknown option .-x." esxtop -x
refused "a long one" "^esxtop: unknown option .--nonsense." esxtop --nonsense
refused "no terminal" "^esxtop: this is no terminal: -b" sh -c "esxtop </dev/null"
refused "a full disk" "^esxtop: .*[Nn]o space" sh -c "esxtop -b -n 1 -d 1 >/dev/full"
/t/drive esxtop </t/esxtop.steps
echo "expect|esxtop: a second time|10|^USED
type|\x03
end|esxtop: Ctrl-C leaves|5|0" >/t/again.steps
/t/drive esxtop -d 60 </t/again.steps
/t/drive vsish </t/vsish.steps
says "vsish reads commands from a pipe" "^10000000\$" sh -c "echo set /sched/slice_ns 10000000 | vsish && echo get /sched/slice_ns | vsish"
kill $spinner
vmkloader --unload --force >/dev/null
refused "no vmkernel" "^esxtop: no vmkernel is loaded" esxtop -b
'
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
echo "$sums" >"$work/sums.awk"
echo "$esxtop_steps" >"$work/esxtop.steps"
echo "$vsish_steps" >"$work/vsish.steps"
console "tools" --cpus 3 --mem 1024 --file "$runner:/t/run" --file "$crash:/t/crash" \
	--file "$drive:/t/drive" --file "$work/sums.awk:/t/sums.awk" \
	--file "$work/esxtop.steps:/t/esxtop.steps" --file "$work/vsish.steps:/t/vsish.steps" -- "$script"
finish
