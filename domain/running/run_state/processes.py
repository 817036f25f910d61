"""What follows from the processes that agents start and that end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from typing_extensions import assert_never

from domain.running.events import InstanceExited, InstanceStarted
from domain.running.process_end import SUCCESS, ProcessEnd
from domain.running.run_state.ending import Ending
from domain.running.run_state.events import (
    ErrorOutputRead,
    NodeFailed,
    ProcessEnded,
    ProcessEvent,
    ProcessStarted,
    ProgramsAssigned,
)
from domain.running.run_state.failures import failure_of_process, problem_of
from domain.running.run_state.instance_life import InstanceLife, Step
from domain.running.run_state.instructions import Instruction, Publish, ReadErrorOutput


class Processes:
    """Reacts to what agents report.

    Args:
        instances: All instances of the run, by name.
        ending: Decides when the run ends.
    """

    def __init__(self, instances: Mapping[str, InstanceLife], ending: Ending) -> None:
        self._instances = instances
        self._ending = ending

    def react(self, event: ProcessEvent) -> Iterator[Instruction]:
        """React to an event."""
        match event:
            case ProgramsAssigned(names):
                for name in names:
                    self._instances[name].is_by_hand = False
                    self._instances[name].has_process = True
            case ProcessStarted(name, node):
                yield from self._instances[name].take(Step.START)
                yield Publish(InstanceStarted(name, node))
            case ProcessEnded(name, end):
                yield from self._end(self._instances[name], end)
            case ErrorOutputRead(name, text):
                yield from self._ending.add(failure_of_process(self._instances[name], text))
                yield from self._ending.finish_if_done()
            case NodeFailed(node, reason):
                self._ending.note_lost_node(node, reason)
            case _:
                assert_never(event)

    def _end(self, instance: InstanceLife, end: ProcessEnd) -> Iterator[Instruction]:
        if not instance.has_process:
            return
        instance.has_process = False
        instance.end = end
        yield Publish(InstanceExited(instance.name, end))
        if end == SUCCESS and problem_of(instance) is None:
            yield from instance.take(Step.FINISH)
        elif not self._ending.is_going_on:
            yield from instance.take(Step.STOP)
        else:
            yield from instance.take(Step.FAIL)
            self._ending.await_output(instance.name)
            yield ReadErrorOutput(instance.name)
        yield from self._ending.finish_if_done()
