#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
"""crossing_steps.py MODULE: something happens at every instruction of the crossing.

gdb stops the console's processor at each in turn (crossing_steps_gdb.py). An NMI
must reach Linux, once, wherever it came: in Linux, on common ground, in the
vmkernel. A machine check or a debug exception on common ground must end in a purple screen,
and the console must live, unload what is left and load another. Prints "ok" and "not ok" lines.
"""
import os
import subprocess
import sys
import tempfile
import threading

LOAD = """. /t/console.sh
dmesg -n 1
insmod $module mem=64M && vmkloader >/dev/null && insmod /t/nmis.ko || exit 1
enter=$(sed -n "s/ . crossing_enter.*\\[vmnix\\]//p" /proc/kallsyms)
"""
NMI = LOAD + """
echo "@enter $enter"
until [ -e /tmp/stop ]; do
	vmnix-test selftest --rounds 20 --seed 7 >/dev/null || echo "@bad"
	echo "@count $(cat /sys/module/nmis/parameters/count)"
done
"""
FATAL = LOAD + """
echo "@enter $enter"
n=0
while :; do
	if ! vmnix-test usercall 20 >/dev/null 2>&1; then
		n=$((n + 1))
		echo "@purple $n $(dmesg | sed -n "s/.*@BlueScreen: //p" | tail -1)"
		dmesg -c >/dev/null
		vmkloader --unload >/dev/null || echo "@bad"
		# It may come while the next is loaded, too: that is refused, then.
		until vmkloader >/tmp/said 2>&1; do
			n=$((n + 1))
			[ $n -lt 200 ] || break 2
			echo "@purple $n $(cat /tmp/said) $(dmesg | sed -n "s/.*@BlueScreen: //p" | tail -1)"
			dmesg -c >/dev/null
		done
	fi
	echo "@tick"
done
"""
SECONDS = 600


def gdb(socket, enter, what):
    env = {**os.environ, "STEPS_SOCKET": socket, "STEPS_ENTER": enter, "STEPS_WHAT": what}
    return subprocess.Popen(["gdb", "-nx", "-batch", "-x", "tests/lib/crossing_steps_gdb.py"],
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=env)


class Steps(threading.Thread):
    """gdb at work: what it has said."""
    def __init__(self, socket, enter, what):
        super().__init__(daemon=True)
        self.process = gdb(socket, enter, what)
        self.trace, self.sent, self.last = None, None, ""
        self.start()

    def run(self):
        for line in self.process.stdout:
            words = line.split()
            if words[:1] == ["trace"]:
                self.trace = int(words[1])
            elif words[:1] == ["sent"]:
                self.sent = int(words[1])
            elif words[:1] == ["at"]:
                self.last = line.strip()
        self.process.wait()


def result(good, name):
    print(f"{'ok' if good else 'not ok'} {name}", flush=True)


def nmis(words, state):
    """A line of the console; true: it is over."""
    if words[0] == "@bad":
        state["bad"] = True
    if words[0] != "@count":
        return False
    count = int(words[1])
    done = state["steps"] and state["steps"].sent is not None
    state["quiet"] = state["quiet"] + 1 if done and count == state["count"] else 0
    state["count"] = count
    return state["quiet"] == 3


def purples(words, state):
    if words[0] == "@bad":
        state["bad"] = True
        return True
    if words[0] == "@purple":
        state["count"] = int(words[1])
        state["why"].append(" ".join(words[2:]))
    gave_up = state["steps"].sent is None and not state["steps"].is_alive()
    return gave_up or state["count"] == state["steps"].sent


def run(module, what):
    state = {"steps": None, "count": 0, "quiet": 0, "bad": False, "why": []}
    step = nmis if what == "nmi" else purples
    with tempfile.TemporaryDirectory(prefix="vmnix-steps-") as work:
        socket = os.path.join(work, "gdb")
        argv = ["scripts/console-run", "-q", "--no-load", "--console-log", os.path.join(work, "log"), "--timeout", str(SECONDS), "--cpus", "2",
                "--mem", "512", "--qemu-arg=-gdb", f"--qemu-arg=unix:{socket},server=on,wait=off",
                "--file", "tests/lib/console.sh:/t/console.sh", "--file", f"{module}:/t/nmis.ko",
                "--", NMI if what == "nmi" else FATAL]
        with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as p:
            for line in p.stdout:
                words = line.split()
                if words[:1] == ["@enter"]:
                    state["steps"] = Steps(socket, words[1], what)
                elif words and words[0].startswith("@"):
                    if step(words, state):
                        break
                else:
                    print("# " + line.rstrip(), flush=True)
            p.terminate()
            if state["steps"]:
                state["steps"].process.kill()
    return state


def main():
    module = os.path.abspath(sys.argv[1])
    os.chdir(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
    for what, name, vector in (("nmi", "an NMI", None), ("mce", "a machine check", 18),
                               ("step", "a debug exception", 1)):
        if len(sys.argv) > 2 and what != sys.argv[2]:
            continue
        state = run(module, what)
        steps = state["steps"]
        if not steps or not steps.sent:
            result(False, f"{name}: gdb did not come to its end: {steps and steps.last}")
            continue
        print(f"# {name}: {steps.trace} instructions there and back, {steps.sent} places, {state['count']} seen")
        result(steps.sent == state["count"] and not state["bad"],
               f"{name} at each of {steps.sent} instructions of the crossing"
               + (" is delivered once" if what == "nmi" else " is a purple screen, and the console lives"))
        if vector:
            wrong = [w for w in state["why"] if f"exception {vector} " not in w.lower()]
            result(not wrong, f"{name}: the report says so: {wrong[:3]}")


main()
