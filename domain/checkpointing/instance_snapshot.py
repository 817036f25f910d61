"""Snapshots: what an instance keeps of itself, and what the manager hears of it."""

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
    """What an instance tells the manager about a snapshot it made.

    Attributes:
        triggers: Why it was made, one text per rule.
        wallclock_time: When, in seconds since the start of the run.
        timestamp: Simulation time of the saved state; NaN if the state was not saved.
        next_timestamp: Simulation time of the next one, if known.
        port_message_counts: Messages passed so far, for each port and slot. Where a conduit has a
            reducing filter, what it let pass is counted too: under `reduced_port` at the sender,
            under `filled_port` at the receiver.
        is_final_snapshot: Whether it was made at the end of a reuse loop.
        snapshot_filename: Where it is.
    """

    triggers: tuple[str, ...]
    wallclock_time: float
    timestamp: float
    next_timestamp: float | None
    port_message_counts: Mapping[str, tuple[int, ...]]
    is_final_snapshot: bool
    snapshot_filename: str


def reduced_port(conduit: Conduit) -> str:
    """Return under which name a sender counts what a reducing filter lets pass.

    It is no valid name of a port, so it cannot be that of another one.

    Example:
        >>> reduced_port(Conduit(Reference("a.out"), Reference("b.in"), (ConduitFilter.LAST,)))
        'out -> b.in'
    """
    return f"{conduit.sending_port} -> {conduit.receiver}"


def filled_port(conduit: Conduit) -> str:
    """Return under which name a receiver counts what a reducing filter let pass.

    It counts up to the last message that was not empty. It is no valid name of a port either.

    Example:
        >>> filled_port(Conduit(Reference("a.out"), Reference("b.in"), (ConduitFilter.LAST,)))
        'in <- a.out'
    """
    return f"{conduit.receiving_port} <- {conduit.sender}"


class SavedMessage(NamedTuple):
    """A message that an instance had in its hands when it made a snapshot.

    Attributes:
        port: The port that received it, or on which it is to be sent.
        slot: Slot of that; None for a scalar port.
        message: The message.
        peer: For one that is to be sent: the endpoint for which it is.
        in_a_row: For a milestone: how many there are, beginning with this one; see `MilestoneRow`.
    """

    port: str
    slot: int | None
    message: PeerMessage
    peer: str = ""
    in_a_row: int = 1


class CommunicatorState(NamedTuple):
    """How far an instance's exchange of messages had got.

    The last four are known to Conjoin only.

    Attributes:
        port_message_counts: Messages sent and received, for each port and slot.
        timeline: Where in the reuse loop it is; None if that was not kept, as in snapshots of
            MUSCLE3 0.10 and before, and is to be deduced from the counts.
        message_cache: Messages received ahead.
        reduced_counts: What reducing filters let pass, for each `reduced_port` and `filled_port`,
            and slot.
        held_back: Messages that reducing filters hold, and milestones that are to be sent again.
        served: For messages that are repeated with padding, the iterations that have had theirs.
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
    """All that is needed to resume an instance.

    Attributes:
        triggers: Why it was made, one text per rule.
        wallclock_time: When, in seconds since the start of the run.
        is_final_snapshot: Whether it was made at the end of a reuse loop.
        message: The model's state; None if it has none, in a snapshot that was made for it.
        settings_overlay: The overlay that was in force.
        communicator: How far its exchange of messages had got.
        instance: Whose it is; empty if that is not known, as in MUSCLE3's.
    """

    triggers: tuple[str, ...]
    wallclock_time: float
    is_final_snapshot: bool
    message: Message | None
    settings_overlay: Settings
    communicator: CommunicatorState
    instance: str = ""

    def metadata(self, location: str) -> SnapshotMetadata:
        """Return what to tell the manager about this snapshot.

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
    """Return what a snapshot is called where it is stored.

    Example:
        >>> snapshot_name(Reference("micro[3]"), 7)
        'micro-3-_7.pack'
    """
    name = str(instance).replace("[", "-").replace("]", "-")
    return f"{name}_{number}.pack"


_URL: Final = re.compile(r"[a-z][\w+.:-]*://", re.IGNORECASE)


def is_url(location: str) -> bool:
    """Return whether the location of a snapshot is a URL, and not a path.

    Example:
        >>> is_url("s3://bucket/macro_1.pack"), is_url("/run/macro_1.pack")
        (True, False)
    """
    return _URL.match(location) is not None


class RegisteredSnapshot(NamedTuple):
    """A snapshot in a workflow snapshot.

    Attributes:
        instance: Whose it is.
        number: Its number.
        snapshot: What is known about it.
    """

    instance: Reference
    number: int
    snapshot: SnapshotMetadata


class WorkflowSnapshot(NamedTuple):
    """Snapshots from which a whole simulation can be resumed.

    Attributes:
        model: Name of the model.
        states: A snapshot of each instance, in the order of the model; those that are to start
            from scratch are not among them.
        from_scratch: The instances that are to start from scratch.
    """

    model: str
    states: tuple[RegisteredSnapshot, ...]
    from_scratch: tuple[Reference, ...] = ()

    def resume(self) -> dict[Reference, str]:
        """Return the location of the snapshot of each instance."""
        return {state.instance: state.snapshot.snapshot_filename for state in self.states}


_HEADING: Final = "Workflow snapshot for "
_TAKEN: Final = " taken on "


def described_model(description: str) -> str:
    """Return the name of the model from a description of a workflow snapshot, ours or MUSCLE3's.

    It is empty if there is none in it.

    Example:
        >>> described_model("Workflow snapshot for kitchen taken on 2026-11-20 22:48:39.")
        'kitchen'
    """
    first = description.partition("\n")[0]
    if not first.startswith(_HEADING) or _TAKEN not in first:
        return ""
    return first.removeprefix(_HEADING).partition(_TAKEN)[0]


_FROM_SCRATCH: Final = "From scratch"
_ROW_FROM_SCRATCH: Final = re.compile(rf"(\S+) +- +- +{_FROM_SCRATCH} *")


def described_from_scratch(description: str) -> frozenset[str]:
    """Return which instances are to start from scratch, from a description by `describe`.

    Example:
        >>> described_from_scratch("late      -           -               From scratch")
        frozenset({'late'})
    """
    rows = map(_ROW_FROM_SCRATCH.fullmatch, description.splitlines())
    return frozenset(row[1] for row in rows if row is not None)


def describe(snapshot: WorkflowSnapshot, *, taken: str) -> str:
    """Return a workflow snapshot in words: why it was made, and when for each instance.

    Args:
        snapshot: What to describe.
        taken: When it was made, in words.
    """
    lines = [f"{_HEADING}{snapshot.model}{_TAKEN}{taken}.", "Snapshot triggers:"]
    for trigger, instances in sorted(_by_trigger(snapshot).items()):
        lines.append(f"- {trigger} ({', '.join(instances)})")
    return "\n".join([*lines, "", *_table(snapshot), ""])


def _by_trigger(snapshot: WorkflowSnapshot) -> dict[str, list[str]]:
    result: dict[str, list[str]] = {}
    for state in snapshot.states:
        for trigger in state.snapshot.triggers:
            result.setdefault(trigger, []).append(str(state.instance))
    return result


def _table(snapshot: WorkflowSnapshot) -> list[str]:
    width = max((len(str(state.instance)) for state in snapshot.states), default=0)
    width = max(width, len("Instance"), *(len(str(name)) for name in snapshot.from_scratch), 0)
    heading = f"{'Instance':<{width}}  {'t':<11} Wallclock time  Type"
    rows = [heading, "-" * max(50, len(heading) + 8)]
    for instance, _, state in snapshot.states:
        kind = "Final" if state.is_final_snapshot else "Intermediate"
        row = f"{state.timestamp:<11.6g} {state.wallclock_time:<14.6g}  {kind}"
        rows.append(f"{instance!s:<{width}}  {row}")
    rows += [
        f"{name!s:<{width}}  {'-':<11} {'-':<14}  {_FROM_SCRATCH}" for name in snapshot.from_scratch
    ]
    return rows
