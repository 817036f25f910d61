"""Checks before a run starts whether it can be resumed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from application.interfaces.run_directory import RunDirectory
from application.interfaces.snapshot_repository import SnapshotRepository
from application.manager.snapshots.model_comparison import ModelComparison
from application.manager.snapshots.snapshot_stores import SnapshotStores
from domain.checkpointing.workflow_snapshot import described_origin
from domain.errors import InconsistentSnapshot
from domain.identity import Reference
from domain.model.configuration import Configuration


class WorkflowResumeCheck:
    """Checks the snapshots that a configuration names in `resume`.

    Args:
        stores: The stores that hold the snapshots.
        repository: Loads snapshots.
    """

    def __init__(self, *, stores: SnapshotStores, repository: SnapshotRepository) -> None:
        self._stores = stores
        self._repository = repository

    def check(self, configuration: Configuration) -> Sequence[str]:
        """Check the snapshots, unless some of them have relative paths; see `check_relative`.

        Args:
            configuration: The configuration.

        Returns:
            A warning for each snapshot that could not be checked.

        Raises:
            InconsistentSnapshot: If the simulation cannot be resumed from them.
        """
        resume = configuration.resume
        if not resume or not all(map(self._stores.is_resolvable, resume.values())):
            return ()
        return self._compare(configuration, resume)

    def check_relative(
        self, configuration: Configuration, run_directory: RunDirectory
    ) -> Sequence[str]:
        """Check the snapshots if some of them have relative paths.

        Such a path is relative to the working directory of its instance. The directory of a
        manually started instance is unknown, so its snapshot cannot be checked.

        Args:
            configuration: The configuration.
            run_directory: The directory of the new run.

        Returns:
            A warning for each snapshot that could not be checked.

        Raises:
            InconsistentSnapshot: If the simulation cannot be resumed from them.
        """
        relative = {
            name: location
            for name, location in configuration.resume.items()
            if not self._stores.is_resolvable(location)
        }
        if not relative or any(map(configuration.is_started_by_hand, relative)):
            return ()
        found = {
            name: str(run_directory.instance_directory(name) / "workdir" / location)
            for name, location in relative.items()
        }
        self._check_exist(relative, found)
        return self._compare(configuration, {**configuration.resume, **found})

    def _compare(
        self, configuration: Configuration, resume: Mapping[Reference, str]
    ) -> Sequence[str]:
        origin = configuration.resume_origin or described_origin(configuration.description)
        comparison = ModelComparison(configuration.model, repository=self._repository)
        return comparison.check(resume, origin=origin)

    def _check_exist(
        self, relative: Mapping[Reference, str], found: Mapping[Reference, str]
    ) -> None:
        missing = [
            f"- '{relative[name]}', from which '{name}' is to be resumed, would be '{path}', but"
            " that file does not exist."
            for name, path in found.items()
            if not self._stores.holds(path)
        ]
        if missing:
            advice = (
                "Paths in 'resume:' are relative to the working directory of each instance: use"
                " absolute ones."
            )
            raise InconsistentSnapshot("\n".join([*missing, advice]))
