#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
#
# /proc/vmware in the shape that scripts for ESX know: read with cat and awk,
# written with echo, and nothing stale when VMs come and go under the readers.
# timeout: 200
. "$(dirname "$0")/../lib/boot.sh"
# shellcheck disable=SC2016
console "proc" --cpus 3 --mem 1024 \
	--file tests/lib/sched.sh:/t/sched.sh -- '
. /t/sched.sh
/etc/init.d/vmware start >/dev/null || exit 1
vm=/vmfs/demo1/demo1.vmx
vmware-cmd $vm start >/dev/null || exit 1
vmware-console $vm --until "guest#" --timeout 60 >/dev/null
id=$(vmware-cmd -q $vm getid)
P=/proc/vmware V=/proc/vmware/vm/$id
resource() { vmware-cmd -q $vm getresource $1; }
# column FILE HEADING: of the line of our VCPU, or VM.
column() { awk -v h=$2 -v id=$id "NR == 1 { for (i = 1; i <= NF; i++) { if (\$i == h) c = i; if (\$i == \"vm\") v = i } }
	NR > 1 && \$v == id { print \$c }" $1; }
# writes FILE VALUE, refuses FILE VALUE WHY
writes() { check "echo $2 >$1" sh -c "echo $2 >$V/$1"; }
refuses() { refused "echo $2 >$1" "$3" sh -c "echo \"$2\" >$V/$1"; }

says "names" "^vmid=$id pid=$(vmware-cmd -q $vm getpid) cfgFile=\"$vm\" uuid=\"56 4d [0-9a-f ]+-[0-9a-f ]+\" displayName=\"demo1\"\$" cat $V/names
says "sched/ncpus" "^3 logical\$" cat $P/sched/ncpus
check "cores and packages" awk "{ n[\$2] = \$1 } END { exit !(NR == 3 && n[\"logical\"] >= n[\"cores\"] && n[\"cores\"] >= n[\"packages\"] && n[\"packages\"] >= 1) }" $P/sched/ncpus
check "sched/cpu: as many fields in each line" awk "NR == 1 { n = NF } NF != n { exit 1 } END { exit NR < 5 }" $P/sched/cpu
check "cpu/status has two lines" same 2 $(wc -l <$V/cpu/status)
for file in $P/sched/cpu $V/cpu/status; do
	check "${file##*vmware/}: vcpu" same "$(resource worldid)" "$(column $file vcpu)"
	check "${file##*vmware/}: type" same V "$(column $file type)"
	check "${file##*vmware/}: name" same vmm0:demo1 "$(column $file name)"
	check "${file##*vmware/}: affinity" same all "$(column $file affinity)"
done
check "usedsec grows as getresource says" sh -c "awk -v a=$(resource cpu.usedsec) -v b=$(column $V/cpu/status usedsec) -v c=$(resource cpu.usedsec) \"BEGIN { exit !(a <= b && b <= c) }\""
check "mem/status: size" same 131072 "$(column $V/mem/status size)"
check "sched/mem: size" same 131072 "$(column $P/sched/mem size)"
says "mem/min" "^128\$" cat $V/mem/min
check "mem: the owners add up" awk -F "[: ]+" "/^total/ { t = \$2 } /^  / { s += \$2 } END { exit !(t && s == t) }" $P/mem
says "interrupts" "^0xf0 +[0-9]+ +[1-9][0-9]* +[0-9]+  timer\$" cat $P/interrupts
says "extrasec" "^[0-9]+\.[0-9]{3}\$" column $V/cpu/status extrasec
says "sched/cpu-load" "^vcpus +[01]\.[0-9]{2} +[01]\.[0-9]{2} +[01]\.[0-9]{2}\$" cat $P/sched/cpu-load
says "uptime" "^[0-9]+\$" cat $P/uptime
says "version" "^vmnix vmkernel " cat $P/version
says "pcpus" "^1 1 online " cat $P/pcpus
check "there is nothing that is not" sh -c "! ls $P/net $P/scsi $P/filters $P/pshare $P/swap 2>/dev/null"

# Writes, seen by all others.
writes cpu/shares 2000
check "getresource cpu.shares" same 2000 $(resource cpu.shares)
for word in low:500 normal:1000 high:2000; do
	writes cpu/shares ${word%:*}
	check "${word%:*} shares" same "${word#*:} ${word#*:}" "$(resource cpu.shares) $(cat $V/cpu/shares)"
done
writes cpu/min 30
writes cpu/max 60
check "getresource cpu.min, cpu.max" same "30 60" "$(resource cpu.min) $(resource cpu.max)"
check "status has them" same "30 60 2000" "$(column $V/cpu/status min) $(column $V/cpu/status max) $(column $V/cpu/status shares)"
check "emin is between" sh -c "[ $(column $V/cpu/status emin) -ge 30 -a $(column $V/cpu/status emin) -le 60 ]"
says "the vmkernel notes it" "VMM: [0-9]+: VM $id: shares 2000, min 30 %, max 60 %" cat $P/log
writes cpu/affinity 2
check "it runs there" gone_by 10 sh -c "[ \$(awk \"NR == 2 { print \\\$11 }\" $V/cpu/status) != 2 ]"
says "affinity" "^2\$" cat $V/cpu/affinity
writes cpu/affinity 1,2
says "affinity of both is all" "^all\$" cat $V/cpu/affinity
writes cpu/affinity 1
writes cpu/affinity all
printf 250 >$V/cpu/shares
check "without a newline" same 250 $(resource cpu.shares)
writes cpu/max 100

# What is wrong changes nothing, and is noted.
before=$(cat $V/cpu/status | awk "NR == 2 { print \$12, \$13, \$14, \$15 }")
for value in x -1 1e3 "1 2" "" "Low" "$(head -c 70 /dev/zero | tr "\\0" 9)" "%s%n"; do
	refuses cpu/shares "$value" "Invalid argument|Numerical result"
done
refuses cpu/shares 0 "Numerical result"
refuses cpu/shares 100001 "Numerical result"
refuses cpu/min 101 "Numerical result"
refuses cpu/max 0 "Numerical result"
refuses cpu/max 20 "Invalid argument"
refuses cpu/affinity 0 "Numerical result"
refuses cpu/affinity 9 "Numerical result"
for value in 1, ,1 1,,2 1-2 "1 2" none 99999999; do refuses cpu/affinity "$value" "Invalid argument"; done
refused "a NUL in it" "Invalid argument" sh -c "printf \"10\\0000\" | dd of=$V/cpu/shares"
refused "too much" "Invalid argument" sh -c "head -c 5000 /dev/zero | tr \"\\0\" 1 | dd of=$V/cpu/shares bs=5000"
for file in cpu/status names mem/status mem/min; do refuses $file 1 "Permission denied"; done
check "all is as before" same "$before" "$(awk "NR == 2 { print \$12, \$13, \$14, \$15 }" $V/cpu/status)"
says "a refusal is noted" "VSI: [0-9]+: /vm/$id/cpu/min cannot be \"101\": limit exceeded" cat $P/log
for file in vm/$id/cpu/status vm/$id/cpu/shares sched/cpu config/sched/slice_ns; do
	refused "nobody reads $file" "Permission denied" su nobody -s /bin/sh -c "cat $P/$file"
	refused "nobody writes $file" "Permission denied" su nobody -s /bin/sh -c "echo 1 >$P/$file"
done

# Three times 100 % of two processors cannot be had.
sed "s/demo1/demo3/; /^uuid/d" $vm >/vmfs/demo1/demo3.vmx
vmware-cmd -s register /vmfs/demo1/demo3.vmx >/dev/null
for other in /vmfs/demo2/demo2.vmx /vmfs/demo1/demo3.vmx; do
	check "start ${other##*/}" vmware-cmd $other start
	last=$(vmware-cmd -q $other getid)
	echo 80 >$P/vm/$last/cpu/min
done
refused "a minimum that cannot be kept" "Resource busy|Device or resource busy" sh -c "echo 95 >$V/cpu/min"
check "the minimum is as it was" same 30 $(resource cpu.min)
check "sched/mem has a line for each" same 4 $(wc -l <$P/sched/mem)
vmware-cmd /vmfs/demo1/demo3.vmx stop hard >/dev/null
check "now it can" sh -c "echo 95 >$V/cpu/min && echo 0 >$V/cpu/min"

# Tunables.
says "config" "^slice_ns \(.*\) \[1000000-100000000: default = 10000000\]: 10000000\$" cat $P/config/sched/slice_ns
check "config takes a value" sh -c "echo 5000000 >$P/config/sched/slice_ns"
says "the tree has it" "^5000000\$" vsish get /sched/slice_ns
says "config shows it" "default = 10000000\]: 5000000\$" vsish get /config/sched/slice_ns
refused "a value out of range" "Numerical result" sh -c "echo 5 >$P/config/sched/slice_ns"
check "only what can be tuned is there" same "level slice_ns" "$(echo $(find $P/config -type f | sed "s,.*/,," | sort))"
check "loglevels" sh -c "echo 3 >$P/loglevels && [ \$(cat $P/logging/level) = 3 ] && echo 2 >$P/loglevels"

# A file of more than one piece comes whole: each line ends, the last is there.
# whole FILE: as many fields in each line, and the last line ends.
whole() { awk "NR == 1 { n = NF } NF != n { exit 1 }" $1 && [ -z "$(tail -c 1 $1)" ]; }
cat $P/sched/cpu >/tmp/cpu
check "a file of several pieces" [ $(wc -c </tmp/cpu) -gt 752 ]
torn=0
for i in $(seq 20); do
	cat $P/sched/cpu >/tmp/cpu
	dd if=$P/sched/cpu of=/tmp/cpu7 bs=7 2>/dev/null
	whole /tmp/cpu && whole /tmp/cpu7 || torn=$((torn + 1))
done
check "is whole whenever and however it is read" same 0 $torn

# Who holds a file or a folder of a VM that goes.
exec 5<$V/cpu/status 6>$V/cpu/shares
cd $V/cpu
check "the VM stops" vmware-cmd $vm stop hard
refused "an open file is read" "Input/output error" sh -c "cat <&5"
refused "an open file is written" "Input/output error" sh -c "echo 7 >&6"
refused "in its folder" "No such file" cat status
refused "by its path" "No such file" cat $V/cpu/status
exec 5<&- 6>&-
cd /

# A hundred readers and writers at once, again and again, while a VM comes and goes.
hundred() {
	n=0
	while [ $n -lt 100 ]; do
		(cat $P/sched/cpu $P/mem $P/interrupts >/dev/null || echo bad >>/tmp/bad
		cat $P/vm/*/* $P/vm/*/*/*
		for file in $P/vm/*/cpu/shares; do echo $((n + 1)) >$file; done) >/dev/null 2>&1 &
		n=$((n + 1))
	done
}
for i in 1 2; do
	hundred
	check "start $i among readers" vmware-cmd --timeout 60 $vm start
	hundred
	check "stop $i among readers" vmware-cmd --timeout 60 $vm stop hard
	wait
done
check "no reader of what stays has failed" [ ! -e /tmp/bad ]
check "the other VM goes on" same on "$(vmware-cmd -q /vmfs/demo2/demo2.vmx getstate)"
check "the service stops" /etc/init.d/vmware stop
check "/proc/vmware is gone with the module" [ ! -e $P ]
insmod $module && vmkloader >/dev/null
exec 5<$P/sched/cpu
check "the vmkernel leaves under an open file" vmkloader --unload
refused "which is none then" "Input/output error|No such device" sh -c "cat <&5"
check "rmmod under it" rmmod vmnix
refused "nor then" "Input/output error" sh -c "cat <&5"
exec 5<&-
check "kernel log is clean" log_clean
'
finish
