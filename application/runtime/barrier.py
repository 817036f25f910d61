"""Waits for tasks, and for the tasks that they have created."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from application.runtime.correspondence import Correspondence
from application.runtime.members import Members
from application.runtime.reception import OK, Reception
from application.runtime.task import Task
from application.runtime.tasks import Tasks
from domain.runtime.hosts import HEAD
from domain.runtime.payloads import Message
from domain.runtime.task_errors import RuntimeDisconnectedError

ALL = "await-tasks"
CHILDREN = "await-children"


class Barrier:
    """Waits until tasks have ended, with all tasks that these created, in all processes.

    Each process knows the tasks that it has created. A task that has ended at its worker may have
    left tasks there that have not; its process waits for these at the worker, and only then counts
    it as complete.

    Args:
        tasks: The tasks of this process.
        members: The other processes.
        correspondence: Sends requests to them.
        reception: Receives theirs.
    """

    def __init__(
        self,
        *,
        tasks: Tasks,
        members: Members,
        correspondence: Correspondence,
        reception: Reception,
    ) -> None:
        self._members = members
        self._correspondence = correspondence
        self._tasks = tasks
        self._incomplete: dict[str, asyncio.Future[None] | None] = {}
        self._children: dict[str, set[str]] = {}
        self._following: set[asyncio.Task[None]] = set()
        tasks.notify(self._added)
        reception.add(ALL, {}, self._serve_all)
        reception.add(CHILDREN, {"task": (str,)}, self._serve_children)

    async def wait(self, timeout: float | None = None) -> None:
        """Wait until every task that any process has created before is complete.

        Failures of tasks are not raised here.

        Raises:
            TimeoutError: They did not end in time.
        """
        try:
            await asyncio.wait_for(self._everywhere(), timeout)
        except asyncio.TimeoutError:
            msg = f"Tasks are still running after {timeout} s"
            raise TimeoutError(msg) from None

    async def wait_for(self, tasks: Iterable[Task]) -> None:
        """Wait until some tasks of this process are complete."""
        waiters = [self.completion(task.uid) for task in tasks if task.uid in self._incomplete]
        if waiters:
            await asyncio.wait(waiters)

    def is_incomplete(self, task: str) -> bool:
        """Return whether a task of this process is not complete."""
        return task in self._incomplete

    def completion(self, task: str) -> asyncio.Future[None]:
        """Return what ends when an incomplete task is complete."""
        waiter = self._incomplete[task]
        if waiter is None:
            waiter = self._incomplete[task] = asyncio.get_running_loop().create_future()
        return waiter

    def has_children(self, task: str) -> bool:
        """Return whether tasks that a task created in this process are incomplete."""
        return task in self._children

    async def _everywhere(self) -> None:
        hosts = {HEAD, *self._members.workers()} - {self._members.own}
        await asyncio.gather(
            self._here(), *(self._ask(host, Message(ALL)) for host in sorted(hosts))
        )

    async def _here(self) -> None:
        if self._incomplete:
            await asyncio.wait([self.completion(uid) for uid in self._incomplete])

    def _added(self, task: Task) -> None:
        self._incomplete[task.uid] = None
        if task.parent is not None:
            self._children.setdefault(task.parent, set()).add(task.uid)
        task.add_done_callback(self._ended)

    def _ended(self, task: Task) -> None:
        if task.has_children and task.worker:
            following = asyncio.get_running_loop().create_task(self._follow(task))
            self._following.add(following)
            following.add_done_callback(self._following.discard)
        else:
            self._complete(task)

    async def _follow(self, task: Task) -> None:
        await self._ask(task.worker, Message(CHILDREN, {"task": task.uid}))
        self._complete(task)

    def _complete(self, task: Task) -> None:
        waiter = self._incomplete.pop(task.uid)
        if waiter is not None and not waiter.done():
            waiter.set_result(None)
        if task.parent is not None:
            siblings = self._children[task.parent]
            siblings.discard(task.uid)
            if not siblings:
                del self._children[task.parent]

    async def _ask(self, host: str, message: Message) -> None:
        try:
            await self._correspondence.request(host, message)
        except RuntimeDisconnectedError:
            return  # Its tasks are gone with it.

    async def _serve_all(self, sender: str, message: Message) -> Message:  # noqa: ARG002
        await self._here()
        return OK

    async def _serve_children(self, sender: str, message: Message) -> Message:  # noqa: ARG002
        children = self._children.get(str(message.fields["task"]), set())
        waiters = [self.completion(uid) for uid in children]
        if waiters:
            await asyncio.wait(waiters)
        return OK
