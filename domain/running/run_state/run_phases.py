"""The phases of a run, as a table of states and transitions.

A failure of one instance makes its peers fail as well, and a peer may be the first to report it. So
after a failure that may not be the true cause, the run is not cancelled at once: it waits some
seconds for the true cause to appear (SEEKING_CAUSE). If instances are about to end by then, one of
them may be the cause, and they get a last chance. Once the cause is certain, the agents end all
processes.

Instances that the user has started cannot be ended. After one of them has reported a failure, the
others get some seconds to leave by themselves, while the processes of agents are being cancelled
(PARTING).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Final

from domain.running.run_state.instructions import (
    CancelProcesses,
    CancelTimer,
    Instruction,
    StartTimer,
)
from domain.running.run_state.timers import RunTimer, TimerKind

LEAVING_PATIENCE: Final = 10.0
"""Seconds to wait for instances that are about to end, after an instance has failed."""

VICTIM_PATIENCE: Final = 5.0
"""Seconds to wait for the true cause after an instance has failed because of another."""

PATIENCE: Final = RunTimer(TimerKind.PATIENCE)


class Phase(Enum):
    """Phases of a run."""

    RUNNING = "running"
    SEEKING_CAUSE = "waiting for the true cause"
    PARTING = "cancelling, while instances that the user started may leave"
    CANCELLING = "cancelling"
    FINISHED = "finished"


class PhaseStep(Enum):
    """Steps that take a run from one phase to another."""

    DOUBT = "an instance failed, and another may be the cause"
    PART = "an instance that the user started failed, and others may leave"
    CERTAIN = "the cause of the failure is certain"
    LAST_CHANCE = "the patience timer fired for the first time, but processes are about to end"
    PATIENCE_OVER = "the patience timer fired"
    STOP = "the run is to be stopped"
    DONE = "there is no instance left to wait for"


TRANSITIONS: Final[Mapping[Phase, Mapping[PhaseStep, Phase]]] = {
    Phase.RUNNING: {
        PhaseStep.DOUBT: Phase.SEEKING_CAUSE,
        PhaseStep.PART: Phase.SEEKING_CAUSE,
        PhaseStep.CERTAIN: Phase.CANCELLING,
        PhaseStep.STOP: Phase.CANCELLING,
        PhaseStep.DONE: Phase.FINISHED,
    },
    Phase.SEEKING_CAUSE: {
        PhaseStep.CERTAIN: Phase.PARTING,
        PhaseStep.LAST_CHANCE: Phase.SEEKING_CAUSE,
        PhaseStep.PATIENCE_OVER: Phase.CANCELLING,
        PhaseStep.STOP: Phase.CANCELLING,
        PhaseStep.DONE: Phase.FINISHED,
    },
    Phase.PARTING: {
        PhaseStep.LAST_CHANCE: Phase.PARTING,
        PhaseStep.PATIENCE_OVER: Phase.CANCELLING,
        PhaseStep.STOP: Phase.CANCELLING,
        PhaseStep.DONE: Phase.FINISHED,
    },
    Phase.CANCELLING: {
        PhaseStep.DONE: Phase.FINISHED,
    },
    Phase.FINISHED: {},
}
"""The phase after a step. A step that is missing changes nothing."""

_PATIENT: Final = (Phase.SEEKING_CAUSE, Phase.PARTING)
_CANCELLING: Final = (Phase.PARTING, Phase.CANCELLING)
_SECONDS: Final = {
    PhaseStep.DOUBT: VICTIM_PATIENCE,
    PhaseStep.PART: LEAVING_PATIENCE,
    PhaseStep.LAST_CHANCE: LEAVING_PATIENCE,
}
"""The duration of the wait in seconds, by the step that begins it."""


class RunPhases:
    """The phase that a run is in.

    Entering and leaving phases gives the instructions: the patience timer runs during SEEKING_CAUSE
    and PARTING, and processes are cancelled on entering PARTING or CANCELLING.
    """

    def __init__(self) -> None:
        self.phase = Phase.RUNNING
        self._had_last_chance = False

    @property
    def is_going_on(self) -> bool:
        """Whether the run is not over, and its processes are not being cancelled."""
        return self.phase in (Phase.RUNNING, Phase.SEEKING_CAUSE)

    def take(self, step: PhaseStep) -> Iterator[Instruction]:
        """Take a step; ignore a step that the table does not have."""
        before = self.phase
        after = TRANSITIONS[before].get(step)
        if after is None:
            return
        self.phase = after
        if after in _PATIENT and step in _SECONDS:
            yield StartTimer(PATIENCE, _SECONDS[step])
        elif before in _PATIENT and after not in _PATIENT:
            yield CancelTimer(PATIENCE)
        if after in _CANCELLING and before not in _CANCELLING:
            yield CancelProcesses()

    def lose_patience(self, *, some_are_leaving: bool) -> Iterator[Instruction]:
        """React to the end of the timer.

        Args:
            some_are_leaving: Whether there are processes that are about to end.
        """
        if some_are_leaving and not self._had_last_chance:
            self._had_last_chance = True
            yield from self.take(PhaseStep.LAST_CHANCE)
        else:
            yield from self.take(PhaseStep.PATIENCE_OVER)
