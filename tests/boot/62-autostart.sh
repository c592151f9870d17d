#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
#
# The service starts and stops machines in the order of their keys; a guest that does not
# listen has its time, and is switched off then.
. "$(dirname "$0")/../lib/boot.sh"
console "autostart" -- '
one=/vmfs/demo1/demo1.vmx two=/vmfs/demo2/demo2.vmx three=/vmfs/three.vmx
sed s/demo1/three/ $one >$three
vmware-cmd -s register $three >/dev/null
set_() { vmware-cmd -q "$@" >/dev/null || echo "not ok setconfig $*"; }
state() { says "$1 is $2" "= $2\$" vmware-cmd "$1" getstate; }
service() { /etc/init.d/vmware "$1" >/tmp/out 2>&1 || { cat /tmp/out; return 1; }; }
lines() { same "$1" "$(sed -n "s/^   virtual machine //p" /tmp/out)"; }
echo "VMNIX_STOP_SECONDS=15" >/etc/default/vmware
refused "no such autostart" "cannot be .maybe" vmware-cmd $one setconfig autostart maybe
refused "without a vmkernel" "vmnix" vmware-cmd -s autostart

check "the service starts" service start
check "and no machine that does not want it" lines ""
state $one off
set_ $one setconfig autostart poweron
set_ $one setconfig autostart.order 20
set_ $two setconfig autostart poweron
set_ $two setconfig autostart.order 10
set_ $two setconfig autostart.delay 2
before=$(date +%s)
check "it starts again" service start
check "with two machines in their order" lines "$two: started
$one: started"
check "and time between them" [ $(($(date +%s) - before)) -ge 2 ]
state $three off
check "once more, and nothing is left to do" service start
check "it says nothing" lines ""

vmware-cmd $three start >/dev/null
for vm in $one $two; do vmware-console $vm --until "guest#" --timeout 60 >/dev/null; done
(echo "killall acpid"; sleep 2) | vmware-console --timeout 3 $two >/dev/null
set_ $three setconfig autostop poweroff
set_ $three setconfig autostop.order 1
before=$(date +%s)
check "it stops" service stop
check "all that is on, the other way round" lines "$three: stopped
$one: stopped
$two: stopped"
took=$(($(date +%s) - before))
check "one that does not listen had its time, $took s" [ $took -ge 14 ]
check "and no more" [ $took -le 40 ]
check "vmkernel and module are gone" sh -c "! grep -q vmnix /proc/modules"
check "Linux has no complaint" log_clean'
finish
