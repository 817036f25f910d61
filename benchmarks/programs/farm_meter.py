"""Shared by the programs `farm_*`: the sizes, the clock, and the memory of processes."""

import gc
import json
import os
import sys
import time
from pathlib import Path

WORKERS = 2
TRIPS = 500
IN_FLIGHT = 1000
ITEMS = 1000
REPETITIONS = 3
ARRAY_BYTES = 64 * 2**20
HELD_BYTES = 128 * 2**20
TASKS = 100_000
BATCH = 1000
WARM_UP = 50
"""Batches of tasks until buffers of limited size, such as that of the profile, are full."""

IDLE_SECONDS = 5
SETTLING_SECONDS = 2


def is_growth():
    """Whether to measure the growth of memory, instead of everything else."""
    return sys.argv[1] == "growth"


def report(results):
    """Print the results in the last line."""
    print(json.dumps(results), flush=True)


def new_array(size=ARRAY_BYTES):
    import numpy as np

    return np.ones(size // 8)


class Clock:
    """Measures the seconds of a `with` block."""

    def __enter__(self):
        self._begin = time.perf_counter()
        return self

    def __exit__(self, *_error):
        self.seconds = time.perf_counter() - self._begin


def descendants():
    """Return the processes that this one has started, and what these have started."""
    found = [os.getpid()]
    for parent in found:
        try:
            for thread in Path(f"/proc/{parent}/task").iterdir():
                found += map(int, (thread / "children").read_text().split())
        except OSError:
            continue  # it has ended
    return found[1:]


def memory(pids):
    """Return the proportional set size of some processes, in bytes."""
    return sum(map(_proportional_set_size, pids))


def memory_of_all():
    gc.collect()
    return memory([os.getpid(), *descendants()])


def cpu_seconds(pids):
    """Return the CPU time of some processes."""
    ticks = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def idle():
    """Return memory and CPU use (in percent of a core) of the other processes. It blocks."""
    time.sleep(SETTLING_SECONDS)
    others = descendants()
    before = cpu_seconds(others)
    time.sleep(IDLE_SECONDS)
    cpu = 100 * (cpu_seconds(others) - before) / IDLE_SECONDS
    return {"idle_memory": memory(others), "idle_processes": len(others), "idle_cpu": cpu}


def _proportional_set_size(pid):
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    line = next((line for line in lines if line.startswith("Pss:")), "Pss: 0")
    return int(line.split()[1]) * 1024
