"""The actors that live in this process: creation and end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager

from application.runtime.argument_packing import FIELDS as ARGUMENT_FIELDS
from application.runtime.argument_packing import ArgumentPacking
from application.runtime.direct_calls import DirectCalls
from application.runtime.execution import Execution
from application.runtime.holdings import Holdings
from application.runtime.members import Members
from application.runtime.reception import OK, Reception
from application.runtime.resident_actor import ResidentActor, resident_actors
from application.runtime.residents import ACTOR, Residents
from application.runtime.running_task import RunningTask
from application.runtime.turns import Turns
from domain.runtime.actor_queue import ActorQueue
from domain.runtime.payloads import Message

CREATE = "create"

CREATE_FIELDS: Mapping[str, tuple[type, ...]] = {
    "uid": (str,),
    "type": (str,),
    "concurrency": (int,),
    "named": (bool,),
    **ARGUMENT_FIELDS,
}


class Stage:
    """Creates actors, and ends those that nothing holds.

    Args:
        residents: The table in which the actors are entered.
        arguments: Unpacks arguments.
        execution: Runs methods.
        reception: Receives the requests.
        holdings: Counts the proxies in arguments.
        members: The processes that are alive.
        on_named_end: Called with the uid of each actor with a name that has ended.
        direct_calls: Runs the calls that need no coroutine.
        new_lock: Returns a lock.
    """

    def __init__(
        self,
        *,
        residents: Residents,
        arguments: ArgumentPacking,
        execution: Execution,
        reception: Reception,
        holdings: Holdings,
        members: Members,
        on_named_end: Callable[[str], None],
        direct_calls: DirectCalls,
        new_lock: Callable[[], AbstractContextManager[object]],
    ) -> None:
        self._residents = residents
        self._arguments, self._execution = arguments, execution
        self._holdings, self._is_live = holdings, members.is_live
        self._on_named_end = on_named_end
        self._direct_calls = direct_calls
        self._new_lock = new_lock
        self._on_idle: asyncio.Future[None] | None = None
        residents.on_release(ACTOR, self._released)
        reception.add(CREATE, CREATE_FIELDS, self._create)

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
            ended=lambda: self.end_if_idle(actor),
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

    async def idle(self) -> None:
        """Wait until no call runs."""
        while any(actor.turns.running for actor in resident_actors(self._residents)):
            self._on_idle = asyncio.get_running_loop().create_future()
            await self._on_idle

    def end_if_idle(self, actor: ResidentActor) -> None:
        """End an actor that nothing holds once its calls are done."""
        if self._on_idle is not None and not self._on_idle.done():
            self._on_idle.set_result(None)
        if actor.is_ending and not len(actor.turns):
            self._residents.remove(actor.uid)
            actor.instance = None
            if actor.is_named:
                self._on_named_end(actor.uid)

    def _released(self, uid: str, item: object) -> None:  # noqa: ARG002
        assert isinstance(item, ResidentActor)
        item.is_ending = True
        if len(item.turns):
            # Its queued calls still find it, and the last one ends it.
            self._residents.enter(ACTOR, item.uid, item)
        else:
            self.end_if_idle(item)


def _text(message: Message, name: str) -> str:
    value = message.fields[name]
    assert isinstance(value, str)
    return value
