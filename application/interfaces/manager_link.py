"""The instance's side of the connection to the manager."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from domain.checkpointing.instance_snapshot import SnapshotMetadata
from domain.coupling.messages import Awaited, LogRecord
from domain.coupling.peers import PeerInfo
from domain.coupling.ports import Port
from domain.coupling.settings import Settings
from domain.coupling.timelines import Timeline
from domain.model.checkpoint_rules import CheckpointInfo
from domain.running.deadlock_suspicions import NO_SUSPICION, DeadlockAnswer
from domain.running.failure_kinds import FailureKind
from domain.running.profiling import ProfileEvent


class ManagerLink(Protocol):
    """An instance's connection to the manager. Thread-safe.

    The `submit_` and `report_` methods queue their argument and return at once, unless their
    docstring says otherwise. Queued requests are sent in order. If the manager can be reached, all
    of them have been sent when `deregister_instance` or `close` returns.

    All other methods wait for the answer, and raise

    - ManagerRefused, with the manager's message, if the manager answers with an error;
    - TransportError if the manager has been unreachable for about a minute.
    """

    @abstractmethod
    def register_instance(self, locations: Sequence[str], ports: Sequence[Port]) -> Timeline:
        """Register this instance; return its timeline."""

    @abstractmethod
    def request_peers(self) -> PeerInfo:
        """Wait until all peers have registered; return the peers and their locations."""

    @abstractmethod
    def deregister_instance(self) -> None:
        """Deregister this instance."""

    @abstractmethod
    def get_settings(self) -> Settings:
        """Return the base settings of the run."""

    @abstractmethod
    def get_checkpoint_info(self) -> CheckpointInfo:
        """Return when to make snapshots, and which to resume from."""

    @abstractmethod
    def submit_log_message(self, record: LogRecord) -> None:
        """Send a record to the log of the run."""

    @abstractmethod
    def submit_profile_events(self, events: Iterable[ProfileEvent]) -> None:
        """Send events to the profile of the run. Iterates over them only after this returns.

        If the manager falls behind, the oldest unsent events are dropped, and their number is
        reported to it. `len(events)` is their number, if they have a length.
        """

    @abstractmethod
    def submit_snapshot_metadata(self, metadata: SnapshotMetadata) -> None:
        """Register a snapshot with the manager, and wait for the answer."""

    @abstractmethod
    def await_checkpoint_request(self, on_request: Callable[[str], None]) -> None:
        """Call back, on any thread, when the manager requests a snapshot of this instance.

        Returns at once. The callback is called at most once, with the reason as text, and never if
        the manager does not support such requests.
        """

    @abstractmethod
    def report_snapshot_failed(self, problem: str) -> None:
        """Report that a snapshot could not be stored, and why.

        Does nothing if the manager does not support it.
        """

    @abstractmethod
    def report_failed(self, problem: str, *, kind: FailureKind) -> bool:
        """Report that this instance has failed and is about to deregister.

        Does nothing if the manager does not support it.

        Args:
            problem: Why, for the user.
            kind: The kind of failure, which the manager uses to find the cause.

        Returns:
            Whether the manager supports it, and so stops the other instances.
        """

    @abstractmethod
    def report_status(self, *, simulated_time: float | None, waiting: Awaited | None) -> None:
        """Report our simulation time, and the peer, port and slot that we wait for, if any.

        Does nothing if the manager does not support it.
        """

    @abstractmethod
    def waiting_to_send(self, peer: str, port: str, slot: int | None) -> bool:
        """Report that this instance has waited to send to a peer for longer than its timeout.

        Returns:
            Whether the manager looks for deadlocks among waits of this kind; MUSCLE3's does not.
        """

    @abstractmethod
    def waiting_to_send_done(self, peer: str, port: str, slot: int | None) -> None:
        """Report that this wait is over."""

    @abstractmethod
    def waiting_for_receive(self, peer: str, port: str, slot: int | None) -> None:
        """Report that we have waited for a message for longer than the receive timeout."""

    @abstractmethod
    def waiting_for_receive_done(self, peer: str, port: str, slot: int | None) -> None:
        """Withdraw that report: the message has arrived."""

    @abstractmethod
    def check_deadlock(
        self, port: str, slot: int | None, *, confirms: int = NO_SUSPICION
    ) -> DeadlockAnswer:
        """Return whether this instance is part of a deadlock.

        Call this only while all threads of the model wait, and look for the message between calls:
        with MUSCLE3's protocol, each call confirms that it has not arrived.

        Args:
            port: The port on which the instance has reported a wait.
            slot: The slot of that port.
            confirms: The suspicion in the last answer, if no message has arrived since.
        """

    @abstractmethod
    def close(self) -> None:
        """Close the connection. Idempotent."""
