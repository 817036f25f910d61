"""A future of a reply that calls back at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from domain.runtime.payloads import Message

Callback = Callable[["asyncio.Future[Message]"], None]


class PromptReply(asyncio.Future[Message]):
    """A future that calls back in the step of the event loop in which it is done.

    The callbacks of any other future are called in the next step, which costs as much as sending
    a message. Engines and services that do not know this class use it as a future.
    """

    _callback: Callback | None = None

    def then(self, callback: Callback) -> None:
        """Call back once it is done: soon, if it is already."""
        if self.done():
            self.get_loop().call_soon(callback, self)
        else:
            self._callback = callback

    def set_result(self, result: Message, /) -> None:
        """Set the reply, and call back."""
        super().set_result(result)
        self._call_back()

    def set_exception(self, exception: type | BaseException, /) -> None:
        """Set the error, and call back."""
        super().set_exception(exception)
        self._call_back()

    def cancel(self, msg: object = None) -> bool:
        """Cancel it, and call back."""
        is_cancelled = super().cancel(msg)
        if is_cancelled:
            self._call_back()
        return is_cancelled

    def _call_back(self) -> None:
        callback, self._callback = self._callback, None
        if callback is None:
            return
        try:
            callback(self)
        except Exception as error:  # noqa: BLE001 - the setter is not concerned
            context = {"message": "the callback of a reply failed", "exception": error}
            self.get_loop().call_exception_handler(context)


def follow(
    reply: asyncio.Future[Message], callback: Callable[[asyncio.Future[Message]], None]
) -> None:
    """Call back once the future of a reply is done, at once if it can do that."""
    if isinstance(reply, PromptReply):
        reply.then(callback)
    else:
        reply.add_done_callback(callback)
