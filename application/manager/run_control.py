"""Drives the state machine of a run."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from application.manager.run_actions import RunActions
from domain.coupling.messages import Wait
from domain.running.events import RunFinished
from domain.running.failure_kinds import FailureKind
from domain.running.process_end import ProcessEnd
from domain.running.run_state.events import (
    ConnectionLost,
    ConnectionRestored,
    DeadlockDetected,
    Deregistered,
    FailureReported,
    NodeFailed,
    ProcessEnded,
    ProcessStarted,
    ProgramEnded,
    ProgramsAssigned,
    Registered,
    StateEvent,
    StopCommanded,
    WaitChanged,
)
from domain.running.run_state.run_state import RunState


class RunControl:
    """Supervises the instances of a model.

    It passes everything that happens to the state machine as events, and has the resulting
    instructions carried out.

    Args:
        state: Decides which instructions to carry out.
        actions: Carries them out.
    """

    def __init__(self, state: RunState, *, actions: RunActions) -> None:
        self._state = state
        self._actions = actions
        self._events: deque[StateEvent] = deque()
        self._is_handling = False

    @property
    def by_hand(self) -> set[str]:
        """Names of the instances that the user starts and that have not finished."""
        return self._state.by_hand

    def is_by_hand(self, instance: str) -> bool:
        """Whether the user starts an instance: no agent was asked to."""
        return self._state.is_by_hand(instance)

    @property
    def is_ending(self) -> bool:
        """Whether the run has ended, or all processes are being stopped."""
        return not self._state.is_going_on

    def on_finished(self, listener: Callable[[RunFinished], object]) -> None:
        """Call back once when the run is over."""
        self._actions.on_finished(listener)

    def handle(self, event: StateEvent) -> None:
        """Handle an event, and the events that result from carrying out instructions."""
        self._events.append(event)
        if self._is_handling:
            return
        self._is_handling = True
        try:
            while self._events:
                for instruction in self._state.handle(self._events.popleft()):
                    self._actions.carry_out(instruction, self.handle)
        finally:
            self._is_handling = False

    # reports of the run service

    def note_assigned(self, names: Iterable[str]) -> None:
        """Record that agents are about to start the programs of instances."""
        self.handle(ProgramsAssigned(tuple(names)))

    def note_started(self, name: str, node: str) -> None:
        """Record that the program of an instance is being started on a node."""
        self.handle(ProcessStarted(name, node))

    # reports of instances

    def note_registered(self, name: str, *, is_own: bool) -> None:
        """Record that an instance has registered.

        Args:
            name: Its name.
            is_own: Whether it uses our own library rather than MUSCLE3's.
        """
        self.handle(Registered(name, is_own))

    def note_deregistered(self, name: str) -> None:
        """Record that an instance has deregistered."""
        self.handle(Deregistered(name))

    def note_disconnected(self, name: str) -> None:
        """Record that a registered instance has lost its connection."""
        self.handle(ConnectionLost(name))

    def note_connected(self, name: str) -> None:
        """Record that an instance has reconnected."""
        self.handle(ConnectionRestored(name))

    def note_wait(self, name: str, wait: Wait | None) -> None:
        """Record which message an instance waits for; None if it continues."""
        self.handle(WaitChanged(name, wait))

    def note_failed(self, name: str, problem: str, *, kind: FailureKind | None = None) -> None:
        """Record that an instance reports an error that makes it leave the run.

        Args:
            name: Its name.
            problem: The error.
            kind: The kind of failure; None if it was not reported.
        """
        self.handle(FailureReported(name, problem, kind))

    def note_program_ended(self, name: str) -> None:
        """Record that the program of an instance that the user started has ended."""
        self.handle(ProgramEnded(name))

    def note_deadlock(self, cycle: tuple[Wait, ...]) -> None:
        """Record that instances wait for each other in a cycle."""
        self.handle(DeadlockDetected(cycle))

    # reports of agents

    def note_exit(self, name: str, end: ProcessEnd) -> None:
        """Record that a process has ended."""
        self.handle(ProcessEnded(name, end))

    def note_node_lost(self, node: str, reason: str) -> None:
        """Record that a node's agent is lost; the ends of its processes are reported separately."""
        self.handle(NodeFailed(node, reason))

    # requests of the user and of the manager itself

    def stop(self, reason: str) -> None:
        """Stop all processes, and then the run.

        Args:
            reason: The reason to show to the user.
        """
        self.handle(StopCommanded(reason, is_interruption=True))

    def fail(self, reason: str) -> None:
        """Stop all processes, and then the run, because of an error of the run itself."""
        self.handle(StopCommanded(reason, is_interruption=False))
