"""Instance snapshots: the saved state of one instance, and its metadata for the manager."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from domain.coupling.conduits import Conduit
from domain.coupling.messages import Iteration, Message, PeerMessage
from domain.coupling.ports import PortSlot
from domain.coupling.settings import Settings
from domain.coupling.timelines import TimelineState
from domain.identity import Reference


class SnapshotMetadata(NamedTuple):
    """The report of an instance to the manager about a snapshot that it stored.

    Attributes:
        triggers: Why it was made, one string per rule.
        wallclock_time: When it was made, in seconds since the start of the run.
        timestamp: Simulation time of the saved state; NaN if no state was saved.
        next_timestamp: Simulation time of the next state, if known.
        port_message_counts: Messages passed so far, for each port and slot. For a conduit with a
            reducing filter, the messages that passed the filter are counted too: under
            `reduced_port` at the sender, under `filled_port` at the receiver.
        is_final_snapshot: Whether it was made at the end of a pass of the reuse loop.
        snapshot_filename: Its location, a path or a URL.
    """

    triggers: tuple[str, ...]
    wallclock_time: float
    timestamp: float
    next_timestamp: float | None
    port_message_counts: Mapping[str, tuple[int, ...]]
    is_final_snapshot: bool
    snapshot_filename: str


def reduced_port(conduit: Conduit) -> str:
    """Return the key under which a sender counts what passed a reducing filter.

    It is not a valid port name, so it cannot clash with one.

    Example:
        >>> reduced_port(Conduit(Reference("a.out"), Reference("b.in"), (ConduitFilter.LAST,)))
        'out -> b.in'
    """
    return f"{conduit.sending_port} -> {conduit.receiver}"


def filled_port(conduit: Conduit) -> str:
    """Return the key under which a receiver counts what passed a reducing filter.

    The count goes up to the last message that was not empty. The key is not a valid port name.

    Example:
        >>> filled_port(Conduit(Reference("a.out"), Reference("b.in"), (ConduitFilter.LAST,)))
        'in <- a.out'
    """
    return f"{conduit.receiving_port} <- {conduit.sender}"


class SavedMessage(NamedTuple):
    """A message that an instance held when it made a snapshot.

    Attributes:
        port: The port that received it, or that it will be sent on.
        slot: Slot of that port; None for a scalar port.
        message: The message.
        peer: The receiving endpoint, if the message is still to be sent.
        in_a_row: For a milestone: the number of consecutive ones, starting with this one; see
            `MilestoneRow`.
    """

    port: str
    slot: int | None
    message: PeerMessage
    peer: str = ""
    in_a_row: int = 1


class CommunicatorState(NamedTuple):
    """The progress of an instance in exchanging messages.

    Only Conjoin saves the last four.

    Attributes:
        port_message_counts: Messages sent and received, for each port and slot.
        timeline: Position in the reuse loop; None if it was not saved (MUSCLE3 0.10 and earlier),
            so that it has to be deduced from the counts.
        message_cache: Messages received ahead.
        reduced_counts: Messages that passed reducing filters, for each `reduced_port` and
            `filled_port`, and slot.
        held_back: Messages held by reducing filters, and milestones to be sent again.
        served: For messages that a filter repeats and pads, the iterations that have had theirs.
        port_lengths: Lengths of the resizable ports.
    """

    port_message_counts: Mapping[str, tuple[int, ...]]
    timeline: TimelineState | None = None
    message_cache: tuple[SavedMessage, ...] = ()
    reduced_counts: Mapping[str, tuple[int, ...]] = {}
    held_back: tuple[SavedMessage, ...] = ()
    served: Mapping[PortSlot, tuple[Iteration, ...]] = {}
    port_lengths: Mapping[str, int] = {}


class Snapshot(NamedTuple):
    """An instance snapshot: everything needed to resume one instance.

    Attributes:
        triggers: Why it was made, one string per rule.
        wallclock_time: When it was made, in seconds since the start of the run.
        is_final_snapshot: Whether it was made at the end of a pass of the reuse loop.
        message: The model's state; None in an implicit snapshot of a model that keeps none.
        settings_overlay: The overlay in force.
        communicator: How far the exchange of messages had got.
        instance: Name of the instance; empty if unknown, as in MUSCLE3's snapshots.
    """

    triggers: tuple[str, ...]
    wallclock_time: float
    is_final_snapshot: bool
    message: Message | None
    settings_overlay: Settings
    communicator: CommunicatorState
    instance: str = ""

    def metadata(self, location: str) -> SnapshotMetadata:
        """Return what to report to the manager about this snapshot.

        Args:
            location: Where it has been stored.
        """
        state = self.communicator
        return SnapshotMetadata(
            self.triggers,
            self.wallclock_time,
            float("nan") if self.message is None else self.message.timestamp,
            None if self.message is None else self.message.next_timestamp,
            {**state.port_message_counts, **state.reduced_counts},
            self.is_final_snapshot,
            location,
        )


def snapshot_name(instance: Reference, number: int) -> str:
    """Return the file name of an instance snapshot.

    Example:
        >>> snapshot_name(Reference("micro[3]"), 7)
        'micro-3-_7.pack'
    """
    name = str(instance).replace("[", "-").replace("]", "-")
    return f"{name}_{number}.pack"


_URL: Final = re.compile(r"[a-z][\w+.:-]*://", re.IGNORECASE)


def is_url(location: str) -> bool:
    """Return whether the location of a snapshot or of a store is a URL, rather than a path.

    Example:
        >>> is_url("s3://bucket/macro_1.pack"), is_url("/run/macro_1.pack")
        (True, False)
    """
    return _URL.match(location) is not None
