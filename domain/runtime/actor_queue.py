"""The calls that wait for one actor, and which of them runs next.

Events in, instructions out. The calls of one caller start in the order of their numbers, also if
they arrive in another order, and a call that is retried keeps its place. Otherwise the call that
arrived first starts first.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import Enum, auto


@dataclass(frozen=True, slots=True)
class Start:
    """Run a call."""

    task: str


@dataclass(frozen=True, slots=True)
class WakeUp:
    """Report after a delay in seconds that a call is due again."""

    task: str
    delay: float


class Cancelled(Enum):
    """The result of cancelling a call."""

    NEVER_RAN = auto()
    RUNS = auto()
    UNKNOWN = auto()


@dataclass(slots=True)
class _Call:
    task: str
    caller: str
    arrival: int
    is_due: bool = True
    runs: bool = False


@dataclass(slots=True)
class _Caller:
    """The state of one caller: its next number, early arrivals, and waiting calls."""

    next_number: int = 0
    early: dict[int, _Call] = field(default_factory=dict)
    waiting: deque[_Call] = field(default_factory=deque)


class ActorQueue:
    """Decides which calls of an actor run.

    Args:
        max_concurrency: How many calls may run side by side.
    """

    def __init__(self, *, max_concurrency: int = 1) -> None:
        self._free = max_concurrency
        self._callers: dict[str, _Caller] = {}
        self._calls: dict[str, _Call] = {}
        self._arrivals = 0

    def __len__(self) -> int:
        return len(self._calls)

    def runs(self, task: str) -> bool:
        """Return whether a call runs now."""
        call = self._calls.get(task)
        return call is not None and call.runs

    @property
    def running(self) -> tuple[str, ...]:
        """The calls that run now."""
        return tuple(call.task for call in self._calls.values() if call.runs)

    @property
    def callers(self) -> tuple[str, ...]:
        """All callers that have sent a call."""
        return tuple(self._callers)

    def arrive(self, task: str, *, caller: str, number: int) -> list[Start]:
        """Add a call.

        Args:
            task: Its uid.
            caller: The caller whose calls are numbered.
            number: Its number, from 0.

        Raises:
            ValueError: If that caller has used the number before.
        """
        sender = self._callers.setdefault(caller, _Caller())
        if number < sender.next_number or number in sender.early:
            msg = f"Caller '{caller}' has sent call {number} to this actor twice"
            raise ValueError(msg)
        self._arrivals += 1
        call = _Call(task, caller, self._arrivals)
        self._calls[task] = call
        sender.early[number] = call
        while sender.next_number in sender.early:
            sender.waiting.append(sender.early.pop(sender.next_number))
            sender.next_number += 1
        return self._next()

    def finish(self, task: str) -> list[Start]:
        """Record that a call has ended."""
        call = self._calls.pop(task, None)
        if call is not None and call.runs:
            self._free += 1
        return self._next()

    def retry(self, task: str, *, delay: float) -> list[Start | WakeUp]:
        """Record that a running call ended with an error, and is to run again after a delay."""
        call = self._calls[task]
        call.runs = call.is_due = False
        self._free += 1
        self._callers.setdefault(call.caller, _Caller()).waiting.appendleft(call)
        return [WakeUp(task, delay), *self._next()]

    def due(self, task: str) -> list[Start]:
        """Record that the delay of a retry is over."""
        call = self._calls.get(task)
        if call is not None:
            call.is_due = True
        return self._next()

    def cancel(self, task: str) -> tuple[Cancelled, list[Start]]:
        """Remove a call if it has not started; a running one goes on, and must be finished."""
        call = self._calls.get(task)
        if call is None:
            return Cancelled.UNKNOWN, []
        if call.runs:
            return Cancelled.RUNS, []
        self._discard(call)
        return Cancelled.NEVER_RAN, self._next()

    def remove_caller(self, caller: str) -> tuple[list[str], list[Start]]:
        """Remove the calls of a lost caller that have not started, and return them."""
        sender = self._callers.pop(caller, None)
        if sender is None:
            return [], []
        dropped = [call.task for call in [*sender.waiting, *sender.early.values()]]
        for task in dropped:
            del self._calls[task]
        return dropped, self._next()

    def _discard(self, call: _Call) -> None:
        del self._calls[call.task]
        sender = self._callers[call.caller]
        if call in sender.waiting:
            sender.waiting.remove(call)
            return
        # keep the number of an early call: otherwise the calls after it would never run
        for number, early in sender.early.items():
            if early is call:
                sender.early[number] = _Call("", call.caller, call.arrival)
                return

    def _next(self) -> list[Start]:
        started: list[Start] = []
        while self._free:
            call = self._first()
            if call is None:
                break
            self._callers[call.caller].waiting.popleft()
            if not call.task:
                continue
            call.runs = True
            self._free -= 1
            started.append(Start(call.task))
        return started

    def _first(self) -> _Call | None:
        first: _Call | None = None
        for sender in self._callers.values():
            if sender.waiting:
                call = sender.waiting[0]
                if call.is_due and (first is None or call.arrival < first.arrival):
                    first = call
        return first
