"""Runs calls of functions that are not async, one after the other, without the event loop."""

from __future__ import annotations

import asyncio
from functools import partial

from application.interfaces.task_threads import TaskThreads
from application.runtime.delivery import CANCELLED, MOST_INLINE_BYTES, Delivery
from application.runtime.execution import Execution
from application.runtime.memory_gate import MemoryGate
from application.runtime.packing import Packing
from application.runtime.profile_buffer import ProfileBuffer
from application.runtime.retried_run import retried_run
from application.runtime.running_task import enter_task
from application.runtime.start_notices import StartNotices
from application.runtime.turns import DirectCall, Turns
from domain.runtime.arguments import is_plain
from domain.runtime.payloads import Message
from domain.runtime.retries import Attempts


class _Series:
    """Direct calls that follow each other on a thread.

    Attributes:
        turns: Their queue.
        call: The call that runs, or is about to.
    """

    __slots__ = ("call", "turns")

    def __init__(self, turns: Turns, call: DirectCall) -> None:
        self.turns = turns
        self.call = call


class DirectCalls:
    """Runs direct calls: each on the thread of the one before, if that has a plain result.

    Any other result is pickled on the loop's thread, because proxies are counted there, and
    before the next call runs, which might change it.

    Args:
        threads: The threads.
        packing: Pickles plain results.
        delivery: Makes the replies.
        execution: Runs the coroutines that calls have returned.
        profile: Gets the calls.
        notices: Reports calls that run.
        gate: Counts them.
    """

    def __init__(
        self,
        *,
        threads: TaskThreads,
        packing: Packing,
        delivery: Delivery,
        execution: Execution,
        profile: ProfileBuffer,
        notices: StartNotices,
        gate: MemoryGate,
    ) -> None:
        self._threads = threads
        self._packing = packing
        self._delivery = delivery
        self._execution = execution
        self._profile = profile
        self._notices = notices
        self._gate = gate
        self._finishing: set[asyncio.Task[None]] = set()

    def begin(self, turns: Turns, call: DirectCall) -> None:
        """Run a direct call, and those that follow it."""
        self._gate.enter()
        self._notices.watch()
        series = _Series(turns, call)
        self._threads.run_series(
            partial(self._run_next, series), partial(self._ended, series.turns)
        )

    def _run_next(self, series: _Series) -> tuple[DirectCall, bool]:
        """Run a call. On a thread."""
        call = series.call
        call.started = self._profile.now()
        self._notices.begin(call.sender, call.task)
        self._run(call)
        self._notices.end(call.task)
        call.seconds = self._profile.now() - call.started
        following = None if call.packed is None else series.turns.pass_on(call)
        if following is None:
            return call, False
        series.call = following
        return call, True

    def _run(self, call: DirectCall) -> None:
        enter_task(call.running)
        try:
            function, args, keywords = call.unpack()
            result = function(*args, **keywords)
            payload = self._packing.pack_plain(result) if is_plain(result) else None
            if payload is None or payload.size > MOST_INLINE_BYTES:
                call.outcome = result
            else:
                call.packed = payload
        except BaseException as error:  # noqa: BLE001 - it is the caller's
            call.outcome, call.has_failed = error, True

    def _ended(self, turns: Turns, call: DirectCall, goes_on: bool) -> None:
        self._profile.add_call(call.name, call.arrived, call.started, call.seconds, row=call.row)
        if not goes_on:
            self._gate.leave()
            self._notices.unwatch()
        if call.packed is None:
            finishing = asyncio.get_running_loop().create_task(self._finish(turns, call))
            self._finishing.add(finishing)
            finishing.add_done_callback(self._finishing.discard)
            return
        if not call.reply.done():
            call.reply.set_result(self._delivery.inline_reply(call.packed, uid=call.task))
        turns.settle(call)

    async def _finish(self, turns: Turns, call: DirectCall) -> None:
        """Reply with an error, or a result that may have proxies in it."""
        try:
            reply = await self._reply(call)
        except asyncio.CancelledError:
            reply = Message(CANCELLED)
        except Exception as error:  # noqa: BLE001 - it is the caller's
            reply = self._delivery.error_reply(error, uid=call.task)
        finally:
            call.outcome = None
            turns.settle(call)
        if not call.reply.done():
            self._delivery.hold_until_sent(reply, call.reply)
            call.reply.set_result(reply)

    async def _reply(self, call: DirectCall) -> Message:
        result = await retried_run(
            partial(self._result, call),
            name=call.name,
            attempts=Attempts(),
            retry_on=None,
            wait=asyncio.sleep,
        )
        return await self._delivery.reply(result, uid=call.task, name=call.name)

    async def _result(self, call: DirectCall) -> object:
        outcome, call.outcome = call.outcome, None
        if call.has_failed:
            raise outcome
        return await self._execution.go_on(outcome, call.running)
