"""Saves the state of an instance as snapshots, and resumes it from one."""

from __future__ import annotations

from collections.abc import Callable

from application.instance.checkpoints.exchange_state import ExchangeState
from application.interfaces.instance_log import InstanceLog
from application.interfaces.manager_link import ManagerLink
from application.interfaces.snapshot_repository import SnapshotRepository
from domain.checkpointing.instance_snapshot import CommunicatorState, Snapshot
from domain.coupling.messages import Message
from domain.coupling.settings import Settings
from domain.errors import InconsistentSnapshot, SnapshotNotStored
from domain.identity import Reference
from domain.running.log_levels import LogLevel


class SnapshotManager:
    """The instance's side of checkpointing.

    Args:
        instance_id: Name of the instance.
        manager: Registers each snapshot.
        communicator: The communication state to save and restore.
        repository: Stores and loads the snapshots.
        log: Receives an error for each snapshot that cannot be stored.
        must_store: Whether a snapshot that cannot be stored ends the simulation.
        check: Called with a snapshot to resume from, and its location; raises InconsistentSnapshot
            if this instance cannot be resumed from it.
    """

    def __init__(
        self,
        instance_id: Reference,
        manager: ManagerLink,
        communicator: ExchangeState,
        *,
        repository: SnapshotRepository,
        log: InstanceLog,
        must_store: bool = False,
        check: Callable[[Snapshot, str], None] = lambda snapshot, location: None,  # noqa: ARG005
    ) -> None:
        self._instance = instance_id
        self._manager = manager
        self._exchange = communicator
        self._repository = repository
        self._log = log
        self._must_store = must_store
        self._check = check
        self._directory: str | None = None
        self._count = 0
        self._resumed: Snapshot | None = None
        self._end_of_pass: CommunicatorState | None = None

    def prepare_resume(
        self, resume_snapshot: str | None, snapshot_directory: str | None
    ) -> float | None:
        """Restore the communication state from a snapshot, and store it as our first one.

        Args:
            resume_snapshot: Its location; None to start from scratch.
            snapshot_directory: Path or URL of the store for new snapshots; None for the working
                directory.

        Returns:
            The simulation time at which the snapshot was saved; None without a snapshot.

        Raises:
            ConfigurationError: If snapshots cannot be stored there.
            InconsistentSnapshot: If the snapshot cannot be used.
        """
        self._directory = snapshot_directory
        self._repository.check(snapshot_directory)
        if resume_snapshot is None:
            return None
        snapshot = self.load_snapshot_from_file(resume_snapshot)
        self._check(snapshot, resume_snapshot)
        self._resumed = snapshot
        self._exchange.restore(snapshot.communicator)
        self._store(snapshot)
        return snapshot.metadata("").timestamp

    @property
    def resumed(self) -> Snapshot | None:
        """The snapshot that this instance was resumed from, if any."""
        return self._resumed

    def resuming_from_intermediate(self) -> bool:
        """Return whether the instance resumes in the middle of a pass of the reuse loop."""
        return self._resumed is not None and not self._resumed.is_final_snapshot

    def resuming_from_final(self) -> bool:
        """Return whether the instance resumes between two passes of the reuse loop."""
        return self._resumed is not None and self._resumed.is_final_snapshot

    def load_snapshot(self) -> Message:
        """Return the state that the model saved.

        Raises:
            InconsistentSnapshot: If the snapshot does not contain a state.
        """
        if self._resumed is None or self._resumed.message is None:
            msg = (
                f"The snapshot of '{self._instance}' has no state of the model, because the model"
                " kept none when it was made. Pass the same flags to Instance() as then."
            )
            raise InconsistentSnapshot(msg)
        return self._resumed.message

    def load_snapshot_from_file(self, location: str) -> Snapshot:
        """Return the snapshot at a location.

        Raises:
            InconsistentSnapshot: If it does not exist, is damaged or has an unknown version.
        """
        return self._repository.load(location)

    def note_end_of_pass(self) -> None:
        """Capture the state before the messages of the next pass are received."""
        self._end_of_pass = self._exchange.capture()

    def save_snapshot(
        self,
        msg: Message | None,
        final: bool,
        triggers: tuple[str, ...],
        wallclock_time: float,
        f_init_max_timestamp: float | None,
        settings_overlay: Settings,
    ) -> float:
        """Store a snapshot, and register it with the manager.

        Args:
            msg: The model's state; None if it keeps none.
            final: Whether the pass of the reuse loop is over.
            triggers: Why the snapshot is made.
            wallclock_time: Seconds since the start of the run.
            f_init_max_timestamp: For a final one, the largest simulation time among the messages
                of the next pass.
            settings_overlay: The current settings overlay.

        Returns:
            The simulation time up to which it covers checkpoint times; NaN if unknown.

        Raises:
            SnapshotNotStored: If it cannot be stored, and `must_store` is set.
        """
        state = self._end_of_pass if final else None
        snapshot = Snapshot(
            triggers,
            wallclock_time,
            final,
            msg,
            settings_overlay,
            state or self._exchange.capture(),
        )
        self._store(snapshot)
        if f_init_max_timestamp is not None:
            return f_init_max_timestamp
        return float("nan") if msg is None else msg.timestamp

    def _store(self, snapshot: Snapshot) -> None:
        self._count += 1
        snapshot = snapshot._replace(instance=str(self._instance))
        try:
            location = self._repository.add(self._directory, self._instance, self._count, snapshot)
        except OSError as error:
            self._report_failure(error)
            return
        self._manager.submit_snapshot_metadata(snapshot.metadata(location))

    def _report_failure(self, error: OSError) -> None:
        problem = f"A snapshot of '{self._instance}' could not be stored: {error}"
        self._manager.report_snapshot_failed(problem)
        if self._must_store:
            raise SnapshotNotStored(problem) from error
        self._log.log(LogLevel.ERROR, problem)
