"""Sends a task to a worker, and returns how it ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import partial

from application.interfaces.task_engine import EngineLink
from application.runtime.arrivals import Arrivals
from application.runtime.cancellation import TaskCancelledError
from application.runtime.correspondence import Correspondence, Replied
from application.runtime.holdings import Holdings
from application.runtime.outcomes import Failed, Inline, Outcome, Stored
from application.runtime.packing import Packing
from application.runtime.reception import ERROR, OK, Reception
from application.runtime.task import Task
from application.runtime.task_runs import Run
from domain.runtime.payloads import EngineValue, Message, Payload
from domain.runtime.task_errors import RuntimeDisconnectedError
from domain.runtime.task_states import TaskState
from domain.runtime.uids import plain

INLINE = "inline"
STORED = "stored"
CANCELLED = "cancelled"
RECEIVED = "received"

MOST_INLINE_BYTES = 64 * 1024


class Delivery:
    """Sends messages with tasks, and makes outcomes of the replies; and the reverse.

    Args:
        correspondence: Sends requests.
        packing: Pickles.
        holdings: Counts the proxies in results.
        arrivals: Tracks the results that are fetched.
        link: Has the stored values.
        reception: Receives the acknowledgements of results with proxies in them.
        has_children: Whether a task has created tasks here that are not complete.
        hold: Releases a value when its task is garbage collected.
    """

    def __init__(
        self,
        *,
        correspondence: Correspondence,
        packing: Packing,
        holdings: Holdings,
        arrivals: Arrivals,
        link: EngineLink,
        reception: Reception,
        has_children: Callable[[str], bool],
        hold: Callable[[Task, EngineValue], None],
    ) -> None:
        self._correspondence = correspondence
        self._packing = packing
        self._holdings = holdings
        self._arrivals = arrivals
        self._link = link
        self._has_children = has_children
        self._hold = hold
        self._kept: dict[str, list[object]] = {}
        reception.add(RECEIVED, {"task": (str,)}, self._received)

    async def deliver(self, host: str, message: Message, task: Task) -> Outcome:
        """Send a task, and return its outcome.

        Args:
            host: Uid of the worker.
            message: The request.
            task: The task.

        Raises:
            RuntimeDisconnectedError: The worker is gone.
        """
        task.worker = host
        reply = await self._correspondence.request(host, message)
        return await self._outcome(host, reply, task)

    def send(
        self, host: str, message: Message, task: Task, replied: Replied
    ) -> asyncio.Future[Message]:
        """Send a task, without a coroutine that waits for the reply.

        Args:
            host: Uid of the worker.
            message: The request.
            task: The task.
            replied: Called with the reply, or a RuntimeDisconnectedError. Pass it to `end`.

        Returns:
            A future that drops the reply when it is cancelled.
        """
        task.worker = host
        return self._correspondence.send(host, message, replied)

    def end(self, run: Run, host: str, reply: Message | Exception) -> None:
        """End an attempt with the outcome in a reply."""
        if isinstance(reply, Exception):
            run.end(reply)
        elif reply.kind == INLINE and not reply.fields.get("kept"):
            run.task.has_children = bool(reply.fields.get("children"))
            run.end(Inline(reply.payload))
        else:
            run.go_on(partial(self._outcome, host, reply, run.task))

    async def _outcome(self, host: str, reply: Message, task: Task) -> Outcome:
        task.has_children = bool(reply.fields.get("children"))
        if reply.kind == ERROR:
            error = self._packing.unpack_error(reply.payload)
            _add_note(error, f"on {plain(host)}, task {task.name}")
            return Failed(error)
        if reply.kind == CANCELLED:
            error = TaskCancelledError(
                f"{task.name} was cancelled", uid=task.uid, task=task.name, worker=host
            )
            return Failed(error, TaskState.CANCELLED)
        if task.error is not None and (reply.values or reply.fields.get("kept")):
            # It was cancelled, or timed out: nothing will use the result.
            return await self._refuse(host, reply, task)
        outcome: Inline | Stored = Inline(reply.payload)
        if reply.kind == STORED:
            outcome = Stored(reply.values[0])
            self._hold(task, reply.values[0])
        if reply.fields.get("kept"):
            await self._acknowledge(host, outcome, reply, task)
        return outcome

    async def reply(self, result: object, *, uid: str, name: str) -> Message:
        """Return the reply with the result of a task.

        Raises:
            SerialisationError: It cannot be pickled.
        """
        parcel = self._packing.pack(result, name=f"result of {name}")
        fields = {"kept": bool(parcel.kept), "children": self._has_children(uid)}
        if parcel.kept:
            self._kept[uid] = parcel.kept
        if parcel.payload.size <= MOST_INLINE_BYTES:
            return Message(INLINE, fields, parcel.payload, tuple(parcel.values))
        value = await self._link.put(parcel.payload)
        # Soon, because the reply is sent, and retains the value, before this coroutine suspends.
        asyncio.get_running_loop().call_soon(self._link.release, value)
        return Message(STORED, fields, Payload(), (value, *parcel.values))

    def inline_reply(self, payload: Payload, *, uid: str) -> Message:
        """Return the reply with the small result of a task, which is pickled already."""
        return Message(INLINE, {"kept": False, "children": self._has_children(uid)}, payload)

    def hold_until_sent(self, reply: Message, sent: asyncio.Future[Message]) -> None:
        """Retain the value in a reply until the callbacks of a future have run."""
        if reply.kind == STORED:
            value = reply.values[0]
            self._link.retain(value)
            sent.add_done_callback(lambda _: self._link.release(value))

    def error_reply(self, error: BaseException, *, uid: str) -> Message:
        """Return the reply with the error of a task."""
        fields = {"children": self._has_children(uid)}
        return Message(ERROR, fields, self._packing.pack_error(error))

    async def _acknowledge(
        self, host: str, outcome: Inline | Stored, reply: Message, task: Task
    ) -> None:
        """Register the proxies in a result, before the worker gives up its own."""
        if isinstance(outcome, Inline):
            task.keep(self._packing.unpack(outcome.payload))
        else:
            with self._arrivals.fetching():
                task.keep(self._packing.unpack(await self._link.get(outcome.value)))
        task.inner_values = reply.values[1 if reply.kind == STORED else 0 :]
        for value in task.inner_values:
            self._link.release(value)
        await self._holdings.reported()
        await self._send_received(host, task)

    async def _refuse(self, host: str, reply: Message, task: Task) -> Outcome:
        """Release what the reply to an ended task carries, and return how the task ended."""
        for value in reply.values:
            self._link.release(value)
        if reply.fields.get("kept"):
            await self._send_received(host, task)
        assert task.outcome is not None
        return task.outcome

    async def _send_received(self, host: str, task: Task) -> None:
        try:
            await self._correspondence.request(host, Message(RECEIVED, {"task": task.uid}))
        except RuntimeDisconnectedError:
            return

    async def _received(self, sender: str, message: Message) -> Message:  # noqa: ARG002
        uid = message.fields["task"]
        assert isinstance(uid, str)
        self._kept.pop(uid, None)
        return OK


def _add_note(error: BaseException, note: str) -> None:
    """Add a note that tracebacks show, also before Python 3.11."""
    notes: Mapping[str, object] = vars(error)
    former = notes.get("__notes__", ())
    error.__dict__["__notes__"] = [*former, note] if isinstance(former, (list, tuple)) else [note]
