"""Reacts to the start and end of processes that agents manage."""

from __future__ import annotations

from collections import deque
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
    """Reacts to the reports of agents.

    It judges process ends one after the other. Whether an end is a failure depends on earlier
    failures, so while the output of a failed instance is being read, later ends wait.

    Args:
        instances: All instances of the run, by name.
        ending: Decides when the run ends.
    """

    def __init__(self, instances: Mapping[str, InstanceLife], ending: Ending) -> None:
        self._instances = instances
        self._ending = ending
        self._ends: deque[ProcessEnded] = deque()
        self._reading: str | None = None

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
            case ProcessEnded():
                self._ends.append(event)
                yield from self._judge_ends()
            case ErrorOutputRead(name, text):
                if name == self._reading:
                    self._reading = None
                    yield from self._fail(self._instances[name], text)
                    yield from self._judge_ends()
            case NodeFailed(node, reason):
                self._ending.note_lost_node(node, reason)
            case _:
                assert_never(event)

    def _judge_ends(self) -> Iterator[Instruction]:
        while self._ends and self._reading is None:
            ended = self._ends.popleft()
            instance = self._instances[ended.instance]
            if instance.has_process:
                yield from self._judge(instance, ended.end)

    def _judge(self, instance: InstanceLife, end: ProcessEnd) -> Iterator[Instruction]:
        instance.end = end
        yield Publish(InstanceExited(instance.name, end))
        is_well = end == SUCCESS and problem_of(instance) is None
        if self._ending.is_going_on and not is_well:
            yield from instance.take(Step.FAIL)
            self._reading = instance.name
            yield ReadErrorOutput(instance.name)
        else:
            instance.has_process = False
            yield from instance.take(Step.FINISH if is_well else Step.STOP)
            yield from self._ending.finish_if_done()

    def _fail(self, instance: InstanceLife, error_output: str) -> Iterator[Instruction]:
        instance.has_process = False
        yield from self._ending.add(failure_of_process(instance, error_output))
        yield from self._ending.finish_if_done()
