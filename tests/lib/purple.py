#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
"""purple.py: the vmkernel dies on a machine with a screen: what is on it?

Boots the console with a VGA, makes the vmkernel stop, and looks at the text
and the colour that QEMU shows; then a machine check from outside. Prints "ok"
and "not ok" lines.
"""
import os
import subprocess
import sys
import tempfile

from qmp import Qmp

SCRIPT = """. /t/console.sh
dmesg -n 1
online=$(cat /sys/devices/system/cpu/online)
stopped() {
	n=0
	until vmkloader --status 2>&1 | grep -q "has stopped" || [ $n = 200 ]; do usleep 100000; n=$((n + 1)); done
	[ $n -lt 200 ]
}
insmod $module mem=256M && vmkloader >/dev/null || exit 1
check "a VM runs" vmware-cmd demo1 start
vsish set /debug/panic 2 2>/dev/null
check "it stops" stopped
nmis() { awk '/^ *NMI:/ { print $2 }' /proc/interrupts; }
before=$(nmis)
echo "@look"
until [ "$(nmis)" -gt "$before" ]; do usleep 100000; done
says "the console lives" "^3" nproc --all
check "and unloads it" vmkloader --unload
check "loads another" vmkloader
check "log is clean" log_clean
echo "@mce"
check "a machine check stops it" stopped
for pattern in "@BlueScreen: Exception 18 .Machine Check. on PCPU 2" "cpu2: world [0-9]* .idle." "bank 1: status=0xb200000000000000" "MCG_STATUS=0x5"; do
	says "dmesg has $pattern" "vmnix: .*$pattern" dmesg
done
check "it is unloaded" vmkloader --unload
check "processors are back" same $online "$(cat /sys/devices/system/cpu/online)"
check "another is loaded" vmkloader
check "and crosses" vmnix-test selftest --rounds 50
"""
PURPLE = (168, 0, 168)


def result(good, name):
    print(f"{'ok' if good else 'not ok'} {name}", flush=True)


def text_screen(qmp, work):
    """The 25 lines, and whether all cells are white on purple."""
    path = os.path.join(work, "cells")
    qmp.command("pmemsave", val=0xb8000, size=80 * 25 * 2, filename=path)
    with open(path, "rb") as f:
        cells = f.read()
    lines = [cells[row * 160:row * 160 + 160:2].decode("cp437").rstrip() for row in range(25)]
    return lines, set(cells[1::2]) == {0x5f}


def purple_part(qmp, work):
    """How much of the picture is purple."""
    path = os.path.join(work, "picture.ppm")
    qmp.command("screendump", filename=path)
    with open(path, "rb") as f:
        data = f.read()
    header = data.split(b"\n", 3)
    pixels = header[3]
    return pixels.count(bytes(PURPLE)) * 3 / len(pixels)


def look(qmp, work):
    lines, coloured = text_screen(qmp, work)
    print("\n".join("# " + line for line in lines))
    result(coloured, "every cell is white on purple")
    share = purple_part(qmp, work)
    result(share > 0.7, f"the picture is purple ({share:.0%})")
    text = "\n".join(lines)
    for what in ("vmnix vmkernel ", ": stopped", "@BlueScreen: Exception 6 (Invalid Opcode) on PCPU 0",
                 "cpu0: world 1024 (console)", "rax=0x", "set_panic+0x", "vmm0:demo1",
                 'VM 1 "demo1" made'):
        result(what in text, f"the screen has {what}")


def main():
    os.chdir(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
    with tempfile.TemporaryDirectory(prefix="vmnix-purple-") as work:
        path = os.path.join(work, "qmp")
        argv = ["scripts/console-run", "-q", "--no-load", "--timeout", "250", "--cpus", "3", "--mem", "1024",
                "--qmp", path, "--qemu-arg=-device", "--qemu-arg=VGA",
                "--file", "tests/lib/console.sh:/t/console.sh", "--", SCRIPT]
        qmp = None
        with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as p:
            for line in p.stdout:
                if line.startswith("@look"):
                    qmp = Qmp(path)
                    look(qmp, work)
                    qmp.command("inject-nmi")  # go on
                elif line.startswith("@mce"):
                    qmp.monitor("mce 2 1 0xb200000000000000 0x5 0 0")
                else:
                    print(line.rstrip(), flush=True)
        result(p.returncode == 0, f"runs to its end (status {p.returncode})")


sys.exit(main())
