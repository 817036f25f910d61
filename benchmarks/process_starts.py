"""Measures how many processes per second the agent of this machine starts, watches and reports.

The manager's side is real too: commands and results travel over a socket. MUSCLE3's agent starts
at most ten processes per second, because it requests one command at a time, ten times a second.
"""

from __future__ import annotations

import logging
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import structlog

from adapters.local_agents.launcher import LocalAgentLauncher
from benchmarks.table import Row
from conjoin.testing.agent_bench import AgentBench

COUNTS = (200, 1000)
REPETITIONS = 3
LONG = 120.0


@dataclass(frozen=True)
class _Rate:
    """A rate of process starts, for the table."""

    count: int

    def __call__(self, seconds: float) -> str:
        return f"{self.count / seconds:.0f} per second"


def rows() -> Iterator[Row]:
    """Yield the results."""
    # a line for each process would be measured too
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    for count in COUNTS:
        seconds = min(_run(count) for _ in range(REPETITIONS))
        yield Row(f"{count} processes start, end and are reported", 0.0, seconds, _Rate(count))


def _run(count: int) -> float:
    """Return the seconds from the first command to the last report."""
    with tempfile.TemporaryDirectory() as folder:
        launcher = LocalAgentLauncher()
        bench = AgentBench(launcher, Path(folder))
        try:
            (node,) = bench.launch_and_wait()
            begin = time.perf_counter()
            bench.do(lambda: _start_all(bench, node.node, count))
            bench.wait_for(lambda: len(bench.finished) == count, LONG)
            return time.perf_counter() - begin
        finally:
            bench.close()


def _start_all(bench: AgentBench, node: str, count: int) -> None:
    for number in range(count):
        out, err = (bench.directory / f"{number}.{kind}" for kind in ("out", "err"))
        args = ["/bin/true"]
        name = f"p{number}"
        bench.manager.start(node, name, bench.directory, args, {}, out, err, extend_env=True)


if __name__ == "__main__":
    for row in rows():
        print(row, flush=True)
