"""Processes that a bench starts, watches through /proc, and stops by id."""

import os
import signal
import subprocess
import time

TICK = 1.0 / os.sysconf("SC_CLK_TCK")


def _stat(pid):
    with open(f"/proc/{pid}/stat") as f:
        return f.read().rsplit(")", 1)[1].split()


def tree(pid):
    """The process and all its living descendants."""
    found, queue = [], [pid]
    while queue:
        one = queue.pop()
        found.append(one)
        try:
            for task in os.listdir(f"/proc/{one}/task"):
                with open(f"/proc/{one}/task/{task}/children") as f:
                    queue += [int(child) for child in f.read().split()]
        except (FileNotFoundError, ProcessLookupError):
            pass
    return found


def cpu(pid):
    """(user, system) seconds of the tree so far, with the children that were waited for."""
    user = system = 0
    for one in tree(pid):
        try:
            fields = _stat(one)
        except (FileNotFoundError, ProcessLookupError):
            continue
        user += int(fields[11]) + int(fields[13])
        system += int(fields[12]) + int(fields[14])
    return user * TICK, system * TICK


def memory(pid):
    """Resident bytes of the tree, pages that processes share divided among them (PSS): nginx's master
    and worker are mostly the same pages, and counting them twice would flatter a JVM."""
    total = 0
    for one in tree(pid):
        try:
            with open(f"/proc/{one}/smaps_rollup") as f:
                total += next(int(line.split()[1]) for line in f if line.startswith("Pss:")) * 1024
        except (FileNotFoundError, ProcessLookupError):
            pass
    return total


class Running:
    """A started program, pinned to a core; a context manager that ends it."""

    def __init__(self, command, core, stop=signal.SIGQUIT, env=None, log=None):
        self.command = command
        self.stop_signal = stop
        out = open(log, "ab") if log else subprocess.DEVNULL
        pinned = ["taskset", "-c", str(core)] + command
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            pinned, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=env
        )
        self.pid = self.process.pid

    def alive(self):
        return self.process.poll() is None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        """Ends it gracefully, or after 5 seconds for good, with all it had started."""
        members = tree(self.pid)
        for number, patience in ((self.stop_signal, 5), (signal.SIGTERM, 3), (signal.SIGKILL, 3)):
            if not self.alive():
                break
            self.process.send_signal(number)
            try:
                self.process.wait(patience)
            except subprocess.TimeoutExpired:
                pass
        for one in members[1:]:
            try:
                if int(_stat(one)[1]) in (1, self.pid):
                    os.kill(one, signal.SIGKILL)
            except (FileNotFoundError, ProcessLookupError):
                pass
