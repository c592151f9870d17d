#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
"""nmi_crossing.py COUNT: NMIs while the console crosses.

Boots the console, lets it cross without pause, and sends it COUNT NMIs over
QMP. The next is sent only when the console has counted the last: NMIs that
arrive together are one, in any processor. Then it floods vmkernels with NMIs
while they are loaded, because a first crossing comes only once. Prints "ok"
and "not ok" lines.
"""
import os
import subprocess
import sys
import tempfile
import threading
import time

from qmp import Qmp

# Says "nmi N" whenever Linux has counted another, and crosses in between.
SCRIPT = """. /t/console.sh
dmesg -n 1
insmod $module mem=64M && vmkloader || exit 1
count() { awk '/^ *NMI:/ { print $2 }' /proc/interrupts; }
last=$(count)
first=$last
echo "nmi $last"
while [ $((last - first)) -lt COUNT ]; do
	vmnix-test usercall 200 >/dev/null || exit 1
	vmnix-test selftest --rounds 100 >/dev/null || exit 1
	now=$(count)
	[ "$now" = "$last" ] || echo "nmi $now"
	last=$now
done
vmnix-test usercall 2000
echo "after $(($(count) - first))"
vmkloader --status
check "registers come back after it all" vmnix-test selftest --rounds 500
check "vmkernel leaves" vmkloader --unload
n=0
echo flood
while [ $n -lt 8 ]; do
	check "vmkernel comes and goes under NMIs" eval "vmkloader && vmkloader --unload"
	n=$((n + 1))
done
echo calm
sleep 1
check "vmkernel loads after it" vmkloader
check "registers come back after it" vmnix-test selftest --rounds 100
check "vmkernel leaves" vmkloader --unload
check "kernel log is clean" log_clean
"""


class Flood(threading.Thread):
    """An NMI every 5 ms, until its calm is set: Linux needs time to complain of each."""
    def __init__(self, qmp):
        super().__init__()
        self.qmp, self.calm, self.sent = qmp, threading.Event(), 0
        self.start()

    def run(self):
        while not self.calm.is_set():
            self.qmp.command("inject-nmi")
            self.sent += 1
            time.sleep(0.005)

    def stop(self):
        self.calm.set()
        self.join()
        print(f"# {self.sent} more while vmkernels were loaded")


def run(count, work):
    path = os.path.join(work, "qmp")
    argv = ["scripts/console-run", "-q", "--no-load", "--timeout", "100", "--cpus", "2", "--mem", "512",
            "--qmp", path, "--file", "tests/lib/console.sh:/t/console.sh", "--",
            SCRIPT.replace("COUNT", str(count))]
    sent, seen, start, after, qmp, flood = 0, None, None, None, None, None
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as p:
        for line in p.stdout:
            words = line.split()
            if words[:1] == ["nmi"]:
                seen = int(words[1])
                start = seen if start is None else start
                if seen - start != sent:
                    print(f"not ok NMI {sent} was counted as {seen - start}")
                    sent = seen - start
                if sent < count:
                    qmp = qmp or Qmp(path)
                    qmp.command("inject-nmi")
                    sent += 1
            elif words[:1] == ["after"]:
                after = int(words[1])
            elif words == ["flood"]:
                flood = Flood(qmp)
            elif words == ["calm"]:
                flood.stop()
                flood = None
            else:
                print(line.rstrip())
        if flood:
            flood.stop()
    return sent, after, p.returncode


def main():
    os.chdir(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
    count = int(sys.argv[1])
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="vmnix-nmi-") as work:
        sent, after, status = run(count, work)
    print(f"# {sent} sent, {after} counted, {time.monotonic() - start:.0f} s")
    good = sent == after == count and status == 0
    print(f"{'ok' if good else 'not ok'} {count} NMIs while crossing, {after} delivered")
    return 0 if good else 1


sys.exit(main())
