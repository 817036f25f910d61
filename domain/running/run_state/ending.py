"""Decides when and how a run ends, after failures, deadlocks and stops."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator

from domain.coupling.messages import Wait
from domain.running.deadlock import describe_cycle
from domain.running.events import DeadlockFound, RunFinished
from domain.running.log_levels import LogLevel
from domain.running.process_end import NodeLost
from domain.running.run_state.failures import DISCONNECTED, Failure, Failures
from domain.running.run_state.instance_life import InstanceLife, Life, Step
from domain.running.run_state.instructions import FinishRun, Instruction, Log, Publish
from domain.running.run_state.run_phases import Phase, PhaseStep, RunPhases


class Ending:
    """Decides when the run ends, and finds the cause if it failed.

    Args:
        instances: All instances of the run.
    """

    def __init__(self, instances: Collection[InstanceLife]) -> None:
        self._instances = instances
        self._to_check = deque(instances)
        self._phases = RunPhases()
        self._failures = Failures()
        self._deadlocked: set[str] = set()
        self._stop_reason: str | None = None
        self._was_interrupted = False

    @property
    def is_going_on(self) -> bool:
        """Whether the run is neither over nor about to end."""
        return self._phases.is_going_on

    @property
    def is_over(self) -> bool:
        """Whether the run is over."""
        return self._phases.phase is Phase.FINISHED

    def add(self, failure: Failure) -> Iterator[Instruction]:
        """Add a failure, and decide whether its cause may be another instance."""
        self._failures.add(failure)
        # the other members of a deadlock are about to detect it as well, and to report it
        is_doubtful = failure.is_indirect or self._is_deadlocked()
        yield from self._phases.take(PhaseStep.DOUBT if is_doubtful else PhaseStep.CERTAIN)

    def announce(self, failure: Failure) -> None:
        """Record a failure that an instance has reported before its process has ended.

        It decides already what is the cause, if the run fails. The run is not cancelled yet, so
        that the instance can leave by itself.
        """
        if self.is_going_on:
            self._failures.add(failure)

    def withdraw(self, instance: str) -> None:
        """Forget the failure that an instance announced, as it has registered again."""
        self._failures.withdraw(instance)

    def has_failed(self, instance: str) -> bool:
        """Whether a failure of an instance has been recorded."""
        return self._failures.includes(instance)

    def add_reported(self, failure: Failure) -> Iterator[Instruction]:
        """Add a failure that a user-started instance has reported."""
        yield from self._phases.take(PhaseStep.PART)
        yield from self.add(failure)

    def add_lost(self, failure: Failure) -> Iterator[Instruction]:
        """Add the failure of a user-started instance that is gone for good."""
        self._failures.add(failure)
        yield from self._phases.take(PhaseStep.CERTAIN)
        yield from self.finish_if_done()

    def note_deadlock(self, cycle: tuple[Wait, ...]) -> Iterator[Instruction]:
        """Record that instances wait for each other in a cycle."""
        description = describe_cycle(cycle)
        # now, and not when an instance gives up: MUSCLE3's instances do that late
        yield Log(LogLevel.ERROR, description)
        self._failures.note_deadlock(description)
        self._deadlocked.update(wait.instance for wait in cycle)
        yield Publish(DeadlockFound(cycle))

    def note_lost_node(self, node: str, reason: str) -> None:
        """Record that a node was lost."""
        self._failures.note_lost_node(f"Node '{node}' was lost: {reason}")

    def lose_patience(self) -> Iterator[Instruction]:
        """Handle the patience timer: the time to wait for the true cause is over."""
        are_leaving = any(item.is_leaving for item in self._instances)
        yield from self._phases.lose_patience(some_are_leaving=are_leaving)
        yield from self.finish_if_done()

    def stop(self, reason: str, *, is_interruption: bool) -> Iterator[Instruction]:
        """Stop the run now.

        Args:
            reason: Why, for the user. Only the first reason counts.
            is_interruption: Whether it is stopped from outside, rather than by an error.
        """
        if self._stop_reason is None:
            self._stop_reason = reason
            self._was_interrupted = is_interruption
        yield from self._phases.take(PhaseStep.STOP)
        yield from self.finish_if_done()

    def finish_if_done(self) -> Iterator[Instruction]:
        """Finish the run if there is no instance left to wait for."""
        if self.is_over or self._are_some_unfinished():
            return
        yield from self._phases.take(PhaseStep.DONE)
        yield from self._blame_disconnected()
        yield self._finish()

    def _is_deadlocked(self) -> bool:
        return bool(self._deadlocked) and any(
            item.has_process and item.name in self._deadlocked for item in self._instances
        )

    def _are_some_unfinished(self) -> bool:
        waits_for_user = self._phases.phase is not Phase.CANCELLING
        for _ in range(len(self._to_check)):
            item = self._to_check[0]
            if item.has_process or (waits_for_user and item.is_awaited):
                return True
            # Check this instance last from now on. The instances of a large model end one by one:
            # without this, each end would check again all instances that have ended before.
            self._to_check.rotate(-1)
        return False

    def _blame_disconnected(self) -> Iterator[Instruction]:
        """Blame instances without a connection for the failures of those that lost a peer."""
        cause = self._failures.cause
        if cause is None or not cause.is_indirect:
            return
        for item in sorted(self._instances, key=lambda item: item.name):
            if item.is_awaited and item.life is Life.DISCONNECTED:
                yield from item.take(Step.FAIL)
                self._failures.add(
                    Failure(item.name, None, f"{DISCONNECTED}: did its program crash?")
                )

    def _finish(self) -> FinishRun:
        cause = self._failures.cause
        if cause is not None:
            result = RunFinished(
                succeeded=False,
                cause=self._failures.describe(),
                summary=self._failures.summarise(),
                failed_instances=self._failures.names(),
            )
            return FinishRun(result, output_of=self._output_to_show(cause))
        if self._stop_reason is not None:
            return FinishRun(
                RunFinished(
                    succeeded=False,
                    cause=self._stop_reason,
                    was_interrupted=self._was_interrupted,
                )
            )
        return FinishRun(RunFinished(succeeded=True))

    def _output_to_show(self, cause: Failure) -> str:
        """Return the instance whose output may explain the cause; empty if there is none."""
        if isinstance(cause.end, NodeLost):
            return ""
        # an instance that the user started writes where the user chose
        is_by_hand = any(i.is_by_hand for i in self._instances if i.name == cause.instance)
        return "" if is_by_hand else cause.instance
