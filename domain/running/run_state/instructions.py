"""Instructions that the state machine of a run gives, to be carried out in order.

They are named tuples for the same reason as the events.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from domain.coupling.messages import Wait
from domain.running.events import InstanceState, RunEvent, RunFinished
from domain.running.log_levels import LogLevel
from domain.running.process_end import ProcessEnd
from domain.running.run_state.timers import RunTimer


class ShowInstance(NamedTuple):
    """Show the state of an instance."""

    instance: str
    state: InstanceState
    waiting_for: Wait | None = None
    end: ProcessEnd | None = None


class Publish(NamedTuple):
    """Pass an event on to subscribers."""

    event: RunEvent


class Log(NamedTuple):
    """Write a line to the manager's log."""

    level: LogLevel
    text: str


class Warn(NamedTuple):
    """Write a warning to the manager's log, and show it to the user."""

    text: str


class StartTimer(NamedTuple):
    """Handle TimerFired after a number of seconds."""

    timer: RunTimer
    seconds: float


class CancelTimer(NamedTuple):
    """Cancel this timer: do not handle its TimerFired, unless it is started again."""

    timer: RunTimer


class CancelProcesses(NamedTuple):
    """Have agents end all processes. Each end is still reported by ProcessEnded."""


class ReadErrorOutput(NamedTuple):
    """Read the end of what an instance wrote to stderr; handle ErrorOutputRead with it."""

    instance: str


class Probe(NamedTuple):
    """Find out whether the program of an instance still runs; handle PresenceFound with it."""

    instance: str
    attempt: int


class AskToSave(NamedTuple):
    """Ask all instances, including those that register later, to save."""

    reason: str


class FinishRun(NamedTuple):
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
