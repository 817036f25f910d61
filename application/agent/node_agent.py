"""The agent itself: turns events into calls of the process keeper and reports to the manager."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from enum import Enum
from typing import Final

from application.agent.events import AgentEvent, ManagerGone, ManagerHeard, ProcessesEnded
from application.agent.output_relay import OutputRelay
from application.interfaces.agent_line import AgentLine
from application.interfaces.agents import ManagerProcess, ProcessKeeper
from application.interfaces.clock import Clock
from domain.running.agents import (
    CancelCommand,
    Command,
    ShutdownCommand,
    StartCommand,
)
from domain.running.process_end import Killed, NeverStarted, NodeLost, ProcessResult

KILL_MARGIN: Final = 5.0
"""Seconds for processes to end after SIGKILL; one blocked in the kernel may never end."""

LOOKS_PER_TIMEOUT: Final = 3
LATE: Final = 1.0
"""Seconds by which `tick` is late if this agent was suspended or got no CPU time."""


class _Phase(Enum):
    WORKING = "working"
    ENDING = "ending"
    ENDED = "ended"


class NodeAgent:
    """Starts and ends processes on the manager's commands, and ends all when the manager is gone.

    The manager counts as gone after a time without a sign of life. Time in which it is suspended on
    this machine, or in which this agent itself was suspended, does not count.

    Not thread-safe. The caller passes events to `handle`, and calls `tick` after `seconds_left`.

    Args:
        keeper: Starts, watches and ends the processes.
        line: Receives the results.
        manager: The manager's process.
        clock: Provides the time.
        timeout: Seconds without a sign of life after which the manager is considered gone.
        grace_time: Seconds between SIGTERM and SIGKILL.
        log: Writes a line to the agent's log.
        output: Sends the output of programs that the manager does not see.
    """

    def __init__(
        self,
        *,
        keeper: ProcessKeeper,
        line: AgentLine,
        manager: ManagerProcess,
        clock: Clock,
        timeout: float,
        grace_time: float,
        log: Callable[[str], None],
        output: OutputRelay | None = None,
    ) -> None:
        self._keeper = keeper
        self._line = line
        self._manager = manager
        self._clock = clock
        self._timeout = timeout
        self._grace_time = grace_time
        self._log = log
        self._output = output
        self._phase = _Phase.WORKING
        self._running: set[str] = set()
        self._deadline = clock.monotonic() + timeout
        self._next_look = clock.monotonic() + timeout / LOOKS_PER_TIMEOUT
        self._is_manager_suspended = False
        self._failure: str | None = None

    @property
    def ended(self) -> bool:
        """Whether the agent has nothing left to do."""
        return self._phase is _Phase.ENDED

    @property
    def failure(self) -> str | None:
        """Why the agent ended on its own; None if the manager shut it down."""
        return self._failure

    @property
    def seconds_left(self) -> float:
        """Seconds until `tick` should be called."""
        due = self._deadline
        if self._phase is _Phase.WORKING:
            due = min(due, self._next_look)
        return max(0.0, due - self._clock.monotonic())

    def handle(self, event: AgentEvent) -> None:
        """Handle an event."""
        match event:
            case ManagerHeard(command):
                self._handle_command(command)
            case ProcessesEnded(results):
                self._report_ended(results)
            case ManagerGone(reason):
                self._give_up(reason)

    def tick(self) -> None:
        """Check whether a deadline has passed."""
        now = self._clock.monotonic()
        if self._phase is _Phase.WORKING:
            self._look_at_manager(now)
        if now < self._deadline:
            return
        if self._phase is _Phase.WORKING:
            self._give_up(f"the manager was silent for {self._timeout:g} seconds")
        else:
            self._phase = _Phase.ENDED

    def _look_at_manager(self, now: float) -> None:
        """Extend the deadline for the manager if one side could not run."""
        was_suspended, self._is_manager_suspended = (
            self._is_manager_suspended,
            self._manager.is_suspended(),
        )
        if self._is_manager_suspended and not was_suspended:
            self._log("the manager is suspended: waiting until it continues")
        is_late = now > self._next_look + LATE  # this agent was suspended itself
        if self._is_manager_suspended or is_late:
            self._deadline = now + self._timeout
        self._next_look = now + self._timeout / LOOKS_PER_TIMEOUT

    def _handle_command(self, command: Command | None) -> None:
        if self._phase is _Phase.WORKING:
            self._deadline = self._clock.monotonic() + self._timeout
            self._is_manager_suspended = False
        match command:
            case None:
                pass
            case StartCommand():
                self._start(command)
            case CancelCommand():
                self._log(
                    f"cancelling {len(self._running)} processes, with {self._grace_time:g} s to end"
                )
                self._keeper.cancel_all(grace_time=self._grace_time)
            case ShutdownCommand():
                self._log("shutting down on the manager's command")
                self._end()

    def _start(self, command: StartCommand) -> None:
        if self._phase is not _Phase.WORKING:
            self._refuse(command.name, "its agent was already shutting down")
            return
        try:
            self._keeper.start(command)
        except OSError as error:
            self._refuse(command.name, str(error))
        else:
            self._running.add(command.name)
            if self._output is not None:
                self._output.add(command)
            self._log(f"started {command.name}")

    def _refuse(self, name: str, reason: str) -> None:
        end = NeverStarted(reason)
        self._log(f"{name} {end}")
        self._line.report_results([ProcessResult(name, end)])

    def _report_ended(self, results: tuple[ProcessResult, ...]) -> None:
        for result in results:
            self._running.discard(result.name)
            self._log(f"{result.name} {result.end}")
        explained = tuple(map(self._explained, results))
        if self._output is None:
            self._line.report_results(explained)
        else:
            self._output.report(explained)
        if self._phase is _Phase.ENDING and not self._running:
            self._phase = _Phase.ENDED

    def _explained(self, result: ProcessResult) -> ProcessResult:
        """Return a result without the signal by which this agent ended a process as it gave up."""
        if self._failure is None or not isinstance(result.end, Killed):
            return result
        return replace(result, end=NodeLost(f"its agent ended all programs: {self._failure}"))

    def _give_up(self, reason: str) -> None:
        if self._phase is not _Phase.WORKING:
            return
        self._failure = reason
        self._log(f"ending {len(self._running)} processes and this agent: {reason}")
        self._end()

    def _end(self) -> None:
        if self._phase is not _Phase.WORKING:
            return
        if not self._running:
            self._phase = _Phase.ENDED
            return
        self._phase = _Phase.ENDING
        self._deadline = self._clock.monotonic() + self._grace_time + KILL_MARGIN
        self._keeper.cancel_all(grace_time=self._grace_time)
