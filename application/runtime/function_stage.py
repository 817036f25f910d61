"""Runs free functions in this process."""

from __future__ import annotations

import asyncio
import inspect
import itertools
from collections.abc import Mapping
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

from application.interfaces.prompt_reply import PromptReply
from application.runtime.argument_packing import FIELDS as ARGUMENT_FIELDS
from application.runtime.argument_packing import ArgumentPacking
from application.runtime.attempt_reports import AttemptReports
from application.runtime.delivery import CANCELLED, Delivery
from application.runtime.direct_calls import DirectCalls
from application.runtime.execution import FUNCTIONS, Execution
from application.runtime.function_codes import FunctionCodes
from application.runtime.holdings import Holdings
from application.runtime.memory_gate import MemoryGate
from application.runtime.profile_buffer import ProfileBuffer
from application.runtime.reception import OK, Reception
from application.runtime.retried_run import retried_run
from application.runtime.running_task import RunningTask
from application.runtime.start_notices import StartNotices
from application.runtime.turns import Called, DirectCall, Turns
from domain.runtime.actor_queue import ActorQueue
from domain.runtime.payloads import Message
from domain.runtime.retries import Attempts

FUNCTION = "function"
CANCEL_FUNCTION = "cancel-function"

ALL = "functions"
"""The one caller of the queue: functions run in the order in which they arrive."""

FIELDS: Mapping[str, tuple[type, ...]] = {
    "task": (str,),
    "name": (str,),
    "retries": (int,),
    "failed": (int,),
    "is_async": (bool,),
    "code": (bytes,),
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
        codes: Keeps functions.
        direct_calls: Runs functions that need no coroutine.
        profile: Times them.
        lock: A lock.
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
        codes: FunctionCodes,
        direct_calls: DirectCalls,
        profile: ProfileBuffer,
        lock: AbstractContextManager[object],
    ) -> None:
        self._arguments = arguments
        self._execution = execution
        self._delivery = delivery
        self._holdings = holdings
        self._gate = gate
        self._notices = notices
        self._reports = reports
        self._codes = codes
        self._profile = profile
        self._turns = Turns(ActorQueue(), lock=lock, begin=direct_calls.begin, ended=_do_nothing)
        self._numbers = itertools.count()
        self._running: dict[str, asyncio.Task[object]] = {}
        reception.add(FUNCTION, FIELDS, self._serve, directly=self._serve_directly)
        reception.add(CANCEL_FUNCTION, {"task": (str,)}, self._cancel)

    def _serve_directly(self, sender: str, message: Message) -> asyncio.Future[Message] | None:
        fields = message.fields
        if fields["is_async"] or fields["retries"] or not self._arguments.are_simple(message):
            return None
        call = DirectCall(
            sender,
            RunningTask(str(fields["task"])),
            str(fields["name"]),
            FUNCTIONS,
            partial(self._unpack, message),
            PromptReply(loop=asyncio.get_running_loop()),
            self._profile.now(),
        )
        self._turns.add(call, caller=ALL, number=next(self._numbers))
        return call.reply

    def _unpack(self, message: Message) -> Called:
        function, args, keywords, _ = self._split(message, self._arguments.unpack_simple(message))
        return function, args, keywords

    def _split(self, message: Message, content: object) -> tuple[Any, Any, Any, Any]:
        """Return the function, its arguments, and the errors after which it runs again."""
        assert isinstance(content, tuple)
        code = message.fields["code"]
        assert isinstance(code, bytes)
        function, args, keywords, retry_on = (
            (self._codes.function_of(code), *content) if code else content
        )
        return function, args, keywords, retry_on

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
        function, args, keywords, retry_on = self._split(message, content)
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
            await self._turns.turn(task, caller=ALL, number=next(self._numbers))
            try:
                return await self._execution.run(
                    function, args, keywords, task=running, started=started
                )
            finally:
                self._turns.finish(task)
        finally:
            self._running.pop(task, None)

    async def _cancel(self, sender: str, message: Message) -> Message:  # noqa: ARG002
        task = message.fields["task"]
        assert isinstance(task, str)
        never_ran = self._turns.cancel(task, cancelled=Message(CANCELLED))
        if not never_ran and task in self._running:
            self._running[task].cancel()
        return OK


def _do_nothing() -> None:
    """Do nothing."""
