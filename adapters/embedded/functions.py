"""Runs the functions that other processes submit to a host."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from inspect import iscoroutinefunction
from typing import Final, cast

from adapters.embedded.exchange import Exchange
from domain.runtime.errors import EngineError
from domain.runtime.hosts import CancelOutcome
from domain.runtime.payloads import Message

RUN: Final = "engine:run"
"""To a host: run a function."""

CANCEL: Final = "engine:cancel"
"""To a host: cancel a function."""

OUTCOME: Final = "engine:outcome"


class SubmittedFunctions:
    """Runs functions: coroutine functions side by side, the others one by one on a thread.

    Args:
        exchange: Connects this process with the others.
    """

    def __init__(self, exchange: Exchange) -> None:
        self._executor: ThreadPoolExecutor | None = None
        self._coroutines: dict[tuple[str, int], asyncio.Task[Message]] = {}
        self._calls: dict[tuple[str, int], Future[Message]] = {}
        exchange.handlers.on_request(RUN, self._run)
        exchange.handlers.on_request(CANCEL, self._cancel)

    async def _run(self, sender: str, request: Message) -> Message:
        match request.fields:
            case {
                "number": int(number),
                "function": str(name),
                "kind": str(kind),
                "fields": dict(fields),
            }:
                arguments = Message(kind, fields, request.payload, request.values)
            case _:
                msg = "the request is invalid"
                raise EngineError(msg)
        function = load_function(name)
        key = (sender, number)
        if iscoroutinefunction(function):
            return await self._run_coroutine(key, function(arguments))
        return await self._run_on_thread(key, function, arguments)

    async def _run_coroutine(self, key: tuple[str, int], coroutine: object) -> Message:
        task: asyncio.Task[Message] = asyncio.ensure_future(coroutine)  # type: ignore[call-overload]
        self._coroutines[key] = task
        try:
            return await task
        except asyncio.CancelledError:
            if not task.cancelled():
                raise
            msg = "the function was cancelled"
            raise EngineError(msg) from None
        finally:
            del self._coroutines[key]

    async def _run_on_thread(
        self, key: tuple[str, int], function: Callable[[Message], Message], arguments: Message
    ) -> Message:
        if self._executor is None:
            self._executor = ThreadPoolExecutor(1, thread_name_prefix="conjoin-function")
        call = self._executor.submit(function, arguments)
        self._calls[key] = call
        try:
            return await asyncio.wrap_future(call)
        except asyncio.CancelledError:
            if not call.cancelled():
                raise
            msg = "the function was cancelled"
            raise EngineError(msg) from None
        finally:
            del self._calls[key]

    async def _cancel(self, sender: str, request: Message) -> Message:
        number = request.fields.get("number")
        assert isinstance(number, int)
        outcome = await self._outcome((sender, number))
        return Message(OUTCOME, {"outcome": outcome.value})

    async def _outcome(self, key: tuple[str, int]) -> CancelOutcome:
        call = self._calls.get(key)
        if call is not None:
            if call.done():
                return CancelOutcome.WAS_DONE
            return CancelOutcome.NEVER_RAN if call.cancel() else CancelOutcome.GOES_ON
        task = self._coroutines.get(key)
        if task is None:
            return CancelOutcome.WAS_DONE
        task.cancel()
        await asyncio.wait([task])
        return CancelOutcome.INTERRUPTED if task.cancelled() else CancelOutcome.WAS_DONE


@lru_cache(maxsize=256)
def load_function(name: str) -> Callable[[Message], Message]:
    """Return the function that `module:attribute` names.

    Raises:
        EngineError: If there is none.
    """
    module, _, attribute = name.partition(":")
    try:
        function = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise EngineError(f"there is no function '{name}': {error}") from error
    if not callable(function):
        raise EngineError(f"'{name}' is not a function")
    return cast("Callable[[Message], Message]", function)
