"""The actors that live in this process: creation, calls, cancellation, end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from functools import partial

from application.interfaces.prompt_reply import PromptReply
from application.runtime.argument_packing import FIELDS as ARGUMENT_FIELDS
from application.runtime.argument_packing import ArgumentPacking
from application.runtime.delivery import CANCELLED
from application.runtime.direct_calls import DirectCalls
from application.runtime.execution import Execution, is_sync
from application.runtime.holdings import Holdings
from application.runtime.members import Members
from application.runtime.method_runs import MethodRuns
from application.runtime.profile_buffer import ProfileBuffer
from application.runtime.reception import OK, Reception
from application.runtime.resident_actor import ResidentActor
from application.runtime.residents import ACTOR, Residents
from application.runtime.running_task import RunningTask
from application.runtime.turns import Called, DirectCall, Turns
from domain.runtime.actor_queue import ActorQueue
from domain.runtime.hosts import LossReason
from domain.runtime.payloads import Message

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
        execution: Runs `__init__`.
        runs: Runs calls that need a coroutine.
        direct_calls: Runs all others.
        reception: Receives the requests.
        holdings: Counts the proxies in arguments.
        members: Reports the loss of callers.
        profile: Gets the waits of calls.
        on_named_end: Called with the uid of each actor with a name that has ended.
        new_lock: Returns a lock.
    """

    def __init__(
        self,
        *,
        residents: Residents,
        arguments: ArgumentPacking,
        execution: Execution,
        runs: MethodRuns,
        direct_calls: DirectCalls,
        reception: Reception,
        holdings: Holdings,
        members: Members,
        profile: ProfileBuffer,
        on_named_end: Callable[[str], None],
        new_lock: Callable[[], AbstractContextManager[object]],
    ) -> None:
        self._residents = residents
        self._arguments, self._execution = arguments, execution
        self._runs, self._direct_calls = runs, direct_calls
        self._holdings, self._is_live = holdings, members.is_live
        self._profile = profile
        self._on_named_end = on_named_end
        self._new_lock = new_lock
        members.notify(left=self.lose_caller)
        self._on_idle: asyncio.Future[None] | None = None
        residents.on_release(ACTOR, self._released)
        reception.add(CREATE, CREATE_FIELDS, self._create)
        reception.add(CALL, CALL_FIELDS, self._call, directly=self._call_directly)
        reception.add(CANCEL, {"actor": (str,), "task": (str,)}, self._cancel)

    def enter(
        self,
        uid: str,
        type_name: str,
        instance: object,
        *,
        concurrency: int = 1,
        retry_on: tuple[type[BaseException], ...] | None = None,
        is_named: bool = False,
    ) -> None:
        """Enter an actor that was created.

        Args:
            uid: See `ResidentActor`.
            type_name: See `ResidentActor`.
            instance: See `ResidentActor`.
            concurrency: How many of its calls may run side by side.
            retry_on: See `ResidentActor`.
            is_named: See `ResidentActor`.
        """
        turns = Turns(
            ActorQueue(max_concurrency=concurrency),
            lock=self._new_lock(),
            begin=self._direct_calls.begin,
            ended=lambda: self._end_if_idle(actor),
        )
        actor = ResidentActor(
            uid,
            type_name,
            instance,
            turns,
            is_exclusive=concurrency == 1,
            retry_on=retry_on,
            is_named=is_named,
        )
        self._residents.enter(ACTOR, uid, actor)

    async def _create(self, sender: str, message: Message) -> Message:
        uid, type_name = _text(message, "uid"), _text(message, "type")
        concurrency, content = message.fields["concurrency"], await self._arguments.unpack(message)
        assert isinstance(concurrency, int)
        assert isinstance(content, tuple)
        cls, args, keywords, retry_on = content
        task = RunningTask(uid, actor=uid, is_exclusive=concurrency == 1)
        instance = await self._execution.run(cls, args, keywords, task=task, started=lambda _: None)
        self.enter(
            uid,
            type_name,
            instance,
            concurrency=concurrency,
            retry_on=retry_on,
            is_named=bool(message.fields["named"]),
        )
        self._residents.increase(sender, uid)
        if not self._is_live(sender):  # It was lost meanwhile.
            self._residents.remove_holder(sender)
        await self._holdings.reported()
        return OK

    def _call_directly(self, sender: str, message: Message) -> asyncio.Future[Message] | None:
        fields = message.fields
        actor = self._residents.get(ACTOR, _text(message, "actor"))
        if not isinstance(actor, ResidentActor) or not actor.is_exclusive:
            return None
        method, number = _text(message, "method"), fields["number"]
        assert isinstance(number, int)
        is_plain_call = fields["action"] == "call" and not fields["retries"]
        if not (
            is_plain_call
            and self._arguments.are_simple(message)
            and is_sync(getattr(type(actor.instance), method, None))
        ):
            return None
        call = DirectCall(
            sender,
            RunningTask(_text(message, "task"), actor=actor.uid, is_exclusive=True),
            f"{actor.type_name}.{method}",
            actor.uid,
            partial(self._unpack, actor, method, message),
            PromptReply(loop=asyncio.get_running_loop()),
            self._profile.now(),
        )
        actor.turns.add(call, caller=_lane(sender, message), number=number)
        return call.reply

    def _unpack(self, actor: ResidentActor, method: str, message: Message) -> Called:
        content = self._arguments.unpack_simple(message)
        assert isinstance(content, tuple)
        return getattr(actor.instance, method), content[0], content[1]

    async def _call(self, sender: str, message: Message) -> Message:
        actor = self._residents.find(ACTOR, _text(message, "actor"))
        assert isinstance(actor, ResidentActor)
        task, number = _text(message, "task"), message.fields["number"]
        assert isinstance(number, int)
        start = self._profile.now()
        try:
            await actor.turns.turn(task, caller=_lane(sender, message), number=number)
        except asyncio.CancelledError:
            return Message(CANCELLED)
        name = f"{actor.type_name}.{_text(message, 'method')}"
        self._profile.add_wait(name, start, row=f"{actor.uid} queue")
        try:
            return await self._runs.run(sender, actor, message, name)
        finally:
            actor.turns.finish(task)
            self._end_if_idle(actor)

    async def _cancel(self, sender: str, message: Message) -> Message:  # noqa: ARG002
        actor = self._residents.get(ACTOR, _text(message, "actor"))
        task = _text(message, "task")
        if isinstance(actor, ResidentActor):
            never_ran = actor.turns.cancel(task, cancelled=Message(CANCELLED))
            if not never_ran and task in actor.running:
                actor.running[task].cancel()
        return OK

    async def idle(self) -> None:
        """Wait until no call runs."""
        while any(actor.turns.running for actor in self._actors()):
            self._on_idle = asyncio.get_running_loop().create_future()
            await self._on_idle

    def _actors(self) -> list[ResidentActor]:
        return [item for item in self._residents.all_of(ACTOR) if isinstance(item, ResidentActor)]

    def lose_caller(self, uid: str, reason: LossReason | None = None) -> None:
        """Remove the calls of a lost process that have not started, and what it holds."""
        del reason
        for actor in self._actors():
            actor.turns.remove_callers(f"{uid}#", cancelled=Message(CANCELLED))
        self._residents.remove_holder(uid)

    def _released(self, uid: str, item: object) -> None:  # noqa: ARG002
        assert isinstance(item, ResidentActor)
        item.is_ending = True
        if len(item.turns):
            # Its queued calls still find it, and the last one ends it.
            self._residents.enter(ACTOR, item.uid, item)
        else:
            self._end_if_idle(item)

    def _end_if_idle(self, actor: ResidentActor) -> None:
        if self._on_idle is not None and not self._on_idle.done():
            self._on_idle.set_result(None)
        if actor.is_ending and not len(actor.turns):
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
