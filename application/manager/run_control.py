"""Watches over all instances, and decides when and how the run ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from structlog.typing import FilteringBoundLogger

from application.interfaces.clock import Scheduler, Timer
from application.interfaces.node_pool import NodePool
from application.interfaces.run_directory import RunDirectory
from application.manager.failures import Failure, Failures, kind_in_words
from application.manager.status_board import StatusBoard
from domain.coupling.messages import Wait
from domain.identity import Reference
from domain.model.configuration import Model
from domain.running.deadlock import describe_cycle
from domain.running.events import (
    DeadlockFound,
    InstanceDeregistered,
    InstanceExited,
    InstanceRegistered,
    InstanceStarted,
    InstanceState,
    RunFinished,
)
from domain.running.failure_kinds import FailureKind
from domain.running.process_end import SUCCESS, Killed, ProcessEnd

LEAVING_PATIENCE: Final = 10.0
"""Seconds that instances that are about to end get to do so, once one of them has failed."""

VICTIM_PATIENCE: Final = 5.0
"""Seconds to wait for the true cause to show after an instance has failed because of another.

If there is somebody by then who is about to end, and may be the cause, it gets some more time.
"""

SIGKILL: Final = 9

DISCONNECTED: Final = "it closed its connection to the manager without deregistering"


class _Report(NamedTuple):
    """A failure that an instance has reported.

    Attributes:
        problem: Why, for the user.
        kind: What kind of failure it is; None if the instance did not report it.
    """

    problem: str
    kind: FailureKind | None


class RunControl:
    """Watches over the instances of a model.

    Args:
        model: What is run.
        board: The status of each instance.
        agents: End them.
        run_directory: Where the output of instances is.
        scheduler: Calls back later.
        log: The manager's log.
    """

    def __init__(
        self,
        model: Model,
        *,
        board: StatusBoard,
        agents: NodePool,
        run_directory: RunDirectory,
        scheduler: Scheduler,
        log: FilteringBoundLogger,
    ) -> None:
        self._board = board
        self._agents = agents
        self._run_directory = run_directory
        self._scheduler = scheduler
        self._log = log
        self._listeners: list[Callable[[RunFinished], object]] = []
        self._failures = Failures()
        self._stop_reason: str | None = None
        self._was_interrupted = False
        self._is_cancelling = False
        self._is_finished = False
        self._patience: Timer | None = None
        self._running: set[str] = set()
        self._registered: set[str] = set()
        self._deregistered: set[str] = set()
        self._leaving: set[str] = set()
        self._reported: dict[str, _Report] = {}
        self._own: set[str] = set()
        self._deadlocked: set[str] = set()
        self._is_last_chance = False
        self._by_hand = {str(instance) for instance in model.instances()}

    @property
    def by_hand(self) -> set[str]:
        """Names of the instances that the user starts and that are not done."""
        return self._by_hand - self._deregistered

    @property
    def is_ending(self) -> bool:
        """Whether the run has ended, or all processes are being stopped."""
        return self._is_cancelling or self._is_finished

    def on_finished(self, listener: Callable[[RunFinished], object]) -> None:
        """Call back once, when the run is over."""
        self._listeners.append(listener)

    def awaits_by_hand(self, name: str) -> bool:
        """Whether the user starts this instance, it is not done, and the run goes on."""
        if self.is_ending or name not in self.by_hand:
            return False
        return self._board[name].state is not InstanceState.FAILED

    def note_started(self, name: str, node: str) -> None:
        """Note that the program of an instance is being started on a node."""
        self._by_hand.discard(name)
        self._running.add(name)
        self._board.change(name, InstanceState.STARTED)
        self._board.publish(InstanceStarted(name, node))

    def note_registered(self, name: str, *, is_own: bool) -> None:
        """Note that an instance has registered.

        Args:
            name: Its name.
            is_own: Whether it uses our own library, and not MUSCLE3's.
        """
        if is_own:
            self._own.add(name)
        self._registered.add(name)
        self._deregistered.discard(name)
        self._leaving.discard(name)
        self._reported.pop(name, None)
        self._board.change(name, InstanceState.RUNNING)
        self._board.publish(InstanceRegistered(name))

    def note_deregistered(self, name: str) -> None:
        """Note that an instance is done."""
        self._deregistered.add(name)
        self._leaving.add(name)
        self._board.publish(InstanceDeregistered(name))
        if name in self._by_hand:
            self._board.change(name, InstanceState.FINISHED)
        self._finish_if_done()

    def note_disconnected(self, name: str) -> None:
        """Note that a registered instance has lost its connection: it has most likely crashed."""
        self._leaving.add(name)

    def note_connected(self, name: str) -> None:
        """Note that an instance is back."""
        self._leaving.discard(name)

    def note_deadlock(self, cycle: tuple[Wait, ...]) -> None:
        """Note that instances wait for each other in a cycle."""
        description = describe_cycle(cycle)
        # at once, and not only when somebody gives up: MUSCLE3's instances take their time
        self._log.error(description)
        self._failures.note_deadlock(description)
        self._deadlocked.update(wait.instance for wait in cycle)
        self._board.publish(DeadlockFound(cycle))

    def blames(self, name: str, end: ProcessEnd) -> bool:
        """Whether the end of a process counts as a failure of its instance."""
        is_well = end == SUCCESS and self._problem_with(name, end) is None
        return name in self._running and not self._is_cancelling and not is_well

    def note_exit(self, name: str, end: ProcessEnd, *, error_output: str = "") -> None:
        """Note that a process has ended.

        Args:
            name: The name of its instance.
            end: How it ended.
            error_output: The last lines of its error output; needed only if `blames` says so.
        """
        if name not in self._running:
            return
        self._running.discard(name)
        self._board.publish(InstanceExited(name, end))
        problem = self._problem_with(name, end)
        if self._is_cancelling and (end != SUCCESS or problem is not None):
            self._board.change(name, InstanceState.STOPPED, end=end)
        elif end == SUCCESS and problem is None:
            self._board.change(name, InstanceState.FINISHED, end=end)
        else:
            self._board.change(name, InstanceState.FAILED, end=end)
            kind = self._kind_of_failure(name, error_output)
            self._add(Failure(name, end, problem, error_output, kind))
        self._finish_if_done()

    def note_failed(self, name: str, problem: str, *, kind: FailureKind | None = None) -> None:
        """Note that an instance reports an error, because of which it is about to leave.

        Args:
            name: Its name.
            problem: The error.
            kind: What kind of failure it is; None if it was not reported.
        """
        problem = problem.strip()
        if name not in self.by_hand:
            # its process has yet to end, and may print more about the error
            self._leaving.add(name)
            self._reported[name] = _Report(problem, kind)
            return
        if self._is_cancelling:
            self._board.change(name, InstanceState.STOPPED)
            return
        self._board.change(name, InstanceState.FAILED)
        self._wait_for_others(LEAVING_PATIENCE)
        self._add(
            Failure(
                name, None, problem or "it did not say why", kind=kind or kind_in_words(problem)
            )
        )

    def note_lost(self, name: str, reason: str) -> None:
        """Note that an instance that the user has started is gone."""
        if self.awaits_by_hand(name):
            self._by_hand.discard(name)
            self._add_lost(name, reason)
            self._cancel_all()
            self._finish_if_done()

    def note_node_lost(self, node: str, reason: str) -> None:
        """Note that a node's agent is gone; the ends of its processes are told by themselves."""
        self._failures.note_lost_node(f"Node '{node}' was lost: {reason}")

    def stop(self, reason: str) -> None:
        """Stop all processes, and then the run.

        Args:
            reason: Why, for the user.
        """
        if self._stop_reason is None:
            self._was_interrupted = True
        self._end(reason)

    def fail(self, reason: str) -> None:
        """Stop all processes, and then the run, because something that it needs has failed."""
        self._end(reason)

    def _end(self, reason: str) -> None:
        if self._stop_reason is None:
            self._stop_reason = reason
        self._wait_no_longer()
        self._cancel_all()
        self._finish_if_done()

    def _problem_with(self, name: str, end: ProcessEnd) -> str | None:
        if end == Killed(SIGKILL):
            return "nobody here did that, but the system does when memory runs out"
        if end != SUCCESS:
            return None
        if name in self._reported:
            error = self._reported[name].problem or "it did not say which"
            return f"before that, it reported an error: {error}"
        if name not in self._registered:
            return "it never registered: does the program make an Instance?"
        if name not in self._deregistered:
            return (
                "its reuse loop was not over: the model must call reuse_instance() until that"
                " returns False"
            )
        return None

    def _kind_of_failure(self, name: str, output: str) -> FailureKind:
        report = self._reported.get(name)
        if report is None:
            # our own library would have reported the loss of a peer
            return FailureKind.OWN if name in self._own else kind_in_words(output)
        return report.kind or kind_in_words(f"{report.problem}\n{output}")

    def _add(self, failure: Failure) -> None:
        self._failures.add(failure)
        # whoever is in a deadlock is about to find out as well, and to say so
        if failure.is_indirect or self._deadlocked & self._running:
            self._wait_for_others(VICTIM_PATIENCE)
        else:
            self._cancel_all()

    def _wait_for_others(self, seconds: float) -> None:
        if self._patience is None:
            self._patience = self._scheduler.call_later(seconds, self._lose_patience)

    def _lose_patience(self) -> None:
        self._wait_no_longer()
        if self._running & self._leaving and not self._is_last_chance:
            self._is_last_chance = True
            self._wait_for_others(LEAVING_PATIENCE)
            return
        self._cancel_all()
        self._finish_if_done()

    def _wait_no_longer(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _add_lost(self, name: str, reason: str) -> None:
        self._board.change(name, InstanceState.FAILED)
        self._failures.add(Failure(name, None, reason))

    def _blame_disconnected(self) -> None:
        """Blame those that are gone for the failures of those that missed them."""
        cause = self._failures.cause
        if cause is None or not cause.is_indirect:
            return
        for name in sorted(self.by_hand):
            if self._board[name].state is InstanceState.DISCONNECTED:
                self._add_lost(name, f"{DISCONNECTED}: did its program crash?")

    def _cancel_all(self) -> None:
        if self._is_cancelling:
            return
        self._is_cancelling = True
        self._agents.cancel_all()

    def _finish_if_done(self) -> None:
        if self._is_finished or self._running:
            return
        is_over = self._is_cancelling and self._patience is None
        if self.by_hand and not is_over:
            return
        self._is_finished = True
        self._wait_no_longer()
        self._blame_disconnected()
        result = self._result()
        for listener in self._listeners:
            listener(result)

    def _result(self) -> RunFinished:
        cause = self._failures.cause
        if cause is not None:
            return RunFinished(
                succeeded=False,
                cause=self._failures.describe(),
                failed_instances=self._failures.names(),
                output_directory=self._output_directory(cause),
            )
        if self._stop_reason is not None:
            return RunFinished(
                succeeded=False, cause=self._stop_reason, was_interrupted=self._was_interrupted
            )
        return RunFinished(succeeded=True)

    def _output_directory(self, failure: Failure) -> str:
        if failure.end is None:
            return ""  # what the user started writes where the user likes
        return str(self._run_directory.instance_path(Reference(failure.instance)))
