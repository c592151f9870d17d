#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
#
# A VM's serial line on a pseudo-terminal and on a socket, both ways; .vmx files
# that are wrong; memory that is too small for a guest.
# timeout: 450
. "$(dirname "$0")/../lib/boot.sh"
talk=$(static_program unix_talk) || exit 1
script='
. /t/guest_os.sh
insmod $module mem=400M && vmkloader >/dev/null
vm p serial0.fileType pty serial0.fileName /tmp/p.pty
vm s serial0.fileType pipe serial0.fileName /tmp/s.sock
check "start" sh -c "vmware-cmd p start && vmware-cmd s start"
says "the pseudo-terminal" "^/dev/pts/[0-9]" readlink -f /tmp/p.pty
cat /tmp/p.pty >/tmp/p.serial 2>/dev/null & # ends with an I/O error: the VM is off
check "all of a boot on a pseudo-terminal" booted p
says "from its first line" "Linux version" head -1 /tmp/p.serial
printf "echo p\"\"ty\$((6*7))\r" >/tmp/p.pty
check "what is typed there" appears "^pty42" /tmp/p.serial
printf "echo t\"\"wo\$((6*7))\r" | vmware-console --timeout 30 --until two42 p >/dev/null
check "vmware-console beside it" appears "^two42" /tmp/p.serial

talk() { printf "$1\r" | /t/talk /tmp/s.sock "$2" >/tmp/s.serial; }
check "a shell on a socket" talk "" "guest# "
check "what is typed there" talk "echo so\"\"ck\$((6*7))" sock42
check "who connects next" talk "echo ne\"\"xt\$((6*7))" next42
check "gets what is new only" sh -c "! grep -q sock42 /tmp/s.serial"
check "vmware-console has seen it all" sh -c "vmware-console --log s | grep -q sock42"
check "stop both" sh -c "vmware-cmd p stop hard && vmware-cmd s stop hard"
check "no socket, no link is left" sh -c "! [ -e /tmp/s.sock ] && ! [ -h /tmp/p.pty ]"

vmx=/vmfs/p/p.vmx
good=$(cat $vmx)
# wrong KEY VALUE TEXT: a VM with that value does not start, and says where the mistake is.
wrong() {
	echo "$good" | sed "s|^$1 *=.*|$1 = \"$2\"|" >$vmx
	line=$(grep -n "^$1" $vmx | cut -d: -f1)
	refused "$1 = $2" "$vmx:$line: $1: .*$3" vmware-cmd p start
	check "it is off" same off "$(vmware-cmd -q p getstate)"
}
wrong memsize 12x "\"12x\" is not a number"
wrong serial0.fileType tape "\"tape\""
{ echo "$good"; echo "memsizes = \"1\""; echo "scsi7.present = \"TRUE\""; } >$vmx
vmware-cmd p start >/tmp/out 2>&1
line=$(grep -n ^memsizes $vmx | cut -d: -f1)
says "an unknown key" "warning: $vmx:$line: memsizes: unknown key, ignored" cat /tmp/out
says "a device that does not exist yet" "warning: $vmx:$((line + 1)): scsi7.present: not supported yet, ignored" cat /tmp/out
check "are no obstacle" same on "$(vmware-cmd -q p getstate)"
vmware-cmd p stop hard >/dev/null

# What docs/vmx-keys.md says of the least memory: 4 MiB less is refused and says why; with it the
# kernel starts, and gets to its shell or says why not.
least() {
	vm m$1 memsize $(($2 - 4)) vmnix.kernel /boot/guest/vmlinuz-$1 vmnix.initrd /boot/guest/initrd-$1.img
	refused "$1 with too little memory" "vmlinuz-$1: the kernel needs a memsize of $2 at least" vmware-cmd m$1 start
	says "vmware.log has it, too" "the kernel needs a memsize of $2 at least" cat /vmfs/m$1/vmware.log
	check "it is off" same off "$(vmware-cmd -q m$1 getstate)"
	vmware-cmd m$1 setconfig memsize $2 >/dev/null
	check "$1 starts with $2 MiB" vmware-cmd m$1 start
	check "$3" appears "$4" /tmp/m$1.serial
	vmware-cmd m$1 stop hard >/dev/null
}
panic="Kernel panic - not syncing|Out of memory"
least 5.10 76 "and comes to its shell" "^vmnix-guest: up"
least 6.1 80 "and says that it needs more" "$panic"
least 6.12 72 "and comes to its shell" "^vmnix-guest: up"
vmware-cmd m6.1 setconfig memsize 84 >/dev/null
check "6.1 starts with 84 MiB" vmware-cmd m6.1 start
check "and comes to its shell" appears "^vmnix-guest: up" /tmp/m6.1.serial
vmware-cmd m6.1 stop hard >/dev/null
check "vmkernel leaves" vmkloader --unload
check "console log is clean" log_clean'
console "serial" --cpus 3 --mem 1024 --file tests/lib/guest_os.sh:/t/guest_os.sh \
	--file "$talk:/t/talk" -- "$script"
finish
