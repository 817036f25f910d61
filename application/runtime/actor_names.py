"""Actors that have a name, by which any process finds them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from application.runtime.actor_proxy import ActorProxy
from application.runtime.actor_table import ActorTable
from application.runtime.correspondence import Correspondence
from application.runtime.members import Members
from application.runtime.packing import Packing
from application.runtime.reception import ERROR, OK, Reception
from domain.runtime.handles import ActorHandle
from domain.runtime.hosts import HEAD, LossReason
from domain.runtime.payloads import Message, Plain
from domain.runtime.task_errors import RuntimeDisconnectedError, TaskError

ENTER_NAME = "enter-name"
FIND_NAME = "find-name"
LEAVE_NAME = "leave-name"


class ActorNames:
    """Keeps the names in the process of the monitor, and asks it from the others.

    Args:
        members: Reports losses, which free names.
        correspondence: Sends requests.
        packing: Loads errors.
        reception: Receives requests.
        table: Has the proxies of actors.
    """

    def __init__(
        self,
        *,
        members: Members,
        correspondence: Correspondence,
        packing: Packing,
        reception: Reception,
        table: ActorTable,
    ) -> None:
        self._correspondence = correspondence
        self._packing = packing
        self._table = table
        self._handles: dict[str, ActorHandle] = {}
        self._leaving: set[asyncio.Task[None]] = set()
        members.notify(left=self._left)
        fields = {
            "name": (str,),
            "uid": (str,),
            "type": (str,),
            "home": (str,),
            "creator": (str,),
            "restartable": (bool,),
        }
        reception.add(ENTER_NAME, fields, self._serve_enter)
        reception.add(FIND_NAME, {"name": (str,)}, self._serve_find)
        reception.add(LEAVE_NAME, {"uid": (str,)}, self._serve_leave)

    async def enter(self, name: str, handle: ActorHandle) -> None:
        """Enter an actor under a name, or its new home.

        Raises:
            TaskError: The name is in use.
        """
        fields = {"name": name, **_fields(handle)}
        await self._ask(Message(ENTER_NAME, fields))

    def free(self, uid: str) -> None:
        """Free the name of an actor of this process that has ended, soon."""
        leaving = asyncio.get_running_loop().create_task(self.leave(uid))
        self._leaving.add(leaving)
        leaving.add_done_callback(self._leaving.discard)

    async def leave(self, uid: str) -> None:
        """Free the name of an actor that has ended. Ignored if it has none."""
        try:
            await self._ask(Message(LEAVE_NAME, {"uid": uid}))
        except RuntimeDisconnectedError:
            return

    async def actor(self, name: str) -> ActorProxy:
        """Return the actor that was created with a name.

        Raises:
            KeyError: There is none, or not any longer.
        """
        reply = await self._ask(Message(FIND_NAME, {"name": name}))
        return self._table.restore(_handle(reply.fields))

    async def _ask(self, message: Message) -> Message:
        reply = await self._correspondence.request(HEAD, message)
        if reply.kind == ERROR:
            raise self._packing.unpack_error(reply.payload)
        return reply

    async def _serve_enter(self, sender: str, message: Message) -> Message:  # noqa: ARG002
        fields = message.fields
        name = str(fields["name"])
        former = self._handles.get(name)
        if former is not None and former.uid != fields["uid"]:
            msg = f"The name '{name}' is in use by {former.uid}"
            raise TaskError(msg)
        self._handles[name] = _handle(fields)
        return OK

    async def _serve_find(self, sender: str, message: Message) -> Message:  # noqa: ARG002
        name = str(message.fields["name"])
        handle = self._handles.get(name)
        if handle is None:
            msg = f"no actor has the name '{name}'"
            raise KeyError(msg)
        return Message("ok", _fields(handle))

    async def _serve_leave(self, sender: str, message: Message) -> Message:  # noqa: ARG002
        self._remove(lambda handle: handle.uid == message.fields["uid"])
        return OK

    def _left(self, uid: str, reason: LossReason | None) -> None:
        del reason
        self._remove(lambda handle: handle.home == uid and not handle.is_restartable)

    def _remove(self, is_gone: Callable[[ActorHandle], bool]) -> None:
        self._handles = {
            name: handle for name, handle in self._handles.items() if not is_gone(handle)
        }


def _fields(handle: ActorHandle) -> dict[str, Plain]:
    return {
        "uid": handle.uid,
        "type": handle.type_name,
        "home": handle.home,
        "creator": handle.creator,
        "restartable": handle.is_restartable,
    }


def _handle(fields: Mapping[str, Plain]) -> ActorHandle:
    return ActorHandle(
        str(fields["uid"]),
        str(fields["type"]),
        str(fields["home"]),
        str(fields["creator"]),
        bool(fields["restartable"]),
    )
