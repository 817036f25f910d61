"""Reports that a task runs to the process that has created it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from application.runtime.correspondence import Correspondence
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
    """

    def __init__(
        self, *, correspondence: Correspondence, reception: Reception, tasks: Tasks
    ) -> None:
        self._correspondence = correspondence
        self._tasks = tasks
        self._sending: set[asyncio.Task[None]] = set()
        reception.add(STARTED, {"task": (str,)}, self._serve)

    @contextmanager
    def running(self, owner: str, task: str) -> Iterator[None]:
        """Report to its owner that a task runs, unless the block ends soon."""
        timer = asyncio.get_running_loop().call_later(DELAY, self._send, owner, task)
        try:
            yield
        finally:
            timer.cancel()

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
