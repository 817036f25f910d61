"""The objects in the process of a runtime, under the names of Mosaic."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping

from application.runtime.housekeeping import Housekeeping
from application.runtime.log import RuntimeLog
from application.runtime.residents import Residents


class Residence:
    """Enters and counts objects, and calls their remote methods.

    A type lists the methods that peers may call in its attribute `remote_methods`.

    Args:
        residents: The table of objects.
        housekeeping: Releases objects.
        log: Gets the uids that are unknown.
    """

    def __init__(
        self, *, residents: Residents, housekeeping: Housekeeping, log: RuntimeLog
    ) -> None:
        self._residents = residents
        self._housekeeping = housekeeping
        self._log = log

    def register(self, obj: object) -> object:
        """Enter an object under its `type` and `uid`; return the first entered there."""
        kind, uid = _names(obj)
        return self._residents.enter(kind, uid, obj)

    def needs_registering(self, obj_type: str, obj_uid: str) -> tuple[bool, object]:
        """Return `(True, None)`, or `(False, object)` if there is one."""
        found = self._residents.get(obj_type, obj_uid)
        return found is None, found

    def deregister(self, obj: object) -> None:
        """Release an object at the next maintenance at which nothing holds it. None: ignored."""
        if obj is None:
            return
        _, uid = _names(obj)

        async def release() -> None:
            if self._residents.total(uid):
                self._housekeeping.maintenance_queue(release)
            else:
                self._residents.remove(uid)

        self._housekeeping.maintenance_queue(release)

    def inc_ref(self, sender_id: str, uid: str, type: str) -> None:  # noqa: A002
        """Count that the sender holds an object once more."""
        if self._residents.get(type, uid) is None or not self._residents.increase(sender_id, uid):
            self._log.debug(f"{sender_id} holds {type} {uid}, which is unknown")

    def dec_ref(self, sender_id: str, uid: str, type: str) -> None:  # noqa: A002
        """Count that the sender holds an object once less; the last one releases it."""
        if self._residents.get(type, uid) is None:
            self._log.debug(f"{sender_id} gives up {type} {uid}, which is unknown")
            return
        self._residents.decrease(sender_id, uid)

    def dec_refs(
        self, sender_id: str, msgs: Mapping[str, str] | Iterable[Mapping[str, str]]
    ) -> None:
        """Count as `dec_ref` for one `{uid, type}`, or a list of them."""
        messages = [msgs] if isinstance(msgs, Mapping) else list(msgs)
        for message in messages:
            self.dec_ref(sender_id, uid=message["uid"], type=message["type"])

    async def cmd(self, sender_id: str, cmd: object) -> object:
        """Call a remote method of a resident object.

        Args:
            sender_id: Uid of the caller.
            cmd: Has the attributes `type`, `uid`, `method`, `args` and `kwargs`.

        Raises:
            KeyError: There is no such object.
            AttributeError: Its type does not list the method as remote.
        """
        del sender_id
        found = self._residents.find(_text(cmd, "type"), _text(cmd, "uid"))
        method = _text(cmd, "method")
        if method not in getattr(type(found), "remote_methods", ()):
            msg = f"{type(found).__name__} does not list '{method}' in its remote_methods"
            raise AttributeError(msg)
        args = getattr(cmd, "args", ()) or ()
        keywords = getattr(cmd, "kwargs", {}) or {}
        result = getattr(found, method)(*args, **keywords)
        return await result if asyncio.iscoroutine(result) else result


def _names(obj: object) -> tuple[str, str]:
    return _text(obj, "type"), _text(obj, "uid")


def _text(obj: object, name: str) -> str:
    value = getattr(obj, name)
    if not isinstance(value, str):
        msg = f"'{name}' of {obj!r} is not a string"
        raise TypeError(msg)
    return value
