"""Puts together what finds, reads and checks the snapshots of earlier runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from adapters.filesystem.past_runs import past_runs
from adapters.filesystem.run_directory import FilesystemRunDirectory
from adapters.filesystem.workflow_snapshot_store import FilesystemWorkflowSnapshotStore
from adapters.system.clock import SystemClock
from adapters.ymmsl_files.writing.workflow_snapshot_file import YmmslWorkflowSnapshotFormat
from application.interfaces.run_directory import RunDirectory
from application.interfaces.snapshot_repository import SnapshotRepository
from application.manager.snapshots.resume_choice import ResumeChoice, choose_given, choose_newest
from application.manager.snapshots.run_snapshots import RunSnapshots
from application.manager.snapshots.snapshot_copier import SnapshotCopier
from application.manager.snapshots.workflow_resume_check import WorkflowResumeCheck
from domain.errors import InconsistentSnapshot
from domain.model.configuration import Configuration, Model
from entrypoints._snapshots.snapshot_places import SnapshotStores

LATEST = "latest"
NOWHERE_ELSE = SnapshotStores()


def reader_of_run(
    run_directory: Path, *, places: SnapshotStores = NOWHERE_ELSE, prunes: bool = False
) -> RunSnapshots:
    """Return what reads the workflow snapshots of a run.

    Args:
        run_directory: The directory of the run.
        places: Knows where snapshots are.
        prunes: Whether it is to find the snapshots that no workflow snapshot names, too.

    Raises:
        OSError: If it is, and the store of the run cannot be had.
    """
    run = FilesystemRunDirectory(run_directory)
    stores: list[str] = []
    if prunes:
        stores = [*map(str, sorted(run.path.glob("instances/*/snapshots")))]
        stores += [run.snapshot_place] if run.snapshot_place else []
    return _reader(run.path / "snapshots", stores, places)


def reader_of_file(path: Path, *, places: SnapshotStores = NOWHERE_ELSE) -> RunSnapshots:
    """Return what reads a workflow snapshot, and those beside it."""
    return _reader(path.absolute().parent, [], places)


def chosen_snapshot(
    resume: str | Path, *, model: Model, run_dir: Path | None, places: SnapshotStores
) -> ResumeChoice:
    """Return the workflow snapshot that the user asks for.

    Args:
        resume: A file, a run directory, or `latest`.
        model: What is to be resumed.
        run_dir: Directory for the new run, if the user gave one; others may be beside it.
        places: Knows where snapshots are.

    Raises:
        InconsistentSnapshot: If there is none, or it is damaged.
    """
    name = str(model.name)
    if resume == LATEST:
        readers = [reader_of_run(path, places=places) for path in past_runs(name, near=run_dir)]
        searched = [str(Path.cwd()), *([] if run_dir is None else [str(run_dir.absolute().parent)])]
        where = f"among the runs in {' and '.join(dict.fromkeys(searched))}"
        return choose_newest(readers, model=name, where=where)
    path = Path(resume)
    if path.is_dir():
        where = f"in run directory '{path}'"
        return choose_newest(
            [reader_of_run(path, places=places)], model=name, where=where, any_model=True
        )
    if not path.exists():
        msg = (
            f"There is no '{path}' to resume from. Name a workflow snapshot, a run directory, or"
            f" '{LATEST}'."
        )
        raise InconsistentSnapshot(msg)
    return choose_given(str(path.absolute()), reader_of_file(path, places=places))


def newest_in_run(run_directory: Path, *, places: SnapshotStores) -> str | None:
    """Return the newest workflow snapshot of a run that is sound, if there is one."""
    reader = reader_of_run(run_directory, places=places)
    try:
        choice = choose_newest([reader], model="", where="", any_model=True)
    except InconsistentSnapshot:
        return None
    return choice.snapshot.location


def check_resume(
    configuration: Configuration, *, places: SnapshotStores, description: str
) -> Sequence[str]:
    """Check that a configuration can be resumed from the snapshots that it names.

    Args:
        configuration: The configuration.
        places: Knows where snapshots are.
        description: What the workflow snapshot says of itself.

    Returns:
        Warnings about snapshots that could not be checked.

    Raises:
        InconsistentSnapshot: If it cannot.
    """
    resume = configuration.resume
    if not resume or not all(map(places.is_found_from_here, resume.values())):
        return ()
    check = WorkflowResumeCheck(configuration.model, archive=_archive(places))
    return check.check(resume, description=description)


def check_relative_resume(
    configuration: Configuration, run_directory: RunDirectory, *, places: SnapshotStores
) -> Sequence[str]:
    """Check what is named by paths that are not absolute: they begin where the instances start.

    Where an instance starts that the user starts nobody knows.

    Returns:
        Warnings about snapshots that could not be checked.

    Raises:
        InconsistentSnapshot: If it cannot be resumed from.
    """
    relative = {
        name: location
        for name, location in configuration.resume.items()
        if not places.is_found_from_here(location)
    }
    if not relative or any(map(configuration.is_started_by_hand, relative)):
        return ()
    found = {
        name: run_directory.instance_directory(name) / "workdir" / location
        for name, location in relative.items()
    }
    missing = [
        f"- '{relative[name]}', from which '{name}' is to be resumed, would be '{path}', and there"
        " is no such file."
        for name, path in found.items()
        if not path.is_file()
    ]
    if missing:
        advice = (
            "Paths in 'resume:' begin in the working directory of each instance: use absolute ones."
        )
        raise InconsistentSnapshot("\n".join([*missing, advice]))
    absolute = {**configuration.resume, **{name: str(path) for name, path in found.items()}}
    return check_resume(
        replace(configuration, resume=absolute),
        places=places,
        description=configuration.description,
    )


def _archive(places: SnapshotStores) -> SnapshotRepository:
    # it takes numpy, which a manager that starts from scratch has no use for
    from adapters.snapshot_files.snapshot_repository import MsgPackSnapshotRepository

    return MsgPackSnapshotRepository(places.open)


def _reader(shelf: Path, stores: Iterable[str], places: SnapshotStores) -> RunSnapshots:
    return RunSnapshots(
        FilesystemWorkflowSnapshotStore(
            shelf,
            keep=SnapshotCopier(places.open).ensure_stored,
            form=YmmslWorkflowSnapshotFormat(),
            clock=SystemClock(),
        ),
        archive=_archive(places),
        open_store=places.open,
        stores=list(map(places.open, stores)),
    )
