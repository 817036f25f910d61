"""Registers instance snapshots, and announces the workflow snapshots that they complete."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from application.interfaces.workflow_snapshot_store import (
    AnnouncementResult,
    WorkflowSnapshotStore,
)
from domain.checkpointing.instance_snapshot import SnapshotMetadata
from domain.checkpointing.workflow_snapshot import WorkflowSnapshot
from domain.checkpointing.workflow_snapshot_search import WorkflowSnapshotSearch
from domain.errors import ConfigurationError
from domain.identity import Reference
from domain.model.configuration import Configuration
from domain.model.topology import Topology


class SnapshotRegistry:
    """Finds the registered snapshots that fit together.

    Args:
        config: The configuration of the run.
        snapshot_folder: Store for workflow snapshots.
        topology: The peers of each instance.
        report: Called with the result of each announcement, on any thread.
    """

    def __init__(
        self,
        config: Configuration,
        snapshot_folder: WorkflowSnapshotStore,
        topology: Topology,
        *,
        report: Callable[[AnnouncementResult], None] = lambda result: None,  # noqa: ARG005
    ) -> None:
        self._model = config.model
        self._workflow_snapshots = snapshot_folder
        self._search = WorkflowSnapshotSearch(topology)
        self._report = report
        self._numbers: dict[Reference, int] = defaultdict(int)
        self._has_found_any = False

    def register_snapshot(
        self, instance: Reference, snapshot: SnapshotMetadata
    ) -> WorkflowSnapshot | None:
        """Register a snapshot, and announce the newest workflow snapshot that it completes.

        Args:
            instance: The instance that made it.
            snapshot: The metadata that the instance reported.

        Returns:
            The workflow snapshot that is being announced, if any.

        Raises:
            ConfigurationError: If the model has no such instance.
        """
        if self._model.component_of(instance) is None:
            msg = f"'{instance}' registered a snapshot, but is not an instance of this model."
            raise ConfigurationError(msg)
        self._numbers[instance] += 1
        found = self._search.add(instance, self._numbers[instance], snapshot)
        if found is not None:
            self._has_found_any = True
            self._workflow_snapshots.announce(found, self._report)
        return found

    @property
    def is_in_vain(self) -> bool:
        """Whether instances registered snapshots, but none of them fit together."""
        return bool(self._numbers) and not self._has_found_any

    def shutdown(self) -> None:
        """Finish all announcements."""
        self._workflow_snapshots.close()
