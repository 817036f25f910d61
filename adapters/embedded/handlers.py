"""The functions that handle requests and notices, by kind."""

from __future__ import annotations

import traceback
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, TypeAlias

from domain.errors import RemoteProtocolError
from domain.runtime.errors import Unreachable
from domain.runtime.payloads import Message, Plain

RequestHandler: TypeAlias = Callable[[str, Message], Awaitable[Message]]
NoticeHandler: TypeAlias = Callable[[str, Mapping[str, Plain]], None]

MAX_TEXT: Final = 10_000


class Handlers:
    """Maps the kinds of requests and notices to functions, which receive the sender's uid."""

    def __init__(self) -> None:
        self._requests: dict[str, RequestHandler] = {}
        self._notices: dict[str, NoticeHandler] = {}
        self._default: RequestHandler | None = None

    def on_request(self, kind: str, handler: RequestHandler) -> None:
        """Pass requests of a kind to a handler."""
        self._requests[kind] = handler

    def on_other_requests(self, handler: RequestHandler) -> None:
        """Pass all other requests to a handler."""
        self._default = handler

    def on_notice(self, kind: str, handler: NoticeHandler) -> None:
        """Pass notices of a kind to a handler."""
        self._notices[kind] = handler

    def handle(self, sender: str, request: Message) -> Awaitable[Message]:
        """Handle a request, and return the reply at the await.

        Raises:
            Unreachable: There is no handler.
            Exception: Of any type, from the handler.
        """
        handler = self._requests.get(request.kind, self._default)
        if handler is None:
            msg = f"requests of kind '{request.kind}' are not handled"
            raise Unreachable(msg)
        return handler(sender, request)

    def handle_notice(self, sender: str, kind: str, fields: Mapping[str, Plain]) -> None:
        """Handle a notice.

        Raises:
            RemoteProtocolError: The kind or a field is invalid.
        """
        handler = self._notices.get(kind)
        if handler is None:
            msg = f"unknown kind of notice: '{kind}'"
            raise RemoteProtocolError(msg)
        handler(sender, fields)


def describe(error: BaseException) -> str:
    """Return an exception with its traceback as text of limited length."""
    return "".join(traceback.format_exception(error))[-MAX_TEXT:]
