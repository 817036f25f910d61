"""Sends a task to a worker, and returns how it ended."""

from __future__ import annotations

from collections.abc import Mapping

from application.interfaces.task_engine import EngineLink
from application.runtime.cancellation import TaskCancelledError
from application.runtime.correspondence import Correspondence
from application.runtime.holdings import Holdings
from application.runtime.outcomes import Failed, Inline, Outcome, Stored
from application.runtime.packing import Packing
from application.runtime.reception import ERROR, OK, Reception
from domain.runtime.payloads import Message, Payload
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
        link: Has the stored values.
        reception: Receives the acknowledgements of results with proxies in them.
    """

    def __init__(
        self,
        *,
        correspondence: Correspondence,
        packing: Packing,
        holdings: Holdings,
        link: EngineLink,
        reception: Reception,
    ) -> None:
        self._correspondence = correspondence
        self._packing = packing
        self._holdings = holdings
        self._link = link
        self._kept: dict[str, list[object]] = {}
        reception.add(RECEIVED, {"task": (str,)}, self._received)

    async def deliver(self, host: str, message: Message, *, name: str, uid: str) -> Outcome:
        """Send a task, and return its outcome.

        Args:
            host: Uid of the worker.
            message: The request.
            name: What the task runs, for errors.
            uid: Uid of the task.

        Raises:
            RuntimeDisconnectedError: The worker is gone.
        """
        reply = await self._correspondence.request(host, message)
        if reply.kind == ERROR:
            error = self._packing.unpack_error(reply.payload)
            _add_note(error, f"on {plain(host)}, task {name}")
            return Failed(error)
        if reply.kind == CANCELLED:
            error = TaskCancelledError(f"{name} was cancelled", uid=uid, task=name, worker=host)
            return Failed(error, TaskState.CANCELLED)
        outcome = Stored(reply.values[0]) if reply.kind == STORED else Inline(reply.payload)
        if reply.fields.get("kept"):
            await self._acknowledge(host, outcome, reply, uid)
        return outcome

    async def reply(self, result: object, *, uid: str, name: str) -> Message:
        """Return the reply with the result of a task.

        Raises:
            SerialisationError: It cannot be pickled.
        """
        parcel = self._packing.pack(result, name=f"result of {name}")
        fields = {"kept": bool(parcel.kept)}
        if parcel.kept:
            self._kept[uid] = parcel.kept
        if parcel.payload.size <= MOST_INLINE_BYTES:
            return Message(INLINE, fields, parcel.payload, tuple(parcel.values))
        value = await self._link.put(parcel.payload)
        return Message(STORED, fields, Payload(), (value, *parcel.values))

    def forget(self, reply: Message) -> None:
        """Release the value of a reply that has been sent."""
        if reply.kind == STORED:
            self._link.release(reply.values[0])

    async def _acknowledge(
        self, host: str, outcome: Inline | Stored, reply: Message, uid: str
    ) -> None:
        """Register the proxies in a result, before the worker gives up its own."""
        payload = (
            outcome.payload if isinstance(outcome, Inline) else await self._link.get(outcome.value)
        )
        held = self._packing.unpack(payload)
        # The objects live until the result is loaded again, which registers new proxies.
        self._kept[f"result of {uid}"] = [held]
        for value in reply.values[1 if reply.kind == STORED else 0 :]:
            self._link.release(value)
        await self._holdings.reported()
        try:
            await self._correspondence.request(host, Message(RECEIVED, {"task": uid}))
        except RuntimeDisconnectedError:
            return

    def release_result(self, uid: str) -> None:
        """Give up the proxies in the result of a task that is not needed any longer."""
        self._kept.pop(f"result of {uid}", None)

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
