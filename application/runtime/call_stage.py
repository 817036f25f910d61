"""The calls of the actors in this process: their turns, runs, and cancellation."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import partial

from application.interfaces.prompt_reply import PromptReply
from application.runtime.actor_proxy import CALL as METHOD_CALL
from application.runtime.argument_packing import FIELDS as ARGUMENT_FIELDS
from application.runtime.argument_packing import ArgumentPacking
from application.runtime.delivery import CANCELLED
from application.runtime.execution import is_sync
from application.runtime.members import Members
from application.runtime.method_runs import MethodRuns
from application.runtime.profile_buffer import ProfileBuffer
from application.runtime.reception import OK, Reception
from application.runtime.resident_actor import ResidentActor, resident_actors
from application.runtime.residents import ACTOR, Residents
from application.runtime.running_task import RunningTask
from application.runtime.turns import Called, DirectCall
from domain.runtime.hosts import LossReason
from domain.runtime.payloads import Message

CALL = "call"
CANCEL = "cancel"

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


class CallStage:
    """Runs the calls of actors in order.

    Args:
        residents: The table of the actors.
        arguments: Unpacks arguments.
        runs: Runs calls that need a coroutine.
        reception: Receives the requests.
        members: Reports the loss of callers.
        profile: Gets the waits of calls.
        ended: Called with the actor of each call that has ended, unless it was a direct call.
    """

    def __init__(
        self,
        *,
        residents: Residents,
        arguments: ArgumentPacking,
        runs: MethodRuns,
        reception: Reception,
        members: Members,
        profile: ProfileBuffer,
        ended: Callable[[ResidentActor], None],
    ) -> None:
        self._residents = residents
        self._arguments = arguments
        self._runs = runs
        self._profile = profile
        self._on_ended = ended
        members.notify(left=self._lose_caller)
        reception.add(CALL, CALL_FIELDS, self._call, directly=self._call_directly)
        reception.add(CANCEL, {"actor": (str,), "task": (str,)}, self._cancel)

    def _call_directly(self, sender: str, message: Message) -> asyncio.Future[Message] | None:
        fields = message.fields
        actor = self._residents.get(ACTOR, str(fields["actor"]))
        if not isinstance(actor, ResidentActor) or not actor.is_exclusive:
            return None
        method, number = str(fields["method"]), fields["number"]
        assert isinstance(number, int)
        if (
            fields["action"] != METHOD_CALL
            or fields["retries"]
            or not self._arguments.are_simple(message)
            or not is_sync(getattr(type(actor.instance), method, None))
        ):
            return None
        call = DirectCall(
            sender,
            RunningTask(str(fields["task"]), actor=actor.uid, is_exclusive=True),
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
        task, number = _text(message, "task"), message.fields["number"]
        assert isinstance(number, int)
        start = self._profile.now()
        try:
            actor = self._residents.find(ACTOR, _text(message, "actor"))
            assert isinstance(actor, ResidentActor)
            await actor.turns.turn(task, caller=_lane(sender, message), number=number)
        except asyncio.CancelledError:
            self._arguments.discard(message)
            return Message(CANCELLED)
        except Exception:
            self._arguments.discard(message)
            raise
        name = f"{actor.type_name}.{_text(message, 'method')}"
        self._profile.add_wait(name, start, row=f"{actor.uid} queue")
        try:
            return await self._runs.run(sender, actor, message, name)
        finally:
            actor.turns.finish(task)
            self._on_ended(actor)

    async def _cancel(self, sender: str, message: Message) -> Message:  # noqa: ARG002
        actor = self._residents.get(ACTOR, _text(message, "actor"))
        task = _text(message, "task")
        if isinstance(actor, ResidentActor):
            never_ran = actor.turns.cancel(task, cancelled=Message(CANCELLED))
            if not never_ran and task in actor.running:
                actor.running[task].cancel()
        return OK

    def _lose_caller(self, uid: str, reason: LossReason | None = None) -> None:
        """Remove the calls of a lost process that have not started."""
        del reason
        for actor in resident_actors(self._residents):
            actor.turns.remove_callers(f"{uid}#", cancelled=Message(CANCELLED))


def _lane(sender: str, message: Message) -> str:
    """Return the name of a lane, in which the sender is certain."""
    return f"{sender}#{_text(message, 'lane')}"


def _text(message: Message, name: str) -> str:
    value = message.fields[name]
    assert isinstance(value, str)
    return value
