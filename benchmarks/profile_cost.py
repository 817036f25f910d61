"""Measures what the profile of the task runtime costs in each call of an actor."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from adapters.filesystem.trace_file import TraceFile
from adapters.pickling.pickler import CloudPickler
from adapters.system.clock import SystemClock
from application.runtime.profile_buffer import ProfileBuffer
from benchmarks.table import Row, in_us
from domain.runtime.trace import Trace

COLUMNS = ("CPU time of an empty call", "the profile's part")
CALLS = 1000
REPETITIONS = 100
PICKLER = CloudPickler()
PROGRAM = "benchmarks.programs.profile_calls"


def rows() -> Iterator[Row]:
    """Yield the results: the best of many, because other programs only make them slower."""
    call = _cpu_of_a_call()
    buffer = ProfileBuffer(clock=SystemClock())
    kept = _best(lambda: _record(buffer))
    yield Row("the profile is kept in memory", call, kept, in_us)
    with tempfile.TemporaryDirectory() as folder:
        file = TraceFile(folder)
        written = _best(lambda: _write(buffer, Trace(), file))
        file.close()
    yield Row("the profile is written to the run directory", call, kept + written, in_us)


def _cpu_of_a_call() -> float:
    root = Path(__file__).parents[1]
    command = [sys.executable, "-m", PROGRAM]
    printed = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
    return float(json.loads(printed.splitlines()[-1])["call"])


def _best(act: Callable[[], float]) -> float:
    return min(act() for _ in range(REPETITIONS)) / CALLS


def _record(buffer: ProfileBuffer) -> float:
    """Record what a worker records of each call, and return the CPU time."""
    begin = time.process_time()
    for _ in range(CALLS):
        arrived, started = buffer.now(), buffer.now()
        seconds = buffer.now() - started
        buffer.add_call("Worker.nothing", arrived, started, seconds, row="worker:head:1")
    return time.process_time() - begin


def _write(buffer: ProfileBuffer, trace: Trace, file: TraceFile) -> float:
    """Send and write these events, and return the CPU time."""
    buffer.take("worker:0:0")
    _record(buffer)
    begin = time.process_time()
    payload = PICKLER.dump(buffer.take("worker:0:0"), name="events", replace=lambda _: None)
    file.write(trace.entries(PICKLER.load(payload)))
    return time.process_time() - begin
