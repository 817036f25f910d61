"""The manager's side of the connection to instances."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from domain.checkpointing.instance_snapshot import SnapshotMetadata
from domain.coupling.messages import LogRecord, Wait, WaitKey
from domain.coupling.peers import PeerInfo
from domain.coupling.ports import Port
from domain.coupling.settings import Settings
from domain.errors import CouplingError
from domain.model.checkpoint_rules import CheckpointInfo
from domain.running.clients import Trust
from domain.running.deadlock_suspicions import DeadlockAnswer
from domain.running.failure_kinds import FailureKind
from domain.running.profiling import ProfileEvent


class NotReadyError(CouplingError):
    """The requested information is not available yet: retry later."""


@dataclass(frozen=True)
class Registration:
    """The manager's answer to an instance that registers.

    Attributes:
        timeline: The timeline of its component.
        is_dialect_0_10: Whether the instance uses MUSCLE3's older dialect.
        trust: Which clients without proof the instance serves; None if it uses MUSCLE3's library.
    """

    timeline: str
    is_dialect_0_10: bool
    trust: Trust | None = None


class ManagerDesk(Protocol):
    """Handles the requests of instances: one method for each.

    Called by one thread; no method blocks. A request that fails raises a CouplingError, whose
    message is for the user of the instance.
    """

    @abstractmethod
    def register_instance(
        self, instance: str, locations: Sequence[str], ports: Sequence[Port], version: str
    ) -> Registration:
        """Register an instance."""

    @abstractmethod
    def get_peers(self, instance: str) -> PeerInfo:
        """Return the peers of an instance, and their locations.

        Raises:
            NotReadyError: If not all of them have registered.
        """

    @abstractmethod
    def await_peers(self, instance: str, ready: Callable[[PeerInfo], None]) -> None:
        """Call back with the peers of an instance as soon as all have registered."""

    @abstractmethod
    def is_dialect_0_10(self, instance: str) -> bool:
        """Whether a registered instance uses MUSCLE3's older dialect."""

    @abstractmethod
    def deregister_instance(self, instance: str) -> None:
        """Deregister an instance."""

    @abstractmethod
    def note_disconnected(self, instance: str) -> None:
        """Record that a registered instance lost its connection. It may reconnect."""

    @abstractmethod
    def note_connected(self, instance: str) -> None:
        """Record that an instance that had lost its connection has reconnected."""

    @abstractmethod
    def get_settings(self) -> Settings:
        """Return the base settings."""

    @abstractmethod
    def submit_log_message(self, record: LogRecord) -> None:
        """Add a record to the log."""

    @abstractmethod
    def submit_profile_events(
        self, instance: str, events: Sequence[ProfileEvent], *, dropped: int = 0
    ) -> None:
        """Add events to the profile.

        Args:
            instance: The instance.
            events: The events.
            dropped: How many events the instance has dropped since it last submitted some.
        """

    @abstractmethod
    def submit_snapshot(self, instance: str, metadata: SnapshotMetadata) -> None:
        """Register a snapshot that an instance has made."""

    @abstractmethod
    def await_checkpoint_request(self, instance: str, requested: Callable[[str], None]) -> None:
        """Call back once, with the reason, when an instance must make a snapshot."""

    @abstractmethod
    def report_snapshot_failed(self, instance: str, problem: str) -> None:
        """Record that a snapshot of an instance could not be stored."""

    @abstractmethod
    def report_failed(
        self, instance: str, problem: str, *, kind: FailureKind | None = None
    ) -> None:
        """Record that an instance has failed. It still deregisters afterwards.

        Args:
            instance: Its name.
            problem: Why, for the user.
            kind: The kind of failure; None if the instance does not report it.
        """

    @abstractmethod
    def await_checkpoint_info(
        self, instance: str, ready: Callable[[CheckpointInfo | CouplingError], None]
    ) -> None:
        """Call back with the checkpoint rules, and the snapshot to resume from.

        Args:
            instance: Name of the instance.
            ready: Called, now or later, with the result when the directory for the instance's
                snapshots exists, or with the error if it cannot be created.
        """

    @abstractmethod
    def waiting_to_send(self, wait: Wait) -> None:
        """Note that an instance has waited to send for longer than its timeout."""

    @abstractmethod
    def waiting_to_send_done(self, wait: Wait) -> None:
        """Note that this wait is over."""

    @abstractmethod
    def waiting_for_receive(self, wait: Wait) -> None:
        """Record that an instance has waited for longer than its timeout."""

    @abstractmethod
    def waiting_for_receive_done(self, wait: Wait) -> None:
        """Record that this wait is over."""

    @abstractmethod
    def is_deadlocked(self, instance: str) -> bool:
        """Return whether an instance that uses MUSCLE3's protocol is part of a deadlock.

        The second call after a cycle of waits has formed confirms that the instance still waits.
        """

    @abstractmethod
    def check_deadlock(self, key: WaitKey, *, confirms: int) -> DeadlockAnswer:
        """Return whether an instance of ours is part of a deadlock.

        Args:
            key: Which of its waits the instance inquires about.
            confirms: The suspicion in the last answer, if the instance has found no message since.
        """

    @abstractmethod
    def report_status(
        self, instance: str, simulated_time: float | None, waiting: Wait | None
    ) -> None:
        """Record the simulation time of an instance, and what it waits for."""
