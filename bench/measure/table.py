"""Markdown rows, and the statistics in them."""

import datetime
import os
import platform
import statistics
import subprocess


def median(values):
    return statistics.median(values)


def ratio(ours, theirs):
    """The median of the pairwise ratios, with the least and the greatest."""
    ratios = [a / b for a, b in zip(ours, theirs) if b > 0]
    if not ratios:
        return "-"
    return f"**{median(ratios):.2f}** ({min(ratios):.2f}–{max(ratios):.2f})"


def row(*cells):
    print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


def head(title, *cells):
    print(f"\n{title}\n", flush=True)
    row(*cells)
    row(*["---"] * len(cells))


def where(*programs):
    """The line above a result: date, machine, and what was measured."""
    with open("/proc/cpuinfo") as f:
        model = next((l.split(":")[1].strip() for l in f if l.startswith("model name")), "?")
    load = os.getloadavg()[0]
    if load > 0.7:
        print("**Something else keeps this machine busy: read the ratios, not the figures.**\n")
    return (f"{datetime.date.today()}, {os.cpu_count()} × {model}, Linux {platform.release()}, "
            f"{'; '.join(programs)}; load average before: {load:.1f}")


def version(launcher):
    """What `LAUNCHER -v` says."""
    try:
        done = subprocess.run([launcher, "-v"], capture_output=True, text=True, timeout=20)
        lines = (done.stdout + done.stderr).strip().splitlines()
        return lines[0].replace("version: ", "") if lines else launcher
    except (OSError, subprocess.TimeoutExpired):
        return launcher
