"""Chooses workers for actors and tasks."""

from __future__ import annotations

from collections import Counter

from application.runtime.correspondence import Correspondence
from application.runtime.members import Members
from application.runtime.reception import Reception
from domain.runtime.hosts import HEAD
from domain.runtime.payloads import Message
from domain.runtime.placement import Strategy, WorkerLoad
from domain.runtime.task_errors import RuntimeDisconnectedError, TaskError

SELECT = "select-worker"


class Placing:
    """Chooses workers, in the process of the monitor, for all processes.

    Args:
        members: The workers.
        correspondence: Reaches the monitor.
        reception: Receives the questions of others.
        strategy: The strategy; None in processes without the monitor.
    """

    def __init__(
        self,
        *,
        members: Members,
        correspondence: Correspondence,
        reception: Reception,
        strategy: Strategy | None,
    ) -> None:
        self._members = members
        self._correspondence = correspondence
        self._strategy = strategy
        self._tasks: Counter[str] = Counter()
        self._actors: Counter[str] = Counter()
        self._free_memory: dict[str, int] = {}
        reception.add(SELECT, {}, self._serve)

    @property
    def is_here(self) -> bool:
        """Whether this process chooses."""
        return self._strategy is not None

    def select(self) -> str:
        """Choose a worker, and return its uid. Only where `is_here`.

        Raises:
            RuntimeDisconnectedError: No worker is alive.
            TaskError: The function of the user chose something else.
        """
        assert self._strategy is not None
        workers = self._members.workers()
        if not workers:
            msg = "No worker is alive"
            raise RuntimeDisconnectedError(msg)
        loads = [
            WorkerLoad(
                uid,
                tasks=self._tasks[uid],
                actors=self._actors[uid],
                free_memory=self._free_memory.get(uid, 0),
            )
            for uid in workers
        ]
        chosen = self._strategy(loads)
        if not self._members.is_live(chosen):
            msg = f"Placement chose '{chosen}', which is not a live worker"
            raise TaskError(msg)
        uid = self._members.find(chosen).uid
        self._actors[uid] += 1
        return uid

    async def ask(self) -> str:
        """Choose a worker, here or at the monitor; see `select`."""
        if self.is_here:
            return self.select()
        reply = await self._correspondence.request(HEAD, Message(SELECT))
        uid = reply.fields.get("uid")
        if not isinstance(uid, str):
            msg = "The monitor found no worker"
            raise RuntimeDisconnectedError(msg)
        return uid

    def member_of_array(self, index: int) -> str:
        """Return the uid of the worker for a member of an array, which wraps around.

        Raises:
            RuntimeDisconnectedError: No worker is alive.
        """
        workers = self._members.workers()
        if not workers:
            msg = "No worker is alive"
            raise RuntimeDisconnectedError(msg)
        return workers[index % len(workers)]

    def count(self, worker: str, *, tasks: int = 0, actors: int = 0) -> None:
        """Count tasks and actors of a worker more, or less."""
        self._tasks[worker] += tasks
        self._actors[worker] += actors

    async def _serve(self, sender: str, message: Message) -> Message:  # noqa: ARG002
        return Message("ok", {"uid": self.select()})
