"""Workflow snapshots as files in a directory."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import count
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Final, TypeAlias, final

from typing_extensions import override

from adapters.filesystem.durable_files import remove_leftovers, write_durably
from application.interfaces.clock import Clock
from application.interfaces.workflow_snapshot_store import (
    AnnouncementResult,
    EnsureStored,
    WorkflowSnapshotFormat,
    WorkflowSnapshotStore,
)
from domain.checkpointing.workflow_snapshot import (
    RegisteredSnapshot,
    StoredWorkflowSnapshot,
    WorkflowSnapshot,
    WorkflowSnapshotRecord,
    describe,
)
from domain.errors import ConfigurationError
from domain.identity import Reference
from domain.model.configuration import ResumeOrigin

PATIENCE: Final = 60.0
_NAME: Final = re.compile(r"snapshot_(\d{8}_\d{6})(?:_(\d+))?\.ymmsl")
_Work: TypeAlias = "tuple[WorkflowSnapshot, Callable[[AnnouncementResult], None]] | None"


@final
class FilesystemWorkflowSnapshotStore(WorkflowSnapshotStore):
    """Stores each workflow snapshot in a file `snapshot_<yyyymmdd_hhmmss>[_<n>].ymmsl`.

    A thread writes the files. It starts on the first announcement.

    Args:
        directory: Directory for the files; created on first use.
        ensure_stored: Makes the instance snapshots that a workflow snapshot refers to durable.
        form: The format of the files.
        clock: The source of the times in names and files.
        patience: Seconds that closing waits for a single snapshot to become durable.
    """

    def __init__(
        self,
        directory: Path,
        *,
        ensure_stored: EnsureStored,
        form: WorkflowSnapshotFormat,
        clock: Clock,
        patience: float = PATIENCE,
    ) -> None:
        self._directory = directory.absolute()
        self._ensure_stored = ensure_stored
        self._form = form
        self._clock = clock
        self._queue: SimpleQueue[_Work] = SimpleQueue()
        self._thread: Thread | None = None
        self._stored: dict[tuple[Reference, str], str] = {}
        self._patience = patience
        self._steps = 0
        self._last_time = 0.0
        self._last_name = ("", 0)

    @override
    def announce(
        self, snapshot: WorkflowSnapshot, report: Callable[[AnnouncementResult], None]
    ) -> None:
        if self._thread is None:
            self._thread = Thread(
                target=self._write_all,
                args=(self._queue,),
                name="workflow snapshot writer",
                daemon=True,
            )
            self._thread.start()
        self._queue.put((snapshot, report))

    @override
    def list(self) -> Sequence[StoredWorkflowSnapshot]:
        if not self._directory.is_dir():
            return []
        paths = [path for path in self._directory.iterdir() if _NAME.fullmatch(path.name)]
        ordered = sorted(paths, key=lambda path: _key(path.name))
        return [self.read(str(path)) for path in ordered]

    @override
    def read(self, location: str) -> StoredWorkflowSnapshot:
        path = Path(location).absolute()
        try:
            record = self._form.load(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return _unusable(path, "there is nothing there")
        except UnicodeDecodeError:
            return _unusable(path, "it is not a text file: is it the snapshot of an instance?")
        except (OSError, ValueError, ConfigurationError) as error:
            return _unusable(path, str(error))
        named = record.resume
        found = {name: _present_location(named[name], path.parent.parent) for name in named}
        moved = (_run_of(named[name]) for name in named if found[name] != named[name])
        taken = _taken(record, path)
        return StoredWorkflowSnapshot(
            str(path),
            replace(record, resume=found),
            taken="" if taken is None else f"{taken:%Y-%m-%d %H:%M:%S}",
            timestamp=0.0 if taken is None else taken.timestamp(),
            moved_from=next(moved, ""),
        )

    @override
    def remove(self, location: str) -> None:
        Path(location).unlink()

    @override
    def close(self) -> None:
        thread, self._thread = self._thread, None
        if thread is None:
            return
        self._queue.put(None)
        steps = -1
        while thread.is_alive() and steps != self._steps:
            steps = self._steps
            thread.join(self._patience)
        if thread.is_alive():
            # it ends with the program: a file system or a store that hangs cannot be interrupted
            self._queue = SimpleQueue()
            msg = f"the storage has not responded for {self._patience:g} s"
            raise TimeoutError(msg)

    def _write_all(self, queue: SimpleQueue[_Work]) -> None:
        remove_leftovers(self._directory)
        while (work := queue.get()) is not None:
            snapshot, report = work
            try:
                report(AnnouncementResult(snapshot, self._write(snapshot)))
            except (OSError, ValueError) as error:  # ValueError: the path of a snapshot is invalid
                report(AnnouncementResult(snapshot, "", str(error)))

    def _write(self, snapshot: WorkflowSnapshot) -> str:
        resume = {item.instance: self._stored_location(item) for item in snapshot.snapshots}
        # no later workflow snapshot refers to older ones
        self._stored = {old: self._stored[old] for old in snapshot.resume().items()}
        # names must sort in the order of the snapshots, even if the clock is set back
        self._last_time = max(self._clock.time(), self._last_time)
        local_time = datetime.fromtimestamp(self._last_time).astimezone()
        taken = local_time.isoformat(" ", "seconds")
        record = WorkflowSnapshotRecord(
            resume,
            ResumeOrigin(snapshot.model, frozenset(map(str, snapshot.from_scratch))),
            taken,
            describe(snapshot, taken=taken),
        )
        self._directory.mkdir(parents=True, exist_ok=True)
        path = self._new_path(local_time)
        write_durably(path, self._form.dump(record).encode())
        return str(path)

    def _stored_location(self, snapshot: RegisteredSnapshot) -> str:
        registered = snapshot.instance, snapshot.metadata.snapshot_filename
        if registered not in self._stored:
            self._stored[registered] = self._ensure_stored(snapshot)
            self._steps += 1
        return self._stored[registered]

    def _new_path(self, local_time: datetime) -> Path:
        last_name, last_number = self._last_name
        # names must sort in the order of the snapshots, although local time goes back every autumn
        name = max(f"snapshot_{local_time:%Y%m%d_%H%M%S}", last_name)
        for number in count(last_number + 1 if name == last_name else 0):
            suffix = f"_{number}" if number else ""
            path = self._directory / f"{name}{suffix}.ymmsl"
            if not path.exists():
                self._last_name = (name, number)
                return path
        raise AssertionError


def _unusable(path: Path, problem: str) -> StoredWorkflowSnapshot:
    taken = _named_time(path)
    return StoredWorkflowSnapshot(
        str(path),
        problem=problem,
        taken="" if taken is None else f"{taken:%Y-%m-%d %H:%M:%S}",
        timestamp=0.0 if taken is None else taken.timestamp(),
    )


def _taken(record: WorkflowSnapshotRecord, path: Path) -> datetime | None:
    """Return when a workflow snapshot was taken, preferably according to its contents.

    The local time in its name is ambiguous in the hour that is repeated in autumn.
    """
    try:
        return datetime.fromisoformat(record.taken)
    except ValueError:
        return _named_time(path)


def _named_time(path: Path) -> datetime | None:
    match = _NAME.fullmatch(path.name)
    try:
        return None if match is None else datetime.strptime(match[1], "%Y%m%d_%H%M%S").astimezone()
    except ValueError:
        return None


def _present_location(location: str, run: Path) -> str:
    """Return the current location of a snapshot, whose run may have been moved.

    Snapshots in the run directory of the workflow snapshot take precedence, because the old
    location may by now hold another run with snapshots of the same names.
    """
    named = Path(location)
    if not named.is_absolute() or named.parts[-4:-3] != ("instances",):
        return location
    here = run.joinpath(*named.parts[-4:])
    if not here.is_file() or (named.is_file() and named.samefile(here)):
        return location
    return str(here)


def _run_of(location: str) -> str:
    return str(Path(location).parents[3])


def _key(name: str) -> tuple[str, int]:
    match = _NAME.fullmatch(name)
    assert match is not None
    return match[1], int(match[2] or 0)
