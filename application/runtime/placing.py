"""Chooses workers for actors and tasks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from application.interfaces.task_engine import EngineLink
from application.runtime.correspondence import Correspondence
from application.runtime.members import Members
from application.runtime.reception import Reception
from domain.runtime.hosts import HEAD
from domain.runtime.payloads import EngineValue, Message, Plain
from domain.runtime.placement import RoundRobin, Strategy, WorkerLoad, measured_loads
from domain.runtime.stored_uids import value_of, value_uid
from domain.runtime.task_errors import RuntimeDisconnectedError, TaskError

SELECT = "select-worker"


class Placing:
    """Chooses workers, in the process of the monitor, for all processes.

    Args:
        members: The workers.
        correspondence: Reaches the monitor.
        reception: Receives the questions of others.
        strategy: The strategy; None in processes without the monitor.
        link: Measures the workers.
        memory_limit: Returns the bytes of memory that a worker may use.
    """

    def __init__(
        self,
        *,
        members: Members,
        correspondence: Correspondence,
        reception: Reception,
        strategy: Strategy | None,
        link: EngineLink,
        memory_limit: Callable[[], int],
    ) -> None:
        self._members = members
        self._correspondence = correspondence
        self._strategy = strategy
        self._link = link
        self._memory_limit = memory_limit
        self._actors: Counter[str] = Counter()
        reception.add(SELECT, {"values": (list, tuple)}, self._serve)

    @property
    def is_immediate(self) -> bool:
        """Whether this process chooses, and needs no measurement for that."""
        return isinstance(self._strategy, RoundRobin)

    def select(self) -> str:
        """Choose a worker, and return its uid. Only where `is_immediate`.

        Raises:
            RuntimeDisconnectedError: No worker is alive.
        """
        return self._choose([WorkerLoad(uid) for uid in self._live_workers()])

    async def ask(self, values: Sequence[EngineValue] = ()) -> str:
        """Choose a worker, here or at the monitor, and return its uid.

        Args:
            values: The stored values that the worker will need.

        Raises:
            RuntimeDisconnectedError: No worker is alive.
            TaskError: The function of the user chose something else.
        """
        if self.is_immediate:
            return self.select()
        if self._strategy is not None:
            return await self._measure_and_choose(values)
        fields: dict[str, Plain] = {"values": [value_uid(value) for value in values]}
        reply = await self._correspondence.request(HEAD, Message(SELECT, fields))
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
        workers = self._live_workers()
        return workers[index % len(workers)]

    async def _measure_and_choose(self, values: Sequence[EngineValue]) -> str:
        usage = await self._link.usage()
        loads = measured_loads(
            self._live_workers(),
            usage,
            actors=self._actors,
            memory_limit=self._memory_limit(),
            values=values,
        )
        return self._choose(loads)

    def _choose(self, loads: Sequence[WorkerLoad]) -> str:
        assert self._strategy is not None
        chosen = self._strategy(loads)
        if not self._members.is_live(chosen):
            msg = f"Placement chose '{chosen}', which is not a live worker"
            raise TaskError(msg)
        uid = self._members.find(chosen).uid
        self._actors[uid] += 1
        return uid

    def _live_workers(self) -> list[str]:
        workers = self._members.workers()
        if not workers:
            msg = "No worker is alive"
            raise RuntimeDisconnectedError(msg)
        return workers

    async def _serve(self, sender: str, message: Message) -> Message:  # noqa: ARG002
        uids = message.fields["values"]
        assert isinstance(uids, Sequence)
        return Message("ok", {"uid": await self.ask([value_of(str(uid)) for uid in uids])})
