"""Builds the services that find, read and check the snapshots of this run and earlier ones."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path

from adapters.filesystem.past_runs import FilesystemPastRuns
from adapters.filesystem.run_directory import FilesystemRunDirectory
from adapters.filesystem.workflow_snapshot_store import FilesystemWorkflowSnapshotStore
from adapters.snapshot_files.snapshot_repository import MsgPackSnapshotRepository
from adapters.system.clock import SystemClock
from adapters.ymmsl_files.writing.workflow_snapshot_file import YmmslWorkflowSnapshotFormat
from application.interfaces.snapshot_store import SnapshotStore
from application.manager.snapshots.resume_choice import ResumeChooser
from application.manager.snapshots.run_snapshots import RunSnapshots
from application.manager.snapshots.snapshot_copier import SnapshotCopier
from application.manager.snapshots.snapshot_stores import SnapshotStores
from application.manager.snapshots.store_location import parse_store_location
from application.manager.snapshots.workflow_resume_check import WorkflowResumeCheck
from entrypoints._snapshots.store_factory import open_store


def snapshot_stores(
    given: str | Path | None = None, *, adapter: SnapshotStore | None = None
) -> SnapshotStores:
    """Return the snapshot stores of a manager.

    Args:
        given: Path or URL of the store for new runs; None for the run directory.
        adapter: A store that the embedding program passed instead.

    Raises:
        ConfigurationError: If snapshots cannot be stored there.
    """
    if given is None:
        return SnapshotStores(open_store, adapter=adapter)
    location = parse_store_location(given, open_store=open_store, working_directory=Path.cwd())
    return SnapshotStores(open_store, location=location)


def run_snapshots(
    run_directory: Path, *, stores: SnapshotStores, prunes: bool = False
) -> RunSnapshots:
    """Return the snapshots of a run.

    Args:
        run_directory: The directory of the run.
        stores: The stores that hold the instance snapshots.
        prunes: Whether the caller will prune them; this opens the store of the run.

    Raises:
        OSError: If the store of the run cannot be opened.
    """
    run = FilesystemRunDirectory(run_directory)
    pruned: list[str] = []
    if prunes:
        # the first one has no instance snapshots, but may have temporary files
        pruned = [str(run.path / "snapshots")]
        pruned += map(str, sorted(run.path.glob("instances/*/snapshots")))
        pruned += [run.snapshot_store] if run.snapshot_store else []
    return _run_snapshots(run.path / "snapshots", pruned, stores)


def snapshots_beside(file: Path, *, stores: SnapshotStores) -> RunSnapshots:
    """Return the snapshots of the run that a workflow snapshot file belongs to."""
    return _run_snapshots(file.absolute().parent, [], stores)


def resume_chooser(stores: SnapshotStores) -> ResumeChooser:
    """Return the service that chooses the workflow snapshot to resume from."""
    return ResumeChooser(
        past_runs=FilesystemPastRuns(),
        run_at=partial(run_snapshots, stores=stores),
        beside=partial(snapshots_beside, stores=stores),
    )


def resume_check(stores: SnapshotStores) -> WorkflowResumeCheck:
    """Return the service that checks whether a configuration can be resumed."""
    return WorkflowResumeCheck(stores=stores, repository=MsgPackSnapshotRepository(stores.open))


def _run_snapshots(directory: Path, pruned: Iterable[str], stores: SnapshotStores) -> RunSnapshots:
    workflow_snapshots = FilesystemWorkflowSnapshotStore(
        directory,
        ensure_stored=SnapshotCopier(
            lambda snapshot: stores.open(snapshot.metadata.snapshot_filename)
        ).ensure_stored,
        form=YmmslWorkflowSnapshotFormat(),
        clock=SystemClock(),
    )
    return RunSnapshots(
        workflow_snapshots,
        repository=MsgPackSnapshotRepository(stores.open),
        open_store=stores.open,
        stores=list(map(stores.open, pruned)),
    )
