"""Chooses the workflow snapshot to resume from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from application.interfaces.past_runs import PastRuns
from application.manager.snapshots.examined_snapshots import ExaminedWorkflowSnapshot
from application.manager.snapshots.run_snapshots import RunSnapshots
from domain.errors import InconsistentSnapshot

LATEST: Final = "latest"


@dataclass(frozen=True, slots=True)
class ResumeChoice:
    """The workflow snapshot to resume from.

    Attributes:
        snapshot: The workflow snapshot, which can be used.
        passed_over: Newer workflow snapshots, which cannot be used.
    """

    snapshot: ExaminedWorkflowSnapshot
    passed_over: tuple[ExaminedWorkflowSnapshot, ...] = ()

    def warnings(self) -> list[str]:
        """Return a warning for each snapshot passed over, and remarks on the chosen one."""
        passed_over = [
            f"Workflow snapshot '{item.location}' is newer than the one to resume from, but"
            f" cannot be used: {' '.join(item.problems)}"
            for item in self.passed_over
        ]
        return [*passed_over, *self.snapshot.remarks]


class ResumeChooser:
    """Finds the workflow snapshot that a user wants to resume from.

    Args:
        past_runs: Finds the directories of earlier runs.
        run_at: Returns the snapshots of the run with a run directory.
        beside: Returns the workflow snapshots in the directory of a workflow snapshot file.
    """

    def __init__(
        self,
        *,
        past_runs: PastRuns,
        run_at: Callable[[Path], RunSnapshots],
        beside: Callable[[Path], RunSnapshots],
    ) -> None:
        self._past_runs = past_runs
        self._run_at = run_at
        self._beside = beside

    def choose(self, resume: str | Path, *, model: str, run_dir: Path | None) -> ResumeChoice:
        """Return the workflow snapshot to resume from.

        Args:
            resume: A workflow snapshot file, a run directory for the newest one in it, or `latest`
                for the newest one of any earlier run of the model.
            model: Name of the model to be resumed.
            run_dir: Directory of the new run, if the user gave one.

        Raises:
            InconsistentSnapshot: If none is found, or the given one is damaged.
        """
        if resume == LATEST:
            return self._choose_latest(model, run_dir)
        path = Path(resume)
        if self._past_runs.is_directory(path):
            where = f"in run directory '{path}'"
            return choose_newest([self._run_at(path)], model=model, where=where, any_model=True)
        if not self._past_runs.exists(path):
            msg = (
                f"'{path}' does not exist, so the run cannot be resumed from it. Name a workflow"
                f" snapshot, a run directory, or '{LATEST}'."
            )
            raise InconsistentSnapshot(msg)
        return choose_given(str(path), self._beside(path))

    def newest_in(self, run: Path) -> str | None:
        """Return the location of a run's newest sound workflow snapshot, or None."""
        try:
            choice = choose_newest([self._run_at(run)], model="", where="", any_model=True)
        except InconsistentSnapshot:
            return None
        return choice.snapshot.location

    def _choose_latest(self, model: str, run_dir: Path | None) -> ResumeChoice:
        runs = map(self._run_at, self._past_runs.of_model(model, near=run_dir))
        searched = map(str, self._past_runs.searched(near=run_dir))
        where = f"among the runs in {' and '.join(searched)}"
        return choose_newest(runs, model=model, where=where)


def choose_newest(
    runs: Iterable[RunSnapshots], *, model: str, where: str, any_model: bool = False
) -> ResumeChoice:
    """Return the newest sound workflow snapshot of some runs.

    Args:
        runs: The runs, in the order in which they were started.
        model: Name of the model to be resumed.
        where: Where the runs were searched, for error messages.
        any_model: Whether to consider workflow snapshots of other models, which later checks
            reject.

    Raises:
        InconsistentSnapshot: If none is sound; the message describes the damaged ones.
    """
    found = [(item, run) for run in runs for item in run.stored()]
    found.sort(key=lambda pair: pair[0].timestamp)  # stable: equal times keep their order
    damaged: list[ExaminedWorkflowSnapshot] = []
    for stored, run in reversed(found):
        if any_model or stored.origin.model in ("", model):
            snapshot = run.examine(stored.location)
            if snapshot.is_sound:
                return ResumeChoice(snapshot, tuple(damaged))
            damaged.append(snapshot)
    raise InconsistentSnapshot(_nothing_found(damaged, model, where))


def choose_given(location: str, run: RunSnapshots) -> ResumeChoice:
    """Return the workflow snapshot that the user named.

    Args:
        location: Location of the workflow snapshot.
        run: The run that it belongs to.

    Raises:
        InconsistentSnapshot: If it is not sound. The message says why, and names the newest older
            one that is.
    """
    snapshot = run.examine(location)
    if snapshot.is_sound:
        return ResumeChoice(snapshot)
    older = _newest_sound_before(snapshot, run)
    advice = f"The newest older one that is sound is '{older}'." if older else _NO_OLDER_ONE
    msg = (
        f"Workflow snapshot '{snapshot.location}' cannot be resumed from."
        f" {' '.join(snapshot.problems)} {advice}"
    )
    raise InconsistentSnapshot(msg)


_NO_OLDER_ONE: Final = "None of the older ones beside it is sound."


def _newest_sound_before(damaged: ExaminedWorkflowSnapshot, run: RunSnapshots) -> str:
    locations = [item.location for item in run.stored()]
    if damaged.location in locations:
        for location in reversed(locations[: locations.index(damaged.location)]):
            if run.examine(location).is_sound:
                return location
    return ""


def _nothing_found(damaged: Sequence[ExaminedWorkflowSnapshot], model: str, where: str) -> str:
    if not damaged:
        return (
            f"No workflow snapshot of model '{model}' was found {where}. Was the run made with"
            " checkpoints?"
        )
    lines = [f"- '{item.location}': {' '.join(item.problems)}" for item in damaged]
    return "\n".join([f"None of the workflow snapshots {where} can be resumed from:", *lines])
