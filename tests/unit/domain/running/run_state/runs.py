"""Drives the state machine of a run without a clock, a process or a service."""

from collections.abc import Iterable

from domain.running.events import InstanceState, RunEvent, RunFinished
from domain.running.run_state.events import (
    ErrorOutputRead,
    ProcessStarted,
    ProgramsAssigned,
    Registered,
    StateEvent,
    TimerFired,
)
from domain.running.run_state.instructions import (
    CancelProcesses,
    CancelTimer,
    FinishRun,
    Instruction,
    Publish,
    ReadErrorOutput,
    ShowInstance,
    StartTimer,
)
from domain.running.run_state.run_state import RunState
from domain.running.run_state.timers import RunTimer

NAMES = ("macro", "micro")


class Run:
    """A run, and the instructions that its state machine has given.

    Args:
        agents: Names of the instances that agents start; the user starts the others.
        names: Names of all instances.
        reconnect_time: As for RunState.
        save_time: As for RunState.

    Attributes:
        states: The state that each instance is shown in.
        timers: The timers that run, with their seconds.
        outputs: What instances have written to stderr.
        done: All instructions.
    """

    def __init__(
        self,
        *agents: str,
        names: Iterable[str] = NAMES,
        reconnect_time: float = 30.0,
        save_time: "float | None" = None,
    ) -> None:
        self.state = RunState(names, reconnect_time=reconnect_time, save_time=save_time)
        self.states = dict.fromkeys(names, InstanceState.WAITING_TO_START)
        self.timers: dict[RunTimer, float] = {}
        self.outputs: dict[str, str] = {}
        self.done: list[Instruction] = []
        if agents:
            self.handle(ProgramsAssigned(agents), *(ProcessStarted(name, "n0") for name in agents))

    def handle(self, *events: StateEvent) -> list[Instruction]:
        """Handle events, and answer questions about output; return the instructions."""
        instructions: list[Instruction] = []
        pending = list(events)
        while pending:
            for instruction in self.state.handle(pending.pop(0)):
                instructions.append(instruction)
                # as RunControl does, answers come before the next event
                pending = self._carry_out(instruction) + pending
        self.done += instructions
        return instructions

    def register(self, *names: str, is_own: bool = True) -> None:
        self.handle(*(Registered(name, is_own) for name in names))

    def fire(self, timer: RunTimer) -> list[Instruction]:
        """Let a timer fire."""
        del self.timers[timer]
        return self.handle(TimerFired(timer))

    def all_of(self, kind: type) -> list[Instruction]:
        """Return all instructions of a kind so far."""
        return [instruction for instruction in self.done if isinstance(instruction, kind)]

    @property
    def published(self) -> list[RunEvent]:
        return [item.event for item in self.done if isinstance(item, Publish)]

    @property
    def result(self) -> "RunFinished | None":
        """The result of the run; None if it has not ended."""
        finished = [item for item in self.done if isinstance(item, FinishRun)]
        assert len(finished) <= 1
        return finished[0].result if finished else None

    @property
    def is_cancelling(self) -> bool:
        cancelled = self.all_of(CancelProcesses)
        assert len(cancelled) <= 1
        return bool(cancelled)

    def _carry_out(self, instruction: Instruction) -> list[StateEvent]:
        match instruction:
            case ShowInstance(name, state):
                self.states[name] = state
            case StartTimer(timer, seconds):
                self.timers[timer] = seconds
            case CancelTimer(timer):
                self.timers.pop(timer, None)
            case ReadErrorOutput(name):
                return [ErrorOutputRead(name, self.outputs.get(name, ""))]
            case _:
                pass
        return []
