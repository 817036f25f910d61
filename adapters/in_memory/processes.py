"""Simulated processes, and the predefined resources of a node."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias, final

from application.interfaces.agents import NodeInspector, ProcessKeeper
from domain.placement.resources import Core, NodeResources
from domain.running.agents import StartCommand
from domain.running.nodes import NodeLoad
from domain.running.process_end import SUCCESS, Exited, Killed, ProcessEnd, ProcessResult

Fate: TypeAlias = Callable[[Sequence[str]], int | None]
"""Returns the exit code of a program with these arguments; None if it keeps running."""

SIGTERM: Final = 15
SIGKILL: Final = 9


def end_at_once(args: Sequence[str]) -> int | None:
    """Exit immediately with the code in the first argument, or with 0."""
    return int(args[1]) if len(args) > 1 else 0


def run_on(_args: Sequence[str]) -> int | None:
    """Run until the process is ended."""
    return None


@final
class InMemoryProcessKeeper(ProcessKeeper):
    """Simulates processes.

    Args:
        programs: The behaviour of each program; starting any other program fails.
        stubborn: Programs that ignore SIGTERM.
    """

    def __init__(
        self, programs: Mapping[str, Fate] | None = None, *, stubborn: Sequence[str] = ()
    ) -> None:
        self._programs = {"end": end_at_once, "run": run_on} if programs is None else programs
        self._stubborn = frozenset(stubborn)
        self._changed = threading.Condition()
        self._running: dict[str, str] = {}
        self._finished: list[ProcessResult] = []
        self._kill_times: dict[str, float] = {}
        self._is_woken = False
        self.started: list[StartCommand] = []
        """The commands of all started processes, in order."""

    @property
    def running(self) -> frozenset[str]:
        """The names of the running processes."""
        with self._changed:
            return frozenset(self._running)

    def finish(self, name: str, end: ProcessEnd = SUCCESS) -> None:
        """End a process."""
        with self._changed:
            self._end(name, end)

    def start(self, command: StartCommand) -> None:
        program = command.args[0]
        if program not in self._programs:
            raise FileNotFoundError(2, "No such program", program)
        with self._changed:
            self.started.append(command)
            self._running[command.name] = program
            exit_code = self._programs[program](command.args)
            if exit_code is not None:
                self._end(command.name, Exited(exit_code))

    def wait_finished(self, *, timeout: float | None) -> list[ProcessResult]:
        deadline = None if timeout is None else time.monotonic() + timeout
        with self._changed:
            while True:
                self._kill_overdue()
                if self._finished or self._is_woken:
                    finished, self._finished = self._finished, []
                    self._is_woken = self._is_woken and bool(finished)
                    return finished
                deadlines = [*self._kill_times.values(), *([] if deadline is None else [deadline])]
                left = min(deadlines) - time.monotonic() if deadlines else None
                self._changed.wait(None if left is None else max(0.0, left))
                if deadline is not None and time.monotonic() >= deadline and not self._finished:
                    return []

    def process_ids(self) -> dict[str, int]:
        return {name: number for number, name in enumerate(sorted(self.running), 1)}

    def wake_up(self) -> None:
        with self._changed:
            self._is_woken = True
            self._changed.notify_all()

    def cancel_all(self, *, grace_time: float) -> None:
        with self._changed:
            for name, program in list(self._running.items()):
                if program in self._stubborn:
                    self._kill_times[name] = time.monotonic() + grace_time
                else:
                    self._end(name, Killed(SIGTERM))
            self._changed.notify_all()

    def close(self, *, grace_time: float = 0.0) -> None:  # noqa: ARG002 - nothing is left
        with self._changed:
            self._running.clear()
            self._kill_times.clear()

    def _kill_overdue(self) -> None:
        now = time.monotonic()
        for name in [name for name, due in self._kill_times.items() if due <= now]:
            self._end(name, Killed(SIGKILL))

    def _end(self, name: str, end: ProcessEnd) -> None:
        del self._running[name]
        self._kill_times.pop(name, None)
        self._finished.append(ProcessResult(name, end))
        self._changed.notify_all()


@final
class InMemoryNodeInspector(NodeInspector):
    """Returns predefined resources.

    Args:
        node: Name of the node.
        cores: Number of cores, each with one hardware thread.
        memory: Memory in bytes.
        load: The load of the node.
    """

    def __init__(
        self,
        node: str = "node1",
        *,
        cores: int = 4,
        memory: int | None = None,
        load: NodeLoad | None = None,
    ) -> None:
        self._load = load or NodeLoad()
        self._resources = NodeResources(
            node, frozenset(Core(number, frozenset({number})) for number in range(cores)), memory
        )

    def resources(self) -> NodeResources:
        return self._resources

    def load(self) -> NodeLoad:
        return self._load
