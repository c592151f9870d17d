# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
"""For gdb, started by crossing_steps.py: stops the console's processor at every instruction of a
crossing there and back, and lets something happen there.

STEPS_SOCKET, STEPS_ENTER, STEPS_WHAT (nmi, mce or step) come in the environment. Prints "trace N"
(instructions of one crossing), then "sent N".
"""
import os
import gdb

# In struct crossing.
CROSSINGS = 40
FAULT_VECTOR = 48
PANIC_RIP = 72


def registers(*names):
    return [int(gdb.parse_and_eval(f"(unsigned long)${n}")) for n in names]


def run_to(address, condition=None):
    gdb.execute(f"thbreak *{address:#x} thread 1" + (f" if {condition}" if condition else ""),
                to_string=True)
    gdb.execute("continue", to_string=True)


def word(address):
    return f"*(unsigned long *){address:#x}"


def instruction():
    """Its text without the address."""
    return gdb.execute("x/i $pc", to_string=True).split("\t", 1)[1].strip()


def trace(enter):
    """Addresses in the order in which they are first executed, and what is executed there."""
    run_to(enter)
    rsp, = registers("rsp")
    back = int(gdb.parse_and_eval("*(unsigned long *)$rsp"))
    seen = {}
    gdb.execute("set scheduler-locking on")
    steps = 0
    while True:
        pc, sp = registers("pc", "rsp")
        if pc == back and sp == rsp + 8:
            break
        seen.setdefault(pc, instruction())
        gdb.execute("stepi", to_string=True)
        steps += 1
    gdb.execute("set scheduler-locking off")
    print(f"trace {steps}", flush=True)
    return seen


def between_idts(seen):
    """Addresses where the crossing's own IDT is loaded: from each second LIDT of a pair on."""
    inside, found = False, []
    for pc, text in seen.items():
        if inside:
            found.append(pc)
        if text.startswith("lidt"):
            inside = not inside
    return found


def main():
    what = os.environ["STEPS_WHAT"]
    gdb.execute("set pagination off")
    gdb.execute("set confirm off")
    gdb.execute("set architecture i386:x86-64", to_string=True)
    gdb.execute(f"target remote {os.environ['STEPS_SOCKET']}", to_string=True)
    enter = int(os.environ["STEPS_ENTER"], 16)
    run_to(enter)
    crossing, = registers("rdi")
    seen = trace(enter)
    # Backwards: so the next place is met in the next crossing only.
    places = (list(seen) if what == "nmi" else between_idts(seen))[::-1]
    # Of a vmkernel that can report what happens, and has nothing to report yet.
    condition = f"{word(crossing + FAULT_VECTOR)} == 0 && {word(crossing + PANIC_RIP)} < 0x80000000"
    if what == "step":  # it comes after the instruction, and must still find the crossing's IDT
        places = [pc for pc in places if not seen[pc].startswith("lidt")]
    for n, pc in enumerate(places):
        run_to(pc, condition)
        if what == "nmi":
            gdb.execute("monitor nmi", to_string=True)
            # Loops bring it back to a place: the next NMI has to wait until Linux has had this one.
            before = int(gdb.parse_and_eval(word(crossing + CROSSINGS)))
            condition = f"{word(crossing + CROSSINGS)} != {before}"
        elif what == "mce":
            gdb.execute("monitor mce 0 1 0xb200000000000000 5 0 0", to_string=True)
        else:
            gdb.execute("set $eflags |= 0x100")
        print(f"at {n + 1} {pc:#x} {seen[pc]}", flush=True)
    print(f"sent {len(places)}", flush=True)
    gdb.execute("detach", to_string=True)


main()
