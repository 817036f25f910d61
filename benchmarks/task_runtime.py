"""Compares the task runtime with Dask and Ray.

The same program is run with each, in turns; the best of its results count. Nothing may be left
running afterwards, and nothing is sent to another machine.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.engines import engines_python
from benchmarks.sides import PROGRAMS, conjoin_python
from benchmarks.table import in_ms, in_s, in_us
from tests.support.muscle3 import REPOSITORY

HEADER = ("Conjoin", "Dask 2026.8", "Ray 2.60", "ratio to Ray", "target")
SIDES = ("conjoin", "dask", "ray")
REPETITIONS = 3
MOST_SECONDS = 1200.0
ENDING_SECONDS = 10.0
MARK = "CONJOIN_BENCHMARK"
"""A variable by which the processes of a program are recognised."""

Results = Mapping[str, float]


@dataclass(frozen=True)
class Measure:
    """A line of the table.

    Attributes:
        what: What is measured.
        key: Its name in the results of the programs.
        show: Formats a result.
        target: The result that Conjoin should have.
        is_rate: Whether to compare how many there are in a second.
        fallback: The result of the others to compare with, if they have none of this name.
    """

    what: str
    key: str
    show: Callable[[float], str]
    target: str
    is_rate: bool = False
    fallback: str = ""

    def row(self, results: Mapping[str, Results]) -> str:
        """Return the line."""
        values = [self._value(results[side]) for side in SIDES]
        ours, _, ray = values
        ratio = "-" if ours is None or not ray else f"{ours / ray:.2f}"
        shown = ["-" if value is None else self.show(value) for value in values]
        return f"| {' | '.join([self.what, *shown, ratio, self.target])} |"

    def _value(self, results: Results) -> float | None:
        value = results.get(self.key, results.get(self.fallback))
        return 1 / value if value is not None and self.is_rate else value


def _in_mb(size: float) -> str:
    return f"{size / 1e6:.0f} MB"


def _as_percentage(value: float) -> str:
    return f"{value:.1f} %"


def _as_number(value: float) -> str:
    return f"{value:.0f}"


def _as_ratio(value: float) -> str:
    return f"{value:.2f}"


SPEED = (
    Measure("start until two workers have answered", "start", in_s, "≤ 0.6 s"),
    Measure("the same, with the import of the library", "start_with_import", in_s, ""),
    Measure("empty actor call, round trip", "round_trip", in_us, "ratio ≤ 0.33"),
    Measure(
        "actor calls/s, 1000 in flight, 2 actors", "call", _as_number, "ratio ≥ 2", is_rate=True
    ),
    Measure("independent small tasks/s", "task", _as_number, "ratio ≥ 4", is_rate=True),
    Measure(
        "items/s of `async_for`; tasks/s of the others",
        "item",
        _as_number,
        "ratio ≥ 4",
        is_rate=True,
        fallback="task",
    ),
    Measure("put of 64 MB, second and later", "put", in_ms, "ratio ≤ 1"),
    Measure("get of 64 MB", "get", in_ms, "< 1 ms"),
    Measure("64 MB as argument of an actor", "argument", in_ms, "ratio ≤ 1"),
    Measure("64 MB as result of an actor", "result", in_ms, "ratio ≤ 1"),
    Measure("memory per stored byte, two workers hold it", "memory_per_byte", _as_ratio, "1.0"),
    Measure("idle: memory of all other processes (PSS)", "idle_memory", _in_mb, "≤ 100 MB"),
    Measure("idle: how many other processes", "idle_processes", _as_number, ""),
    Measure("idle: CPU, in percent of a core", "idle_cpu", _as_percentage, "< 1 %"),
)
GROWTH = Measure("growth of memory by 100 000 tasks", "growth", _in_mb, "none that stays")


def rows() -> Iterator[str]:
    """Yield the results."""
    rounds = [{side: _run(side, "speed") for side in SIDES} for _ in range(REPETITIONS)]
    results = {side: _best([results[side] for results in rounds]) for side in SIDES}
    for measure in SPEED:
        yield measure.row(results)
    yield GROWTH.row({side: _run(side, "growth") for side in SIDES})


def _best(results: list[Results]) -> Results:
    return {key: min(result[key] for result in results) for key in results[0]}


def _run(side: str, what: str) -> Results:
    """Run the program of a side, and return what it has measured.

    Raises:
        RuntimeError: It has left processes behind.
    """
    python = conjoin_python() if side == "conjoin" else engines_python()
    mark = uuid.uuid4().hex
    # ignoring errors, because processes that end may still write their logs
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        variables = {
            MARK: mark,
            # another program may have changed which sources the environment uses
            "PYTHONPATH": str(REPOSITORY),
            "TMPDIR": folder,
            "RAY_TMPDIR": folder,
            "RAY_USAGE_STATS_ENABLED": "0",
        }
        process = subprocess.run(
            [python, str(PROGRAMS / f"farm_{side}.py"), what],
            env={**os.environ, **variables},
            cwd=folder,
            check=True,
            stdout=subprocess.PIPE,
            timeout=MOST_SECONDS,
        )
        _check_nothing_is_left(side, mark)
    results: Results = json.loads(process.stdout.splitlines()[-1])
    return results


def _check_nothing_is_left(side: str, mark: str) -> None:
    deadline = time.monotonic() + ENDING_SECONDS
    while left := _processes_with(mark):
        if time.monotonic() > deadline:
            msg = f"farm_{side} has left these processes behind: {left}"
            raise RuntimeError(msg)
        time.sleep(0.1)


def _processes_with(mark: str) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            is_marked = f"{MARK}={mark}".encode() in path.read_bytes()
        except OSError:
            continue  # it has ended, or belongs to another user
        if is_marked:
            found.append(int(path.parent.name))
    return found
