"""What workflow snapshots a run has written, whether they are sound, and which can go."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from application.interfaces.snapshot_repository import SnapshotRepository
from application.interfaces.snapshot_store import (
    OpenStore,
    SnapshotStore,
    StoredWorkflowSnapshot,
    WorkflowSnapshotStore,
)
from domain.checkpointing.instance_snapshot import described_model
from domain.checkpointing.model_differences import unchecked_snapshot
from domain.errors import ForeignSnapshot, InconsistentSnapshot
from domain.identity import Reference


@dataclass(frozen=True, slots=True)
class ExaminedSnapshot:
    """A snapshot of an instance, as it was found.

    Attributes:
        instance: Whose it is.
        location: Where it is.
        size: Its size in bytes; 0 if there is none.
        triggers: Why it was made.
        wallclock_time: When, in seconds since the start of its run.
        timestamp: Simulation time of the state; NaN if it has none.
        is_final: Whether it was made at the end of a pass of the reuse loop.
        problem: Why it cannot be used, in words; empty if it can.
        remark: Why it could not be checked, in words; empty if it could.
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
    """A workflow snapshot, as it was found.

    Attributes:
        shelved: The workflow snapshot.
        states: What it names.
    """

    shelved: StoredWorkflowSnapshot
    states: tuple[ExaminedSnapshot, ...]

    @property
    def location(self) -> str:
        """Where it is."""
        return self.shelved.location

    @property
    def model(self) -> str:
        """Name of the model; empty if that is not known."""
        return described_model(self.shelved.description)

    @property
    def size(self) -> int:
        """The size of the states together, in bytes."""
        return sum(state.size for state in self.states)

    @property
    def triggers(self) -> tuple[str, ...]:
        """Why it was made, each reason once."""
        return tuple(dict.fromkeys(item for state in self.states for item in state.triggers))

    @property
    def problems(self) -> tuple[str, ...]:
        """Why it cannot be used, in words; empty if it is sound."""
        if self.shelved.problem:
            return (f"'{self.location}': {self.shelved.problem}",)
        return tuple(state.problem for state in self.states if state.problem)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What is odd about it, without being wrong, in words."""
        before = self.shelved.moved_from
        text = (
            f"The run of workflow snapshot '{self.location}' was in '{before}', and has been moved:"
            " the snapshots that are with it now are taken."
        )
        states = tuple(state.remark for state in self.states if state.remark)
        return (text, *states) if before else states

    @property
    def is_sound(self) -> bool:
        """Whether a simulation can be resumed from it."""
        return not self.problems


@dataclass(frozen=True, slots=True)
class PruneResult:
    """What was removed.

    Attributes:
        workflow_snapshots: Where the workflow snapshots were.
        states: Where the snapshots of instances were.
        size: How many bytes those had.
        kept: How many workflow snapshots are left.
    """

    workflow_snapshots: tuple[str, ...]
    states: tuple[str, ...]
    size: int
    kept: int


class RunSnapshots:
    """Examines the workflow snapshots of a run.

    Args:
        shelf: Where they are.
        archive: Reads the snapshots that they name.
        open_store: Returns the store in which one of these is.
        stores: Those that list the snapshots of this run.
    """

    def __init__(
        self,
        shelf: WorkflowSnapshotStore,
        *,
        archive: SnapshotRepository,
        open_store: OpenStore,
        stores: Sequence[SnapshotStore] = (),
    ) -> None:
        self._shelf = shelf
        self._archive = archive
        self._open_store = open_store
        self._stores = stores

    def newest_first(self) -> Iterator[ExaminedWorkflowSnapshot]:
        """Yield the workflow snapshots; each is examined when its turn comes.

        Raises:
            OSError: If they cannot be found out.
        """
        for shelved in reversed(self._shelf.list()):
            yield self._examined(shelved)

    def shelved(self) -> Sequence[StoredWorkflowSnapshot]:
        """Return the workflow snapshots, the oldest first, without examining them."""
        return self._shelf.list()

    def examine(self, location: str) -> ExaminedWorkflowSnapshot:
        """Return what is at a location."""
        return self._examined(self._shelf.read(location))

    def prune(self, *, keep: int) -> PruneResult:
        """Remove what is older than the newest sound workflow snapshots, and not needed by any.

        Snapshots of instances that are newer than those of the newest workflow snapshot stay: if
        the run goes on, they may be part of the next.

        Args:
            keep: How many sound ones to keep. If there are not so many, nothing is removed.

        Raises:
            ValueError: If none is to be kept.
            OSError: If something cannot be removed.
        """
        if keep < 1:
            msg = f"at least 1 workflow snapshot has to be kept, not {keep}"
            raise ValueError(msg)
        left, old = self._divided(keep)
        if not old:
            return PruneResult((), (), 0, len(left))
        needed = {location for item in left for location in item.resume.values()}
        states = [item for store in self._stores for item in _older(store, needed)]
        for item in old:  # first, so that none is ever there without what it names
            self._shelf.remove(item.location)
        size = 0
        for location in states:
            store = self._open_store(location)
            size += store.size(location)
            store.remove(location)
        return PruneResult(tuple(item.location for item in old), tuple(states), size, len(left))

    def _divided(
        self, keep: int
    ) -> tuple[list[StoredWorkflowSnapshot], list[StoredWorkflowSnapshot]]:
        """Return the workflow snapshots that stay, and those that go."""
        listed = list(self._shelf.list())
        sound = 0
        for position in range(len(listed) - 1, -1, -1):
            sound += self._examined(listed[position]).is_sound
            if sound == keep:
                return listed[position:], listed[:position]
        return listed, []

    def _examined(self, shelved: StoredWorkflowSnapshot) -> ExaminedWorkflowSnapshot:
        states = (self._state(instance, where) for instance, where in shelved.resume.items())
        return ExaminedWorkflowSnapshot(shelved, tuple(states))

    def _state(self, instance: Reference, location: str) -> ExaminedSnapshot:
        try:
            snapshot = self._archive.load(location)
        except ForeignSnapshot as error:
            size = self._open_store(location).size(location)
            remark = unchecked_snapshot(instance, error)
            return ExaminedSnapshot(instance, location, size, remark=remark)
        except InconsistentSnapshot as error:
            return ExaminedSnapshot(instance, location, problem=str(error))
        if snapshot.instance not in ("", str(instance)):
            problem = f"Snapshot '{location}' is one of '{snapshot.instance}', not of '{instance}'."
            return ExaminedSnapshot(instance, location, problem=problem)
        metadata = snapshot.metadata(location)
        return ExaminedSnapshot(
            instance,
            location,
            self._open_store(location).size(location),
            metadata.triggers,
            metadata.wallclock_time,
            metadata.timestamp,
            metadata.is_final_snapshot,
        )


def _older(store: SnapshotStore, needed: set[str]) -> list[str]:
    """Return the snapshots of a store that are not needed, and older than one that is.

    Only one of the same instance counts: it has the same name, but for the number.
    """
    result: list[str] = []
    for _, group in groupby(store.locations(), key=lambda item: item.rpartition("_")[0]):
        locations = list(group)
        newest = max((index for index, item in enumerate(locations) if item in needed), default=0)
        result += [item for item in locations[:newest] if item not in needed]
    return result
