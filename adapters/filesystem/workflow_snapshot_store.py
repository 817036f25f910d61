"""Workflow snapshots as files in a directory."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import count
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Final, TypeAlias, final

from typing_extensions import override

from adapters.filesystem.durable_files import write_durably
from application.interfaces.clock import Clock
from application.interfaces.snapshot_store import (
    AnnouncementResult,
    EnsureStored,
    StoredWorkflowSnapshot,
    WorkflowSnapshotFormat,
    WorkflowSnapshotStore,
)
from domain.checkpointing.instance_snapshot import RegisteredSnapshot, WorkflowSnapshot, describe
from domain.errors import ConfigurationError

_NAME: Final = re.compile(r"snapshot_(\d{8}_\d{6})(?:_(\d+))?\.ymmsl")
_TIME_WITH_ZONE: Final = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[+-]\d\d:\d\d")
_Work: TypeAlias = "tuple[WorkflowSnapshot, Callable[[AnnouncementResult], None]] | None"


@final
class FilesystemWorkflowSnapshotStore(WorkflowSnapshotStore):
    """Keeps each workflow snapshot in a file `snapshot_<yyyymmdd_hhmmss>[_<n>].ymmsl`.

    They are written by a thread, which begins with the first.

    Args:
        directory: Where; it is made when it is needed.
        keep: Sees to it that the snapshots are safe that they name.
        form: What such a file looks like.
        clock: Tells the time.
    """

    def __init__(
        self,
        directory: Path,
        *,
        keep: EnsureStored,
        form: WorkflowSnapshotFormat,
        clock: Clock,
    ) -> None:
        self._directory = directory.absolute()
        self._keep = keep
        self._form = form
        self._clock = clock
        self._queue: SimpleQueue[_Work] = SimpleQueue()
        self._thread: Thread | None = None
        self._kept: dict[str, str] = {}
        self._last_time = 0.0
        self._last_name = ("", 0)

    @override
    def announce(
        self, snapshot: WorkflowSnapshot, report: Callable[[AnnouncementResult], None]
    ) -> None:
        if self._thread is None:
            self._thread = Thread(
                target=self._write_all, name="workflow snapshot writer", daemon=True
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
        taken, moment = _taken(path.name), _named_moment(path.name)
        try:
            description, resume = self._form.load(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return StoredWorkflowSnapshot(
                str(path), "", {}, "there is nothing there", taken, moment
            )
        except UnicodeDecodeError:
            problem = "it is no text: the snapshot of an instance is no workflow snapshot"
            return StoredWorkflowSnapshot(str(path), "", {}, problem, taken, moment)
        except (OSError, ValueError, ConfigurationError) as error:
            return StoredWorkflowSnapshot(str(path), "", {}, str(error), taken, moment)
        found = {name: _found(named, path.parent.parent) for name, named in resume.items()}
        moved_from = next(
            (_run_of(resume[name]) for name in resume if found[name] != resume[name]), ""
        )
        # in the hour that comes twice in autumn, only the description says which is meant
        moment = _described_moment(description) or moment
        return StoredWorkflowSnapshot(
            str(path), description, found, taken=taken, moment=moment, moved_from=moved_from
        )

    @override
    def remove(self, location: str) -> None:
        Path(location).unlink()

    @override
    def close(self) -> None:
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()
            self._thread = None

    def _write_all(self) -> None:
        while (work := self._queue.get()) is not None:
            snapshot, report = work
            try:
                report(AnnouncementResult(snapshot, self._write(snapshot)))
            except OSError as error:
                report(AnnouncementResult(snapshot, "", str(error)))

    def _write(self, snapshot: WorkflowSnapshot) -> str:
        resume = {state.instance: self._safe_location(state) for state in snapshot.states}
        # older ones will not come back
        self._kept = {old: self._kept[old] for old in snapshot.resume().values()}
        # A clock may be set back, but names are to be in the order of the snapshots.
        self._last_time = max(self._clock.time(), self._last_time)
        moment = datetime.fromtimestamp(self._last_time).astimezone()
        description = describe(snapshot, taken=moment.isoformat(" ", "seconds"))
        self._directory.mkdir(parents=True, exist_ok=True)
        path = self._new_path(moment)
        write_durably(path, self._form.dump(description, resume).encode())
        return str(path)

    def _safe_location(self, state: RegisteredSnapshot) -> str:
        before = state.snapshot.snapshot_filename
        if before not in self._kept:
            self._kept[before] = self._keep(state)
        return self._kept[before]

    def _new_path(self, moment: datetime) -> Path:
        last_name, last_number = self._last_name
        # local time goes back every autumn, but names are in the order of the snapshots
        name = max(f"snapshot_{moment:%Y%m%d_%H%M%S}", last_name)
        for number in count(last_number + 1 if name == last_name else 0):
            suffix = f"_{number}" if number else ""
            path = self._directory / f"{name}{suffix}.ymmsl"
            if not path.exists():
                self._last_name = (name, number)
                return path
        raise AssertionError


def _found(location: str, run: Path) -> str:
    """Return where a snapshot is by now, if its run has been moved since it was named.

    What is in the run to which the workflow snapshot belongs goes first: at the old place there may
    be another run by now, whose snapshots have the same names.
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


def _taken(name: str) -> str:
    match = _NAME.fullmatch(name)
    if match is None:
        return ""
    digits = match[1]
    date = f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}"
    return f"{date} {digits[9:11]}:{digits[11:13]}:{digits[13:]}"


def _described_moment(description: str) -> float | None:
    found = _TIME_WITH_ZONE.search(description.partition("\n")[0])
    return datetime.fromisoformat(found[0]).timestamp() if found else None


def _named_moment(name: str) -> float:
    match = _NAME.fullmatch(name)
    return datetime.strptime(match[1], "%Y%m%d_%H%M%S").astimezone().timestamp() if match else 0.0


def _key(name: str) -> tuple[str, int]:
    match = _NAME.fullmatch(name)
    assert match is not None
    return match[1], int(match[2] or 0)
