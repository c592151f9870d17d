# shellcheck shell=sh disable=SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
#
# The console's part of 63-guest-rpc.sh: a guest with Debian's open-vm-tools,
# whose programs ask, and vmware-cmd on our side.
vmx=/vmfs/demo1/demo1.vmx
cmd=vmware-cmd
dir=${vmx%/*}
n=0

# guest COMMAND: typed at the guest's console; /tmp/said has what it printed, and its status.
guest() {
	n=$((n + 1))
	/t/term "send:\\r" "send:echo =\$((20000+$n))=; $1; echo status \$? =\$((10000+$n))=\\r" \
		"wait:=$((10000 + n))=" "send:\\]" -- vmware-console demo1 >/tmp/term 2>&1
	tr -d '\r' </tmp/term | sed -n "/^=$((20000 + n))=/,/=$((10000 + n))=/p" >/tmp/said
}
# in_guest NAME PATTERN COMMAND
in_guest() {
	guest "$3"
	says "$1" "$2" cat /tmp/said
}
figure() { $cmd -q demo1 "$1"; }
# until_says SECONDS PATTERN COMMAND…
until_says() {
	tries=$(($1 * 4)) pattern=$2
	shift 2
	while [ $tries -gt 0 ]; do
		"$@" 2>&1 | grep -qE -- "$pattern" && return 0
		tries=$((tries - 1))
		sleep 0.25
	done
	"$@"
	return 1
}
up() { until_says 60 "guest up \([0-9]*\)" sh -c "vmware-console --log demo1 | tr -d '\r' | grep -c 'vmnix-guest: up' | sed 's/.*/guest up (&)/' | grep '($1)'"; }
rises() {
	before=$(figure getheartbeat)
	sleep 3
	after=$(figure getheartbeat)
	echo "heartbeat $before, then $after"
	[ "$after" -gt "$before" ]
}

sed -i 's/^memsize.*/memsize = "192"/; s,^vmnix.initrd.*,vmnix.initrd = "/t/tools.img",' $vmx
echo 'guestinfo.fromfile = "as |22written|22"' >>$vmx
echo 'machine.id = "number 12"' >>$vmx
check "service starts" /etc/init.d/vmware start
refused "getguestinfo of one that is off" "^VMControl error -8: .*getguestinfo.*off" $cmd demo1 getguestinfo a
check "a VM with open-vm-tools starts" $cmd demo1 start
says "no heartbeat yet" "^getheartbeat\(\) = 0$" $cmd demo1 getheartbeat
says "no tools yet" "^gettoolslastactive\(\) = 0$" $cmd demo1 gettoolslastactive
check "the guest boots" vmware-console --until "vmnix-guest: up" --timeout 90 demo1

# ---- variables, both ways ----
in_guest "rpctool sets" "^status 0 " 'vmware-rpctool "info-set guestinfo.a hello  world"'
says "vmware-cmd reads it" "^getguestinfo\(a\) = hello  world$" $cmd demo1 getguestinfo a
says "vmware-cmd sets" "^setguestinfo\(b, from outside\) = 1$" $cmd demo1 setguestinfo b "from outside"
in_guest "escapes are set" "^status 0 " 'vmware-rpctool "info-set guestinfo.e $(printf "a\\033[2Jb")"'
check "and not shown" same "a?[2Jb" "$($cmd -q demo1 getguestinfo e)"
in_guest "rpctool reads it" "^from outside$" 'for v in b fromfile; do vmware-rpctool "info-get guestinfo.$v"; done; vmware-rpctool machine.id.get'
says "and the .vmx file's" '^as "written"$' cat /tmp/said
says "and machine.id" "^number 12$" cat /tmp/said
in_guest "one that is not set" "^No value found$" 'vmware-rpctool "info-get guestinfo.nix"'
says "which is an error" "^status 1 " cat /tmp/said
refused "the same outside" "^VMControl error -999: .*guestinfo.nix is not set" $cmd demo1 getguestinfo nix
in_guest "an unknown command" "^Unknown command$" 'vmware-rpctool nonsense'
in_guest "a log line" "^status 0 " 'vmware-rpctool "log I was here"'
says "is in vmware.log" "vmx. guest: I was here$" cat $dir/vmware.log
in_guest "4000 bytes" "^4000$" 'vmware-rpctool "info-set guestinfo.long $(head -c 4000 /dev/zero | tr "\\\\0" x)"; vmware-rpctool "info-get guestinfo.long" | tr -d "\\\\n" | wc -c'
in_guest "a message too long is refused" "^status 1 " 'vmware-rpctool "info-set guestinfo.long $(head -c 17000 /dev/zero | tr "\\\\0" x)"'
in_guest "8 times 9000 bytes: the limit holds" "^[67] set$" 'v=$(head -c 9000 /dev/zero | tr "\\0" x); k=0; for i in 1 2 3 4 5 6 7 8; do vmware-rpctool "info-set guestinfo.v$i $v" >/dev/null 2>&1 && k=$((k+1)); done; for i in 1 2 3 4 5 6 7 8; do vmware-rpctool "info-set guestinfo.v$i "; done; echo $k set'

# ---- the service ----
in_guest "vmtoolsd starts" "^status 0 " 'vmtoolsd -b /tmp/vmtoolsd.pid'
check "heartbeat comes" until_says 20 "^[1-9]" $cmd -q demo1 getheartbeat
check "and rises" rises
says "tools are active" "^gettoolslastactive\(\) = [12]$" $cmd demo1 gettoolslastactive
in_guest "stat speed" "^[1-9][0-9]* MHz$" 'vmware-toolbox-cmd stat speed'
in_guest "stat hosttime" "^[0-9]+ [A-Z][a-z]+ 20[0-9][0-9] [0-9:]+$" 'vmware-toolbox-cmd stat hosttime'

# ---- the process dies, and another takes over ----
failed=$(vsish get /vm/"$(figure getid)"/tools | cut -d" " -f2)
guest '{ (sleep 5; vmware-rpctool "info-get guestinfo.a"; echo "was told $?") >/tmp/late 2>&1 & }'
kill -9 "$(pidof vmware-vmx)"
sleep 0.3
refused "no process: getguestinfo" "^VMControl error -14: .*attach" $cmd demo1 getguestinfo a
check "the guest asks, and has no answer" until_says 30 "^[0-9]+ $((failed + 1))$" vsish get /vm/"$(figure getid)"/tools
sleep 1
check "attach" $cmd demo1 attach
says "variables are there" "^getguestinfo\(a\) = hello  world$" $cmd demo1 getguestinfo a
in_guest "also for the guest" "^hello  world$" 'vmware-rpctool "info-get guestinfo.a"'
in_guest "and it was told when nobody was there" "^was told 1$" 'cat /tmp/late'
check "heartbeat comes again" until_says 20 "^[1-9]" $cmd -q demo1 getheartbeat

# ---- soft operations ----
says "reset soft" "^reset\(soft\) = 1$" $cmd demo1 reset soft
says "by the tools" "tools: OS_Reboot$" cat $dir/vmware.log
check "one reset" same 1 "$(vsish get /vm/"$(figure getid)"/resets)"
check "the guest is up again" up 2
says "no heartbeat after it" "^getheartbeat\(\) = 0$" $cmd demo1 getheartbeat
in_guest "variables stay" "^hello  world$" 'vmware-rpctool "info-get guestinfo.a"'
in_guest "no power button" "^status 0 " 'killall acpid; vmtoolsd -b /tmp/vmtoolsd.pid'
check "heartbeat comes" until_says 20 "^[1-9]" $cmd -q demo1 getheartbeat
says "stop soft" "^stop\(soft\) = 1$" $cmd demo1 stop soft
says "by the tools" "tools: OS_Halt$" cat $dir/vmware.log
says "it is off" "^off$" $cmd -q demo1 getstate
check "it starts once more" $cmd demo1 start
kill -9 "$(pidof vmware-vmx)"
sleep 0.3
says "stop hard without a process" "^stop\(hard\) = 1$" $cmd demo1 stop hard
check "nothing is left but an empty lock" sh -c "! ls -d /var/run/vmware/[0-9]* | grep -v \"\.operation\$\"; ! cat /var/run/vmware/*.operation | grep ."
check "kernel log is clean" log_clean
