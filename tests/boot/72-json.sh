#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
#
# --json of the tools: each command's answer or error is one object on one line, which
# python3 on this machine parses and looks into; names that fit several machines; verbs
# of the original that cannot be had yet; machines that wait for an answer.
# timeout: 400
. "$(dirname "$0")/../lib/boot.sh"
drive=$(static_program pty_drive) || exit 1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# json NAME STATUS EXPRESSION COMMAND…: passes on what the command prints, for judge.
cat >"$work/json.sh" <<'END'
json() {
	json_name=$1 json_status=$2 json_expression=$3
	shift 3
	timeout 60 "$@" >/tmp/json.out 2>/tmp/json.err </dev/null
	printf '@json|%s|%s|%s|%s|' "$json_name" "$json_status" "$json_expression" "$?"
	tr '\n' '\001' </tmp/json.out
	echo
}
END
script=$(cat <<'END'
. /t/guest_os.sh
. /t/json.sh
cmd="vmware-cmd --json"
insmod $module mem=300M
json "vmkloader: not loaded" 3 "o['module'] and not o['loaded'] and o['status'] == 3" vmkloader --status --json
json "no vmkernel: off" 0 "o['value'] == 'off'" $cmd demo1 getstate
json "no vmkernel: start" 1 "o['error']['code'] == -999" $cmd demo1 start
vmkloader >/dev/null
json "vmkloader: loaded" 0 "o['loaded'] and o['pcpus'] >= 1 and 0 < o['mem_free'] <= o['mem_total'] and len(o['build']) == 12 and not o['panicked']" vmkloader --status --json
vm a
vm b
vmx=/vmfs/a/a.vmx
json "list" 0 "[m['config'] for m in o['value']][-2:] == ['/vmfs/a/a.vmx', '/vmfs/b/b.vmx'] and o['value'][-1]['displayName'] == 'b'" $cmd -l
json "getstate, without a classic line" 0 "o == {'operation': 'getstate', 'vm': '/vmfs/a/a.vmx', 'arguments': [], 'value': 'off', 'status': 0}" $cmd -q a getstate
json "a conflict" 8 "o['operation'] == 'stop' and o['arguments'] == ['hard'] and o['error']['code'] == -8 and '(\"off\")' in o['error']['text'] and o['status'] == 8" $cmd a stop hard
says "the classic line as well" "^VMControl error -8: .*\"off\"" sh -c "$cmd a stop hard 2>&1 >/dev/null"
json "not registered" 11 "o['vm'] == 'c' and o['error']['code'] == -11" $cmd c getstate
json "an unknown verb" 2 "'frobnicate' in o['error']['text'] and 'code' not in o['error']" $cmd a frobnicate
json "an unknown option" 2 "'--frobnicate' in o['error']['text']" $cmd --frobnicate a getstate
json "too few words" 2 "o['status'] == 2" $cmd
json "start" 0 "o['value'] == 1" $cmd $vmx start
json "on" 0 "o['value'] == 'on'" $cmd a getstate
json "start again" 8 "o['error']['code'] == -8" $cmd a start
json "getuptime is a number" 0 "isinstance(o['value'], int)" $cmd a getuptime
json "getid" 0 "o['value'] > 0" $cmd a getid
json "getpid" 0 "o['value'] > 1" $cmd a getpid
json "getconfigfile" 0 "o['value'] == '/vmfs/a/a.vmx'" $cmd a getconfigfile
json "getconfig is text" 0 "o['value'] == '128' and o['arguments'] == ['memsize']" $cmd a getconfig memsize
json "setconfig" 0 "o['value'] == 1 and o['arguments'] == ['annotation', 'a \"b\\'c']" $cmd a setconfig annotation "a \"b'c"
json "what it has set" 0 "o['value'] == 'a \"b\\'c'" $cmd a getconfig annotation
json "getresource, a number" 0 "o['value'] == 1000" $cmd a getresource cpu.shares
json "getresource, seconds" 0 "isinstance(o['value'], float)" $cmd a getresource cpu.usedsec
json "getresource, a text" 0 "o['value'] == 'all'" $cmd a getresource cpu.affinity
json "getresource, none" 3 "o['error']['code'] == -3" $cmd a getresource nonsense
json "setresource" 0 "o['value'] == 1" $cmd a setresource cpu.shares 500
json "getproductinfo" 0 "o['value'] == 'vmnix'" $cmd a getproductinfo product
json "getremoteconnections" 0 "o['value'] == 0" $cmd a getremoteconnections
json "getcapabilities" 0 "o['value'] == 7" $cmd a getcapabilities
json "getrunasuser" 0 "o['value'] == 'root'" $cmd a getrunasuser
json "setguestinfo" 0 "o['value'] == 1" $cmd a setguestinfo role "$(printf 'w\303\244b \377')"
json "getguestinfo, also what is no UTF-8" 0 "o['value'] == 'w\xe4b \ufffd'" $cmd a getguestinfo role
json "getguestinfo, none" 1 "o['error']['code'] == -999" $cmd a getguestinfo nothing
json "getheartbeat" 0 "o['value'] == 0" $cmd a getheartbeat
json "gettoolslastactive" 0 "o['value'] == 0" $cmd a gettoolslastactive
json "hassnapshot" 0 "o['value'] == 0" $cmd a hassnapshot
json "attach" 8 "o['error']['code'] == -8" $cmd a attach
json "suspend" 0 "o['value'] == 1" $cmd a suspend
json "suspended" 0 "o['value'] == 'suspended'" $cmd a getstate
json "goes on" 0 "o['value'] == 1" $cmd a start
json "reset" 0 "o['value'] == 1" $cmd a reset
json "vsish get, types" 0 "o['values']['/sched/slice_ns'] == 10000000 and 'logical' in o['values']['/sched/ncpus']" vsish --json -e get /sched/slice_ns /sched/ncpus
json "vsish ls" 0 "'sched/' in o['children']['/']" vsish --json ls
json "vsish, half of it" 1 "'/sched/slice_ns' in o['values'] and o['errors']['nothing']['code'] < 0 and o['status'] == 1" vsish --json get /sched/slice_ns nothing
json "vsish set" 0 "o == {'status': 0}" vsish --json set /sched/slice_ns 5000000
json "esxtop" 0 "o['counters']['Physical Cpu(1)\\\\% Idle Time'] >= 0 and o['time'].endswith('Z')" esxtop -b --json -d 1 -n 1
json "stop" 0 "o['value'] == 1" $cmd a stop hard
json "host getresource" 0 "o['value'] >= 1 and 'vm' not in o" $cmd -s getresource system.cpu.number
json "host setresource" 0 "o['value'] == 1" $cmd -s setresource config.sched.slice_ns 20000000
json "what it has set" 0 "o['value'] == 20000000" $cmd -s getresource config.sched.slice_ns
check "that is the vmkernel's" same 20000000 "$(vsish get /sched/slice_ns)"
json "host setresource, out of range" 3 "o['error']['code'] == -3" $cmd -s setresource config.sched.slice_ns 1
json "host setresource, read-only" 3 "'no variable that can be set' in o['error']['text']" $cmd -s setresource system.cpu.number 2
json "host setresource, none" 3 "'no variable' in o['error']['text']" $cmd -s setresource config.nothing.there 2
json "autostart" 0 "o['value'] == []" $cmd -s autostart
vmware-cmd b start >/dev/null
json "autostop" 0 "o['value'] == [{'config': '/vmfs/b/b.vmx', 'done': 'stopped'}]" $cmd --timeout 1 -s autostop
json "unregister" 0 "o['value'] == 1" $cmd -s unregister b
json "register" 0 "o['value'] == 1 and o['arguments'] == ['/vmfs/b/b.vmx']" $cmd -s register /vmfs/b/b.vmx
json "register again" 20 "o['error']['code'] == -20" $cmd -s register /vmfs/b/b.vmx
for verb in getconnectedusers setrunasuser addredo commit createsnapshot revertsnapshot removesnapshots; do
	json "$verb cannot be had yet" 10 "o['error']['code'] == -10 and '$verb' in o['error']['text']" $cmd a $verb x
	refused "$verb in one line" "^VMControl error -10: Not supported: $verb: " vmware-cmd a $verb
done
refused "no other host" "^vmware-cmd: -H: no other host" vmware-cmd -H there a getstate

vmware-cmd b setconfig displayName a >/dev/null
refused "a name that fits two names both" "^VMControl error -3: .*called a: /vmfs/a/a.vmx, /vmfs/b/b.vmx\$" vmware-cmd a getstate
refused "vmware-console as well" "called a: /vmfs/a/a.vmx, /vmfs/b/b.vmx\$" vmware-console a
cd /vmfs/b
says "a relative path" "^getconfigfile\(\) = /vmfs/b/b.vmx\$" vmware-cmd ./b.vmx getconfigfile
says "a name of a file" "^getconfigfile\(\) = /vmfs/b/b.vmx\$" vmware-cmd b.vmx getconfigfile
vmware-cmd b.vmx setconfig uuid.bios "56 4d 00 01 02 03 44 05-86 07 08 09 0a 0b 0c 0d" >/dev/null
says "a uuid in another form" "^getconfigfile\(\) = /vmfs/b/b.vmx\$" vmware-cmd 564d0001-0203-4405-8607-08090A0B0C0D getconfigfile
vmware-cmd b.vmx start >/dev/null
check "vmware-console by uuid" vmware-console --timeout 60 --until vmnix-guest "56 4d 00 01 02 03 44 05-86 07 08 09 0a 0b 0c 0d"
check "vmware-console by relative path" vmware-console --log ../b/b.vmx

kill -STOP "$(vmware-cmd -q b.vmx getpid)"
refused "suspend has a time limit" "^VMControl error -12: Timeout: not done within 2 seconds" vmware-cmd --timeout 2 b.vmx suspend
json "and so it is told" 12 "o['error']['code'] == -12 and o['status'] == 12 and 'value' not in o" $cmd --timeout 1 b.vmx suspend
kill -9 "$(vmware-cmd -q b.vmx getpid)"
vmware-cmd b.vmx stop hard >/dev/null
check "kernel log is clean" log_clean
END
)


# A machine that waits for an answer.
answers=$(cat <<'END'
. /t/guest_os.sh
. /t/suspend.sh
. /t/json.sh
cmd="vmware-cmd --json"
insmod $module mem=400M
vmkloader >/dev/null
vm a vmnix.cmdline "console=ttyS0 vmnix.run=count"
says "nobody asks" "^VMControl error -8: .*\"answer\".*\"off\"" vmware-cmd a answer
vmware-cmd a start >/dev/null
check "it counts" appears "count 2" /tmp/a.serial
vmware-cmd a suspend >/dev/null
flip /vmfs/a/a.vmss 24
refused "a damaged file: start asks" "^VMControl error -16: Virtual machine requires user input to continue: /vmfs/a/a.vmss: its header is damaged\. Discard .*answer N: 1: Discard, 2: Cancel\)\$" vmware-cmd a start
says "stuck" "^getstate\(\) = stuck\$" vmware-cmd a getstate
json "start again asks again" 16 "o['error']['code'] == -16 and 'damaged' in o['error']['text']" $cmd a start
says "no stop soft" "^VMControl error -8: .*\"stop\".*\"stuck\"" vmware-cmd a stop soft
says "no reset" "^VMControl error -8: .*\"stuck\"" vmware-cmd a reset
says "no unregister" "^VMControl error -8: .*\"stuck\"" vmware-cmd -s unregister a
refused "no second process" "waits for an answer" vmware-vmx /vmfs/a/a.vmx
json "the question, with nobody to ask" 0 "'damaged' in o['value']['question'] and o['value']['choices'] == ['Discard', 'Cancel']" $cmd a answer
refused "no such choice" "^VMControl error -3: .*.3. is no number from 1 to 2" vmware-cmd a answer 3
refused "a dialogue that ends" "^VMControl error -16" sh -c "vmware-cmd a answer </dev/null"
says "stuck still" "^getstate\(\) = stuck\$" vmware-cmd a getstate
printf '%s\n' 'expect|the question|20|damaged' 'expect|the choices|5|1\) Discard' 'expect|the prompt|5|\(1-2\): *$' 'type|7\n' 'expect|asked again|5|\(1-2\): 7 *\n.*\(1-2\): *$' 'type|2\n' 'expect|the answer|20|answer\(\) = 1' 'end|done|10|0' >/t/dialogue
/t/drive vmware-cmd a answer </t/dialogue
says "cancelled" "^getstate\(\) = suspended\$" vmware-cmd a getstate
check "the file is there" test -e /vmfs/a/a.vmss
vmware-cmd a start >/dev/null 2>&1
says "stop hard cancels" "^stop\(hard\) = 1\$" vmware-cmd a stop hard
says "suspended" "^getstate\(\) = suspended\$" vmware-cmd a getstate
vmware-cmd a start >/dev/null 2>&1
kill "$(pidof vmware-vmx)"
n=0; while pidof vmware-vmx >/dev/null && [ $n -lt 500 ]; do n=$((n + 1)); usleep 20000; done
says "a process that is killed asks nothing" "^getstate\(\) = suspended\$" vmware-cmd a getstate
vmware-cmd a start >/dev/null 2>&1
json "discard" 0 "o['value'] == 1 and o['arguments'] == ['1']" $cmd a answer 1
says "it runs" "^getstate\(\) = on\$" vmware-cmd a getstate
check "from the beginning" appears "Linux version" /tmp/a.serial 2
check "the file is gone" sh -c "! ls /vmfs/a/*.vmss 2>/dev/null"
says "nothing is set any more" "= \$" vmware-cmd a getconfig checkpoint.vmState
check "vmware.log has it all" sh -c "grep -q 'question: .*damaged' /vmfs/a/vmware.log && grep -q 'answer: Discard' /vmfs/a/vmware.log"
vmware-cmd a suspend >/dev/null
flip /vmfs/a/a.vmss 24
vmware-cmd a start >/dev/null 2>&1
vmware-cmd --timeout 1 -s autostop >/tmp/out 2>&1
says "autostop cancels" "^getstate\(\) = suspended\$" vmware-cmd a getstate
vmware-cmd a stop hard >/dev/null

# The back end of a serial port, while the guest counts.
connected() { ls -l "/proc/$(vmware-cmd -q a getpid)/fd" | grep -q "$1"; }
says "no device of one that is off" "^VMControl error -8: .*\"connectdevice\".*\"off\"" vmware-cmd a connectdevice serial0
vmware-cmd a start >/dev/null
check "serial0 is connected" connected /tmp/a.serial
refused "no need to connect it" "^VMControl error -8: .*serial0 is connected already" vmware-cmd a connectdevice serial0
refused "no such device" "^VMControl error -3: .*there is no device .ide0:0." vmware-cmd a disconnectdevice ide0:0
says "disconnect" "^disconnectdevice\(serial0\) = 1\$" vmware-cmd a disconnectdevice serial0
check "the file is closed" sh -c "! ls -l /proc/$(vmware-cmd -q a getpid)/fd | grep /tmp/a.serial"
refused "no need to do that again" "^VMControl error -8: .*serial0 is not connected" vmware-cmd a disconnectdevice serial0
size=$(stat -c %s /tmp/a.serial)
check "the guest prints on" vmware-console --timeout 60 --until "count 8" a
check "nothing of it comes there" same "$size" "$(stat -c %s /tmp/a.serial)"
vmware-cmd a setconfig serial0.fileName /tmp/new.serial >/dev/null
json "connect, to another file" 0 "o['value'] == 1 and o['arguments'] == ['serial0']" $cmd a connectdevice serial0
check "it comes to that" appears "vmnix-guest: count" /tmp/new.serial
check "what it printed without it is lost" sh -c "! grep -q \"count 7\" /tmp/new.serial"
vmware-cmd a disconnectdevice serial0 >/dev/null
vmware-cmd a setconfig serial0.fileName /nowhere/x >/dev/null
refused "where no file can be" "^VMControl error -999: .*/nowhere/x: No such file" vmware-cmd a connectdevice serial0
vmware-cmd a setconfig serial0.fileType pipe >/dev/null
vmware-cmd a setconfig serial0.fileName /tmp/pipe >/dev/null
check "connect, as a pipe" vmware-cmd a connectdevice serial0
check "its socket is there" test -S /tmp/pipe
check "disconnect" vmware-cmd a disconnectdevice serial0
check "its socket is gone" test ! -e /tmp/pipe
says "it runs on" "^getstate\(\) = on\$" vmware-cmd a getstate
vmware-cmd a stop hard >/dev/null
vmware-cmd a setconfig serial0.fileType file >/dev/null
vmware-cmd a setconfig serial0.fileName /tmp/a.serial >/dev/null

# A copy of a machine, and one that was moved.
uuid=$(vmware-cmd -q a getconfig uuid.bios)
check "it knows its place" test -n "$(vmware-cmd -q a getconfig uuid.location)"
for place in b c d e; do
	mkdir -p /vmfs/$place
	sed "s/\"a\"/\"$place\"/" /vmfs/a/a.vmx >/vmfs/$place/$place.vmx
	vmware-cmd -s register /vmfs/$place/$place.vmx >/dev/null
done
refused "in another place it asks" "^VMControl error -16: .*location of this virtual machine.*1: Create, 2: Keep, 3: Always Create, 4: Always Keep, 5: Cancel" vmware-cmd b start
says "stuck" "^getstate\(\) = stuck\$" vmware-cmd b getstate
says "create" "^answer\(1\) = 1\$" vmware-cmd b answer 1
says "it runs" "^getstate\(\) = on\$" vmware-cmd b getstate
check "as somebody else" test "$(vmware-cmd -q b getconfig uuid.bios)" != "$uuid"
check "the vmkernel knows, too" grep -q "uuid=\"$(vmware-cmd -q b getconfig uuid.bios)\"" "/proc/vmware/vm/$(vmware-cmd -q b getid)/names"
vmware-cmd b stop hard >/dev/null
says "that is settled" "^start\(\) = 1\$" vmware-cmd b start
vmware-cmd b stop hard >/dev/null
vmware-cmd c start >/dev/null 2>&1
says "keep" "^answer\(2\) = 1\$" vmware-cmd c answer 2
check "the same" same "$uuid" "$(vmware-cmd -q c getconfig uuid.bios)"
vmware-cmd c stop hard >/dev/null
vmware-cmd d start >/dev/null 2>&1
says "always keep" "^answer\(4\) = 1\$" vmware-cmd d answer 4
says "it remembers" "= keep\$" vmware-cmd d getconfig uuid.action
vmware-cmd d stop hard >/dev/null
vmware-cmd d setconfig uuid.location "$(vmware-cmd -q a getconfig uuid.location)" >/dev/null
says "and does not ask again" "^start\(\) = 1\$" vmware-cmd d start
vmware-cmd d stop hard >/dev/null
vmware-cmd e setconfig vmnix.kernel /nowhere >/dev/null
vmware-cmd e start >/dev/null 2>&1
refused "a start that fails after the answer" "^VMControl error -999: .*/nowhere: No such file" vmware-cmd e answer 1
says "is off" "^getstate\(\) = off\$" vmware-cmd e getstate
check "nothing is left" same "" "$(vsish ls /vm)$(pidof vmware-vmx)$(ls /var/run/vmware/*.question 2>/dev/null)"
check "kernel log is clean" log_clean
END
)

# judge: each line @json|NAME|STATUS|EXPRESSION|STATUS|OUTPUT to ok or not ok.
judge() {
	python3 -c '
import json, sys
for line in sys.stdin.buffer:
    line = line.decode("utf-8", "surrogateescape").rstrip("\r\n")
    if not line.startswith("@json|"):
        print(line)
        continue
    _, name, wanted, expression, status, out = line.split("|", 5)
    try:
        assert status == wanted, "exit status " + status
        assert out.endswith("\1") and out.count("\1") == 1, "not one line"
        o = json.loads(out.encode("utf-8", "surrogateescape").decode("utf-8")[:-1])
        assert isinstance(o, dict), "no object"
        assert eval(expression, {"o": o}), "not " + expression
    except Exception as e:
        print(f"{e!r}: {out!r}")
        print("not ok json:", name)
    else:
        print("ok json:", name)'
}

with=(--cpus 2 --mem 1024 --file tests/lib/guest_os.sh:/t/guest_os.sh --file "$work/json.sh:/t/json.sh")
{
	console "tools" "${with[@]}" -- "$script"
	console "answers" "${with[@]}" --file tests/lib/suspend.sh:/t/suspend.sh --file "$drive:/t/drive" -- "$answers"
} >"$work/out"
judge <"$work/out" >"$work/judged"
cat "$work/judged"
check "all objects were looked into" test "$(grep -c '^ok json' "$work/judged")" = "$(grep -c '^@json' "$work/out")"
check "which are many" test "$(grep -c '^@json' "$work/out")" -ge 60
finish
