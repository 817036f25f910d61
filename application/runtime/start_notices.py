"""Reports that a task runs to the process that has created it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from application.runtime.correspondence import Correspondence
from application.runtime.loop_calls import LoopCalls
from application.runtime.reception import OK, Reception
from application.runtime.tasks import Tasks
from domain.runtime.payloads import Message
from domain.runtime.task_errors import RuntimeDisconnectedError

DELAY = 0.05
"""Seconds after which the start of a task is reported. Shorter tasks are done before."""

STARTED = "started"


class StartNotices:
    """Sends a notice for each task that runs for a while, and receives those of others.

    Args:
        correspondence: Sends notices.
        reception: Receives notices.
        tasks: The tasks of this process.
        calls: Makes calls on the thread of the event loop.
    """

    def __init__(
        self,
        *,
        correspondence: Correspondence,
        reception: Reception,
        tasks: Tasks,
        calls: LoopCalls,
    ) -> None:
        self._correspondence = correspondence
        self._tasks = tasks
        self._calls = calls
        self._running: dict[str, tuple[str, float]] = {}
        self._watchers = 0
        self._has_timer = False
        self._sending: set[asyncio.Task[None]] = set()
        reception.add(STARTED, {"task": (str,)}, self._serve)

    @contextmanager
    def running(self, owner: str, task: str) -> Iterator[None]:
        """Report to its owner that a task runs, unless the block ends soon."""
        self.watch()
        self.begin(owner, task)
        try:
            yield
        finally:
            self.end(task)
            self.unwatch()

    def watch(self) -> None:
        """Look at the tasks that run from time to time. One timer serves all of them."""
        self._watchers += 1
        if not self._has_timer:
            self._set_timer()

    def unwatch(self) -> None:
        """Undo `watch`."""
        self._watchers -= 1

    def begin(self, owner: str, task: str) -> None:
        """Report to its owner that a task runs, unless it ends soon. Thread-safe."""
        self._running[task] = (owner, self._calls.time())

    def end(self, task: str) -> None:
        """End a task. Thread-safe."""
        self._running.pop(task, None)

    def _set_timer(self) -> None:
        self._has_timer = True
        asyncio.get_running_loop().call_later(DELAY / 2, self._look)

    def _look(self) -> None:
        self._has_timer = False
        if not self._watchers:
            return
        self._set_timer()
        due = self._calls.time() - DELAY
        for task, (owner, since) in list(self._running.items()):
            if since <= due and self._running.pop(task, None) is not None:
                self._send(owner, task)

    def _send(self, owner: str, task: str) -> None:
        sending = asyncio.get_running_loop().create_task(self._notify(owner, task))
        self._sending.add(sending)
        sending.add_done_callback(self._sending.discard)

    async def _notify(self, owner: str, task: str) -> None:
        try:
            await self._correspondence.request(owner, Message(STARTED, {"task": task}))
        except RuntimeDisconnectedError:
            return

    async def _serve(self, sender: str, message: Message) -> Message:  # noqa: ARG002
        self._tasks.started(str(message.fields["task"]))
        return OK
