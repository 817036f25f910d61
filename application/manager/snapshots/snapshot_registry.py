"""Collects the snapshots of instances, and announces those of the workflow."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from application.interfaces.snapshot_store import AnnouncementResult, WorkflowSnapshotStore
from domain.checkpointing.instance_snapshot import SnapshotMetadata, WorkflowSnapshot
from domain.checkpointing.workflow_snapshot_search import WorkflowSnapshotSearch
from domain.errors import ConfigurationError
from domain.identity import Reference
from domain.model.configuration import Configuration
from domain.model.topology import Topology


class SnapshotRegistry:
    """Finds out which snapshots belong together.

    Args:
        config: What is run.
        snapshot_folder: Where workflow snapshots are announced.
        topology: Who is whose peer.
        report: Told of what became of each announcement; on any thread.
    """

    def __init__(
        self,
        config: Configuration,
        snapshot_folder: WorkflowSnapshotStore,
        topology: Topology,
        *,
        report: Callable[[AnnouncementResult], None] = lambda report: None,  # noqa: ARG005
    ) -> None:
        self._model = config.model
        self._shelf = snapshot_folder
        self._search = WorkflowSnapshotSearch(topology)
        self._report = report
        self._numbers: dict[Reference, int] = defaultdict(int)
        self._has_found_some = False

    def register_snapshot(
        self, instance: Reference, snapshot: SnapshotMetadata
    ) -> WorkflowSnapshot | None:
        """Take note of a snapshot; announce the newest workflow snapshot that it completes.

        Args:
            instance: Who made it.
            snapshot: What it says about it.

        Returns:
            What is being announced, if there is anything.

        Raises:
            ConfigurationError: If there is no such instance in the model.
        """
        if self._model.component_of(instance) is None:
            msg = f"A snapshot was made by '{instance}', which is no instance of this model."
            raise ConfigurationError(msg)
        self._numbers[instance] += 1
        found = self._search.add(instance, self._numbers[instance], snapshot)
        if found is not None:
            self._has_found_some = True
            self._shelf.announce(found, self._report)
        return found

    @property
    def is_in_vain(self) -> bool:
        """Whether there are snapshots, but none that fit together."""
        return bool(self._numbers) and not self._has_found_some

    def shutdown(self) -> None:
        """Finish announcing."""
        self._shelf.close()
