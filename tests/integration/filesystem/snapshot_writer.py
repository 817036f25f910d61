"""Store a snapshot, and stop at one of the steps; run by test_durability.

Usage: snapshot_writer.py DIRECTORY STEP before|after|half snapshot|workflow_snapshot
"""

import os
import sys
from pathlib import Path

from adapters.filesystem import durable_files
from adapters.filesystem.snapshot_store import FilesystemSnapshotStore
from adapters.filesystem.workflow_snapshot_store import FilesystemWorkflowSnapshotStore
from adapters.system.clock import SystemClock
from adapters.ymmsl_files.writing.workflow_snapshot_file import YmmslWorkflowSnapshotFormat
from application.manager.snapshots.snapshot_copier import SnapshotCopier
from domain.checkpointing.instance_snapshot import SnapshotMetadata, snapshot_name
from domain.checkpointing.workflow_snapshot import RegisteredSnapshot, WorkflowSnapshot
from domain.identity import Reference

MACRO = Reference("macro")
NEW = b"new" * 10_000
STOPPED = 17


class StoppingOs:
    """The module `os`, whose n-th call stops this program."""

    def __init__(self, step, moment):
        self._left = step
        self._moment = moment

    def __getattr__(self, name):
        value = getattr(os, name)
        return self._stopping(value) if callable(value) else value

    def _stopping(self, function):
        def call(*args, **kwargs):
            self._left -= 1
            if self._left == 0 and self._moment == "before":
                os._exit(STOPPED)
            if self._left == 0 and self._moment == "half" and function is os.writev:
                data = b"".join(args[1])
                os.write(args[0], data[: len(data) // 2])
                os._exit(STOPPED)
            result = function(*args, **kwargs)
            if self._left == 0:
                os._exit(STOPPED)
            return result

        return call


def write_snapshot(directory):
    FilesystemSnapshotStore(directory).store(MACRO, 1, NEW)


def write_workflow_snapshot(directory):
    store = workflow_store_in(directory)
    store.announce(workflow_snapshot(directory, 2), print)
    store.close()


def workflow_store_in(directory):
    """Return the store for workflow snapshots in the directory of a snapshot store."""
    return FilesystemWorkflowSnapshotStore(
        directory / "workflow_snapshots",
        ensure_stored=SnapshotCopier(lambda _: FilesystemSnapshotStore(directory)).ensure_stored,
        form=YmmslWorkflowSnapshotFormat(),
        clock=SystemClock(),
    )


def workflow_snapshot(directory, number):
    """Return a workflow snapshot that names a snapshot in the store."""
    location = str(directory / snapshot_name(MACRO, number))
    metadata = SnapshotMetadata(("at_end",), 2.5, 1.5, None, {}, True, location)
    return WorkflowSnapshot("model", (RegisteredSnapshot(MACRO, number, metadata),), ())


if __name__ == "__main__":
    folder, step, moment, what = sys.argv[1:]
    durable_files.os = StoppingOs(int(step), moment)
    write = {"snapshot": write_snapshot, "workflow_snapshot": write_workflow_snapshot}[what]
    write(Path(folder))
