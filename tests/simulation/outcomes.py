"""The tasks that a simulated program has made, and how they may end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from domain.runtime.errors import EngineError, ValueLost
from domain.runtime.task_errors import (
    DependencyError,
    RuntimeDisconnectedError,
    TaskTimeoutError,
)
from tests.simulation.actors import PlannedError
from tests.simulation.journal import Stamp, journal


@dataclass
class Stored:
    """A value that the program has stored.

    Attributes:
        value: The value.
        reference: Its reference; None once the program has given it up.
        is_dropped: Whether the program has dropped it, or begun to.
    """

    value: object
    reference: object = None
    is_dropped: bool = False


@dataclass
class Made:
    """A task that the program has made.

    Attributes:
        stamp: Its stamp.
        task: The task; None once the program has given it up.
        expected: The result.
        fails: How often it fails as planned, before it returns.
        retries: How often it may run again.
        timeout: Its timeout.
        since: When it was made.
        needs: The tasks that it needs, or whose outcome it returns.
        values: The stored values that it needs.
        passed: The tasks that it gets by reference.
        is_cancelled: Whether the program has cancelled it.
        unpack: Makes a plain value of the result.
    """

    stamp: Stamp
    task: object = None
    expected: Callable[[], object] = lambda: None
    fails: int = 0
    retries: int = 0
    timeout: float | None = None
    since: float = 0.0
    needs: list[Made] = field(default_factory=list)
    values: list[Stored] = field(default_factory=list)
    passed: list[Made] = field(default_factory=list)
    is_cancelled: bool = False
    unpack: Callable[[Made, object], Awaitable[object]] | None = None

    @property
    def values_as_needs(self) -> list[Made]:
        """The stored values that it needs, as tasks."""
        return [Made(self.stamp, values=[value]) for value in self.values]

    @property
    def all_needs(self) -> list[Made]:
        """This task, and all that it needs, directly or not."""
        found = [self]
        for need in self.needs:
            found += need.all_needs
        return found

    @property
    def all_held(self) -> list[Made]:
        """This task, and all that it keeps until it begins."""
        found = [self]
        for held in [*self.needs, *self.passed]:
            found += held.all_held
        return found


class Judge:
    """Decides whether an outcome is right.

    Args:
        deaths: The uids of the hosts that were lost.
        put_failures: Returns how many values did not fit in memory.
    """

    def __init__(self, deaths: list[str], put_failures: Callable[[], int]) -> None:
        self._deaths = deaths
        self._put_failures = put_failures
        self.violations: list[str] = []
        self.dropped: set[str] = set()

    def result(self, made: Made, result: object) -> None:
        """Judge a result."""
        if result != made.expected():
            text = repr(result)[:200]
            self.violations.append(f"{made.stamp} returned {text}, not {made.expected()!r:.200}")
        if made.stamp.token not in journal().ended:
            self.violations.append(f"{made.stamp} returned, but never ran to its end")

    def error(self, made: Made, error: BaseException) -> None:
        """Judge an error, and drop its traceback, whose frames would keep everything alive."""
        error.__traceback__ = None
        if not self._may_raise(made, error):
            self.violations.append(f"{made.stamp} must not raise {type(error).__name__}: {error}")

    def _may_raise(self, made: Made, error: BaseException) -> bool:
        if isinstance(error, DependencyError):
            cause = error.__cause__
            return cause is not None and any(
                self._may_raise(item, cause) for item in [*made.needs, *made.values_as_needs]
            )
        return any(self._is_right(item, error) for item in made.all_needs)

    def _is_right(self, made: Made, error: BaseException) -> bool:
        match error:
            case PlannedError():
                return made.fails > made.retries or (made.fails > 0 and bool(self._deaths))
            case RuntimeDisconnectedError():
                return error.worker in self._deaths or (not error.worker and bool(self._deaths))
            case TaskTimeoutError():
                now = asyncio.get_running_loop().time()
                return made.timeout is not None and now >= made.since + made.timeout - 1e-6
            case asyncio.CancelledError():
                return made.is_cancelled or made.timeout is not None
            case ValueLost() | KeyError():
                return any(value.is_dropped for value in made.values)
            case EngineError():
                return self._put_failures() > 0
        return False

    def missed(self, keys: list[str]) -> None:
        """Judge which values were requested after they had been freed."""
        dropped = {uid.split(":", 2)[2] for uid in self.dropped}
        early = sorted(set(keys) - dropped)
        if early:
            self.violations.append(f"values {early} were freed while they could be requested")

    def executions(self, all_made: list[Made]) -> None:
        """Judge how often the tasks have run."""
        for made in all_made:
            count = journal().executions[made.stamp.token]
            if count > 1 + made.retries:
                self.violations.append(
                    f"{made.stamp} ran {count} times, with {made.retries} retries"
                )
