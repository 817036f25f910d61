"""The work of the tasks that create and call actors."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from application.runtime.actor_record import ActorRecord
from application.runtime.again import AGAIN, Again
from application.runtime.argument_packing import PackedArguments
from application.runtime.attempt_reports import AttemptReports
from application.runtime.call_stage import CALL, CANCEL
from application.runtime.correspondence import Correspondence, UndeliveredError
from application.runtime.delivery import Delivery
from application.runtime.outcomes import Failed, Outcome
from application.runtime.placing import Placing
from application.runtime.replacement import Replacement
from application.runtime.stage import CREATE
from application.runtime.task import Task
from application.runtime.task_plan import Work
from application.runtime.task_runs import Run
from domain.runtime.payloads import Message, Plain
from domain.runtime.retries import Attempts
from domain.runtime.task_errors import RuntimeDisconnectedError, disconnected


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to create an actor, the first time and again.

    Attributes:
        arguments: Its class, and the arguments of the class.
        concurrency: How many of its tasks may run side by side.
        delivery: Sends the request.
    """

    arguments: PackedArguments
    concurrency: int
    delivery: Delivery

    async def create(self, record: ActorRecord, home: str, task: Task) -> Outcome:
        """Create the actor on a worker."""
        fields: dict[str, Plain] = {
            "uid": record.uid,
            "type": record.type_name,
            "concurrency": self.concurrency,
            "named": bool(record.name),
        }
        self.arguments.complete(task.name)
        message = self.arguments.message(CREATE, fields)
        try:
            return await self.delivery.deliver(home, message, task)
        except RuntimeDisconnectedError as error:
            raise disconnected(home, error.reason, uid=record.uid, task=task.name) from None


@dataclass(eq=False, slots=True)
class CreateWork(Work):
    """Creates an actor.

    Attributes:
        record: The actor.
        recipe: How to create it.
        placing: Chooses the worker, if none is given.
        created: Called once it exists.
        enter_name: Enters its name, if it has one, before it is created.
        new_home: Returns another worker if that was lost; None if it must not restart.
    """

    record: ActorRecord
    recipe: Recipe
    placing: Placing
    created: Callable[[ActorRecord], None]
    enter_name: Callable[[ActorRecord], Awaitable[None]]
    new_home: Callable[[ActorRecord], Awaitable[str | None]]

    def begin(self, run: Run) -> None:
        """Place the actor now, if this process places actors, and create it."""
        if not self.record.home and self.placing.is_immediate:
            # If placement fails, it is asked again later, where its error is that of the task.
            with suppress(Exception):
                self.record.home = self.placing.select()
        run.go_on(partial(self._run, run.task))

    async def cancel(self, task: Task, *, force: bool) -> None:
        """Do nothing: the actor ends when it is created, since no proxy holds it."""

    async def _run(self, task: Task) -> Outcome:
        if not self.record.home:
            self.record.home = await self.placing.ask(self.recipe.arguments.stored_values)
        await self.enter_name(self.record)
        outcome = await self._create(task)
        if not isinstance(outcome, Failed):
            self.created(self.record)
        return outcome

    async def _create(self, task: Task) -> Outcome:
        """Create it, on other workers if one is lost and the actor may restart."""
        while True:
            try:
                return await self.recipe.create(self.record, self.record.home, task)
            except RuntimeDisconnectedError:
                home = await self.new_home(self.record)
                if home is None:
                    raise
                self.record.restarts -= 1
                self.record.home = home


@dataclass(eq=False, slots=True)
class CallWork(Work):
    """Calls an actor.

    Attributes:
        record: The actor.
        action: `call`, `get` or `set`.
        method: The method or attribute.
        arguments: The arguments.
        attempts: How often it may run again.
        delivery: Sends the request.
        correspondence: Cancels it.
        replacement: Ends its worker by force.
        reports: Receives the attempts that failed at the worker.
        undelivered: Called if its worker cannot be reached, with the uid of the worker.
    """

    record: ActorRecord
    action: str
    method: str
    arguments: PackedArguments
    attempts: Attempts
    delivery: Delivery
    correspondence: Correspondence
    replacement: Replacement
    reports: AttemptReports
    undelivered: Callable[[ActorRecord, str], None]

    def begin(self, run: Run) -> None:
        """Number the call, once it is certain that it can be sent, and send it."""
        task, home = run.task, self.record.home
        self.arguments.complete(task.name)
        fields: dict[str, Plain] = {
            "actor": self.record.uid,
            "task": task.uid,
            "lane": self.record.lane,
            "number": self.record.next_number(),
            "action": self.action,
            "method": self.method,
            "retries": self.attempts.max_retries,
            "failed": self.attempts.failed,
        }
        message = self.arguments.message(CALL, fields)
        self.reports.count(task.uid, self.attempts)
        run.wait_for(self.delivery.send(home, message, task, partial(self._replied, run, home)))

    async def cancel(self, task: Task, *, force: bool) -> None:
        """Cancel it at the actor, or end the worker."""
        if force:
            await self.replacement.end(self.record.home)
            return
        message = Message(CANCEL, {"actor": self.record.uid, "task": task.uid})
        try:
            await self.correspondence.request(self.record.home, message)
        except RuntimeDisconnectedError:
            return

    def _replied(self, run: Run, home: str, reply: Message | Exception) -> None:
        self.reports.forget(run.task.uid)
        if isinstance(reply, RuntimeDisconnectedError):
            run.end(self._after_loss(run.task, home, reply))
        else:
            self.delivery.end(run, home, reply)

    def _after_loss(
        self, task: Task, home: str, error: RuntimeDisconnectedError
    ) -> Again | Exception:
        if self.record.restarts <= 0:
            return self._error(task, home, error)
        if isinstance(error, UndeliveredError):
            self.undelivered(self.record, home)
            return AGAIN  # It has not started, so it goes on when the actor is restarted.
        delay = self.attempts.lose_worker()
        if delay is None:
            return self._error(task, home, error)
        self.record.delay = max(self.record.delay, delay)
        return AGAIN

    def _error(
        self, task: Task, home: str, error: RuntimeDisconnectedError
    ) -> RuntimeDisconnectedError:
        return disconnected(
            home,
            error.reason,
            uid=task.uid,
            task=task.name,
            lost_workers=self.attempts.lost_workers,
        )
