"""The actors that live in this process: creation, calls, cancellation, end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from application.runtime.argument_packing import FIELDS as ARGUMENT_FIELDS
from application.runtime.argument_packing import ArgumentPacking
from application.runtime.attempt_reports import AttemptReports
from application.runtime.delivery import CANCELLED, Delivery
from application.runtime.execution import Execution
from application.runtime.holdings import Holdings
from application.runtime.members import Members
from application.runtime.memory_gate import MemoryGate
from application.runtime.profile_buffer import ProfileBuffer
from application.runtime.reception import OK, Reception
from application.runtime.resident_actor import ResidentActor
from application.runtime.residents import ACTOR, Residents
from application.runtime.retried_run import retried_run
from application.runtime.running_task import RunningTask
from application.runtime.start_notices import StartNotices
from domain.runtime.actor_queue import ActorQueue, Cancelled
from domain.runtime.hosts import LossReason
from domain.runtime.payloads import Message
from domain.runtime.retries import Attempts

CREATE = "create"
CALL = "call"
CANCEL = "cancel"

CREATE_FIELDS: Mapping[str, tuple[type, ...]] = {
    "uid": (str,),
    "type": (str,),
    "concurrency": (int,),
    "named": (bool,),
    **ARGUMENT_FIELDS,
}
CALL_FIELDS: Mapping[str, tuple[type, ...]] = {
    "actor": (str,),
    "task": (str,),
    "lane": (str,),
    "number": (int,),
    "action": (str,),
    "method": (str,),
    "retries": (int, type(None)),
    "failed": (int,),
    **ARGUMENT_FIELDS,
}


class Stage:
    """Creates actors, and runs their calls in order.

    Args:
        residents: The table in which the actors are entered.
        arguments: Unpacks arguments.
        execution: Runs methods.
        delivery: Makes replies.
        reception: Receives the requests.
        holdings: Counts the proxies in arguments.
        reports: Reports failed attempts to callers.
        members: Reports the loss of callers.
        profile: Gets the waits of calls.
        on_named_end: Called with the uid of each actor with a name that has ended.
        gate: Lets calls with large arguments in.
        notices: Reports calls that run.
    """

    def __init__(
        self,
        *,
        residents: Residents,
        arguments: ArgumentPacking,
        execution: Execution,
        delivery: Delivery,
        reception: Reception,
        holdings: Holdings,
        reports: AttemptReports,
        members: Members,
        profile: ProfileBuffer,
        on_named_end: Callable[[str], None],
        gate: MemoryGate,
        notices: StartNotices,
    ) -> None:
        self._residents = residents
        self._arguments, self._execution = arguments, execution
        self._delivery = delivery
        self._holdings, self._is_live = holdings, members.is_live
        self._profile = profile
        self._reports = reports
        self._on_named_end = on_named_end
        self._gate = gate
        self._notices = notices
        members.notify(left=self.lose_caller)
        self._on_idle: asyncio.Future[None] | None = None
        residents.on_release(ACTOR, self._released)
        reception.add(CREATE, CREATE_FIELDS, self._create)
        reception.add(CALL, CALL_FIELDS, self._call)
        reception.add(CANCEL, {"actor": (str,), "task": (str,)}, self._cancel)

    async def _create(self, sender: str, message: Message) -> Message:
        uid, type_name = _text(message, "uid"), _text(message, "type")
        concurrency, content = message.fields["concurrency"], await self._arguments.unpack(message)
        assert isinstance(concurrency, int)
        assert isinstance(content, tuple)
        cls, args, keywords, retry_on = content
        task = RunningTask(uid, actor=uid, is_exclusive=concurrency == 1)
        instance = await self._execution.run(cls, args, keywords, task=task, started=lambda _: None)
        actor = ResidentActor(
            uid,
            type_name,
            instance,
            ActorQueue(max_concurrency=concurrency),
            is_exclusive=concurrency == 1,
            retry_on=retry_on,
            is_named=bool(message.fields["named"]),
        )
        self._residents.enter(ACTOR, uid, actor)
        self._residents.increase(sender, uid)
        if not self._is_live(sender):  # It was lost meanwhile.
            self._residents.remove_holder(sender)
        await self._holdings.reported()
        return OK

    async def _call(self, sender: str, message: Message) -> Message:
        actor = self._residents.find(ACTOR, _text(message, "actor"))
        assert isinstance(actor, ResidentActor)
        task, number = _text(message, "task"), message.fields["number"]
        assert isinstance(number, int)
        start = self._profile.now()
        try:
            await actor.turn(task, caller=_lane(sender, message), number=number)
        except asyncio.CancelledError:
            return Message(CANCELLED)
        name = f"{actor.type_name}.{_text(message, 'method')}"
        self._profile.add_wait(name, start, row=f"{actor.uid} queue")
        try:
            async with self._gate.room(message, name=name):
                with self._notices.running(sender, task):
                    return await self._run(sender, actor, task, message, name)
        except Exception as error:  # noqa: BLE001 - it is the caller's
            return self._delivery.error_reply(error, uid=task)
        finally:
            actor.finish(task)
            self._end_if_idle(actor)

    async def _run(
        self, sender: str, actor: ResidentActor, task: str, message: Message, name: str
    ) -> Message:
        content = await self._arguments.unpack(message)
        assert isinstance(content, tuple)
        args, keywords, retry_on = content
        retries, failed = message.fields["retries"], message.fields["failed"]
        assert isinstance(failed, int)
        attempts = Attempts(retries if isinstance(retries, int) else 0, failed)

        async def wait(delay: float) -> None:
            await self._reports.report(sender, task, attempts)
            await actor.turn_again(task, delay=delay)

        try:
            result = await retried_run(
                lambda: self._act(actor, task, message, args, keywords),
                name=name,
                attempts=attempts,
                retry_on=retry_on or actor.retry_on,
                wait=wait,
            )
        except asyncio.CancelledError:
            return Message(CANCELLED)
        # The caller keeps the proxies in the arguments only until the reply.
        await self._holdings.reported()
        return await self._delivery.reply(result, uid=task, name=name)

    async def _act(
        self,
        actor: ResidentActor,
        task: str,
        message: Message,
        args: list[object],
        keywords: dict[str, object],
    ) -> object:
        action, method = message.fields["action"], _text(message, "method")
        if action == "get":
            return getattr(actor.instance, method)
        if action == "set":
            setattr(actor.instance, method, args[0])
            return None
        running = RunningTask(task, actor=actor.uid, is_exclusive=actor.is_exclusive)
        function = getattr(actor.instance, method)
        try:
            return await self._execution.run(
                function,
                args,
                keywords,
                task=running,
                started=lambda made: actor.running.__setitem__(task, made),
            )
        finally:
            actor.running.pop(task, None)

    async def _cancel(self, sender: str, message: Message) -> Message:  # noqa: ARG002
        actor = self._residents.get(ACTOR, _text(message, "actor"))
        task = _text(message, "task")
        if isinstance(actor, ResidentActor):
            outcome, starts = actor.queue.cancel(task)
            if outcome is Cancelled.NEVER_RAN:
                actor.cancel_turns([task], asyncio.CancelledError)
                actor.start(starts)
            elif task in actor.running:
                actor.running[task].cancel()
        return OK

    async def idle(self) -> None:
        """Wait until no call runs."""
        while any(actor.queue.running for actor in self._actors()):
            self._on_idle = asyncio.get_running_loop().create_future()
            await self._on_idle

    def _actors(self) -> list[ResidentActor]:
        return [item for item in self._residents.all_of(ACTOR) if isinstance(item, ResidentActor)]

    def lose_caller(self, uid: str, reason: LossReason | None = None) -> None:
        """Remove the calls of a lost process that have not started, and what it holds."""
        del reason
        for actor in self._actors():
            for lane in actor.queue.callers:
                if lane.startswith(f"{uid}#"):
                    tasks, starts = actor.queue.remove_caller(lane)
                    actor.cancel_turns(tasks, asyncio.CancelledError)
                    actor.start(starts)
        self._residents.remove_holder(uid)

    def _released(self, uid: str, item: object) -> None:  # noqa: ARG002
        assert isinstance(item, ResidentActor)
        item.is_ending = True
        if len(item.queue):
            # Its queued calls still find it, and the last one ends it.
            self._residents.enter(ACTOR, item.uid, item)
        else:
            self._end_if_idle(item)

    def _end_if_idle(self, actor: ResidentActor) -> None:
        if self._on_idle is not None and not self._on_idle.done():
            self._on_idle.set_result(None)
        if actor.is_ending and not len(actor.queue):
            self._residents.remove(actor.uid)
            actor.instance = None
            if actor.is_named:
                self._on_named_end(actor.uid)


def _lane(sender: str, message: Message) -> str:
    """Return the name of a lane, in which the sender is certain."""
    return f"{sender}#{_text(message, 'lane')}"


def _text(message: Message, name: str) -> str:
    value = message.fields[name]
    assert isinstance(value, str)
    return value
