"""Hands each request that arrives to the service that is responsible for it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from application.runtime.packing import Packing
from domain.runtime.payloads import Message, Plain
from domain.runtime.task_errors import TaskError

Service = Callable[[str, Message], Awaitable[Message]]

DirectService = Callable[[str, Message], "asyncio.Future[Message] | None"]
"""Returns the future of the reply; None if the other service must serve the request."""

OK = Message("ok")
ERROR = "error"


class Reception:
    """The table of all kinds of requests that this process serves.

    Args:
        packing: Pickles errors.
    """

    def __init__(self, *, packing: Packing) -> None:
        self._packing = packing
        self._direct: dict[str, DirectService] = {}
        self._services: dict[str, tuple[Mapping[str, tuple[type, ...]], Service]] = {}

    def add(
        self,
        kind: str,
        fields: Mapping[str, tuple[type, ...]],
        service: Service,
        *,
        directly: DirectService | None = None,
    ) -> None:
        """Add a kind of request.

        Args:
            kind: Its name.
            fields: The types that each of its fields may have. No other field is accepted, and
                none may be missing, unless its types include that of None.
            service: Called with the sender's uid and the request.
            directly: Serves requests that need no coroutine.
        """
        self._services[kind] = (fields, service)
        if directly is not None:
            self._direct[kind] = directly

    def handle(self, sender: str, message: Message) -> Awaitable[Message]:
        """Serve a request. Errors are part of the reply.

        The fields are checked before anything is unpickled.
        """
        directly = self._direct.get(message.kind)
        if directly is not None:
            try:
                _check(message, self._services[message.kind][0])
                reply = directly(sender, message)
            except Exception as error:  # noqa: BLE001 - it is the caller's
                reply = asyncio.get_running_loop().create_future()
                reply.set_result(Message(ERROR, payload=self._packing.pack_error(error)))
            if reply is not None:
                return reply
        return self._handle(sender, message)

    async def _handle(self, sender: str, message: Message) -> Message:
        try:
            entry = self._services.get(message.kind)
            if entry is None:
                msg = f"Request '{message.kind}' from {sender} is not supported"
                raise TaskError(msg)
            _check(message, entry[0])
            return await entry[1](sender, message)
        except Exception as error:  # noqa: BLE001 - it is the caller's
            return Message(ERROR, payload=self._packing.pack_error(error))


def _check(message: Message, expected: Mapping[str, tuple[type, ...]]) -> None:
    for name, types in expected.items():
        value: Plain = message.fields.get(name)
        if not isinstance(value, types):
            msg = f"Request '{message.kind}' is malformed: its field '{name}' has a wrong type"
            raise TaskError(msg)
    if len(message.fields) > len(expected):
        unknown = sorted(set(message.fields) - set(expected))
        if unknown:
            msg = f"Request '{message.kind}' is malformed: its field '{unknown[0]}' is unknown"
            raise TaskError(msg)
