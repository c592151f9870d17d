#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
#
# --json of the tools: each command's answer or error is one object on one line, which
# python3 on this machine parses and looks into; names that fit several machines; verbs
# of the original that cannot be had yet.
# timeout: 200
. "$(dirname "$0")/../lib/boot.sh"

# json NAME STATUS EXPRESSION COMMAND…: passes on what the command prints, for judge.
script=$(cat <<'END'
. /t/guest_os.sh
json() {
	json_name=$1 json_status=$2 json_expression=$3
	shift 3
	timeout 60 "$@" >/tmp/json.out 2>/tmp/json.err </dev/null
	printf '@json|%s|%s|%s|%s|' "$json_name" "$json_status" "$json_expression" "$?"
	tr '\n' '\001' </tmp/json.out
	echo
}
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

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
console "tools" --cpus 2 --mem 1024 --file tests/lib/guest_os.sh:/t/guest_os.sh -- "$script" >"$work/out"
judge <"$work/out" >"$work/judged"
cat "$work/judged"
check "all objects were looked into" test "$(grep -c '^ok json' "$work/judged")" = "$(grep -c '^@json' "$work/out")"
check "which are many" test "$(grep -c '^@json' "$work/out")" -ge 60
finish
