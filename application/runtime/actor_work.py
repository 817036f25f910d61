"""What the tasks that create and call actors do when their turn comes."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from application.runtime.actor_record import ActorRecord
from application.runtime.argument_packing import PackedArguments
from application.runtime.correspondence import Correspondence
from application.runtime.delivery import Delivery
from application.runtime.outcomes import Failed, Outcome
from application.runtime.placing import Placing
from application.runtime.stage import CALL, CANCEL, CREATE
from application.runtime.task import Task
from application.runtime.tasks import Work
from domain.runtime.payloads import Message, Plain
from domain.runtime.task_errors import RuntimeDisconnectedError


@dataclass(eq=False, slots=True)
class CreateWork(Work):
    """Creates an actor.

    Attributes:
        record: The actor.
        arguments: Its class, and the arguments of the class.
        concurrency: How many of its tasks may run side by side.
        placing: Chooses the worker, if none is given.
        delivery: Sends the request.
        created: Called once it exists.
    """

    record: ActorRecord
    arguments: PackedArguments
    concurrency: int
    placing: Placing
    delivery: Delivery
    created: Callable[[ActorRecord], None]

    def prepare(self, task: Task) -> Coroutine[Any, Any, Outcome]:
        """Place the actor now, if this process places actors."""
        if not self.record.home and self.placing.is_here:
            self.record.home = self.placing.select()
        return self._run(task)

    async def _run(self, task: Task) -> Outcome:
        record = self.record
        if not record.home:
            record.home = await self.placing.ask()
        fields: dict[str, Plain] = {
            "uid": record.uid,
            "type": record.type_name,
            "concurrency": self.concurrency,
        }
        outcome = await self.delivery.deliver(
            record.home,
            self.arguments.message(CREATE, fields),
            task,
        )
        if not isinstance(outcome, Failed):
            self.created(record)
        return outcome

    async def cancel(self, task: Task, *, force: bool) -> None:
        """Do nothing: the actor ends when it is created, since no proxy holds it."""


@dataclass(eq=False, slots=True)
class CallWork(Work):
    """Calls an actor.

    Attributes:
        record: The actor.
        action: `call`, `get` or `set`.
        method: The method or attribute.
        arguments: The arguments.
        retries: How often it may run again; None for the default of the class.
        delivery: Sends the request.
        correspondence: Cancels it.
    """

    record: ActorRecord
    action: str
    method: str
    arguments: PackedArguments
    retries: int
    delivery: Delivery
    correspondence: Correspondence

    def prepare(self, task: Task) -> Coroutine[Any, Any, Outcome]:
        """Number the call."""
        fields: dict[str, Plain] = {
            "actor": self.record.uid,
            "task": task.uid,
            "lane": self.record.lane,
            "number": self.record.next_number(),
            "action": self.action,
            "method": self.method,
            "retries": self.retries,
            "failed": 0,
        }
        message = self.arguments.message(CALL, fields)
        return self.delivery.deliver(self.record.home, message, task)

    async def cancel(self, task: Task, *, force: bool) -> None:
        """Cancel it at the actor."""
        message = Message(CANCEL, {"actor": self.record.uid, "task": task.uid})
        try:
            await self.correspondence.request(self.record.home, message)
        except RuntimeDisconnectedError:
            return
