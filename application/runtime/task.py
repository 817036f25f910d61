"""A task, as its user sees it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Generator
from types import TracebackType
from typing import Protocol

from application.runtime.outcomes import Content, Failed, Outcome, final_state
from application.runtime.running_task import running_task
from domain.runtime.payloads import EngineValue
from domain.runtime.task_states import TaskState


class TaskOwner(Protocol):
    """The service that has created a task, as the task uses it."""

    @property
    def own(self) -> str:
        """The uid of this process."""

    def begin(self, task: Task) -> None:
        """Start it if it is lazy."""

    def state(self, task: Task) -> TaskState:
        """Return its state while it has not ended."""

    def cancel(self, task: Task, *, force: bool = False) -> None:
        """Cancel it."""


class Results(Protocol):
    """The service that loads results, as a task uses it."""

    async def load(self, content: Content) -> object:
        """Return the value of a result."""

    def call_on_result(self, task: Task, method: str) -> Callable[..., Task]:
        """Return what calls a method of the result, where the result is."""

    def block(self, task: Task, timeout: float | None) -> Task:
        """Block this thread until a task is done."""

    def watch(self, task: Task, waiter: asyncio.Future[None]) -> Awaitable[None]:
        """Return what to await instead of a waiter; it may end with the error of a deadlock."""


_SLOTS = (
    "__weakref__",
    "_callbacks",
    "_loaded",
    "_outcome",
    "_owner",
    "_results",
    "_traceback",
    "_waiters",
    "actor",
    "deferred",
    "has_children",
    "has_proxies",
    "inner_values",
    "name",
    "parent",
    "uid",
    "worker",
)


class Task:
    """A call of an actor's method, or of a function, that runs somewhere.

    `await task` waits until it is done and returns the task; `await task.result()` returns what
    the method returned. Both raise its error if it failed, and may be repeated.

    Args:
        uid: Its uid.
        name: Its function or method, such as `Counter.add`.
        owner: The service that has created it.
        results: The service that loads its result.
        parent: Uid of the task that has created it.
        actor: Uid of the actor that it calls; empty if it calls none.

    Attributes:
        inner_values: The stored values of the references in its result, which it holds.
        deferred: The plan of a lazy task that has not begun, for its owner.
    """

    __slots__ = _SLOTS

    def __init__(
        self,
        uid: str,
        name: str,
        *,
        owner: TaskOwner,
        results: Results,
        parent: str | None = None,
        actor: str = "",
    ) -> None:
        self.uid = uid
        self.name = name
        self.parent = parent
        self.actor = actor
        self.worker = ""
        self.has_children = False
        self.has_proxies = False
        self.deferred: object = None
        self.inner_values: tuple[EngineValue, ...] = ()
        self._owner = owner
        self._results = results
        self._outcome: Outcome | None = None
        self._traceback: TracebackType | None = None
        self._loaded: list[object] = []
        self._waiters: list[asyncio.Future[None]] = []
        self._callbacks: list[Callable[[Task], None]] = []

    def __repr__(self) -> str:
        return f"<Task {self.name} {self.uid} {self.state}>"

    def __await__(self) -> Generator[object, None, Task]:
        """Wait until it is done, and return the task itself."""
        if self._outcome is None:
            yield from self._settling().__await__()
        if isinstance(self._outcome, Failed):
            raise self._outcome.error.with_traceback(self._traceback)
        return self

    @property
    def state(self) -> str:
        """`pending`, `queued`, `running`, `done`, `failed` or `cancelled`."""
        state = self._owner.state(self) if self._outcome is None else self.final_state
        return state.value

    @property
    def is_settled(self) -> bool:
        """Whether it has ended."""
        return self._outcome is not None

    @property
    def final_state(self) -> TaskState:
        """How it ended."""
        assert self._outcome is not None
        return final_state(self._outcome)

    @property
    def error(self) -> BaseException | None:
        """The error of a failed or cancelled task; None before it ends."""
        return self._outcome.error if isinstance(self._outcome, Failed) else None

    @property
    def content(self) -> Content:
        """The pickled result of a task that is done."""
        assert self._outcome is not None
        assert not isinstance(self._outcome, Failed)
        return self._outcome

    @property
    def outcome(self) -> Outcome | None:
        """How it ended; None before."""
        return self._outcome

    @property
    def owner_uid(self) -> str:
        """The uid of the member that has created it."""
        return self._owner.own

    @property
    def outputs(self) -> Outputs:
        """The parts of its result, if that is a tuple or a dict."""
        return Outputs(self)

    @property
    def done(self) -> Done:
        """An argument that only makes another task wait for this one."""
        return Done(self)

    @property
    def remote(self) -> RemoteResult:
        """Calls methods of the result where the result is, as tasks."""
        return RemoteResult(self, self._results)

    async def result(self) -> object:
        """Wait until it is done, and return what it returned.

        Raises:
            Exception: The error of the method, if it failed.
        """
        await self
        if not self._loaded:
            self._loaded.append(await self._results.load(self.content))
        return self._loaded[0]

    async def size(self) -> int:
        """Wait until it is done, and return the number of bytes of the pickled result."""
        await self
        return self.content.size

    def cancel(self, *, force: bool = False) -> None:
        """Cancel it. Its await ends at once.

        A task that has not started never runs. In a running async method, CancelledError is
        raised. Any other running method goes on to its end, and keeps its actor busy until then.

        Args:
            force: End the worker, if the task runs, with everything else on it.
        """
        self._owner.cancel(self, force=force)

    def add_done_callback(self, callback: Callable[[Task], None]) -> None:
        """Call a function with this task when it has ended, or now if it has."""
        if self._outcome is None:
            self._callbacks.append(callback)
        else:
            callback(self)

    def wait(self, timeout: float | None = None) -> Task:
        """Block this thread until it is done.

        Raises:
            RuntimeError: Inside a task, or on the thread of the event loop. Use `await` there.
            TimeoutError: It did not end in time.
        """
        if running_task() is not None:
            msg = f"wait() of {self.name} would block the task that calls it: use `await`"
            raise RuntimeError(msg)
        return self._results.block(self, timeout)

    async def settled(self) -> None:
        """Wait until it has ended, whatever the outcome. Starts it if it is lazy."""
        if self._outcome is None:
            await self._settling()

    def _settling(self) -> Awaitable[None]:
        """Start it if it is lazy, and return what ends when it has ended."""
        self._owner.begin(self)
        waiter = asyncio.get_running_loop().create_future()
        if self._outcome is None:
            self._waiters.append(waiter)
        else:
            waiter.set_result(None)
        return self._results.watch(self, waiter)

    def keep(self, value: object) -> None:
        """Keep the loaded result, because it has proxies in it."""
        self._loaded = [value]
        self.has_proxies = True

    def replace_outcome(self, outcome: Outcome) -> None:
        """Record that the result was dropped."""
        self._outcome = outcome
        self._loaded.clear()

    def settle(self, outcome: Outcome) -> None:
        """Record how it ended. Only its owner calls this."""
        self._outcome = outcome
        if isinstance(outcome, Failed):
            # Each await raises the same exception, which would collect a traceback of all of them.
            self._traceback = outcome.error.__traceback__
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)
        self._waiters.clear()
        callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback(self)


class Output:
    """A part of the result of a task."""

    def __init__(self, task: Task, keys: tuple[object, ...]) -> None:
        self.task = task
        self.keys = keys

    def __await__(self) -> Generator[object, None, Output]:
        """Wait until the task is done, and return this output itself."""
        yield from self.task.__await__()
        return self

    def __getitem__(self, key: object) -> Output:
        """Return a part of this part."""
        return Output(self.task, (*self.keys, key))

    async def result(self) -> object:
        """Wait until the task is done, and return this part of the result."""
        value = await self.task.result()
        for key in self.keys:
            value = value[key]  # type: ignore[index]
        return value

    async def value(self) -> object:
        """Return the same as `result`."""
        return await self.result()


class Outputs:
    """The parts of the result of a task."""

    def __init__(self, task: Task) -> None:
        self._task = task

    def __getitem__(self, key: object) -> Output:
        """Return one output, which can be awaited and passed to other tasks."""
        return Output(self._task, (key,))

    @property
    def done(self) -> Done:
        """An argument that only makes another task wait for this one."""
        return Done(self._task)


class Done:
    """Makes a task that gets it as an argument wait for another; it is not passed on."""

    def __init__(self, task: Task) -> None:
        self.task = task

    def __await__(self) -> Generator[object, None, Done]:
        """Wait until the task is done."""
        yield from self.task.__await__()
        return self


class RemoteResult:
    """Calls methods of the result of a task, where the result is."""

    def __init__(self, task: Task, results: Results) -> None:
        self._task = task
        self._results = results

    def __getattr__(self, name: str) -> Callable[..., Task]:
        """Return what calls one method."""
        if name.startswith("__"):
            raise AttributeError(name)
        return self._results.call_on_result(self._task, name)
