#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
#
# The console's tools as their users know them from ESX: every line and every
# exit status, errors, two at once, users that are not root, a person at a
# terminal, and hostile input to each.
# timeout: 200
. "$(dirname "$0")/../lib/boot.sh"
terminal=$(static_program on_terminal) || exit 1

script='
vmx=/vmfs/demo1/demo1.vmx
cmd=vmware-cmd
# is NAME STATUS OUTPUT COMMAND…: exactly this status and this on stdout, and nothing on stderr.
is() {
	what=$1 want="$2 $3"
	shift 3
	"$@" >/tmp/out 2>/tmp/err </dev/null
	got="$? $(cat /tmp/out)"
	check "$what" same "$want" "$got$(cat /tmp/err)"
}
# fails NAME STATUS PATTERN COMMAND…: nothing on stdout, one line on stderr.
fails() {
	what=$1 want="$2 1 line" pattern=$3
	shift 3
	timeout 30 "$@" >/tmp/out 2>/tmp/err </dev/null
	got="$? $(cat /tmp/out)$(wc -l </tmp/err) line"
	grep -qE -- "$pattern" /tmp/err || got="$got, not $pattern: $(cut -c 1-200 /tmp/err)"
	check "$what" same "$want" "$got"
}
# Nothing on stdout; the three lines on stderr that scripts know.
not_there() {
	what=$1
	shift
	"$@" >/tmp/out 2>/tmp/err
	got="$? $(cat /tmp/out)$(grep -cE "^/usr/bin/vmware-cmd: Could not connect to VM |^  \(VMControl error -11: No such virtual machine: The config file .* is not registered\.$|^Please register the config file on the server\.  For example:$|^vmware-cmd -s register \"" /tmp/err) $(wc -l </tmp/err)"
	check "$what" same "11 4 4" "$got"
}
conflict="^VMControl error -8: Invalid operation for virtual machine.s current state: The requested operation \(\"@\"\) could not be completed because it conflicted with the state of the virtual machine \(\"off\"\) at the time the request was received\.$"

is "vmware-cmd -l" 0 "$vmx
/vmfs/demo2/demo2.vmx" $cmd -l
is "service status without a module" 3 "vmnix module: not loaded" /etc/init.d/vmware status
is "service vmware status" 3 "vmnix module: not loaded" service vmware status
fails "service without a name" 2 "^usage: service NAME " service
fails "a service that is none" 1 "^service: httpd: there is no such service" service httpd start
is "without a module a VM is off" 0 "getstate() = off" $cmd $vmx getstate
fails "start without a module" 1 "^VMControl error -999: .*vmnix module is not loaded" $cmd $vmx start
for tool in "vsish ls /" "vmware-console demo1" "vmware-vmx $vmx" vmkloader "vmnix-test usercall"; do
	fails "no module: ${tool%% *}" 1 "the vmnix module is not loaded \(no /dev/vmnix\)" $tool
done
for tool in vmware-cmd vmware-console vmware-vmx vmkloader vsish vmnix-test esxtop; do
	is "$tool --version" 0 "$tool (vmnix) $(cut -d" " -f3 /t/version)" $tool --version
	says "$tool --help" "^usage: $tool " $tool --help
	check "$tool --help needs nothing" sh -c "$tool --help | grep -q -- --version"
	fails "$tool --nonsense" 2 "^$tool: unknown .*nonsense" $tool --nonsense
	fails "$tool, full disk" 1 "^$tool: standard output: No space" sh -c "$tool --help >/dev/full"
done

check "service starts" /etc/init.d/vmware start
check "a service that runs may be started" service vmware start
says "service status" "^vmkernel: loaded: release .* 2 PCPUs, " /etc/init.d/vmware status
fails "service usage" 2 "^usage: /etc/init.d/vmware start\|stop\|restart\|status" /etc/init.d/vmware nonsense

is "unregister" 0 "unregister($vmx) = 1" $cmd -s unregister $vmx
not_there "unregister again" $cmd -s unregister $vmx
not_there "a VM that is not registered" $cmd $vmx getstate
is "it is gone from the list" 0 /vmfs/demo2/demo2.vmx $cmd -l
is "register" 0 "register($vmx) = 1" $cmd -s register $vmx
fails "register again" 20 "^VMControl error -20: Virtual machine already exists: $vmx$" $cmd -s register $vmx
is "getstate" 0 "getstate() = off" $cmd $vmx getstate
is "getstate -q" 0 off $cmd -q $vmx getstate
for verb in "stop" "stop hard" "stop trysoft" "reset" "reset soft" getuptime getid getpid attach; do
	fails "$verb of one that is off" 8 "${conflict%%@*}${verb%% *}${conflict##*@}" $cmd $vmx $verb
done
is "getconfig" 0 "getconfig(memsize) = 128" $cmd $vmx getconfig memsize
is "getconfig, keys in any case" 0 "getconfig(MEMSIZE) = 128" $cmd $vmx getconfig MEMSIZE
is "getconfigfile" 0 "getconfigfile() = $vmx" $cmd demo1 getconfigfile
is "setconfig" 0 "setconfig(annotation, a \"b\" |c) = 1" $cmd $vmx setconfig annotation "a \"b\" |c"
is "what it has set" 0 "a \"b\" |c" $cmd -q $vmx getconfig annotation
is "how it stands in the file" 0 "annotation = \"a |22b|22 |7Cc\"" tail -1 $vmx
fails "setconfig with a wrong value" 3 "^VMControl error -3: Invalid arguments: memsize cannot be .12x." $cmd $vmx setconfig memsize 12x
fails "setconfig with a wrong key" 3 "^VMControl error -3: Invalid arguments: .a b. cannot be a key" $cmd $vmx setconfig "a b" c
fails "a mode that is none" 3 "^VMControl error -3: Invalid arguments: .gently. is not hard, soft or trysoft" $cmd $vmx stop gently
fails "an operation that is none" 2 "^vmware-cmd: unknown operation .frobnicate." $cmd $vmx frobnicate
fails "too few arguments" 2 "^vmware-cmd: wrong number of arguments for .setconfig." $cmd $vmx setconfig memsize
fails "too many arguments" 2 "^vmware-cmd: (too many|wrong number of) arguments" $cmd $vmx getstate now

# Two at once: one wins, the other is told.
both() { $cmd $vmx $1 >/tmp/a 2>&1 & first=$!; $cmd $vmx $1 >/tmp/b 2>&1; b=$?; wait $first; a=$?; }
both "start"
check "two starts: one succeeds" sh -c "[ $a = 0 -a $b != 0 ] || [ $a != 0 -a $b = 0 ]"
says "and says so" "^start\(\) = 1$" cat /tmp/a /tmp/b
says "the other is refused" "^VMControl error -(8|999): .*(conflicted|running already|being started|in progress)" cat /tmp/a /tmp/b
is "together they have printed two lines" 0 2 sh -c "cat /tmp/a /tmp/b | wc -l"
is "one VM runs" 0 1 sh -c "vsish ls /vm | wc -l"
is "getstate of one that runs" 0 "getstate() = on" $cmd $vmx getstate
says "getid" "^getid\(\) = [1-9][0-9]*$" $cmd $vmx getid
id=$($cmd -q $vmx getid)
says "getpid" "^getpid\(\) = $(pidof vmware-vmx)$" $cmd $vmx getpid
says "start of one that runs" "^VMControl error -8: .*\(\"start\"\).*\(\"on\"\)" $cmd $vmx start
says "unregister of one that runs" "^VMControl error -8: .*\(\"unregister\"\).*\(\"on\"\)" $cmd -s unregister $vmx
fails "vmware-vmx for one that runs" 1 "^vmware-vmx: $vmx: the virtual machine is running already" vmware-vmx $vmx
is "/proc/vmware/vm" 0 $id ls /proc/vmware/vm
is "/proc/vmware/vm/ID/config" 0 $vmx cat /proc/vmware/vm/$id/config
is "/proc/vmware/vm/ID/name" 0 demo1 cat /proc/vmware/vm/$id/name
is "is what vsish says" 0 "$(vsish get /vm/$id/config)" cat /proc/vmware/vm/$id/config
refused "a file there that is for reading" "Permission denied|cannot create|write error" sh -c "echo 1 >/proc/vmware/vm/$id/state"
says "/proc/vmware/log tells of the VM" "VM $id .demo1. made, 128 MiB" cat /proc/vmware/log
is "vsish set" 0 "" vsish set /log/level 3
is "vsish get" 0 3 vsish get /log/level
is "the same by /proc" 0 2 sh -c "echo 2 >/proc/vmware/logging/level; vsish get /log/level"
refused "a wrong value by /proc" "Invalid argument" sh -c "echo much >/proc/vmware/logging/level"
says "vsish ls" "^version$" vsish ls /
says "vsish ls -r" "^/vm/$id/state$" vsish ls -r /
fails "vsish: not there" 1 "^vsish: /nix: not found$" vsish get /nix
fails "vsish: a folder is not read" 1 "^vsish: /vm: not supported$" vsish get /vm
fails "vsish: a leaf is no folder" 1 "^vsish: /version: not supported$" vsish ls /version
fails "vsish: read-only" 1 "^vsish: /version: read-only$" vsish set /version 2
fails "vsish: no number" 1 "^vsish: /log/level: bad parameter$" vsish set /log/level much
fails "vsish: too much" 1 "^vsish: /log/level: limit exceeded$" vsish set /log/level 99
is "vsish reads commands" 0 "/log
2" sh -c "printf \"cd log\npwd\nget level\n\" | vsish"

# A person: the guest, Ctrl-C for the guest, and Ctrl-] for vmware-console.
# (What it interrupts has said itself that it runs: ash loses a Ctrl-C while it forks.)
says "vmware-console --until" "vmnix-guest: up" vmware-console --until "vmnix-guest: up" --timeout 90 $vmx
/t/term "wait:leave with Ctrl-]" "wait:vmnix-guest: up" "send:\\r" "wait:guest# " "send:sh -c \"echo a\$((6*7))b; exec sleep 999\"\\r" wait:a42b \
	"send:$(printf "\\003")" "wait:guest# " "send:killall acpid; echo c\$((6*8))d\\r" wait:c48d "send:\\]" -- vmware-console demo1 >/tmp/term
check "a person types, interrupts, and leaves" same 0 $?
says "the terminal is as it was" "settings as before" tail -1 /tmp/term
is "the VM goes on" 0 "getstate() = on" $cmd demo1 getstate
says "--log shows what was" "c48d" vmware-console --log demo1
fails "a soft operation that takes too long" 12 "^VMControl error -12: Timeout: the guest did not switch off within 1 seconds" $cmd --timeout 1 $vmx stop soft
is "and changes nothing" 0 on $cmd -q $vmx getstate
is "reset" 0 "reset() = 1" $cmd $vmx reset
is "stop trysoft of a guest that does not listen" 0 "stop(trysoft) = 1" $cmd --timeout 1 $vmx stop trysoft
is "start with a mode" 0 "start(soft) = 1" sh -c "exec 9>/tmp/lock; $cmd $vmx start soft"
says "its process keeps no file of the caller open" "^0\$" sh -c "ls -l /proc/\$(pidof vmware-vmx)/fd | grep -c /tmp/lock"
says "getuptime" "^getuptime\(\) = [0-9]$" $cmd $vmx getuptime
both "stop hard"
check "two stops: none is lost" sh -c "[ $a = 0 -o $b = 0 ] && [ $a = 0 -o $a = 8 ] && [ $b = 0 -o $b = 8 ]"
is "it is off" 0 off $cmd -q $vmx getstate
is "nothing is left in /proc" 0 "" ls /proc/vmware/vm
fails "vmware-console of one that is off" 1 "^vmware-console: $vmx: the virtual machine is not running" vmware-console demo1

# Not root.
printf "#!/bin/sh\nexec su nobody -s /bin/sh -c \"\$*\"\n" >/bin/nobody
chmod +x /bin/nobody
is "nobody may list" 0 "/vmfs/demo2/demo2.vmx
$vmx" nobody $cmd -l
is "nobody may ask what he may read" 0 "getstate() = off" nobody $cmd $vmx getstate
for verb in start "stop hard" reset; do
	fails "nobody: $verb" 5 "^VMControl error -5: Insufficient permission: the modes of the .vmx file do not give you r and x" nobody $cmd $vmx $verb
done
chmod 640 $vmx
for verb in getstate start getid; do
	fails "nobody: $verb of what he may not read" 5 "^VMControl error -5: Insufficient permission: the modes of the .vmx file do not give you r" nobody $cmd $vmx $verb
done
chmod 644 $vmx
fails "nobody: setconfig" 5 "^VMControl error -5: " nobody $cmd $vmx setconfig memsize 64
cp $vmx /tmp/other.vmx
fails "nobody: register" 5 "^VMControl error -5: " nobody $cmd -s register /tmp/other.vmx
fails "nobody: unregister" 5 "^VMControl error -5: " nobody $cmd -s unregister $vmx
for tool in "vsish ls /" "vmware-console demo1" "vmware-vmx $vmx" "vmkloader --status" "vmkloader --unload" "vmnix-test usercall"; do
	fails "nobody: $tool" 1 "/dev/vmnix: only root may use it" nobody $tool
done
for file in log version memory/free logging/level; do
	refused "nobody: /proc/vmware/$file" "Permission denied" nobody cat /proc/vmware/$file
done
is "memsize is as it was" 0 128 $cmd -q $vmx getconfig memsize
. /t/hostile.sh
is "the service stops" 0 "Stopping VMware services:
vmkernel unloaded
   vmkernel and module: unloaded" /etc/init.d/vmware stop
is "a service that is off may be stopped" 0 "" /etc/init.d/vmware stop
check "the service restarts" /etc/init.d/vmware restart
check "rmmod takes a vmkernel along" rmmod vmnix
check "kernel log is clean" log_clean'
mkdir -p build/tests
build/console/vmware-cmd --version >build/tests/version
console "tools" --cpus 3 --mem 1024 --file "$terminal:/t/term" \
	--file build/tests/version:/t/version --file tests/lib/hostile.sh:/t/hostile.sh -- "$script"
finish
