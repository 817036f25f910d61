"""Runs free functions in this process."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Mapping

from application.runtime.argument_packing import FIELDS as ARGUMENT_FIELDS
from application.runtime.argument_packing import ArgumentPacking
from application.runtime.attempt_reports import AttemptReports
from application.runtime.delivery import CANCELLED, Delivery
from application.runtime.execution import Execution
from application.runtime.holdings import Holdings
from application.runtime.memory_gate import MemoryGate
from application.runtime.reception import OK, Reception
from application.runtime.retried_run import retried_run
from application.runtime.running_task import RunningTask
from application.runtime.start_notices import StartNotices
from domain.runtime.payloads import Message
from domain.runtime.retries import Attempts

FUNCTION = "function"
CANCEL_FUNCTION = "cancel-function"

FIELDS: Mapping[str, tuple[type, ...]] = {
    "task": (str,),
    "name": (str,),
    "retries": (int,),
    "failed": (int,),
    **ARGUMENT_FIELDS,
}


class FunctionStage:
    """Runs functions: one at a time, and coroutine functions beside them.

    Args:
        arguments: Unpacks arguments.
        execution: Runs functions.
        delivery: Makes replies.
        reception: Receives the requests.
        holdings: Counts the proxies in arguments.
        gate: Lets functions with large arguments in.
        notices: Reports functions that run.
        reports: Reports failed attempts to callers.
    """

    def __init__(
        self,
        *,
        arguments: ArgumentPacking,
        execution: Execution,
        delivery: Delivery,
        reception: Reception,
        holdings: Holdings,
        gate: MemoryGate,
        notices: StartNotices,
        reports: AttemptReports,
    ) -> None:
        self._arguments = arguments
        self._execution = execution
        self._delivery = delivery
        self._holdings = holdings
        self._gate = gate
        self._notices = notices
        self._reports = reports
        self._slot = asyncio.Lock()
        self._waiting: dict[str, asyncio.Task[object] | None] = {}
        self._running: dict[str, asyncio.Task[object]] = {}
        reception.add(FUNCTION, FIELDS, self._serve)
        reception.add(CANCEL_FUNCTION, {"task": (str,)}, self._cancel)

    async def _serve(self, sender: str, message: Message) -> Message:
        task, name = message.fields["task"], message.fields["name"]
        assert isinstance(task, str)
        assert isinstance(name, str)
        try:
            async with self._gate.room(message, name=name):
                with self._notices.running(sender, task):
                    return await self._run(sender, task, name, message)
        except Exception as error:  # noqa: BLE001 - it is the caller's
            return self._delivery.error_reply(error, uid=task)

    async def _run(self, sender: str, task: str, name: str, message: Message) -> Message:
        content = await self._arguments.unpack(message)
        assert isinstance(content, tuple)
        function, args, keywords, retry_on = content
        retries, failed = message.fields["retries"], message.fields["failed"]
        assert isinstance(retries, int)
        assert isinstance(failed, int)
        attempts = Attempts(retries, failed)

        async def wait(delay: float) -> None:
            await self._reports.report(sender, task, attempts)
            await asyncio.sleep(delay)

        try:
            result = await retried_run(
                lambda: self._act(task, function, args, keywords),
                name=name,
                attempts=attempts,
                retry_on=retry_on,
                wait=wait,
            )
        except asyncio.CancelledError:
            return Message(CANCELLED)
        await self._holdings.reported()
        return await self._delivery.reply(result, uid=task, name=name)

    async def _act(
        self, task: str, function: object, args: list[object], keywords: dict[str, object]
    ) -> object:
        assert callable(function)
        running = RunningTask(task)

        def started(made: asyncio.Task[object]) -> None:
            self._running[task] = made

        try:
            if inspect.iscoroutinefunction(function):
                return await self._execution.run(
                    function, args, keywords, task=running, started=started
                )
            self._waiting[task] = asyncio.current_task()
            async with self._slot:
                del self._waiting[task]
                return await self._execution.run(
                    function, args, keywords, task=running, started=started
                )
        finally:
            self._waiting.pop(task, None)
            self._running.pop(task, None)

    async def _cancel(self, sender: str, message: Message) -> Message:  # noqa: ARG002
        task = message.fields["task"]
        assert isinstance(task, str)
        found = self._waiting.get(task) or self._running.get(task)
        if found is not None:
            found.cancel()
        return OK
