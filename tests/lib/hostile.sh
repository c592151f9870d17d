# shellcheck shell=sh disable=SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
#
# What users give to tools by mistake or malice; the part of 35-tools.sh
# with no vmkernel needed for the answer. Uses its fails(), is() and not_there().
mkdir -p /vmfs/t
cd /vmfs/t || exit
long=$(head -c 5000 /dev/zero | tr '\0' a)
mkfifo fifo
head -c 3000 /dev/urandom >noise
: >empty
head -c 2000000 /dev/zero >zeros
for name in "$long" "/$long" "/nix/$long" nix ""; do
	fails "register: name of ${#name}" 11 "^VMControl error -11: No such virtual machine: " vmware-cmd -s register "$name"
	not_there "getstate: name of ${#name}" vmware-cmd "$name" getstate
	fails "vmware-vmx: name of ${#name}" 1 "^vmware-vmx: .*: (No such file|File name too long)" vmware-vmx "$name"
	fails "vmware-console: name of ${#name}" 1 "^vmware-console: .*: no such virtual machine" vmware-console "$name"
	fails "vmkloader: name of ${#name}" 1 "^vmkloader: .*: (No such file|File name too long)" vmkloader "$name"
	fails "vsish: name of ${#name}" 1 "^vsish: .*: (bad parameter|not found|not supported)" vsish get "$name"
	fails "vsish set: text of ${#name}" 1 "^vsish: /log/level: bad parameter" vsish set /log/level "$name"
done
for file in /vmfs /dev/zero fifo noise zeros /bin/busybox; do
	why="^vmware-vmx: .*: (Is a directory|not a regular file|File too large|.*)$"
	fails "register $file" 3 "^VMControl error -3: Invalid arguments: /.*: " vmware-cmd -s register $file
	not_there "getstate of $file" vmware-cmd $file getstate
	fails "vmware-vmx $file" 1 "$why" vmware-vmx $file
	fails "vmware-vmx --check $file" 1 "$why" vmware-vmx --check $file
	fails "vmware-console $file" 1 "not running" vmware-console $file
	fails "vmkloader --check $file" 1 "^vmkloader: $file: " vmkloader --check $file
done
fails "a fifo is named" 1 "^vmware-vmx: /vmfs/t/fifo: not a regular file" vmware-vmx fifo
check "no log is left beside what is no .vmx file" sh -c '! ls /dev/vmware*.log /usr/bin/vmware*.log'
escape=$(printf 'a\nb\033[2Jc')
fails "a name that would move the cursor" 1 '^vmware-vmx: a\?b\?\[2Jc: No such file' vmware-vmx "$escape"
fails "to vmware-cmd" 11 '^VMControl error -11: .*a\?b\?' vmware-cmd -s register "$escape"

# wrong LINE PATTERN: a .vmx file with this line is refused, naming file and line.
wrong() {
	grep -viE "^(${1%%[ =]*}|uuid.location)\b" "$vmx" >bad.vmx
	echo "$1" >>bad.vmx
	fails "$(echo "$1" | cut -c 1-40)" 1 "^vmware-vmx: .*$2" vmware-vmx bad.vmx
}
at="/vmfs/t/bad.vmx:[0-9]+: "
wrong 'memsize = "12x"' "${at}memsize: \"12x\" is not a number from 4 to 65536"
wrong 'memsize = "0"' "${at}memsize"
wrong 'memsize = "-4"' "${at}memsize"
wrong 'memsize = "130"' "${at}memsize: must be a multiple of 4"
wrong 'memsize = "99999999999999999999"' "${at}memsize"
wrong 'memsize = "65536"' "no 65536 MiB of memory free"
wrong 'memsize = "16"' "needs a memsize of"
wrong 'numvcpus = "2"' "${at}numvcpus: only 1"
wrong 'vmnix.kernel = "/nix"' "/nix: No such file"
wrong 'vmnix.kernel = ""' "vmnix.kernel: is missing"
wrong 'vmnix.kernel = "/dev/zero"' "/dev/zero: not a regular file"
wrong 'vmnix.kernel = "/vmfs"' "/vmfs: Is a directory"
wrong 'vmnix.kernel = "/etc/passwd"' "/etc/passwd: not a Linux kernel image"
wrong 'vmnix.kernel = "noise"' "/vmfs/t/noise: not a Linux kernel image"
wrong 'vmnix.initrd = "/nix"' "/nix: No such file"
wrong 'vmnix.initrd = "fifo"' "/vmfs/t/fifo: not a regular file"
wrong "vmnix.cmdline = \"$long\"" "${at}vmnix.cmdline: is too long"
wrong "vmnix.kernel = \"/$long\"" "(path is too long|File name too long|No such file)"
wrong 'serial0.fileName = "/nix/x"' "/nix/x: No such file"
wrong 'serial0.fileType = "carrier pigeon"' "${at}serial0.fileType"
wrong 'uuid.bios = "12"' "${at}uuid.bios: is not 16 bytes"
wrong 'sched.cpu.min = "6400"' "${at}sched.cpu.min: is more than"
wrong 'displayName = "a|0"' "${at}\| must be followed by two"
wrong 'displayName = "a|0Ab"' "${at}displayName: has a control character"
wrong 'annotation' "${at}'=' is missing"
wrong 'annotation = "a' "${at}a value lacks its closing quote"
wrong 'annotation = "a" b' "${at}something follows"
fails "an empty .vmx file" 1 "^vmware-vmx: /vmfs/t/empty: vmnix.kernel: is missing" vmware-vmx empty
is "no VM was left behind" 0 "" vsish ls /vm

sed '/^uuid.location/d; s/$/\r/' "$vmx" >crlf.vmx
sed -i 's/demo1/crlf/' crlf.vmx
is "CRLF: register" 0 "register(crlf.vmx) = 1" vmware-cmd -s register crlf.vmx
is "CRLF: start" 0 "start() = 1" vmware-cmd crlf start
is "CRLF: stop" 0 "stop(hard) = 1" vmware-cmd crlf stop hard
is "CRLF: setconfig" 0 "setconfig(memsize, 132) = 1" vmware-cmd crlf setconfig memsize 132
is "CRLF: lines still end in it" 0 "$(wc -l <crlf.vmx)" sh -c "grep -c '$(printf '\r')\$' crlf.vmx"
rm crlf.vmx
is "a file that has gone is off" 0 "getstate() = off" vmware-cmd /vmfs/t/crlf.vmx getstate
fails "and cannot be started" 1 "^VMControl error -999: .*crlf.vmx: No such file" vmware-cmd /vmfs/t/crlf.vmx start
is "but unregistered" 0 "unregister(/vmfs/t/crlf.vmx) = 1" vmware-cmd -s unregister /vmfs/t/crlf.vmx
cp /etc/vmware/vm-list /tmp/vm-list
{ printf 'garbage\nconfig\nconfig "\nconfig ""\r\n\377\033[2J\n%s\n' "$long" && cat /tmp/vm-list; } >/etc/vmware/vm-list
says "garbage in the list of VMs does not hide them" "^$vmx\$" vmware-cmd -l
cp /tmp/vm-list /etc/vmware/vm-list
cd / || exit
