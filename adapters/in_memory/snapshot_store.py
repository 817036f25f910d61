"""Snapshots kept in dictionaries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import final

from typing_extensions import override

from application.interfaces.snapshot_store import (
    AnnouncementResult,
    EnsureStored,
    SnapshotStore,
    StoredWorkflowSnapshot,
    WorkflowSnapshotStore,
)
from domain.checkpointing.instance_snapshot import WorkflowSnapshot, describe, snapshot_name
from domain.identity import Reference

_SCHEME = "in_memory:"


@final
class InMemorySnapshotStore(SnapshotStore):
    """Keeps snapshots for as long as it lives.

    Attributes:
        snapshots: What is stored, by location.
        failure: If set, what `store` fails with.
    """

    def __init__(self) -> None:
        self.snapshots: dict[str, bytes] = {}
        self.failure: OSError | None = None

    @override
    def store(self, instance: Reference, number: int, data: bytes) -> str:
        if self.failure is not None:
            raise self.failure
        location = _SCHEME + snapshot_name(instance, number)
        self.snapshots.pop(location, None)
        self.snapshots[location] = bytes(data)
        return location

    @override
    def load(self, location: str) -> bytes:
        self._check(location)
        return self.snapshots[location]

    @override
    def size(self, location: str) -> int:
        return len(self.load(location))

    @override
    def secure(self, location: str) -> None:
        self._check(location)

    @override
    def locations(self) -> Sequence[str]:
        return sorted(self.snapshots, key=_key)

    @override
    def remove(self, location: str) -> None:
        self._check(location)
        del self.snapshots[location]

    @override
    def local_path(self, location: str, *, scratch: Path) -> str:
        data = self.load(location)
        path = scratch.absolute() / location.removeprefix(_SCHEME)
        path.write_bytes(data)
        return str(path)

    def _check(self, location: str) -> None:
        if location not in self.snapshots:
            raise FileNotFoundError(f"There is no snapshot at '{location}'.")


def _key(location: str) -> tuple[str, int]:
    name, _, number = location.removesuffix(".pack").rpartition("_")
    return name, int(number)


@final
class InMemoryWorkflowSnapshotStore(WorkflowSnapshotStore):
    """Keeps workflow snapshots in a list.

    Args:
        keep: Sees to it that the snapshots are safe that they name.

    Attributes:
        announced: All that were announced.
        closed: Whether `close` was called.
    """

    def __init__(self, keep: EnsureStored) -> None:
        self._keep = keep
        self.announced: list[WorkflowSnapshot] = []
        self._shelved: list[StoredWorkflowSnapshot] = []
        self.closed = False

    @override
    def announce(
        self, snapshot: WorkflowSnapshot, report: Callable[[AnnouncementResult], None]
    ) -> None:
        try:
            resume = {state.instance: self._keep(state) for state in snapshot.states}
        except OSError as error:
            report(AnnouncementResult(snapshot, "", str(error)))
            return
        location = f"{_SCHEME}{len(self.announced)}"
        self.announced.append(snapshot)
        description = describe(snapshot, taken="just now")
        self._shelved.append(StoredWorkflowSnapshot(location, description, resume))
        report(AnnouncementResult(snapshot, location))

    @override
    def list(self) -> Sequence[StoredWorkflowSnapshot]:
        return tuple(self._shelved)

    @override
    def read(self, location: str) -> StoredWorkflowSnapshot:
        for shelved in self._shelved:
            if shelved.location == location:
                return shelved
        return StoredWorkflowSnapshot(location, "", {}, "there is nothing there")

    @override
    def remove(self, location: str) -> None:
        shelved = self.read(location)
        if shelved.problem:
            raise FileNotFoundError(f"There is no workflow snapshot at '{location}'.")
        self._shelved.remove(shelved)

    @override
    def close(self) -> None:
        self.closed = True
