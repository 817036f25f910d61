"""A run directory without files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import final

from typing_extensions import override

from application.interfaces.run_directory import RunDirectory
from domain.identity import Reference


@final
class InMemoryRunDirectory(RunDirectory):
    """Returns paths, without creating anything on disk.

    Args:
        path: The path of the run directory.

    Attributes:
        configuration: The saved configuration; None until one is saved.
        made: The directories that would have been created.
        snapshot_store: The saved location of the snapshot store; empty until one is saved.
        files: The files of instances, to be set by tests.
        written: The contents of the files with output that was added.
        outputs: Standard error output of instances, to be set by tests.
    """

    def __init__(self, path: Path = Path("/in_memory/run")) -> None:
        self._path = path
        self.configuration: str | None = None
        self.made: set[Path] = set()
        self.snapshot_store = ""
        self.files: dict[Reference, dict[Path, bytes]] = {}
        self.written: dict[Path, bytes] = {}
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
    def instance_files(self, instance: Reference) -> Mapping[Path, bytes]:
        return self.files.get(instance, {})

    @override
    def add_output(self, instance: Reference, *, is_error: bool, offset: int, data: bytes) -> None:
        name = "stderr.txt" if is_error else "stdout.txt"
        path = self.instance_path(instance) / name
        content = self.written.get(path, b"").ljust(offset, b"\0")
        self.written[path] = content[:offset] + data + content[offset + len(data) :]

    @override
    def instance_output_tail(self, instance: Reference, *, lines: int) -> str:
        return "\n".join(self.outputs.get(instance, "").splitlines()[-lines:])

    def _make(self, path: Path) -> Path:
        self.made.add(path)
        return path
