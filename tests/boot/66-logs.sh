#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
#
# The vmkernel's log in files: nothing missing, nothing twice, over restarts of
# the daemon and of the vmkernel, full disks and rings; old files; vmware.log.
# timeout: 300
. "$(dirname "$0")/../lib/guests.sh"
runner=$(static_program micro_guest) && crash=$(micro_guest crash) || exit 1

script='
log=/var/log/vmkernel
# say N: N lines of the vmkernel that can be told apart.
said=0
say() {
	awk -v from=$said -v n=$1 "BEGIN { while (n--) print \"set /log/level x\" ++from }" | vsish 2>/dev/null >&2
	said=$((said + $1))
}
# follows: the numbers of those lines in the files, in the order of time, have no gap and no double.
numbers() { cat $(ls -r "$1".[0-9] 2>/dev/null) "$1" | sed -n "s/.*cannot be \"x\([0-9]*\)\".*/\1/p"; }
follows() { numbers $log | awk -v last=$said "\$1 != NR { print \"after \" NR - 1 \": \" \$1; exit 1 } END { exit NR != last }"; }
# until_ COMMAND…: waits for it, at most 20 s.
until_() { n=0; until "$@" >/dev/null 2>&1; do [ $n -lt 200 ] || return 1; n=$((n + 1)); usleep 100000; done; }
saved() { tail -1 $log | grep -q "\"x$said\""; }
logger() { pidof vmklogger; }

refused "a folder that is not there" "no such directory" vmklogger --directory /no
refused "a size that is none" "64 to 1048576" vmklogger --size 63
refused "unknown option" "unknown option" vmklogger --most
check "nothing to stop" vmklogger --stop
check "nothing to sync" vmklogger --sync
check "starts without a module" vmklogger --size 64 --keep 9
refused "a second one" "^vmklogger: process $(logger) does it already" vmklogger
insmod $module mem=256M && vmkloader >/dev/null || exit 1
check "it finds the vmkernel" until_ grep -q "Boot: [0-9]*: vmkernel" $log
check "lines as syslog has them" sh -c "! grep -vE \"^[A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8} console vmkernel: [0-9]+:[0-9:]{8}\.[0-9]{3} cpu[0-9]+:[0-9]+\)[A-Za-z]+: [0-9]+: \" $log"
check "only root reads them" same "600 600" "$(stat -c %a $log /var/log/vmkwarning | xargs)"
say 200
check "lines come" until_ saved
check "all of them" follows
check "no warning yet" test ! -s /var/log/vmkwarning
/t/run /t/crash 16 5 0 2>/dev/null
check "a warning comes" until_ grep -q "WARNING: VMM: [0-9]*: VM 1 .* crashed" /var/log/vmkwarning
check "nothing else does" same 1 "$(wc -l </var/log/vmkwarning)"
check "it is in the log as well" grep -q "$(cat /var/log/vmkwarning | cut -d")" -f2)" $log

say 100; vmklogger --stop
check "ended" same "" "$(logger)"
say 100
check "starts again" vmklogger --size 64 --keep 9
check "no line is missing or double" follows
say 50; until_ saved; kill -9 $(logger); say 50
check "starts after a sudden death" vmklogger --size 64 --keep 9
check "no line is missing or double" follows
say 100
check "unload" vmkloader --unload
check "what was said just before is saved" follows
check "the module can be removed" rmmod vmnix
insmod $module mem=256M && vmkloader >/dev/null
check "it finds the next vmkernel" until_ sh -c "[ \$(cat $log* | grep -c \"Boot: [0-9]*: vmkernel\") = 2 ]"
check "and its lines only" follows
for round in 1 2 3 4; do
	say 40
	vmkloader --unload >/dev/null; vmkloader >/dev/null
done
say 1
check "vmkernels that come and go" until_ saved
check "no line is missing or double" follows

say 1200; until_ saved
check "rotated" test -e $log.2
check "no line is missing or double" follows
check "no file is too large" sh -c "! find /var/log -name \"vmk*\" -size +128 | grep ."
vmklogger --stop; rm /var/log/vmk*; vmklogger --size 64 --keep 1
say 1200; until_ saved; say 1200; until_ saved
check "no more than wanted are kept" same "vmkernel vmkernel.1 vmkwarning" "$(cd /var/log && ls -d vmk* | xargs)"
vmklogger --stop; rm /var/log/vmk*; said=0; vmkloader --unload >/dev/null; vmkloader >/dev/null

mkdir /tmp/small && mount -t tmpfs -o size=16k none /tmp/small
vmklogger --directory /tmp/small; log=/tmp/small/vmkernel
say 300
until_ test $(stat -c %s $log) -gt 0
vmklogger --sync 2>/tmp/err
check "a full disk is told" grep -q "^vmklogger: /tmp/small: No space left" /tmp/err
check "whole lines only" same "" "$(tail -c 1 $log | tr -d "\n")"
check "it lives on" logger
mount -o remount,size=1m /tmp/small
check "what the ring held comes when there is room" until_ saved
check "no line is missing or double" follows
kill -STOP $(logger)
say 2000
kill -CONT $(logger)
check "goes on when it has lost some" until_ saved
says "and says how much" "console vmklogger: [0-9]{5,} bytes of the log are lost" cat $log
says "among the warnings, too" "console vmklogger: [0-9]{5,} bytes of the log are lost" cat /tmp/small/vmkwarning
lost=$(sed -n "s/.*vmklogger: \([0-9]*\) bytes.*/\1/p" $log)
first=$(numbers $log | awk "\$1 != NR { print \$1; exit }")
check "as much as is missing" within $lost $(((first - 301) * $(tail -1 $log | sed "s/.*vmkernel: //" | wc -c))) 4096
vmklogger --stop; umount /tmp/small; log=/var/log/vmkernel

vmklogger
vsish set /debug/panic 1 2>/dev/null
check "the last words of a vmkernel that stops" until_ grep -q "vmkernel: .*asked for by /debug/panic" $log
check "end where they end" until_ same "$(tail -1 /proc/vmware/log)" "$(tail -1 $log | sed "s/.*vmkernel: //")"
vmklogger --stop; vmkloader --unload; rmmod vmnix
check "the service starts it" sh -c "/etc/init.d/vmware start"
check "it runs" logger
check "once" sh -c "/etc/init.d/vmware start && [ \$(pidof vmklogger | wc -w) = 1 ]"
check "the service stops it" /etc/init.d/vmware stop
check "it has ended" same "" "$(logger)"
check "kernel log is clean" log_clean'

support='
version="$(vmware -v)"
says "version" "^vmnix [0-9.]+ build-[0-9a-f]{12}\$" echo "$version"
says "level" "^vmnix [0-9.]+\$" vmware -l
refused "no question" "^vmware: -v or -l is wanted" vmware
mv /boot/vmkernel /boot/away
refused "no build without a vmkernel" "^vmware: no vmkernel is loaded, and /boot/vmkernel: No such file" vmware -v
echo nothing >/boot/vmkernel
refused "nor from another file" "/boot/vmkernel: has no build id" vmware -v
mv /boot/away /boot/vmkernel
mkdir /o /tmp/small && mount -t tmpfs -o size=16k none /tmp/small && cd /o
unpack() { rm -rf /x && mkdir /x && tar -xzf "$1" -C /x && mv /x/vmnix-* /x/top; }
holds() { for f; do [ -s "/x/top/$f" ] || { echo "no $f"; return 1; }; done; }
check "without a module" vm-support
check "one file" same 1 "$(ls /o | wc -l)"
check "it is a tar" unpack /o/*.tgz
check "with what there is" holds versions console machines vmfs/demo1/demo1.vmx
/etc/init.d/vmware start >/dev/null 2>&1
check "the same version of the one that runs" same "$version" "$(vmware -v)"
says "and of its own account" "build $(echo "$version" | sed "s/.*-//")," vmkloader --status
vmware-cmd demo1 setconfig log.keepOld 2 >/dev/null
for round in 1 2 3 4; do vmware-cmd demo1 start && vmware-cmd demo1 stop hard; done >/dev/null
check "old logs of a machine" same "vmware-0.log vmware-1.log vmware.log" "$(cd /vmfs/demo1 && ls vmware* | xargs)"
check "are whole" sh -c "tail -n 1 /vmfs/demo1/vmware-0.log | grep -q ." 
vmware-cmd demo1 setconfig log.keepOld 0 >/dev/null
vmware-cmd demo1 start >/dev/null
check "or none" same 1 "$(grep -c "vmware-vmx .* start" /vmfs/demo1/vmware.log)"
refused "a number that is none" "log.keepOld" vmware-cmd demo1 setconfig log.keepOld many
ln -s /etc/passwd /vmfs/demo1/vmware-secret.log
echo disk >/vmfs/demo1/demo1.vmdk
mkdir -p /var/core && echo old >/var/core/vmkernel-core.1 && touch -d "2020-01-01 00:00" /var/core/vmkernel-core.1
echo new >/var/core/vmkernel-core.2
mkdir "/vmfs/two words" && cp /vmfs/demo1/demo1.vmx "/vmfs/two words/b.vmx" && sed -i /uuid/d "/vmfs/two words/b.vmx"
vmware-cmd -s register "/vmfs/two words/b.vmx" >/dev/null
vsish set /log/level x1 2>/dev/null
rm /o/*; umask 022
says "with all" "^File: /o/vmnix-[0-9-]+--[0-9.]+\.tgz\$" vm-support -w /o
check "for root alone" same 600 "$(stat -c %a /o/*.tgz)"
check "nothing else is left" same 1 "$(ls -A /o | wc -l)"
unpack /o/*.tgz
check "logs and states" holds var/log/vmkernel versions module vmkernel machines dmesg console esxtop.csv vsi.json
check "configurations" holds etc/vmware/vm-list vmfs/demo1/demo1.vmx vmfs/demo1/vmware.log "vmfs/two words/b.vmx"
check "/proc/vmware" holds proc/vmware/log "proc/vmware/vm/$(vmware-cmd -q /vmfs/demo1/demo1.vmx getid)/names" proc/vmware/sched/cpu
check "log up to now" grep -q "cannot be \"x1\"" /x/top/var/log/vmkernel
check "VSI tree" grep -q "\"/version\":\"vmnix vmkernel .*\"/vm/[0-9]*/state\":\"on\"" /x/top/vsi.json
check "moments of esxtop" same 3 "$(wc -l </x/top/esxtop.csv)"
check "the newest core" same new "$(cat /x/top/var/core/vmkernel-core.*)"
check "no disk, and nothing that a link leads to" sh -c "! find /x/top/vmfs | grep -E \"secret|vmdk\""
check "nothing is missing" same "" "$(cat /x/top/missing 2>/dev/null)"
rm /vmfs/two*/b.vmx; vm-support -n -w /o >/dev/null 2>/tmp/err; unpack "$(ls -t /o/* | head -1)"
says "one that has gone is named" "^/vmfs/two words/b.vmx: is not there" cat /x/top/missing
says "and told" "1 things could not be had" cat /tmp/err
check "without a core" test ! -e /x/top/var/core
refused "a full disk" "^vm-support: /tmp/small.*No space left" vm-support -w /tmp/small
check "leaves nothing there" same "" "$(ls -A /tmp/small)"
mount -o remount,ro /tmp/small
refused "a disk that cannot be written" "^vm-support: /tmp/small: cannot be written" vm-support -w /tmp/small
refused "no folder" "/no: no such folder" vm-support -w /no
refused "unknown argument" "unknown argument .--most" vm-support --most
chmod 777 /o; chmod 755 /usr/sbin/vm-support
check "not root" sh -c "su -s /bin/sh nobody -c \"vm-support -w /o\" 2>&1 | grep -q \"only root\" || ! grep -q nobody /etc/passwd"
vm-support -w /o >/dev/null & pid=$!
until ls -d /o/.vm-support.* >/dev/null 2>&1 || ! kill -0 $pid 2>/dev/null; do usleep 10000; done
kill -TERM $pid; wait $pid
check "one that is ended leaves nothing behind" same "" "$(ls -d /o/.vm* 2>/dev/null)"
check "kernel log is clean" log_clean'
console "support" --cpus 3 --mem 1024 -- "$support"
console "logs" --cpus 3 --mem 1024 --file "$runner:/t/run" --file "$crash:/t/crash" -- "$script"
finish
