"""Requests as both of the manager's protocols have them: a list of a type and arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from adapters.wire.packing import unpack
from domain.errors import RemoteProtocolError

_Request = TypeVar("_Request")


def parse_request(
    data: bytes, parsers: Mapping[int, Callable[[list[Any]], _Request]], *, sender: str
) -> _Request:
    """Return the request that the bytes stand for.

    Args:
        data: The bytes.
        parsers: For each type of request, what makes it from its arguments.
        sender: Who makes such requests, in words.

    Raises:
        RemoteProtocolError: If they stand for none; the text says why.
    """
    values = unpack(data)
    if not isinstance(values, list) or not values or not isinstance(values[0], int):
        msg = "a request must be a list that begins with a number"
        raise RemoteProtocolError(msg)
    parse = parsers.get(values[0])
    if parse is None:
        msg = f"there is no request of type {values[0]} that {sender} can make"
        raise RemoteProtocolError(msg)
    try:
        return parse(values[1:])
    except (TypeError, ValueError, LookupError, AttributeError, OverflowError) as error:
        msg = f"a request of type {values[0]} of {sender} has the wrong arguments: {error}"
        raise RemoteProtocolError(msg) from error
