# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
"""QEMU's control socket (console-run --qmp PATH), for tests that use it."""
import json
import os
import socket
import time


class Qmp:
    """Waits until the socket is there."""
    def __init__(self, path):
        while not os.path.exists(path):
            time.sleep(0.1)
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.lines = self.socket.makefile("r")
        self.lines.readline()
        self.command("qmp_capabilities")

    def command(self, name, **arguments):
        """What the command returns; an error of QEMU is one here."""
        self.socket.sendall(json.dumps({"execute": name, "arguments": arguments}).encode() + b"\n")
        while True:
            answer = json.loads(self.lines.readline())
            if "error" in answer:
                raise RuntimeError(f"{name}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]

    def monitor(self, line):
        return self.command("human-monitor-command", **{"command-line": line})
