"""Runs methods of actors on the event loop, or from there on a thread."""

from __future__ import annotations

import asyncio

from application.runtime.argument_packing import ArgumentPacking
from application.runtime.attempt_reports import AttemptReports
from application.runtime.delivery import CANCELLED, Delivery
from application.runtime.execution import Execution
from application.runtime.holdings import Holdings
from application.runtime.memory_gate import MemoryGate
from application.runtime.resident_actor import ResidentActor
from application.runtime.retried_run import retried_run
from application.runtime.running_task import RunningTask
from application.runtime.start_notices import StartNotices
from domain.runtime.payloads import Message
from domain.runtime.retries import Attempts


class MethodRuns:
    """Runs the calls of actors that are not direct calls.

    Args:
        arguments: Unpacks arguments.
        execution: Runs methods.
        delivery: Makes replies.
        holdings: Counts the proxies in arguments.
        reports: Reports failed attempts to callers.
        gate: Lets calls with large arguments in.
        notices: Reports calls that run.
    """

    def __init__(
        self,
        *,
        arguments: ArgumentPacking,
        execution: Execution,
        delivery: Delivery,
        holdings: Holdings,
        reports: AttemptReports,
        gate: MemoryGate,
        notices: StartNotices,
    ) -> None:
        self._arguments = arguments
        self._execution = execution
        self._delivery = delivery
        self._holdings = holdings
        self._reports = reports
        self._gate = gate
        self._notices = notices

    async def run(self, sender: str, actor: ResidentActor, message: Message, name: str) -> Message:
        """Run a call, whose turn it is, and return the reply.

        Args:
            sender: Uid of its caller.
            actor: The actor.
            message: The call.
            name: Its method, such as `Counter.add`.
        """
        task = str(message.fields["task"])
        try:
            async with self._gate.room(message, name=name):
                with self._notices.running(sender, task):
                    return await self._run(sender, actor, task, message, name)
        except Exception as error:  # noqa: BLE001 - it is the caller's
            return self._delivery.error_reply(error, uid=task)

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
            await actor.turns.turn_again(task, delay=delay)

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
        action, method = message.fields["action"], str(message.fields["method"])
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
