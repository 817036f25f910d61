"""Measures how long the manager takes to find the snapshots that form a workflow snapshot.

MUSCLE3's registry also writes each workflow snapshot. Ours passes that to a worker thread, which is
measured separately.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from adapters.filesystem.snapshot_store import FilesystemSnapshotStore
from adapters.filesystem.workflow_snapshot_store import FilesystemWorkflowSnapshotStore
from adapters.system.clock import SystemClock
from adapters.ymmsl_files.writing.workflow_snapshot_file import YmmslWorkflowSnapshotFormat
from application.manager.snapshots.snapshot_copier import SnapshotCopier
from benchmarks.sides import PROGRAMS, Side, both_sides
from benchmarks.table import Row, in_ms
from domain.checkpointing.instance_snapshot import SnapshotMetadata
from domain.checkpointing.workflow_snapshot import RegisteredSnapshot, WorkflowSnapshot
from domain.identity import Reference

CASES = {
    "2 peers, 1000 snapshots each that never match": (0, 1000, "never"),
    "2 peers, 4000 snapshots each that never match": (0, 4000, "never"),
    "macro and 49 micros, 200 snapshots each that never match": (49, 200, "never"),
    "macro and 36 micros, 2 matching snapshots each": (36, 2, "all"),
    "macro and 18 micros, 2 matching snapshots each": (18, 2, "all"),
    "macro and 1000 micros, 100 matching snapshots each": (1000, 100, "once"),
}
BEYOND_MUSCLE3 = ("macro and 1000 micros", "macro and 36 micros", "2 peers, 4000")


def rows() -> Iterator[Row]:
    """Measure each case on both sides."""
    theirs, ours = both_sides()
    for what, case in CASES.items():
        is_possible = not what.startswith(BEYOND_MUSCLE3)
        their_seconds = register(theirs, *case) if is_possible else 0.0
        yield Row(f"registering: {what}", their_seconds, register(ours, *case), in_ms)
    for instances in (2, 1001):
        yield Row(f"writing a workflow snapshot of {instances}", 0.0, write(instances), in_ms)


def register(side: Side, micros: int, rounds: int, matching: str) -> float:
    """Return the seconds to register all snapshots of a macro model and its micro models."""
    with tempfile.TemporaryDirectory() as folder:
        command = [side.python, str(PROGRAMS / "register_snapshots.py"), side.library]
        arguments = [str(micros), str(rounds), matching, folder]
        done = subprocess.run([*command, *arguments], check=True, capture_output=True, text=True)
        return float(done.stdout)


def write(instances: int, repeats: int = 20) -> float:
    """Return the seconds to write a workflow snapshot durably."""
    with tempfile.TemporaryDirectory() as name:
        store = FilesystemSnapshotStore(Path(name))
        snapshots = []
        for number in range(instances):
            instance = Reference(f"micro[{number}]")
            location = store.store(instance, 1, b"x")
            metadata = SnapshotMetadata(("t",), 0.0, 0.0, None, {}, True, location)
            snapshots.append(RegisteredSnapshot(instance, 1, metadata))
        workflow_snapshots = FilesystemWorkflowSnapshotStore(
            Path(name),
            ensure_stored=SnapshotCopier(lambda _: store).ensure_stored,
            form=YmmslWorkflowSnapshotFormat(),
            clock=SystemClock(),
        )
        start = time.perf_counter()
        for _ in range(repeats):
            workflow_snapshots.announce(WorkflowSnapshot("m", tuple(snapshots)), [].append)
        workflow_snapshots.close()
        return (time.perf_counter() - start) / repeats


if __name__ == "__main__":
    for row in rows():
        print(row, flush=True)
