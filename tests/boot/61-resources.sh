#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
#
# What vmware-cmd tells of machines and host, and changes while they run.
. "$(dirname "$0")/../lib/boot.sh"
console "resources" -- '
/etc/init.d/vmware start >/dev/null || exit 1
vm=/vmfs/demo1/demo1.vmx
get() { says "getresource $1" "^getresource\($1\) = $2\$" vmware-cmd $vm getresource $1; }
set_() { says "setresource $1 $2" "^setresource\($1, $2\) = 1\$" vmware-cmd $vm setresource $1 $2; }
host() { says "host $1" "^getresource\(system\.$1\) = $2\$" vmware-cmd -s getresource system.$1; }
refused "nothing of a machine that is off" "error -8: .*\"off\"" vmware-cmd $vm getresource cpu.shares
vmware-cmd $vm start >/dev/null
vmware-console $vm --until "guest#" --timeout 60 >/dev/null
get cpu.number 1
get cpu.shares 1000
get cpu.min 0
get cpu.max 100
get mem.size 131072
get worldid "[0-9]+"
get pid "$(vmware-cmd -q $vm getpid)"
get uptime "[0-9]+"
get cpu.usedsec "[0-9]+\.[0-9]{3}"
check "it has used some" sh -c "vmware-cmd -q $vm getresource cpu.usedsec | grep -qv ^0.000"
check "some of it in the vmkernel, but not most" sh -c "vmware-cmd -q $vm getresource cpu.syssec | grep -qv ^0.000 &&
	[ \$(vmware-cmd -q $vm getresource cpu.syssec | tr -d .) -lt \$((\$(vmware-cmd -q $vm getresource cpu.usedsec | tr -d .) / 2)) ]"
get cpu.waitsec "[0-9]+\.[0-9]{3}"
get cpu.emin 100
get cpu.extrasec "[0-9]+\.[0-9]{3}"
get cpu.affinity all
set_ cpu.affinity 2
get cpu.affinity 2
refused "no such processor" "error -3: .*cpu.affinity cannot be .9.: it is all, or" vmware-cmd $vm setresource cpu.affinity 9
refused "no processor" "cpu.affinity cannot be" vmware-cmd $vm setresource cpu.affinity ""
set_ cpu.affinity all
get cpu.affinity all
set_ cpu.shares high
get cpu.shares 2000
set_ cpu.shares 123
get cpu.shares 123
set_ cpu.max 50
get cpu.max 50
set_ cpu.max unlimited
get cpu.max 100
set_ cpu.min 20
get cpu.min 20
says "the vmkernel has them" "^123\$" vsish get /sched/worlds/$(vmware-cmd -q $vm getresource worldid)/shares
refused "no share" "cannot be .lots" vmware-cmd $vm setresource cpu.shares lots
refused "no such minimum" "cpu.min cannot be .500.: a VCPU has at most 100" vmware-cmd $vm setresource cpu.min 500
refused "no such variable" "error -3: .*no variable .mem.luck" vmware-cmd $vm getresource mem.luck
refused "nothing to set" "no variable that can be set" vmware-cmd $vm setresource mem.size 5
get cpu.shares 123
host cpu.number 3
host cpu.1.usedsec "[0-9]+\.[0-9]{3}"
host cpu.3.idlesec "[0-9]+\.[0-9]{3}"
host mem.size "[0-9]+"
host mem.cosUsage "[0-9]+"
host worlds "1024 1025 1026 1027 [0-9]+"
host sys.vmkUptime "[0-9]+"
refused "no such processor" "no variable" vmware-cmd -s getresource system.cpu.9.idlesec
says "product" "= vmnix\$" vmware-cmd $vm getproductinfo product
says "build" "= [0-9a-f]{12}\$" vmware-cmd $vm getproductinfo build
says "version" "^0\$" vmware-cmd -q $vm getproductinfo majorversion
refused "no such info" "error -3: .*nope" vmware-cmd $vm getproductinfo nope
says "nobody watches" "^getremoteconnections\(\) = 0\$" vmware-cmd $vm getremoteconnections
(sleep 5 | vmware-console $vm >/dev/null) &
sleep 1
says "somebody watches" "= 1\$" vmware-cmd $vm getremoteconnections
says "root may do all" "= 7\$" vmware-cmd $vm getcapabilities
says "root owns it" "^getrunasuser\(\) = root\$" vmware-cmd $vm getrunasuser
check "it stops" vmware-cmd $vm stop hard
says "all is back in the file" "^getresource\(cpu.shares\) = 1000" sh -c "vmware-cmd $vm start >&2; vmware-cmd $vm getresource cpu.shares; vmware-cmd $vm stop hard >&2"'
finish
