"""Detects actors that wait for each other, and ends one of these waits with an error."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

from application.runtime.correspondence import Correspondence
from application.runtime.reception import OK, Reception
from application.runtime.running_task import RunningTask, running_task
from application.runtime.task import Task
from domain.runtime.hosts import HEAD
from domain.runtime.payloads import Message, Plain
from domain.runtime.task_errors import RuntimeDisconnectedError
from domain.runtime.waits import ActorWait, ActorWaits

PATIENCE = 0.2
"""Seconds after which an await is reported. A shorter one is not a deadlock, and costs nothing."""

WAIT = "actor-wait"
WAIT_OVER = "actor-wait-over"
DEADLOCK = "deadlock"


class Deadlocks:
    """Watches the awaits of actors that run one task at a time.

    The process of the monitor has the awaits of all processes.

    Args:
        correspondence: Reports awaits, and the cycles that they close.
        reception: Receives the reports.
    """

    def __init__(self, *, correspondence: Correspondence, reception: Reception) -> None:
        self._correspondence = correspondence
        self._waits = ActorWaits()
        self._reporters: dict[str, str] = {}
        self._own: dict[str, asyncio.Future[None]] = {}
        self._aside: set[asyncio.Task[None]] = set()
        self._watched = 0
        fields = {"key": (str,), "actor": (str,), "other": (str,), "since": (float,)}
        reception.add(WAIT, fields, self._serve_wait)
        reception.add(WAIT_OVER, {"key": (str,)}, self._serve_over)
        reception.add(DEADLOCK, {"key": (str,), "text": (str,)}, self._serve_deadlock)

    def watch(self, task: Task, waiter: asyncio.Future[None]) -> Awaitable[None]:
        """Return what to await instead of the waiter of a task."""
        running = running_task()
        if running is None or not running.is_exclusive or not task.actor:
            return waiter
        return self._watch(running, task, waiter)

    async def _watch(self, running: RunningTask, task: Task, waiter: asyncio.Future[None]) -> None:
        if task.actor == running.actor:
            msg = f"{running.actor} waits for itself: {task.name} cannot run before this task ends"
            raise RuntimeError(msg)
        since = asyncio.get_running_loop().time()
        done, _ = await asyncio.wait([waiter], timeout=PATIENCE)
        if done:
            return
        self._watched += 1
        key = f"{self._correspondence.own}#{self._watched}"
        fields: dict[str, Plain] = {
            "key": key,
            "actor": running.actor,
            "other": task.actor,
            "since": since,
        }
        self._own[key] = waiter
        self._send(HEAD, Message(WAIT, fields))
        try:
            await waiter
        finally:
            del self._own[key]
            self._send(HEAD, Message(WAIT_OVER, {"key": key}))

    async def _serve_wait(self, sender: str, message: Message) -> Message:
        key, since = str(message.fields["key"]), message.fields["since"]
        assert isinstance(since, float)
        actor, other = str(message.fields["actor"]), str(message.fields["other"])
        self._reporters[key] = sender
        cycle = self._waits.add(ActorWait(key, actor, other, since))
        if cycle is not None:
            names = " → ".join([*cycle.actors, cycle.actors[0]])
            text = f"Actors wait for each other: {names}"
            reporter = self._reporters.pop(cycle.last.key)
            self._send(reporter, Message(DEADLOCK, {"key": cycle.last.key, "text": text}))
        return OK

    async def _serve_over(self, sender: str, message: Message) -> Message:  # noqa: ARG002
        key = str(message.fields["key"])
        self._waits.remove(key)
        self._reporters.pop(key, None)
        return OK

    async def _serve_deadlock(self, sender: str, message: Message) -> Message:  # noqa: ARG002
        waiter = self._own.get(str(message.fields["key"]))
        if waiter is not None and not waiter.done():
            waiter.set_exception(RuntimeError(str(message.fields["text"])))
        return OK

    def _send(self, host: str, message: Message) -> None:
        sending = asyncio.get_running_loop().create_task(self._sent(host, message))
        self._aside.add(sending)
        sending.add_done_callback(self._aside.discard)

    async def _sent(self, host: str, message: Message) -> None:
        try:
            await self._correspondence.request(host, message)
        except RuntimeDisconnectedError:
            return
