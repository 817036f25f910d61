"""Which workflow snapshot to resume from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from application.manager.snapshots.run_snapshots import ExaminedWorkflowSnapshot, RunSnapshots
from domain.checkpointing.instance_snapshot import described_model
from domain.errors import InconsistentSnapshot


@dataclass(frozen=True, slots=True)
class ResumeChoice:
    """A workflow snapshot that is sound.

    Attributes:
        snapshot: Which.
        passed_over: Newer ones, which are damaged.
    """

    snapshot: ExaminedWorkflowSnapshot
    passed_over: tuple[ExaminedWorkflowSnapshot, ...] = ()

    def warnings(self) -> list[str]:
        """Return in words what was passed over, and why, and what has moved."""
        passed_over = [
            f"Workflow snapshot '{item.location}' is newer than the one that is resumed from, but"
            f" cannot be used: {' '.join(item.problems)}"
            for item in self.passed_over
        ]
        return [*passed_over, *self.snapshot.remarks]


def choose_newest(
    runs: Iterable[RunSnapshots], *, model: str, where: str, any_model: bool = False
) -> ResumeChoice:
    """Return the newest sound workflow snapshot among those of some runs.

    Args:
        runs: The runs, in the order in which they were started.
        model: Name of the model that is to be resumed.
        where: Where was searched, in words.
        any_model: Whether one of another model is an answer too, which is then refused.

    Raises:
        InconsistentSnapshot: If there is none; the text says what is wrong with those there are.
    """
    found = [(item, run) for run in runs for item in run.shelved()]
    found.sort(key=lambda pair: pair[0].moment)  # stable: those of one second stay in their order
    damaged: list[ExaminedWorkflowSnapshot] = []
    for shelved, run in reversed(found):
        name = described_model(shelved.description)
        if any_model or name in ("", model):
            snapshot = run.examine(shelved.location)
            if snapshot.is_sound:
                return ResumeChoice(snapshot, tuple(damaged))
            damaged.append(snapshot)
    raise InconsistentSnapshot(_nothing_found(damaged, model, where))


def choose_given(location: str, reader: RunSnapshots) -> ResumeChoice:
    """Return a workflow snapshot that the user named.

    Args:
        location: Where it is.
        reader: Reads it, and those around it.

    Raises:
        InconsistentSnapshot: If it is not sound. The text says why, and names an older one.
    """
    snapshot = reader.examine(location)
    if snapshot.is_sound:
        return ResumeChoice(snapshot)
    older = _older_sound_one(snapshot, reader)
    advice = f"The newest older one that is sound is '{older}'." if older else _NO_OLDER_ONE
    problems = " ".join(snapshot.problems)
    msg = f"Workflow snapshot '{location}' cannot be resumed from. {problems} {advice}"
    raise InconsistentSnapshot(msg)


_NO_OLDER_ONE = "There is no older one that is sound beside it."


def _older_sound_one(damaged: ExaminedWorkflowSnapshot, reader: RunSnapshots) -> str:
    locations = [item.location for item in reader.shelved()]
    if damaged.location in locations:
        for location in reversed(locations[: locations.index(damaged.location)]):
            if reader.examine(location).is_sound:
                return location
    return ""


def _nothing_found(damaged: Sequence[ExaminedWorkflowSnapshot], model: str, where: str) -> str:
    if not damaged:
        return (
            f"There is no workflow snapshot of model '{model}' {where}. Was the run made with"
            " checkpoints?"
        )
    lines = [f"- '{item.location}': {' '.join(item.problems)}" for item in damaged]
    return "\n".join([f"None of the workflow snapshots {where} can be resumed from:", *lines])
