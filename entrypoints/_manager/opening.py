"""Opens a manager: creates the run directory, and opens the resources that use it."""

from __future__ import annotations

import contextlib
import secrets
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from adapters.filesystem.run_directory import FilesystemRunDirectory
from adapters.local_agents.launcher import LocalAgentLauncher
from application.interfaces.agents import AgentLauncher
from application.manager.snapshots.snapshot_stores import SnapshotStores
from domain.errors import ConfigurationError
from domain.model.configuration import Configuration
from domain.running.events import RunFinished
from entrypoints._manager.run_input import RunInput
from entrypoints.options import Adapters, ManagerOptions

if TYPE_CHECKING:
    from entrypoints.containers.manager import OpenedManager


def open_manager(
    run_input: RunInput,
    *,
    run_dir: Path | None,
    stores: SnapshotStores,
    options: ManagerOptions,
    adapters: Adapters,
    launcher: AgentLauncher,
    on_finished: Callable[[RunFinished], object],
) -> OpenedManager:
    """Create the files of a run, and open the resources of its manager.

    If that fails, everything is cleaned up.

    Args:
        run_input: The configuration to run.
        run_dir: An existing directory for the files; None for a new one.
        stores: Where snapshots are stored.
        options: Options of the manager.
        adapters: Adapters passed by the embedding program.
        launcher: Starts agents.
        on_finished: Called once, on the services' thread, when the run is over.

    Raises:
        ConfigurationError: If the run directory or the store for snapshots cannot be used.
        InconsistentSnapshot: If a snapshot to resume from cannot be fetched from its store.
    """
    with contextlib.ExitStack() as undo:
        directory = _run_directory(run_input.configuration, run_dir, undo)
        directory.save_configuration(run_input.dump())
        if options.starts_all and isinstance(launcher, LocalAgentLauncher):
            undo.callback(launcher.close)
            launcher.start_early(directory.log_directory())
        # imported while the agent starts: this takes almost as long as all other imports together
        from entrypoints.containers.manager import opened_manager

        opened = opened_manager(
            options=options,
            adapters=adapters,
            launcher=launcher,
            configuration=_to_run(run_input.configuration, launcher, directory, stores, undo),
            run_directory=directory,
            storage=stores.of_run(directory, suffix=secrets.token_hex(4)),
            on_finished=on_finished,
        )
        undo.pop_all()
    return opened


def _run_directory(
    configuration: Configuration, run_dir: Path | None, undo: contextlib.ExitStack
) -> FilesystemRunDirectory:
    if run_dir is not None:
        return FilesystemRunDirectory.in_existing(run_dir)
    start = datetime.now().astimezone()
    directory = FilesystemRunDirectory.create(
        configuration.model.name, parent=_current_directory(), start=start
    )
    undo.callback(directory.remove)
    return directory


def _current_directory() -> Path:
    try:
        return Path.cwd()
    except FileNotFoundError as error:
        msg = (
            "The current directory was removed, so no run directory can be created in it. Change to"
            " another directory, or pass --run-dir."
        )
        raise ConfigurationError(msg) from error


def _to_run(
    configuration: Configuration,
    launcher: AgentLauncher,
    directory: FilesystemRunDirectory,
    stores: SnapshotStores,
    undo: contextlib.ExitStack,
) -> Configuration:
    """Return the configuration with snapshots to resume from that instances can open.

    These are local copies, which instances with MUSCLE3's library need. On nodes without the
    manager's files, instances read from the store themselves.
    """
    if not launcher.capabilities.shares_files:
        return configuration
    undo.callback(shutil.rmtree, directory.fetched_snapshots, ignore_errors=True)
    return replace(configuration, resume=stores.local_copies(configuration.resume, directory))
