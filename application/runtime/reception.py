"""Hands each request that arrives to the service that is responsible for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from application.runtime.packing import Packing
from domain.runtime.payloads import Message, Plain
from domain.runtime.task_errors import TaskError

Service = Callable[[str, Message], Awaitable[Message]]

OK = Message("ok")
ERROR = "error"


class Reception:
    """The table of all kinds of requests that this process serves.

    Args:
        packing: Pickles errors.
    """

    def __init__(self, *, packing: Packing) -> None:
        self._packing = packing
        self._services: dict[str, tuple[Mapping[str, tuple[type, ...]], Service]] = {}

    def add(self, kind: str, fields: Mapping[str, tuple[type, ...]], service: Service) -> None:
        """Add a kind of request.

        Args:
            kind: Its name.
            fields: The types that each of its fields may have. No other field is accepted, and
                none may be missing, unless its types include that of None.
            service: Called with the sender's uid and the request.
        """
        self._services[kind] = (fields, service)

    async def handle(self, sender: str, message: Message) -> Message:
        """Serve a request. Errors are part of the reply.

        The fields are checked before anything is unpickled.
        """
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
