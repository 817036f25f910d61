"""What an instance says to the manager."""

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
from domain.running.failure_kinds import FailureKind
from domain.running.profiling import ProfileEvent


class ManagerLink(Protocol):
    """An instance's connection to the manager. May be used from several threads.

    Every method but the `submit_` and `report_` ones waits for the answer, and raises

    - ManagerRefused if the manager answers with an error, whose text it has;
    - TransportError if the manager cannot be reached for about a minute.

    The `submit_` and `report_` methods return at once; what they take is sent in order, later,
    and all of it before the answer to `deregister_instance`, and before `close` returns, unless
    the manager cannot be reached.
    """

    @abstractmethod
    def register_instance(self, locations: Sequence[str], ports: Sequence[Port]) -> Timeline:
        """Make this instance known; return the timeline it is on."""

    @abstractmethod
    def request_peers(self) -> PeerInfo:
        """Wait until all peers have registered, and return what is known of them."""

    @abstractmethod
    def deregister_instance(self) -> None:
        """Say that this instance is done."""

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
        """Send events to the profile of the run. They are not looked at before this returns.

        If the manager falls behind, the oldest unsent events are dropped, and the manager is told
        how many. `len(events)` is their number, if they have a length.
        """

    @abstractmethod
    def submit_snapshot_metadata(self, metadata: SnapshotMetadata) -> None:
        """Make a snapshot known to the manager; waits for the answer."""

    @abstractmethod
    def await_checkpoint_request(self, on_request: Callable[[str], None]) -> None:
        """Call back, on any thread, when the manager wants a snapshot of this instance.

        Returns at once. The callback gets the reason in words, once at most; never where the
        manager does not know how to ask.
        """

    @abstractmethod
    def report_snapshot_failed(self, problem: str) -> None:
        """Say that a snapshot could not be stored, and why.

        Does nothing where the manager does not understand it.
        """

    @abstractmethod
    def report_failed(self, problem: str, *, kind: FailureKind) -> bool:
        """Report that this instance has failed and is about to deregister.

        Does nothing if the manager does not support it.

        Args:
            problem: Why, for the user.
            kind: What kind of failure it is, by which the manager seeks the cause.

        Returns:
            Whether the manager supports it, and so stops the other instances.
        """

    @abstractmethod
    def report_status(self, *, simulated_time: float | None, waiting: Awaited | None) -> None:
        """Say how far we are, and for which peer, port and slot we wait, if for any.

        Does nothing where the manager does not understand it.
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
        """Say that we have waited for a message for longer than the receive timeout."""

    @abstractmethod
    def waiting_for_receive_done(self, peer: str, port: str, slot: int | None) -> None:
        """Take that back: the message has come."""

    @abstractmethod
    def is_deadlocked(self) -> bool:
        """Ask whether this instance is part of a deadlock."""

    @abstractmethod
    def close(self) -> None:
        """End the connection. May be called more than once."""
