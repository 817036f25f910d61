"""The calls of the actors in this process: their turns, runs, and cancellation."""

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
from application.runtime.resident_actor import ResidentActor, resident_actors
from application.runtime.residents import ACTOR, Residents
from application.runtime.retried_run import retried_run
from application.runtime.running_task import RunningTask
from application.runtime.start_notices import StartNotices
from domain.runtime.actor_queue import Cancelled
from domain.runtime.hosts import LossReason
from domain.runtime.payloads import Message
from domain.runtime.retries import Attempts

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
        execution: Runs methods.
        delivery: Makes replies.
        reception: Receives the requests.
        holdings: Counts the proxies in arguments.
        reports: Reports failed attempts to callers.
        members: Reports the loss of callers.
        profile: Gets the waits of calls.
        gate: Lets calls with large arguments in.
        notices: Reports calls that run.
        ended: Called with the actor of each call that has ended.
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
        gate: MemoryGate,
        notices: StartNotices,
        ended: Callable[[ResidentActor], None],
    ) -> None:
        self._residents = residents
        self._arguments, self._execution = arguments, execution
        self._delivery = delivery
        self._holdings = holdings
        self._profile = profile
        self._reports = reports
        self._gate = gate
        self._notices = notices
        self._on_ended = ended
        members.notify(left=self._lose_caller)
        reception.add(CALL, CALL_FIELDS, self._call)
        reception.add(CANCEL, {"actor": (str,), "task": (str,)}, self._cancel)

    async def _call(self, sender: str, message: Message) -> Message:
        task, number = _text(message, "task"), message.fields["number"]
        assert isinstance(number, int)
        start = self._profile.now()
        try:
            actor = self._residents.find(ACTOR, _text(message, "actor"))
            assert isinstance(actor, ResidentActor)
            await actor.turn(task, caller=_lane(sender, message), number=number)
        except asyncio.CancelledError:
            self._arguments.discard(message)
            return Message(CANCELLED)
        except Exception:
            self._arguments.discard(message)
            raise
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
            self._on_ended(actor)

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

    def _lose_caller(self, uid: str, reason: LossReason | None = None) -> None:
        """Remove the calls of a lost process that have not started."""
        del reason
        for actor in resident_actors(self._residents):
            for lane in actor.queue.callers:
                if lane.startswith(f"{uid}#"):
                    tasks, starts = actor.queue.remove_caller(lane)
                    actor.cancel_turns(tasks, asyncio.CancelledError)
                    actor.start(starts)


def _lane(sender: str, message: Message) -> str:
    """Return the name of a lane, in which the sender is certain."""
    return f"{sender}#{_text(message, 'lane')}"


def _text(message: Message, name: str) -> str:
    value = message.fields[name]
    assert isinstance(value, str)
    return value
