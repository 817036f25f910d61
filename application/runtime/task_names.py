"""The methods for tasks and usage that users and peers call."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from application.interfaces.task_engine import EngineLink
from application.runtime.actor_table import ActorTable
from application.runtime.members import Members
from application.runtime.placing import Placing
from application.runtime.queue_report import QueueReport
from application.runtime.resident_actor import ResidentActor
from application.runtime.residents import ACTOR, Residents
from domain.runtime.errors import Unsupported
from domain.runtime.hosts import Capability, HostUsage


@dataclass(frozen=True, slots=True)
class WorkerUsage:
    """The resources that a worker uses.

    Attributes:
        uid: The worker.
        cpu: Load, in % of one core.
        rss: Bytes of memory.
        running: Number of requests that it handles.
        stored: Bytes of the values that it has stored.
        spilled: How many of them are in files.
        queued: Number of calls that wait for their actors; None if it does not answer in time.
    """

    uid: str
    cpu: float
    rss: int
    running: int
    stored: int
    spilled: int
    queued: int | None


class TaskNames:
    """Queues tasks for peers, chooses workers, and reports usage.

    Args:
        link: Measures.
        table: Has the proxies of actors.
        residents: The actors of this process.
        placing: Chooses workers.
        members: The workers.
        engine: The name of the engine.
        queues: Counts waiting calls.
    """

    def __init__(
        self,
        *,
        link: EngineLink,
        table: ActorTable,
        residents: Residents,
        placing: Placing,
        members: Members,
        engine: str,
        queues: QueueReport,
    ) -> None:
        self._link = link
        self._table = table
        self._residents = residents
        self._placing = placing
        self._members = members
        self._engine = engine
        self._queues = queues
        self._queued: set[asyncio.Future[object]] = set()

    async def init_task(self, sender_id: str, task: Mapping[str, object], uid: str) -> None:
        """Queue a task for an actor of this runtime; return when it is queued.

        Args:
            sender_id: Uid of the caller.
            task: Has the keys `tessera_id`, `method`, `args` and `kwargs`.
            uid: The uid of the task.

        Raises:
            KeyError: The actor does not exist here.
        """
        del sender_id, uid
        actor_uid = str(task["tessera_id"])
        actor = self._residents.find(ACTOR, actor_uid)
        assert isinstance(actor, ResidentActor)
        proxy = self._table.resident(actor_uid, actor.type_name)
        args, keywords = task.get("args") or (), task.get("kwargs") or {}
        assert isinstance(args, (list, tuple))
        assert isinstance(keywords, dict)
        queued = proxy.cmd(str(task["method"]), *args, **keywords)
        waiter: asyncio.Future[object] = asyncio.ensure_future(queued.settled())
        self._queued.add(waiter)
        waiter.add_done_callback(self._queued.discard)

    async def select_worker(self, sender_id: str | None = None) -> str:
        """Return the uid of the worker that placement chooses."""
        del sender_id
        return await self._placing.ask()

    async def scale(self, n: int) -> None:
        """Start or end workers until there are n; does nothing if there are n.

        Raises:
            Unsupported: The engine does not have GROWS.
        """
        if n == len(self._members.workers()):
            return
        # No engine has GROWS yet.
        advice = f"Start the run with num_workers={n}"
        raise Unsupported(Capability.GROWS, self._engine, advice)

    def on_change(self, callback: Callable[[], object]) -> None:
        """Call a function whenever a worker has joined or left."""
        self._members.notify(
            joined=lambda _: _ignore(callback()), left=lambda _uid, _reason: _ignore(callback())
        )

    async def usage(self) -> dict[str, WorkerUsage]:
        """Return what each worker uses, by uid."""
        found = await self._link.usage()
        workers = [uid for uid in found if self._members.is_live(uid)]
        queued = await asyncio.gather(*(self._queues.queued(uid) for uid in workers))
        return {
            uid: _usage(found[uid], number) for uid, number in zip(workers, queued, strict=True)
        }


def _usage(item: HostUsage, queued: int | None) -> WorkerUsage:
    return WorkerUsage(
        item.uid, item.cpu, item.rss, item.running, item.stored, item.spilled, queued
    )


def _ignore(result: object) -> None:
    del result
