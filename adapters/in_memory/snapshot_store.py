"""A snapshot store that is kept in a dictionary."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import final

from typing_extensions import override

from application.interfaces.snapshot_store import SnapshotStore
from domain.checkpointing.instance_snapshot import snapshot_name
from domain.identity import Reference

_SCHEME = "in_memory:"


@final
class InMemorySnapshotStore(SnapshotStore):
    """Keeps snapshots in memory.

    Attributes:
        snapshots: The stored data, by location.
        failure: If set, `store` raises it.
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
