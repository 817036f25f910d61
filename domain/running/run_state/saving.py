"""Saving before the run is stopped, as a table of states and transitions.

The instances save if there is time for it, and if all of them can be asked. The run is stopped when
there is a set of snapshots to resume from, when the time for saving is over, or when the user asks
again. The end of an allocation is known beforehand, so that MUSCLE3's instances, which cannot be
asked, save by a rule.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping
from enum import Enum
from typing import Final, TypeAlias

from domain.running.events import StopRequested
from domain.running.log_levels import LogLevel
from domain.running.run_state.instance_life import InstanceLife
from domain.running.run_state.instructions import (
    AskToSave,
    CancelTimer,
    Instruction,
    Log,
    Publish,
    StartTimer,
)
from domain.running.run_state.timers import RunTimer, TimerKind

TIME_IS_OVER: Final = "The run reached its time limit."
SAVING_TIMER: Final = RunTimer(TimerKind.SAVING)
ALLOCATION_TIMER: Final = RunTimer(TimerKind.ALLOCATION)

Reason: TypeAlias = str
InstructionsAndReason: TypeAlias = Generator[Instruction, None, Reason | None]
"""Instructions, and the reason to stop the run now; None if it continues."""


class StopPlan(Enum):
    """States of a run with respect to being stopped from outside."""

    NOT_ASKED = "not asked to stop"
    SAVING = "the instances save, and then the run is stopped"
    STOPPING = "the run is being stopped"


class StopStep(Enum):
    """Steps that take a run from one state to another."""

    SAVE = "instances may save first"
    STOP = "the run is to be stopped now"


TRANSITIONS: Final[Mapping[StopPlan, Mapping[StopStep, StopPlan]]] = {
    StopPlan.NOT_ASKED: {StopStep.SAVE: StopPlan.SAVING, StopStep.STOP: StopPlan.STOPPING},
    StopPlan.SAVING: {StopStep.STOP: StopPlan.STOPPING},
    StopPlan.STOPPING: {},
}
"""The state after a step. A step that is missing changes nothing."""


class Saving:
    """Makes the instances save before the run is stopped.

    Args:
        save_time: Maximum number of seconds for saving; None if they do not save.
    """

    def __init__(self, save_time: float | None) -> None:
        self._save_time = save_time
        self._plan = StopPlan.NOT_ASKED
        self._reason = ""

    def expect_end(self, seconds: float) -> Iterator[Instruction]:
        """Begin to save, or stop, after a number of seconds."""
        yield StartTimer(ALLOCATION_TIMER, seconds)

    def ask(self, reason: str, registered: Iterable[InstanceLife]) -> InstructionsAndReason:
        """Save and then stop; the second time, stop at once.

        Args:
            reason: Why, for the user.
            registered: The instances that have registered.
        """
        instances = list(registered)
        cannot_save = tuple(item.name for item in instances if not item.is_own)
        if self._save_time is None or not instances or self._plan is not StopPlan.NOT_ASKED:
            return reason
        if cannot_save:
            yield Publish(StopRequested(reason, 0.0, cannot_save))
            yield Log(
                LogLevel.WARNING,
                f"instances of MUSCLE3 cannot be asked to save: {', '.join(cannot_save)}",
            )
            return reason
        yield from self._save(reason, self._save_time)
        return None

    def end_allocation(self) -> InstructionsAndReason:
        """Save and then stop, even if some instances save only by a rule."""
        if self._save_time is None:
            return TIME_IS_OVER
        yield from self._save(TIME_IS_OVER, self._save_time)
        return None

    def complete(self) -> Reason | None:
        """Record that there is a set of snapshots; return the reason to stop, if any."""
        return self._reason if self._plan is StopPlan.SAVING else None

    def lose_patience(self) -> InstructionsAndReason:
        """React to the end of the time for saving."""
        if self._plan is not StopPlan.SAVING:
            return None
        yield Log(LogLevel.WARNING, "no set of snapshots was completed in time")
        return self._reason

    def stop(self) -> Iterator[Instruction]:
        """Record that the run is being stopped, or is over."""
        was_saving = self._plan is StopPlan.SAVING
        self._take(StopStep.STOP)
        if was_saving:
            yield CancelTimer(SAVING_TIMER)

    def _save(self, reason: str, seconds: float) -> Iterator[Instruction]:
        if not self._take(StopStep.SAVE):
            return
        self._reason = reason
        yield Publish(StopRequested(reason, seconds))
        yield Log(
            LogLevel.WARNING,
            f"{reason} All instances save, for up to {seconds:g} s, and then the run is stopped.",
        )
        yield AskToSave(reason)
        yield StartTimer(SAVING_TIMER, seconds)

    def _take(self, step: StopStep) -> bool:
        after = TRANSITIONS[self._plan].get(step)
        if after is None:
            return False
        self._plan = after
        return True
