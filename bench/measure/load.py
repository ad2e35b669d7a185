"""Load from core 1: wrk for closed loops, Turnout's own generator for due times."""

import glob
import json
import os
import re
import subprocess

from measure.process import cpu
from measure.sides import HERE, LOAD_CORE

UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}


def _millis(text):
    number, unit = re.fullmatch(r"([0-9.]+)(us|ms|s|m)", text).groups()
    return float(number) * UNITS[unit]


class Window:
    """One measured window: CPU per request in microseconds, rate, latencies in milliseconds."""

    def __init__(self, requests, seconds, errors, before, after, latency, extra=None):
        self.requests = requests
        self.errors = errors
        self.rate = requests / seconds
        self.user = (after[0] - before[0]) / max(1, requests) * 1e6
        self.system = (after[1] - before[1]) / max(1, requests) * 1e6
        self.cpu = self.user + self.system
        self.latency = latency
        self.extra = extra or {}


def wrk(side, path, connections, seconds):
    """wrk with one thread, as long as `seconds`; the CPU is that of the side meanwhile."""
    command = ["taskset", "-c", str(LOAD_CORE), "wrk", "-t1", f"-c{connections}",
               f"-d{seconds}s", "--latency", side.url(path)]
    before = cpu(side.pid)
    text = subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=seconds + 30
    ).stdout
    after = cpu(side.pid)
    count, took = re.search(r"(\d+) requests in ([0-9.]+(?:us|ms|s|m))", text).groups()
    errors = sum(int(n) for n in re.findall(r"(?:connect|read|write|timeout) (\d+)", text))
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    errors += int(bad.group(1)) if bad else 0
    latency = {
        "p" + p: _millis(v) for p, v in re.findall(r"^\s+(50|99)%\s+([0-9.]+\w+)", text, re.M)
    }
    return Window(int(count), _millis(took) / 1e3, errors, before, after, latency)


def warm(side, path="small", connections=64, requests=200_000, limit=60):
    """Sends at least so many requests, within `limit` seconds; returns how many."""
    sent, spent = 0, 0
    while sent < requests and spent < limit:
        window = wrk(side, path, connections, 2)
        sent, spent = sent + window.requests, spent + 2
        if window.requests == 0:
            raise SystemExit(f"{side.name} answers nothing under load")
    return sent


def java():
    """The JDK 25 that ./build and ./turnout find as well."""
    find = os.path.join(os.path.dirname(HERE), ".launcher", "find-java.sh")
    home = subprocess.run(["bash", "-c", f". '{find}' && find_java_home && echo \"$JAVA_HOME\""],
                          capture_output=True, text=True, check=True).stdout.strip()
    return home


def loadgen_jar():
    jars = glob.glob(os.path.join(os.path.dirname(HERE), "loadgen", "target", "turnout-loadgen-*.jar"))
    if not jars:
        raise SystemExit("no load generator: run ./build -pl loadgen package -DskipTests")
    return jars[0]


def due_times(side, path, connections, rate, seconds, directory, warmup=3):
    """Open loop at a constant rate. CPU is taken over warm-up and window together: the rate is the
    same in both, and the generator alone knows where one ends."""
    report = os.path.join(directory, "load.json")
    command = ["taskset", "-c", str(LOAD_CORE), os.path.join(java(), "bin", "java"),
               "-XX:+UseSerialGC", "-Xms128m", "-Xmx128m", "-XX:TieredStopAtLevel=4",
               "--sun-misc-unsafe-memory-access=allow", "-jar", loadgen_jar(),
               "--rate", str(rate), "-c", str(connections), "-w", f"{warmup}s",
               "-d", f"{seconds}s", "--json", report, side.url(path)]
    before = cpu(side.pid)
    subprocess.run(command, capture_output=True, text=True, check=True, timeout=warmup + seconds + 60)
    after = cpu(side.pid)
    with open(report) as f:
        result = json.load(f)
    whole = (warmup + seconds) / seconds
    latency = result["latency_ms"]
    window = Window(int(result["requests"] * whole), seconds * whole, result["errors"], before, after,
                    latency, result)
    return window
