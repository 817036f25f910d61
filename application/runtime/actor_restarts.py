"""Creates lost actors again, and finds those that others have created again."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any
from weakref import WeakKeyDictionary, WeakValueDictionary

from application.runtime.actor_record import ActorRecord
from application.runtime.actor_work import Recipe
from application.runtime.correspondence import Correspondence
from application.runtime.holdings import Holdings
from application.runtime.log import RuntimeLog
from application.runtime.members import Members
from application.runtime.outcomes import Failed
from application.runtime.placing import Placing
from application.runtime.reception import Reception
from application.runtime.replacement import Replacement
from application.runtime.tasks import Tasks
from domain.runtime.hosts import LossReason
from domain.runtime.payloads import Message
from domain.runtime.task_errors import RuntimeDisconnectedError

LOCATE = "locate-actor"

PATIENCE = 0.1
"""Seconds after which a worker is tried again that cannot be reached, but is not known as lost."""


class ActorRestarts:
    """Reacts to the loss of workers, for the actors that this process has created or calls.

    Args:
        tasks: Holds the calls of an actor meanwhile.
        members: Reports the losses.
        replacement: Starts workers again.
        placing: Chooses another worker if there is no replacement.
        holdings: Counts the proxies of actors.
        correspondence: Finds the actors of other creators.
        reception: Receives the questions of others.
        log: Gets the failures.
    """

    def __init__(
        self,
        *,
        tasks: Tasks,
        members: Members,
        replacement: Replacement,
        placing: Placing,
        holdings: Holdings,
        correspondence: Correspondence,
        reception: Reception,
        log: RuntimeLog,
    ) -> None:
        self._tasks = tasks
        self._replacement = replacement
        self._placing = placing
        self._holdings = holdings
        self._correspondence = correspondence
        self._log = log
        self._recipes: WeakKeyDictionary[ActorRecord, Recipe] = WeakKeyDictionary()
        self._records: WeakValueDictionary[str, ActorRecord] = WeakValueDictionary()
        self._restarting: dict[str, asyncio.Task[None]] = {}
        self._lives = 0
        members.notify(left=self._left)
        reception.add(LOCATE, {"uid": (str,)}, self._locate)

    def enter(self, record: ActorRecord, recipe: Recipe) -> None:
        """Create an actor again when it is lost, if it has restarts."""
        self._records[record.uid] = record
        if record.restarts > 0:
            self._recipes[record] = recipe
            # The calls that are not at its worker have certainly not started when it is lost.
            self._tasks.limit(record.uid, recipe.concurrency)

    def follow(self, record: ActorRecord) -> None:
        """Follow an actor of another creator."""
        self._records[record.uid] = record
        record.exists = True
        if record.restarts > 0:
            self._tasks.limit(record.uid, 1)
            if self._is_lost(record):
                # Its worker was lost while the proxy travelled.
                self._lose(record)

    def created(self, record: ActorRecord) -> None:
        """Hold an actor that its worker has counted for this process."""
        record.exists = True
        self._holdings.acquire(record, record.uid, record.home, is_counted=True)
        if self._is_lost(record):
            self._lose(record)

    async def new_home(self, record: ActorRecord) -> str | None:
        """Return another worker for an actor whose worker was lost; None if it must not restart.

        Raises:
            RuntimeDisconnectedError: No worker is alive.
        """
        if record.restarts == 0:
            return None
        return await self._replacement.successor(record.home) or await self._placing.ask()

    def undelivered(self, record: ActorRecord, home: str) -> None:
        """Find an actor whose worker cannot be reached, unless it has moved already."""
        if record.home == home:
            self._lose(record)

    def _left(self, uid: str, reason: LossReason | None) -> None:
        del reason
        for record in list(self._records.values()):
            if record.home == uid and record.exists:
                self._lose(record)

    def _lose(self, record: ActorRecord) -> None:
        if record.restarts == 0 or record.uid in self._restarting:
            return  # The restart that goes on notices it itself.
        self._tasks.hold(record.uid)
        recipe = self._recipes.get(record)
        self._spawn(
            record, self._follow(record) if recipe is None else self._restart(record, recipe)
        )

    def _is_lost(self, record: ActorRecord) -> bool:
        return self._correspondence.reason(record.home) is not None

    async def _restart(self, record: ActorRecord, recipe: Recipe) -> None:
        # Until it is created again, it counts as restartable.
        if not self._is_lost(record):
            await asyncio.sleep(PATIENCE)
            # The number of the call that was not delivered is missing in its lane.
            record.move(record.home, self._next_lane())
        while self._is_lost(record) and record.restarts > 0:
            try:
                await self._create_again(record, recipe)
            except RuntimeDisconnectedError as error:
                self._log.error(f"{record.uid} cannot be created again: {error}")
            except Exception as error:  # noqa: BLE001 - its __init__ may raise anything
                self._log.error(f"{record.uid} cannot be created again: {error}")
                record.restarts = 1
            record.restarts -= 1
        if record.restarts == 0:
            self._recipes.pop(record, None)
        self._go_on(record)

    async def _create_again(self, record: ActorRecord, recipe: Recipe) -> None:
        home = await self.new_home(record)
        assert home is not None
        assert record.creation is not None
        outcome = await recipe.create(record, home, record.creation)
        if isinstance(outcome, Failed):
            raise outcome.error
        # Not before: a process that gets a proxy meanwhile must not call an actor that does not
        # exist yet.
        record.move(home, self._next_lane())
        self._holdings.move(record.uid, home, is_counted=True)
        await asyncio.sleep(record.delay)

    async def _follow(self, record: ActorRecord) -> None:
        while True:
            await self._locate_at_creator(record)
            if record.restarts == 0 or not self._is_lost(record):
                break
        self._go_on(record)

    async def _locate_at_creator(self, record: ActorRecord) -> None:
        message = Message(LOCATE, {"uid": record.uid})
        try:
            reply = await self._correspondence.request(record.creator, message)
        except RuntimeDisconnectedError:
            reply = Message("lost")
        home, restarts = reply.fields.get("home"), reply.fields.get("restarts")
        if not isinstance(home, str) or not isinstance(restarts, int):
            record.restarts = 0
            return
        if home == record.home:
            # Its creator has not been informed of the loss yet, or this process of the worker.
            await asyncio.sleep(PATIENCE)
        record.move(home, self._next_lane())
        record.restarts = restarts
        self._holdings.move(record.uid, home, is_counted=False)
        await asyncio.sleep(record.delay)

    def _go_on(self, record: ActorRecord) -> None:
        record.delay = 0.0
        self._restarting.pop(record.uid, None)
        self._tasks.release(record.uid)

    async def _locate(self, sender: str, message: Message) -> Message:  # noqa: ARG002
        uid = message.fields["uid"]
        assert isinstance(uid, str)
        while uid in self._restarting:
            await asyncio.wait([self._restarting[uid]])
        record = self._records.get(uid)
        if record is None or self._is_lost(record):
            return Message("lost")
        return Message("ok", {"home": record.home, "restarts": record.restarts})

    def _next_lane(self) -> str:
        self._lives += 1
        return f"again-{self._lives}"

    def _spawn(self, record: ActorRecord, work: Coroutine[Any, Any, None]) -> None:
        self._restarting[record.uid] = asyncio.get_running_loop().create_task(work)
