"""Stored values: put, get, drop."""

from __future__ import annotations

import asyncio
import weakref
from dataclasses import dataclass, field

from application.interfaces.task_engine import EngineLink
from application.runtime.correspondence import Correspondence
from application.runtime.loop_calls import LoopCalls
from application.runtime.members import Members
from application.runtime.outcomes import Failed, Outcome, Stored
from application.runtime.packing import Packing
from application.runtime.parameter import Parameter, stored
from application.runtime.reception import OK, Reception
from application.runtime.reference import Reference
from application.runtime.task import Task
from application.runtime.tasks import Tasks
from domain.runtime.errors import EngineError, ValueLost
from domain.runtime.handles import ValueHandle
from domain.runtime.hosts import HEAD
from domain.runtime.payloads import EngineValue, Message, Payload
from domain.runtime.stored_uids import value_of, value_uid
from domain.runtime.task_errors import RuntimeDisconnectedError, TaskError

DROP = "drop"


@dataclass(eq=False, slots=True)
class _Holders:
    """The tasks that hold a value, and how often they hold it."""

    tasks: weakref.WeakSet[Task] = field(default_factory=weakref.WeakSet)
    count: int = 0


class Warehouse:
    """Stores values with the engine, for all processes of the run.

    Args:
        link: The engine.
        packing: Pickles.
        tasks: Makes tasks of stored values, because other tasks can depend on them.
        members: The processes in which a value is dropped.
        correspondence: Sends them the order.
        reception: Receives such orders.
        calls: Makes calls on the thread of the event loop.
    """

    def __init__(
        self,
        *,
        link: EngineLink,
        packing: Packing,
        tasks: Tasks,
        members: Members,
        correspondence: Correspondence,
        reception: Reception,
        calls: LoopCalls,
    ) -> None:
        self._link = link
        self._packing = packing
        self._tasks = tasks
        self._members = members
        self._correspondence = correspondence
        self._calls = calls
        self._held: dict[str, _Holders] = {}
        self._inner: dict[str, list[object]] = {}
        packing.add(Reference, self._describe, ValueHandle, self._restore)
        reception.add(DROP, {"uid": (str,)}, self._serve_drop)

    async def put(self, obj: object, publish: bool = False, reply: bool = False) -> Reference:
        """Store an object, and return a reference to it.

        The object is pickled before this returns; later changes are not stored.

        Args:
            obj: The object. A parameter is pushed, and the state of its root is stored.
            publish: Store it on every node; implies `reply`. One machine has one store.
            reply: Raise an error of the store here, instead of where the reference is used.

        Raises:
            SerialisationError: It cannot be pickled.
        """
        if isinstance(obj, Reference):
            return obj
        if isinstance(obj, Parameter):
            return await stored(obj)
        parcel = self._packing.pack(obj, name=type(obj).__name__)
        try:
            value = await self._link.put(parcel.payload)
        except EngineError as error:
            if publish or reply:
                raise
            return self._reference(f"value:{id(error)}:failed", Failed(error))
        if parcel.kept:
            self._inner[value.key] = parcel.kept
        return self._reference(value_uid(value), Stored(value))

    async def get(self, uid: object, cache: bool = True) -> object:
        """Return a stored value.

        Args:
            uid: A reference, its uid, or a task.
            cache: False returns a private copy, in which large arrays are writable.

        Raises:
            KeyError: It does not exist, or not any longer.
        """
        if isinstance(uid, Task):
            return await uid.result()
        if isinstance(uid, Reference):
            await uid.task
            value = uid.engine_value
        else:
            value = value_of(str(uid))
        return self._packing.unpack(await self._payload(value, is_private=not cache))

    async def load(self, value: EngineValue) -> object:
        """Return a stored value by what identifies it in the engine.

        Raises:
            KeyError: It does not exist any longer.
        """
        return self._packing.unpack(await self._payload(value))

    async def drop(self, uid: object) -> None:
        """Delete a value everywhere. Ignored if it does not exist."""
        if isinstance(uid, Reference):
            await uid.task.settled()
        name = uid.uid if isinstance(uid, Reference) else str(uid)
        self._drop(name)
        hosts = {HEAD, *self._members.workers()} - {self._members.own}
        await asyncio.gather(*(self._order_drop(host, name) for host in sorted(hosts)))

    def hold(self, task: Task, value: EngineValue) -> None:
        """Release a value, which this process has retained, when its task is garbage collected."""
        holders = self._held.setdefault(value.key, _Holders())
        holders.tasks.add(task)
        holders.count += 1
        self._calls.when_gone(task, lambda: self._release(value, holders))

    async def _payload(self, value: EngineValue, *, is_private: bool = False) -> Payload:
        try:
            payload = await self._link.get(value)
        except ValueLost as error:
            msg = f"value {value_uid(value)} does not exist: {error.why}"
            raise KeyError(msg) from error
        if is_private:
            buffers = tuple(bytearray(buffer) for buffer in payload.buffers)
            return Payload(payload.data, buffers)
        return payload

    def _release(self, value: EngineValue, holders: _Holders) -> None:
        if self._held.get(value.key) is not holders:
            return  # It was dropped.
        self._link.release(value)
        holders.count -= 1
        if not holders.count:
            del self._held[value.key]
            self._inner.pop(value.key, None)

    def _drop(self, uid: str) -> None:
        try:
            value = value_of(uid)
        except KeyError:
            return
        holders = self._held.pop(value.key, None)
        self._inner.pop(value.key, None)
        if holders is None:
            return
        for _ in range(holders.count):
            self._link.release(value)
        for task in list(holders.tasks):
            task.replace_outcome(Failed(_dropped(uid)))

    async def _order_drop(self, host: str, uid: str) -> None:
        try:
            await self._correspondence.request(host, Message(DROP, {"uid": uid}))
        except RuntimeDisconnectedError:
            return

    async def _serve_drop(self, sender: str, message: Message) -> Message:  # noqa: ARG002
        self._drop(str(message.fields["uid"]))
        return OK

    def _reference(self, uid: str, outcome: Outcome, owner: str = "") -> Reference:
        task = self._tasks.settled(uid, "a stored value", outcome)
        if isinstance(outcome, Stored):
            self.hold(task, outcome.value)
        return Reference(uid, task, owner=owner or self._members.own, store=self)

    def _describe(self, reference: Reference) -> object:
        if not reference.task.is_settled:
            msg = f"{reference.uid} is not stored yet: await it before it is passed on"
            raise TaskError(msg)
        is_lost = reference.task.error is not None
        value = None if is_lost else reference.engine_value
        return ValueHandle(reference.uid, value, reference.owner)

    def _restore(self, handle: ValueHandle) -> Reference:
        if handle.value is None:
            gone = Failed(_dropped(handle.uid))
            return self._reference(handle.uid, gone, handle.owner)
        self._link.retain(handle.value)
        return self._reference(handle.uid, Stored(handle.value), handle.owner)


def _dropped(uid: str) -> KeyError:
    return KeyError(f"value {uid} does not exist: it was dropped")
