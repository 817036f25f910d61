"""A run directory that is not there."""

from __future__ import annotations

from pathlib import Path
from typing import final

from typing_extensions import override

from application.interfaces.run_directory import RunDirectory
from domain.identity import Reference


@final
class InMemoryRunDirectory(RunDirectory):
    """Gives out paths, and makes nothing on disk.

    Args:
        path: What to pretend to be.

    Attributes:
        configuration: What was saved; None before.
        made: The directories that were asked for.
        snapshot_store: The snapshot store that was noted; empty before.
        outputs: What instances wrote to their stderr: to be filled in by a test.
    """

    def __init__(self, path: Path = Path("/in_memory/run")) -> None:
        self._path = path
        self.configuration: str | None = None
        self.made: set[Path] = set()
        self.snapshot_store = ""
        self.outputs: dict[Reference, str] = {}

    @property
    @override
    def path(self) -> Path:
        return self._path

    @override
    def save_configuration(self, text: str) -> None:
        self.configuration = text

    @override
    def instance_directory(self, instance: Reference) -> Path:
        return self._make(self.instance_path(instance))

    @override
    def instance_path(self, instance: Reference) -> Path:
        return self._path / "instances" / str(instance)

    @override
    def log_directory(self) -> Path:
        return self._make(self._path / "logs")

    @override
    def snapshot_directory(self) -> Path:
        return self._make(self._path / "snapshots")

    @override
    def fetched_snapshot_directory(self) -> Path:
        return self._make(self._path / "snapshots" / "fetched")

    @override
    def save_snapshot_store(self, location: str) -> None:
        self.snapshot_store = location

    @override
    def instance_output_tail(self, instance: Reference, *, lines: int) -> str:
        return "\n".join(self.outputs.get(instance, "").splitlines()[-lines:])

    def _make(self, path: Path) -> Path:
        self.made.add(path)
        return path
