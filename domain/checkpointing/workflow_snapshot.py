"""Workflow snapshots: instance snapshots from which a whole simulation can be resumed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from domain.checkpointing.instance_snapshot import SnapshotMetadata
from domain.identity import Reference
from domain.model.configuration import ResumeOrigin


class RegisteredSnapshot(NamedTuple):
    """An instance snapshot that its instance has registered with the manager.

    Attributes:
        instance: The instance.
        number: Its number among the snapshots of that instance, from 1; 0 for a start from scratch.
        metadata: What the instance reported about it.
    """

    instance: Reference
    number: int
    metadata: SnapshotMetadata


class WorkflowSnapshot(NamedTuple):
    """Instance snapshots that fit together.

    Attributes:
        model: Name of the model.
        snapshots: A snapshot of each instance, in the order of the model, except for those that
            start from scratch.
        from_scratch: The instances that start from scratch on a resume.
    """

    model: str
    snapshots: tuple[RegisteredSnapshot, ...]
    from_scratch: tuple[Reference, ...] = ()

    def resume(self) -> dict[Reference, str]:
        """Return the location of the snapshot of each instance."""
        return {item.instance: item.metadata.snapshot_filename for item in self.snapshots}


@dataclass(frozen=True, slots=True)
class WorkflowSnapshotRecord:
    """The contents of a workflow snapshot file.

    Attributes:
        resume: Location of the snapshot of each instance.
        origin: The model, and the instances that start from scratch.
        taken: When it was taken, as ISO 8601 with the UTC offset, such as
            `2026-11-20 22:48:39+01:00`; empty if unknown.
        description: The same information as text, for users.
    """

    resume: Mapping[Reference, str] = field(default_factory=dict)
    origin: ResumeOrigin = field(default_factory=ResumeOrigin)
    taken: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class StoredWorkflowSnapshot:
    """A workflow snapshot in a store.

    Attributes:
        location: Where it is.
        record: Its contents. Where instance snapshots have moved along with their run directory,
            it has their present locations.
        problem: Why it cannot be used; empty if it can.
        taken: When it was announced, in local time, such as `2026-11-20 22:48:39`; empty if
            unknown.
        timestamp: The same in seconds since the Unix epoch; 0.0 if unknown.
        moved_from: The former run directory, if instance snapshots have moved along with it; empty
            otherwise.
    """

    location: str
    record: WorkflowSnapshotRecord = field(default_factory=WorkflowSnapshotRecord)
    problem: str = ""
    taken: str = ""
    timestamp: float = 0.0
    moved_from: str = ""

    @property
    def resume(self) -> Mapping[Reference, str]:
        """Location of the snapshot of each instance."""
        return self.record.resume

    @property
    def origin(self) -> ResumeOrigin:
        """The model, and the instances that start from scratch."""
        return self.record.origin


# The description for users -----------------------------------------------------------------------

_HEADING: Final = "Workflow snapshot for "
_TAKEN: Final = " taken on "
_FROM_SCRATCH: Final = "From scratch"
_ROW_FROM_SCRATCH: Final = re.compile(rf"(\S+) +- +- +{_FROM_SCRATCH} *")
_TIME_WITH_OFFSET: Final = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[+-]\d\d:\d\d")


def describe(snapshot: WorkflowSnapshot, *, taken: str) -> str:
    """Return the text of a workflow snapshot: why it was made, and each instance's times.

    Args:
        snapshot: The workflow snapshot.
        taken: When it was taken.
    """
    lines = [f"{_HEADING}{snapshot.model}{_TAKEN}{taken}.", "Snapshot triggers:"]
    for trigger, instances in sorted(_by_trigger(snapshot).items()):
        lines.append(f"- {trigger} ({', '.join(instances)})")
    return "\n".join([*lines, "", *_table(snapshot), ""])


def _by_trigger(snapshot: WorkflowSnapshot) -> dict[str, list[str]]:
    result: dict[str, list[str]] = {}
    for item in snapshot.snapshots:
        for trigger in item.metadata.triggers:
            result.setdefault(trigger, []).append(str(item.instance))
    return result


def _table(snapshot: WorkflowSnapshot) -> list[str]:
    width = max((len(str(item.instance)) for item in snapshot.snapshots), default=0)
    width = max(width, len("Instance"), *(len(str(name)) for name in snapshot.from_scratch), 0)
    heading = f"{'Instance':<{width}}  {'t':<11} Wallclock time  Type"
    rows = [heading, "-" * max(50, len(heading) + 8)]
    for instance, _, metadata in snapshot.snapshots:
        kind = "Final" if metadata.is_final_snapshot else "Intermediate"
        row = f"{metadata.timestamp:<11.6g} {metadata.wallclock_time:<14.6g}  {kind}"
        rows.append(f"{instance!s:<{width}}  {row}")
    rows += [
        f"{name!s:<{width}}  {'-':<11} {'-':<14}  {_FROM_SCRATCH}" for name in snapshot.from_scratch
    ]
    return rows


# Some files state these facts only in that text: MUSCLE3's, and those that Conjoin wrote before it
# added a header.


def described_origin(description: str) -> ResumeOrigin:
    """Return the model and the instances that start from scratch, according to the text."""
    return ResumeOrigin(described_model(description), described_from_scratch(description))


def described_model(description: str) -> str:
    """Return the model that the text of a workflow snapshot names; empty if it names none.

    Example:
        >>> described_model("Workflow snapshot for kitchen taken on 2026-11-20 22:48:39.")
        'kitchen'
    """
    first = description.partition("\n")[0]
    if not first.startswith(_HEADING) or _TAKEN not in first:
        return ""
    return first.removeprefix(_HEADING).partition(_TAKEN)[0]


def described_from_scratch(description: str) -> frozenset[str]:
    """Return the instances that start from scratch according to the text of a workflow snapshot.

    Example:
        >>> described_from_scratch("late      -           -               From scratch")
        frozenset({'late'})
    """
    rows = map(_ROW_FROM_SCRATCH.fullmatch, description.splitlines())
    return frozenset(row[1] for row in rows if row is not None)


def described_time(description: str) -> str:
    """Return when a workflow snapshot was taken, according to its text.

    Returns:
        ISO 8601 with the UTC offset; empty if the text has no time, or one without the offset, as
        MUSCLE3's do.

    Example:
        >>> described_time("Workflow snapshot for m taken on 2026-11-20 22:48:39+01:00.")
        '2026-11-20 22:48:39+01:00'
    """
    found = _TIME_WITH_OFFSET.search(description.partition("\n")[0])
    return found[0] if found else ""
