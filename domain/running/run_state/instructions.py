"""Instructions that the state machine of a run gives, to be carried out in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from domain.coupling.messages import Wait
from domain.running.events import InstanceState, RunEvent, RunFinished
from domain.running.log_levels import LogLevel
from domain.running.process_end import ProcessEnd
from domain.running.run_state.timers import RunTimer


@dataclass(frozen=True, slots=True)
class ShowInstance:
    """Show the state of an instance."""

    instance: str
    state: InstanceState
    waiting_for: Wait | None = None
    end: ProcessEnd | None = None


@dataclass(frozen=True, slots=True)
class Publish:
    """Pass an event on to subscribers."""

    event: RunEvent


@dataclass(frozen=True, slots=True)
class Log:
    """Write a line to the manager's log."""

    level: LogLevel
    text: str


@dataclass(frozen=True, slots=True)
class Warn:
    """Write a warning to the manager's log, and show it to the user."""

    text: str


@dataclass(frozen=True, slots=True)
class StartTimer:
    """Handle TimerFired after a number of seconds."""

    timer: RunTimer
    seconds: float


@dataclass(frozen=True, slots=True)
class CancelTimer:
    """Cancel this timer: do not handle its TimerFired, unless it is started again."""

    timer: RunTimer


@dataclass(frozen=True, slots=True)
class CancelProcesses:
    """Have agents end all processes. Each end is still reported by ProcessEnded."""


@dataclass(frozen=True, slots=True)
class ReadErrorOutput:
    """Read the end of what an instance wrote to stderr; handle ErrorOutputRead with it."""

    instance: str


@dataclass(frozen=True, slots=True)
class Probe:
    """Find out whether the program of an instance still runs; handle PresenceFound with it."""

    instance: str
    attempt: int


@dataclass(frozen=True, slots=True)
class AskToSave:
    """Ask all instances, including those that register later, to save."""

    reason: str


@dataclass(frozen=True, slots=True)
class FinishRun:
    """The run is over.

    Attributes:
        result: How it ended, without the output directory.
        output_of: The instance whose output directory goes into the result; empty for none.
    """

    result: RunFinished
    output_of: str = ""


Instruction: TypeAlias = (
    ShowInstance
    | Publish
    | Log
    | Warn
    | StartTimer
    | CancelTimer
    | CancelProcesses
    | ReadErrorOutput
    | Probe
    | AskToSave
    | FinishRun
)
