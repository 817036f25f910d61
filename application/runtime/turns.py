"""The turns of calls that run one after the other: those of an actor, or of functions."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from application.runtime.running_task import RunningTask
from domain.runtime.actor_queue import ActorQueue, Cancelled, Start
from domain.runtime.payloads import Message, Payload

Called = tuple[Callable[..., object], list[object], dict[str, object]]
"""A function, with its positional and its keyword arguments."""


@dataclass(eq=False, slots=True)
class DirectCall:
    """A call that needs no coroutine, but a thread: that of a function that is not async.

    Attributes:
        sender: Uid of the process that has sent it.
        running: The task.
        name: Its function or method, such as `Counter.add`.
        row: The row of the profile.
        unpack: Returns what to call. It may run on any thread.
        reply: The reply.
        arrived: When it arrived, on the clock of the profile.
        started: When it started.
        seconds: How long it ran.
        outcome: What it returned, or raised if `has_failed`; not used if it was packed.
        packed: What it returned, if that was pickled before the next call could change it.
        is_finished: Whether its turn has ended on its thread.
        starts: The calls that begin then, but not on its thread.
    """

    sender: str
    running: RunningTask
    name: str
    row: str
    unpack: Callable[[], Called]
    reply: asyncio.Future[Message]
    arrived: float
    started: float = 0.0
    seconds: float = 0.0
    outcome: Any = None
    has_failed: bool = False
    packed: Payload | None = None
    is_finished: bool = False
    starts: Sequence[Start] = ()

    @property
    def task(self) -> str:
        """The uid of the task."""
        return self.running.uid


class Turns:
    """Lets calls run when it is their turn: coroutines that wait, and direct calls.

    Direct calls follow each other on a thread. Therefore a lock protects the queue.

    Args:
        queue: Decides which call runs next.
        lock: A lock.
        begin: Runs a direct call, and those that follow, on a thread.
        ended: Called on the loop's thread when a direct call has ended.
    """

    def __init__(
        self,
        queue: ActorQueue,
        *,
        lock: AbstractContextManager[object],
        begin: Callable[[Turns, DirectCall], None],
        ended: Callable[[], None],
    ) -> None:
        self._ended = ended
        self._queue = queue
        self._lock = lock
        self._begin = begin
        self._waiting: dict[str, asyncio.Future[None]] = {}
        self._direct: dict[str, DirectCall] = {}

    def __len__(self) -> int:
        return len(self._queue)

    @property
    def running(self) -> int:
        """How many calls run now."""
        with self._lock:
            return len(self._queue.running)

    def add(self, call: DirectCall, *, caller: str, number: int) -> None:
        """Run a direct call when it is its turn.

        Raises:
            ValueError: That caller has used the number before.
        """
        self._direct[call.task] = call
        try:
            with self._lock:
                starts = self._queue.arrive(call.task, caller=caller, number=number)
        except ValueError:
            del self._direct[call.task]
            raise
        self._start(starts)

    def pass_on(self, call: DirectCall) -> DirectCall | None:
        """End the turn of a direct call, and return the one that follows on its thread."""
        with self._lock:
            call.starts = self._queue.finish(call.task)
        call.is_finished = True
        following = self._direct.get(call.starts[0].task) if len(call.starts) == 1 else None
        if following is not None:
            call.starts = ()
        return following

    def settle(self, call: DirectCall) -> None:
        """End the turn of a direct call, unless `pass_on` has, and forget the call."""
        if call.is_finished:
            self._direct.pop(call.task, None)
            self._start(call.starts)
        else:
            self.finish(call.task)
        self._ended()

    async def turn(self, task: str, *, caller: str, number: int) -> None:
        """Wait for the turn of a call.

        Raises:
            asyncio.CancelledError: It was cancelled before it started.
        """
        turn = self._waiting[task] = asyncio.get_running_loop().create_future()
        try:
            with self._lock:
                starts = self._queue.arrive(task, caller=caller, number=number)
        except ValueError:
            del self._waiting[task]
            raise
        self._start(starts)
        if not turn.done():
            await turn

    async def turn_again(self, task: str, *, delay: float) -> None:
        """Wait for the turn of a call that is retried.

        Raises:
            asyncio.CancelledError: It was cancelled meanwhile.
        """
        loop = asyncio.get_running_loop()
        turn = self._waiting[task] = loop.create_future()
        with self._lock:
            instructions = self._queue.retry(task, delay=delay)
        self._start(item for item in instructions if isinstance(item, Start))
        loop.call_later(delay, self._due, task)
        await turn

    def finish(self, task: str) -> None:
        """End the turn of a call."""
        self._waiting.pop(task, None)
        self._direct.pop(task, None)
        with self._lock:
            starts = self._queue.finish(task)
        self._start(starts)

    def cancel(self, task: str, *, cancelled: Message) -> bool:
        """Cancel a call that has not started; return whether that was possible.

        Args:
            task: Its uid.
            cancelled: The reply to a direct call.
        """
        with self._lock:
            outcome, starts = self._queue.cancel(task)
        if outcome is not Cancelled.NEVER_RAN:
            return False
        self._drop(task, cancelled)
        self._start(starts)
        return True

    def remove_callers(self, prefix: str, *, cancelled: Message) -> None:
        """Cancel the calls of lost callers that have not started."""
        with self._lock:
            callers = [name for name in self._queue.callers if name.startswith(prefix)]
            removed = [self._queue.remove_caller(name) for name in callers]
        for tasks, starts in removed:
            for task in tasks:
                self._drop(task, cancelled)
            self._start(starts)

    def _due(self, task: str) -> None:
        with self._lock:
            starts = self._queue.due(task)
        self._start(starts)

    def _start(self, starts: Iterable[Start]) -> None:
        for start in starts:
            call = self._direct.get(start.task)
            if call is not None:
                self._begin(self, call)
                continue
            turn = self._waiting.get(start.task)
            if turn is not None and not turn.done():
                turn.set_result(None)

    def _drop(self, task: str, cancelled: Message) -> None:
        call = self._direct.pop(task, None)
        if call is not None and not call.reply.done():
            call.reply.set_result(cancelled)
        turn = self._waiting.pop(task, None)
        if turn is not None and not turn.done():
            turn.set_exception(asyncio.CancelledError())
