"""Reacts to the requests of instances."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from typing_extensions import assert_never

from domain.running.events import InstanceDeregistered, InstanceRegistered
from domain.running.run_state.ending import Ending
from domain.running.run_state.events import (
    DeadlockDetected,
    Deregistered,
    FailureReported,
    InstanceEvent,
    Registered,
    WaitChanged,
)
from domain.running.run_state.failures import failure_by_report
from domain.running.run_state.instance_life import InstanceLife, Report, Step
from domain.running.run_state.instructions import Instruction, Publish


class Requests:
    """Reacts to the reports of instances.

    Args:
        instances: All instances of the run, by name.
        ending: Decides when the run ends.
    """

    def __init__(self, instances: Mapping[str, InstanceLife], ending: Ending) -> None:
        self._instances = instances
        self._ending = ending

    def react(self, event: InstanceEvent) -> Iterator[Instruction]:
        """React to an event."""
        match event:
            case Registered(name, is_own):
                yield from self._instances[name].register(is_own=is_own)
                yield Publish(InstanceRegistered(name))
            case Deregistered(name):
                yield from self._deregister(self._instances[name])
            case WaitChanged(name, wait):
                yield from self._instances[name].change_wait(wait)
            case FailureReported(name, problem, kind):
                yield from self._fail(self._instances[name], Report(problem.strip(), kind))
            case DeadlockDetected(cycle):
                yield from self._ending.note_deadlock(cycle)
            case _:
                assert_never(event)

    def _deregister(self, instance: InstanceLife) -> Iterator[Instruction]:
        instance.has_deregistered = True
        yield Publish(InstanceDeregistered(instance.name))
        yield from instance.take(Step.FINISH if instance.is_by_hand else Step.LEAVE)
        yield from self._ending.finish_if_done()

    def _fail(self, instance: InstanceLife, report: Report) -> Iterator[Instruction]:
        instance.report = report
        if not instance.is_awaited:
            # its process has yet to end, and may print more about the error
            yield from instance.take(Step.LEAVE)
        elif not self._ending.is_going_on:
            yield from instance.take(Step.STOP)
        else:
            yield from instance.take(Step.FAIL)
            yield from self._ending.add_reported(failure_by_report(instance))
