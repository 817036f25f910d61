"""The state of a run: events in, instructions out.

It uses no clock, process, file or thread. The caller passes everything that happens outside as
events, one at a time, and carries out the instructions returned for each, in order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from typing_extensions import assert_never

from domain.running.presence import Presence
from domain.running.run_state.ending import Ending
from domain.running.run_state.events import (
    AllocationEndKnown,
    ConnectionEvent,
    ConnectionLost,
    ConnectionRestored,
    DeadlockDetected,
    Deregistered,
    ErrorOutputRead,
    FailureReported,
    NodeFailed,
    PresenceFound,
    ProcessEnded,
    ProcessStarted,
    ProgramEnded,
    ProgramsAssigned,
    Registered,
    SnapshotsCompleted,
    StateEvent,
    StopAsked,
    StopCommanded,
    StopEvent,
    TimerFired,
    WaitChanged,
)
from domain.running.run_state.failures import DISCONNECTED, Failure
from domain.running.run_state.instance_life import InstanceLife, Life, Step
from domain.running.run_state.instructions import Instruction
from domain.running.run_state.lost_connections import Contact, LostConnections
from domain.running.run_state.processes import Processes
from domain.running.run_state.requests import Requests
from domain.running.run_state.saving import Saving
from domain.running.run_state.timers import RunTimer, TimerKind

GONE: Final = (
    f"{DISCONNECTED}, did not reconnect, and its program is no longer running: its output, where"
    " you started it, may show why"
)


ENDED: Final = (
    f"{DISCONNECTED}, and its program has ended: its output, where you started it, may show why"
)


class RunState:
    """Decides what happens next in a run.

    Instances that no ProgramsAssigned names are started by the user.

    Args:
        instances: Names of all instances, in the order of the model.
        reconnect_time: Seconds that an instance that the user started has to reconnect, before its
            program is looked for.
        save_time: For how many seconds instances may save before the run is stopped; None if they
            do not save then.
    """

    def __init__(
        self, instances: Iterable[str], *, reconnect_time: float, save_time: float | None
    ) -> None:
        self._instances = {name: InstanceLife(name) for name in instances}
        self._connections = LostConnections(reconnect_time)
        self._saving = Saving(save_time)
        self._ending = Ending(self._instances.values())
        self._processes = Processes(self._instances, self._ending)
        self._requests = Requests(self._instances, self._ending)

    @property
    def is_going_on(self) -> bool:
        """Whether the run is not over, and its processes are not being cancelled."""
        return self._ending.is_going_on

    @property
    def by_hand(self) -> set[str]:
        """Names of the instances that the user starts and that are not done."""
        return {item.name for item in self._instances.values() if item.is_awaited}

    def is_by_hand(self, instance: str) -> bool:
        """Whether the user starts an instance: no agent was asked to."""
        return self._instances[instance].is_by_hand

    def handle(self, event: StateEvent) -> list[Instruction]:
        """React to an event, and return what to do, in order.

        Raises:
            KeyError: If the event is about an instance that is not part of the run.
        """
        instructions = list(self._react(event))
        if self._ending.is_over:
            instructions += self._saving.stop()
        return instructions

    def _react(self, event: StateEvent) -> Iterator[Instruction]:
        match event:
            case (
                ProgramsAssigned()
                | ProcessStarted()
                | ProcessEnded()
                | ErrorOutputRead()
                | NodeFailed()
            ):
                yield from self._processes.react(event)
            case (
                Registered()
                | Deregistered()
                | WaitChanged()
                | FailureReported()
                | DeadlockDetected()
            ):
                yield from self._requests.react(event)
            case ConnectionLost() | ConnectionRestored() | ProgramEnded() | PresenceFound():
                yield from self._react_to_connection(event)
            case StopAsked() | StopCommanded() | SnapshotsCompleted() | AllocationEndKnown():
                yield from self._react_to_stop(event)
            case TimerFired(timer):
                yield from self._react_to_timer(timer)
            case _:
                assert_never(event)

    def _react_to_connection(self, event: ConnectionEvent) -> Iterator[Instruction]:
        instance = self._instances[event.instance]
        match event:
            case ConnectionLost():
                if not instance.is_by_hand:
                    yield from instance.take(Step.LEAVE)
                elif self._is_missed(instance) and instance.has_ended:
                    yield from self._give_up(instance, ENDED)
                elif self._is_missed(instance):
                    yield from self._connections.lose(instance.name)
                    yield from instance.take(Step.DISCONNECT)
            case ConnectionRestored():
                yield from self._connections.restore(instance.name)
                yield from instance.resume(Step.RETURN if instance.is_by_hand else Step.STAY)
            case ProgramEnded():
                instance.has_ended = instance.is_by_hand
                if instance.life is Life.FAILED:
                    instance.is_given_up = True
                    yield from self._ending.finish_if_done()
                # while it is connected, another process has its connection, or its last requests
                # have yet to be read
                if instance.life is Life.DISCONNECTED and self._is_missed(instance):
                    yield from self._connections.give_up(instance.name)
                    yield from self._give_up(instance, ENDED)
            case PresenceFound():
                yield from self._judge(instance, event)
            case _:
                assert_never(event)

    def _judge(self, instance: InstanceLife, found: PresenceFound) -> Iterator[Instruction]:
        contact = yield from self._connections.find(found)
        if contact is None:
            return
        if found.presence is Presence.THERE:
            yield from instance.resume(Step.RETURN)
        elif contact is Contact.GIVEN_UP and self._is_missed(instance):
            yield from self._give_up(instance, GONE)

    def _give_up(self, instance: InstanceLife, reason: str) -> Iterator[Instruction]:
        instance.is_given_up = True
        yield from instance.take(Step.FAIL)
        yield from self._ending.add_lost(Failure(instance.name, None, reason))

    def _is_missed(self, instance: InstanceLife) -> bool:
        """Whether the run waits for an instance that the user started."""
        return self.is_going_on and instance.is_awaited and instance.life is not Life.FAILED

    def _react_to_stop(self, event: StopEvent) -> Iterator[Instruction]:
        match event:
            case StopAsked(reason):
                registered = [item for item in self._instances.values() if item.is_registered]
                due = yield from self._saving.ask(reason, registered)
                yield from self._stop_for(due)
            case SnapshotsCompleted():
                yield from self._stop_for(self._saving.complete())
            case AllocationEndKnown(seconds):
                yield from self._saving.expect_end(seconds)
            case StopCommanded(reason, is_interruption):
                yield from self._saving.stop()
                yield from self._ending.stop(reason, is_interruption=is_interruption)
            case _:
                assert_never(event)

    def _stop_for(self, reason: str | None) -> Iterator[Instruction]:
        if reason is not None:
            yield from self._saving.stop()
            yield from self._ending.stop(reason, is_interruption=True)

    def _react_to_timer(self, timer: RunTimer) -> Iterator[Instruction]:
        match timer.kind:
            case TimerKind.PATIENCE:
                yield from self._ending.lose_patience()
            case TimerKind.SAVING:
                due = yield from self._saving.lose_patience()
                yield from self._stop_for(due)
            case TimerKind.ALLOCATION:
                due = yield from self._saving.end_allocation()
                yield from self._stop_for(due)
            case TimerKind.CONNECTION:
                if self._is_missed(self._instances[timer.instance]):
                    yield from self._connections.lose_patience(timer.instance)
            case _:
                assert_never(timer.kind)
