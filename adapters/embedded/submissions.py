"""Functions that a process submits to hosts of the engine's choice."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter, deque
from collections.abc import Callable, Sequence
from inspect import iscoroutinefunction
from typing import Final, final

from typing_extensions import override

from adapters.embedded.exchange import Exchange
from adapters.embedded.functions import CANCEL, RUN, load_function
from application.interfaces.task_engine import Ticket
from domain.runtime.errors import HostLost, Unreachable
from domain.runtime.hosts import HEAD, CancelOutcome, SubmitOptions
from domain.runtime.payloads import Message, Plain

AHEAD: Final = 2
"""Number of functions that a host may have at once, so that it need not wait for the next one."""

END: Final = "engine:end"
"""To the head: end a host by force."""


@final
class Submission(Ticket):
    """A function that waits for a host, runs on one, or is done."""

    def __init__(
        self, number: int, function: str, arguments: Message, hosts: tuple[str, ...]
    ) -> None:
        self.number = number
        self.function = function
        self.arguments = arguments
        self.hosts = hosts
        self.host: str | None = None
        self.is_sent = False
        self.is_async = iscoroutinefunction(load_function(function))
        self.future: asyncio.Future[Message] = asyncio.get_running_loop().create_future()

    @override
    async def reply(self) -> Message:
        return await asyncio.shield(self.future)


class Submissions:
    """Chooses a host for each function: the one with the fewest of this process's functions.

    Functions that are not coroutine functions wait here until a host has (almost) time for them.

    Args:
        exchange: Connects this process with the others.
        workers: Returns the uids of the workers.
    """

    def __init__(self, exchange: Exchange, workers: Callable[[], Sequence[str]]) -> None:
        self._exchange = exchange
        self._workers = workers
        self._numbers = itertools.count(1)
        self._queue: deque[Submission] = deque()
        self._load: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()

    def submit(self, function: str, arguments: Message, options: SubmitOptions) -> Submission:
        """Submit a function; see `EngineLink.submit`.

        Raises:
            EngineError: The function does not exist.
        """
        submission = Submission(next(self._numbers), function, arguments, options.hosts)
        self._queue.append(submission)
        self.dispatch()
        return submission

    async def cancel(self, submission: Submission, *, force: bool) -> CancelOutcome:
        """Cancel a function; see `EngineLink.cancel`."""
        if submission.future.done():
            return CancelOutcome.WAS_DONE
        submission.future.cancel()
        host = submission.host
        if host is None:
            self._queue.remove(submission)
        if host is None or not submission.is_sent:
            return CancelOutcome.NEVER_RAN
        try:
            reply = await self._exchange.request(
                host, Message(CANCEL, {"number": submission.number})
            )
            outcome = CancelOutcome(str(reply.fields.get("outcome")))
            if force and outcome is CancelOutcome.GOES_ON:
                await self._exchange.request(HEAD, Message(END, {"uid": host}))
                outcome = CancelOutcome.INTERRUPTED
        except HostLost:
            return CancelOutcome.INTERRUPTED
        return outcome

    def dispatch(self) -> None:
        """Send queued functions to hosts that have time for them."""
        waiting, self._queue = self._queue, deque()
        for submission in waiting:
            alive = self._workers()
            allowed = [uid for uid in alive if not submission.hosts or uid in submission.hosts]
            if submission.hosts and not allowed:
                why = Unreachable(f"the hosts {', '.join(submission.hosts)} are gone")
                submission.future.set_exception(why)
                continue
            host = min(allowed, key=self._load.__getitem__, default=None)
            if host is None or (self._load[host] >= AHEAD and not submission.is_async):
                self._queue.append(submission)
            else:
                self._start(submission, host)

    def _start(self, submission: Submission, host: str) -> None:
        submission.host = host
        if not submission.is_async:
            self._load[host] += 1
        task = asyncio.get_running_loop().create_task(self._run(submission, host))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, submission: Submission, host: str) -> None:
        arguments = submission.arguments
        fields: dict[str, Plain] = {
            "number": submission.number,
            "function": submission.function,
            "kind": arguments.kind,
            "fields": arguments.fields,
        }
        request = Message(RUN, fields, arguments.payload, arguments.values)
        future = submission.future
        try:
            if future.done():
                return
            submission.is_sent = True
            reply = await self._exchange.request(host, request)
        except Exception as error:  # noqa: BLE001 - also if the arguments cannot be sent
            if not future.done():
                future.set_exception(error)
                future.exception()  # it may have no listener
        else:
            if not future.done():
                future.set_result(reply)
        finally:
            if not submission.is_async:
                self._load[host] -= 1
            self.dispatch()
