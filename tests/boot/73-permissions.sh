#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
#
# What ordinary users may do with vmware-cmd is what the modes of a .vmx file say, as on the
# original; and what vmware-authd, which does it for them, must not be talked into.
. "$(dirname "$0")/../lib/boot.sh"
talk=$(static_program authd_talk) || exit 1
console "permissions" --file tests/lib/guest_os.sh:/t/guest_os.sh --file "$talk:/t/authd_talk" -- '
. /t/guest_os.sh
/etc/init.d/vmware start >/dev/null || exit 1
# anna and bert, who are in one group; carl is not.
printf "%s\n" "anna:x:1001:1001::/tmp:/bin/sh" "bert:x:1002:1002::/tmp:/bin/sh" \
	"carl:x:1003:1003::/tmp:/bin/sh" >>/etc/passwd
printf "%s\n" "anna:x:1001:" "bert:x:1002:" "carl:x:1003:" "operators:x:1100:anna,bert" >>/etc/group
as() { who=$1; shift; su "$who" -c "$*"; }
one=/vmfs/demo1/demo1.vmx two=/vmfs/demo2/demo2.vmx
chmod 755 /vmfs /vmfs/demo1 /vmfs/demo2
chown root:operators $one; chmod 750 $one
chmod 744 $two
daemon=$(cat /var/run/vmware-authd.pid)
descriptors() { ls /proc/$daemon/fd | wc -l; }
before=$(descriptors)
says "who they are" "uid=1001\(anna\).*operators" as anna id

check "anna sees both machines" same "$one
$two" "$(as anna vmware-cmd -l)"
check "carl sees what he may read" same "$two" "$(as carl vmware-cmd -l)"
says "anna may ask" "getstate\(\) = off" as anna vmware-cmd demo1 getstate
says "carl may ask for what he may read" "getstate\(\) = off" as carl vmware-cmd demo2 getstate
refused "but not for the other" "error -5: Insufficient permission: the modes of the .vmx file do not give you r$" as carl vmware-cmd demo1 getstate
as carl vmware-cmd demo1 getstate >/dev/null 2>&1
check "exit status 5" same 5 $?
refused "nor by its path" "error -5" as carl vmware-cmd $one getconfig memsize
refused "reading is not starting" "error -5: Insufficient permission: .* r and x" as carl vmware-cmd demo2 start
says "anna starts it" "^start\(\) = 1$" as anna vmware-cmd demo1 start
check "it runs" state demo1 on
says "the process is root'"'"'s" "^root .*vmware-vmx" ps -o user,args
check "and its guest comes up" vmware-console demo1 --until "guest#" --timeout 60
says "bert sees it run" "getstate\(\) = on" as bert vmware-cmd demo1 getstate
says "and asks for more" "getuptime\(\) = [0-9]+" as bert vmware-cmd demo1 getuptime
check "getcapabilities knows what each may" same "5 5 4 7" \
	"$(as anna vmware-cmd -q demo1 getcapabilities) $(as bert vmware-cmd -q demo1 getcapabilities) $(as carl vmware-cmd -q demo2 getcapabilities) $(vmware-cmd -q demo1 getcapabilities)"
says "in JSON" "\"value\": *\"on\"" as bert vmware-cmd --json demo1 getstate
refused "carl cannot stop it" "error -5" as carl vmware-cmd demo1 stop hard
check "it still runs" state demo1 on
says "bert stops it" "^stop\(hard\) = 1$" as bert vmware-cmd demo1 stop hard
says "an error is the same as for root" "error -8: " as bert vmware-cmd demo1 stop hard
as bert vmware-cmd demo1 stop hard >/dev/null 2>&1
check "and its exit status" same 8 $?
says "relative paths are the user'"'"'s" "getstate\(\) = off" as anna "cd /vmfs/demo1 && vmware-cmd demo1.vmx getstate"

refused "changing a machine is root'"'"'s" "error -5: Insufficient permission: only root" as anna vmware-cmd demo1 setconfig memsize 64
refused "so are its shares" "error -5: .*only root" as anna vmware-cmd demo1 setresource cpu.shares 10
refused "and the list" "error -5: .*only root" as anna vmware-cmd -s register $one
refused "and unregistering" "error -5: .*only root" as anna vmware-cmd -s unregister $one
refused "and the host'"'"'s figures" "error -5: .*only root" as anna vmware-cmd -s setresource cpu.shares 10
check "nothing was changed" same "$one
$two" "$(vmware-cmd -l)"
refused "the module is root'"'"'s" "only root may use it" as anna vsish get /version

# What anna could write to, root must not run for her.
chown anna $one; chmod 700 $one
refused "a file of her own" "error -5: .*others than root can change" as anna vmware-cmd demo1 start
chown root:operators $one; chmod 770 $one
refused "a file that her group writes" "others than root can change" as anna vmware-cmd demo1 start
chmod 750 $one; chown anna /vmfs/demo1
refused "a folder of her own" "others than root can change" as anna vmware-cmd demo1 start
chown root /vmfs/demo1; chmod 777 /vmfs
refused "a folder above that all write to" "others than root can change" as anna vmware-cmd demo1 start
chmod 1777 /vmfs
says "but not one where each can only touch his own" "= 1$" as anna vmware-cmd demo1 start
vmware-cmd demo1 stop hard >/dev/null
chmod 755 /vmfs
says "as it was, it starts" "= 1$" as anna vmware-cmd demo1 start
says "her environment does not make her root" "error -5" as carl VMWARE_CALLER=0:0: vmware-cmd demo1 stop hard
says "nor her PATH" "= 1$" as anna "cp /bin/busybox /tmp/vmware-vmx; PATH=/tmp:\$PATH vmware-cmd demo1 reset hard"
check "it runs again" state demo1 on
vmware-cmd demo1 stop hard >/dev/null

says "wrong messages are not answered" "^sent [345][0-9] answered 0$" as carl /t/authd_talk wrong
says "right ones still are" "= off" as carl vmware-cmd demo2 getstate
mkfifo /tmp/fifo; chmod 666 /tmp/fifo
su carl -c "/t/authd_talk hold 30 </tmp/fifo" >/tmp/held & exec 7>/tmp/fifo
check "one who holds many connections" appears "held" /tmp/held
says "does not keep others out" "= off" as anna vmware-cmd demo1 getstate
exec 7>&-; wait %1
echo "#!/bin/sh" >/tmp/many
i=0; while [ $i -lt 12 ]; do echo "vmware-cmd -q demo2 getstate &" >>/tmp/many; i=$((i + 1)); done
echo wait >>/tmp/many; chmod 755 /tmp/many
check "twelve at once" same 12 "$(as carl /tmp/many | grep -c "^off$")"
quiet() { n=0; until [ "$(descriptors)" = "$before" ] && [ "$(pidof vmware-authd | wc -w)" = 1 ]; do n=$((n + 1)); [ $n -lt 200 ] || { ls -l /proc/$daemon/fd; return 1; }; sleep 0.1; done; }
check "nothing is left of it all" quiet

refused "a second daemon" "one runs already" vmware-authd
refused "a user'"'"'s daemon" "only root" as anna vmware-authd
refused "an argument that is none" "unknown argument" vmware-authd --start
check "it ends" vmware-authd --stop
check "and has tidied up" sh -c "! ls -d /var/run/vmware-authd* && ! pidof vmware-authd"
refused "without it users are told" "root|vmware-authd" as anna vmware-cmd demo1 getstate
check "and see what they may read" same "$two" "$(as carl vmware-cmd -l)"
says "root is not" "= off" vmware-cmd demo1 getstate
check "the service starts it again" sh -c "/etc/init.d/vmware start && pidof vmware-authd"
check "and stops it" sh -c "/etc/init.d/vmware stop && ! pidof vmware-authd"
check "kernel log is clean" log_clean'
finish
