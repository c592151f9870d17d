# shellcheck shell=sh disable=SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
#
# The part of 70-debian.sh that runs on the plain Debian 12, as root, from a
# second disk at /mnt: the package comes, works and goes.
export DEBIAN_FRONTEND=noninteractive
. /mnt/console.sh
. /mnt/guest_os.sh
version=$(dpkg-deb -f /mnt/vmnix.deb Version)
unloaded() { ! grep '^vmnix ' /proc/modules; }
online=$(cat /sys/devices/system/cpu/online)

check "apt installs the package" apt-get install -y -q /mnt/vmnix.deb
says "dkms has built the module" "^vmnix/${version%-*}, $(uname -r), x86_64: installed" dkms status
says "modprobe finds it" "updates/dkms/vmnix.ko" modinfo -n vmnix
says "there are manual pages" "^/usr/share/man/man1/vmware-cmd.1.gz" man -w vmware-cmd
check "nothing is loaded by installing" unloaded
says "systemd knows the service, and has not started it" "inactive" sh -c "systemctl is-active vmware; :"
says "the tools say what to do" "vmnix" sh -c "vmware-cmd -l; vmkloader --status; :"

check "systemctl starts it" systemctl start vmware
says "the vmkernel is loaded" "vmkernel: loaded: " vmkloader --status
says "its log is in a file" " vmkernel: 0:00:00:[0-9.]* cpu[0-9]*:[0-9]*.Boot: " cat /var/log/vmkernel
mkdir -p /vmfs/demo1
cat >/vmfs/demo1/demo1.vmx <<END
config.version = "8"
displayName = "demo1"
memsize = "128"
vmnix.kernel = "$(ls /boot/vmlinuz-*)"
vmnix.initrd = "/mnt/guest.img"
vmnix.cmdline = "console=ttyS0"
END
says "a machine is registered" "= 1$" vmware-cmd -s register /vmfs/demo1/demo1.vmx
says "and starts" "^start\(\) = 1$" vmware-cmd demo1 start
check "its guest, with this kernel, boots" vmware-console --until "guest#" --timeout 120 demo1
says "and tells where it runs" "VMware" in_guest demo1 "cat /sys/class/dmi/id/sys_vendor"
says "vm-support" "^File: /tmp/vmnix-" vm-support -w /tmp
check "has it all" sh -c "tar -tzf /tmp/vmnix-*.tgz >/tmp/list && grep -q vsi.json /tmp/list && grep -q demo1.vmx /tmp/list && grep -q var/log/vmkernel /tmp/list && ! grep missing /tmp/list"
says "stop soft" "= 1$" vmware-cmd demo1 stop soft
says "another start" "= 1$" vmware-cmd demo1 start
check "systemctl stops it, with a machine on" systemctl stop vmware
check "the module is gone" unloaded
check "and so is vmklogger" sh -c "! pidof vmklogger"
check "processors are back" same "$online" "$(cat /sys/devices/system/cpu/online)"
check "and starts it again" systemctl restart vmware

check "apt removes the package while it is loaded" apt-get remove -y -q vmnix
check "the module goes with it" unloaded
says "dkms has forgotten it" "^0$" sh -c "dkms status vmnix | grep -c ."
check "apt purges it" apt-get purge -y -q vmnix
check "nothing is left" sh -c "! ls -d /etc/init.d/vmware /etc/vmware /boot/vmkernel /usr/src/vmnix-* /var/log/vmk* 2>/dev/null | grep ."
check "the administrator's machine is" [ -e /vmfs/demo1/demo1.vmx ]
check "kernel log is clean" log_clean
