"""Samples processes by procfs (Linux)."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, final

from adapters.processes.process_stat import STATE, read_stat
from application.interfaces.activity_meter import ActivityMeter
from domain.running.activity import ProcessSample

PROC: Final = Path("/proc")
_TIMES: Final = slice(11, 15)
"""CPU times in /proc/PID/stat, counted from the state: own and of children that have ended."""


@final
class ProcfsActivityMeter(ActivityMeter):
    """Reads the states and CPU times of processes and their descendants.

    Args:
        proc: Mount point of procfs. Without it, there are no samples.
    """

    def __init__(self, *, proc: Path = PROC) -> None:
        self._proc = str(proc)

    def sample(self, programs: Mapping[str, int]) -> Mapping[str, ProcessSample]:
        samples = {name: self._sample(pid) for name, pid in programs.items()}
        return {name: sample for name, sample in samples.items() if sample.states}

    def _sample(self, pid: int) -> ProcessSample:
        ticks, states = 0, ""
        for member in self._tree(pid):
            fields = self._stat(member)
            if fields:
                ticks += sum(map(int, fields[_TIMES]))
                states += fields[STATE].decode()
        return ProcessSample(ticks, states)

    def _tree(self, pid: int) -> Iterator[int]:
        pending, seen = [pid], {pid}
        while pending:
            current = pending.pop()
            yield current
            children = [child for child in self._children(current) if child not in seen]
            seen.update(children)
            pending += children

    def _children(self, pid: int) -> list[int]:
        """Return the children of a process; none if the kernel does not list them."""
        tasks = f"{self._proc}/{pid}/task"
        try:
            threads = os.listdir(tasks)  # noqa: PTH208 - many times faster
        except OSError:
            return []
        return [
            int(child)
            for thread in threads
            for child in self._read(f"{tasks}/{thread}/children").split()
        ]

    def _stat(self, pid: int) -> list[bytes]:
        """Return the fields of `process_stat`; none if the process has ended."""
        try:
            return read_stat(f"{self._proc}/{pid}/stat")
        except OSError:
            return []

    @staticmethod
    def _read(path: str) -> bytes:
        try:
            with open(path, "rb", buffering=0) as file:
                return file.read()
        except OSError:
            return b""
