#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
"""console_dies.py MODULE TIMES [SEED]: the console dies, virtual machines go on.

Boots the console TIMES times with four busy VMs, each of which writes random
data, counts, and sums the data again for each count; the vmkernel's log shows
that on COM2. At a moment that the seed says, while tools run, the console
panics, oopses, hangs with interrupts off, or has all of its processes killed.
From then on each VM must come forth by BEATS more counts with good sums.
Prints "ok" and "not ok" lines.
"""
import os
import random
import re
import subprocess
import sys
import tempfile
import time

VMS = 4
BEATS = 5
SECONDS = 400
WAYS = ("panic", "oops", "hang", "kill", "sysrq")
BEAT = re.compile(r"Serial: \d+: VM (\d+): beat (\d+) (good|bad)")

# $how, $after (ms) and $seed come before it.
SCRIPT = """. /t/console.sh
. /t/guest_os.sh
dmesg -n 1
insmod $module mem=700M && vmkloader >/dev/null || exit 1
for i in 1 2 3 4; do
	vm w$i memsize 128 && vmware-cmd w$i start || exit 1
	vsish set /vm/$i/seriallog 1
done
for i in 1 2 3 4; do booted w$i || exit 1; done
for i in 1 2 3 4; do
	in_guest w$i "head -c 3000000 /dev/urandom >/tmp/data; sum=\\$(md5sum /tmp/data)"
	printf 'n=0; while :; do n=$((n + 1)); [ "$(md5sum /tmp/data)" = "$sum" ] && w=good || w=bad; echo "beat $n $w"; usleep 200000; done\\r' |
		vmware-console --timeout 1 w$i >/dev/null 2>&1
done
sleep 1
echo "@dying"
# Tools that cross, and read, while it happens.
(while :; do vmnix-test usercall 500; done) >/dev/null 2>&1 &
(while :; do vmware-cmd w1 getstate; vsish get /sched/cpu; done) >/dev/null 2>&1 &
case $how in
kill) usleep $((after * 1000)); kill -9 -1; ;;
sysrq) usleep $((after * 1000)); echo c >/proc/sysrq-trigger ;;
*) insmod /t/die.ko how=$how after=$after ;;
esac
sleep 1000
"""


def beats(path):
    """The last count of each VM, and whether all sums were good."""
    last, good = {}, True
    try:
        with open(path, encoding="utf-8", errors="replace") as f:
            for found in BEAT.finditer(f.read()):
                last[found.group(1)] = int(found.group(2))
                good &= found.group(3) == "good"
    except FileNotFoundError:
        pass
    return last, good


def run(module, how, after, work):
    """One death. Returns None, or what was wrong."""
    log, said = os.path.join(work, "vmk"), os.path.join(work, "out")
    console_log = os.path.join(work, "console")
    argv = ["scripts/console-run", "-q", "--no-load", "--timeout", str(SECONDS), "--cpus", "4",
            "--mem", "1536", "--append", "panic=0 oops=continue", "--vmk-log", log,
            "--console-log", console_log,
            "--file", "tests/lib/console.sh:/t/console.sh", "--file", "tests/lib/guest_os.sh:/t/guest_os.sh",
            "--file", f"{module}:/t/die.ko", "--", f"how={how} after={after}\n{SCRIPT}"]
    with open(said, "w+", encoding="utf-8") as out, \
            subprocess.Popen(argv, stdout=out, stderr=subprocess.STDOUT) as p:
        try:
            return watch(p, said, log, console_log, how, after)
        finally:
            p.terminate()


def read(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as f:
            return f.read()
    except FileNotFoundError:
        return ""


DEAD = {"panic": "Kernel panic - not syncing: on purpose", "sysrq": "sysrq triggered crash",
        "oops": "BUG: kernel NULL pointer dereference"}


def watch(p, said, log, console_log, how, after):
    start = time.monotonic()
    while "@dying" not in read(said):
        if p.poll() is not None or time.monotonic() - start > SECONDS:
            return "the machines did not come up: " + read(said)[-500:]
        time.sleep(0.2)
    # The console's own word for it; a hang and a kill have none.
    sign = DEAD.get(how)
    while sign and sign not in read(console_log):
        if p.poll() is not None or time.monotonic() - start > SECONDS:
            return "the console did not die: " + read(console_log)[-500:]
        time.sleep(0.1)
    if not sign:
        time.sleep(after / 1000 + 2)
    first, _ = beats(log)
    while True:
        last, good = beats(log)
        if not good:
            return "a sum is bad"
        if len(last) == VMS and all(last[vm] >= first.get(vm, 0) + BEATS for vm in last):
            return None
        if p.poll() is not None:
            return "the machine has ended: " + read(console_log)[-500:]
        if time.monotonic() - start > SECONDS:
            return f"no beats: {first}, then {last}: " + read(log)[-500:]
        time.sleep(0.3)


def main():
    module, times = os.path.abspath(sys.argv[1]), int(sys.argv[2])
    seed = int(sys.argv[3]) if len(sys.argv) > 3 and sys.argv[3] else int(time.time())
    os.chdir(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
    print(f"# seed {seed}")
    rng = random.Random(seed)
    survived = 0
    for i in range(times):
        how, after = WAYS[i % len(WAYS)], rng.randrange(0, 1500)
        with tempfile.TemporaryDirectory(prefix="vmnix-dies-") as work:
            wrong = run(module, how, after, work)
        survived += wrong is None
        print(f"{'not ok' if wrong else 'ok'} {i + 1}: {how} after {after} ms" + (f": {wrong}" if wrong else ""),
              flush=True)
    print(f"# {times} deaths of the console, {survived} survived by all machines")


main()
