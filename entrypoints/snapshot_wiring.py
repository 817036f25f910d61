"""Puts together what finds, reads and checks the snapshots of earlier runs."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from adapters.filesystem.past_runs import past_runs
from adapters.filesystem.snapshot_store import FilesystemSnapshotStore
from adapters.filesystem.workflow_snapshot_shelf import FilesystemWorkflowSnapshotShelf
from adapters.system.clock import SystemClock
from adapters.wire.snapshot_archive import MsgPackSnapshotArchive
from adapters.ymmsl_files.resume_files import YmmslWorkflowSnapshotFormat
from application.manager.resume_check import ResumeCheck
from application.manager.resume_choice import Choice, choose_given, choose_newest
from application.manager.snapshot_shelf_reader import SnapshotShelfReader
from domain.configuration import Configuration, Model
from domain.errors import InconsistentSnapshot

LATEST = "latest"


def reader_of_run(run_directory: Path) -> SnapshotShelfReader:
    """Return what reads the workflow snapshots of a run."""
    folders = sorted(run_directory.absolute().glob("instances/*/snapshots"))
    return _reader(run_directory / "snapshots", [*folders])


def reader_of_file(path: Path) -> SnapshotShelfReader:
    """Return what reads a workflow snapshot, and those beside it."""
    return _reader(path.absolute().parent, [])


def archive() -> MsgPackSnapshotArchive:
    """Return what reads snapshots of instances."""
    return MsgPackSnapshotArchive(lambda _: FilesystemSnapshotStore(Path.cwd()))


def chosen_snapshot(resume: str | Path, *, model: Model, run_dir: Path | None) -> Choice:
    """Return the workflow snapshot that the user asks for.

    Args:
        resume: A file, a run directory, or `latest`.
        model: What is to be resumed.
        run_dir: Directory for the new run, if the user gave one; others may be beside it.

    Raises:
        InconsistentSnapshot: If there is none, or it is damaged.
    """
    name = str(model.name)
    if resume == LATEST:
        readers = [reader_of_run(path) for path in past_runs(name, near=run_dir)]
        places = [str(Path.cwd()), *([] if run_dir is None else [str(run_dir.absolute().parent)])]
        where = f"among the runs in {' and '.join(dict.fromkeys(places))}"
        return choose_newest(readers, model=name, where=where)
    path = Path(resume)
    if path.is_dir():
        where = f"in run directory '{path}'"
        return choose_newest([reader_of_run(path)], model=name, where=where, any_model=True)
    if not path.exists():
        msg = (
            f"There is no '{path}' to resume from. Name a workflow snapshot, a run directory, or"
            f" '{LATEST}'."
        )
        raise InconsistentSnapshot(msg)
    return choose_given(str(path.absolute()), reader_of_file(path))


def newest_in_run(run_directory: Path) -> str | None:
    """Return the newest workflow snapshot of a run that is sound, if there is one."""
    try:
        choice = choose_newest([reader_of_run(run_directory)], model="", where="", any_model=True)
    except InconsistentSnapshot:
        return None
    return choice.snapshot.location


def check_resume(configuration: Configuration, *, made_for: str = "") -> None:
    """Check that a configuration can be resumed from the snapshots that it names.

    Raises:
        InconsistentSnapshot: If it cannot.
    """
    resume = configuration.resume
    # Where a path that is not absolute leads to only the instance knows.
    if resume and all(Path(location).is_absolute() for location in resume.values()):
        ResumeCheck(configuration.model, archive=archive()).check(resume, made_for=made_for)


def _reader(shelf: Path, folders: Iterable[Path]) -> SnapshotShelfReader:
    store = FilesystemSnapshotStore(shelf)  # any store of this kind can read any file
    return SnapshotShelfReader(
        FilesystemWorkflowSnapshotShelf(
            shelf, store=store, form=YmmslWorkflowSnapshotFormat(), clock=SystemClock()
        ),
        archive=archive(),
        store=store,
        instances=list(map(FilesystemSnapshotStore, folders)),
    )
