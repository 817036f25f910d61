"""Snapshots that have been read and checked."""

from __future__ import annotations

from dataclasses import dataclass

from domain.checkpointing.workflow_snapshot import StoredWorkflowSnapshot
from domain.identity import Reference


@dataclass(frozen=True, slots=True)
class ExaminedSnapshot:
    """An instance snapshot that has been read.

    Attributes:
        instance: The instance.
        location: Where the snapshot is.
        size: Its size in bytes; 0 if it could not be read.
        triggers: Why it was made.
        wallclock_time: When it was made, in seconds since the start of its run.
        timestamp: Simulation time of the saved state; NaN if it has none.
        is_final: Whether it was made at the end of a pass of the reuse loop.
        problem: Why it cannot be used; empty if it can.
        remark: Why it could not be checked; empty if it could.
    """

    instance: Reference
    location: str
    size: int = 0
    triggers: tuple[str, ...] = ()
    wallclock_time: float = float("nan")
    timestamp: float = float("nan")
    is_final: bool = False
    problem: str = ""
    remark: str = ""


@dataclass(frozen=True, slots=True)
class ExaminedWorkflowSnapshot:
    """A workflow snapshot whose instance snapshots have been read.

    Attributes:
        stored: The workflow snapshot.
        snapshots: The instance snapshots that it names.
    """

    stored: StoredWorkflowSnapshot
    snapshots: tuple[ExaminedSnapshot, ...]

    @property
    def location(self) -> str:
        """Location of the workflow snapshot."""
        return self.stored.location

    @property
    def model(self) -> str:
        """Name of the model; empty if unknown."""
        return self.stored.origin.model

    @property
    def size(self) -> int:
        """Total size of the instance snapshots, in bytes."""
        return sum(item.size for item in self.snapshots)

    @property
    def triggers(self) -> tuple[str, ...]:
        """The triggers of its instance snapshots, without duplicates."""
        return tuple(dict.fromkeys(text for item in self.snapshots for text in item.triggers))

    @property
    def problems(self) -> tuple[str, ...]:
        """Why it cannot be used; empty if it is sound."""
        if self.stored.problem:
            return (f"'{self.location}': {self.stored.problem}",)
        return tuple(item.problem for item in self.snapshots if item.problem)

    @property
    def remarks(self) -> tuple[str, ...]:
        """Warnings about a snapshot that can be used."""
        before = self.stored.moved_from
        text = (
            f"The run of workflow snapshot '{self.location}' was in '{before}', and has been moved:"
            " using the snapshots in the new location."
        )
        unchecked = tuple(item.remark for item in self.snapshots if item.remark)
        return (text, *unchecked) if before else unchecked

    @property
    def is_sound(self) -> bool:
        """Whether a simulation can be resumed from it."""
        return not self.problems
