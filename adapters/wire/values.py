"""Checks of single received values, shared by all protocols."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from adapters.wire.packing import brief

T = TypeVar("T")

MAX_NAME: Final = 4096

MAX_MESSAGE: Final = 2**19
"""Largest number of characters of a message; each takes up to 6 bytes, and a request up to 4 MB."""


def text(value: object) -> str:
    """Return a string.

    Raises:
        TypeError: If the value is not a string.
    """
    if not isinstance(value, str):
        msg = f"expected a string, got {brief(value)}"
        raise TypeError(msg)
    return value


def name(value: object) -> str:
    """Return a string that is short enough to be parsed as the name of an instance or a port.

    Raises:
        TypeError: If the value is not a string.
        ValueError: If it is too long.
    """
    result = text(value)
    if len(result) > MAX_NAME:
        msg = f"expected a name, got {len(result)} characters"
        raise ValueError(msg)
    return result


def binary(value: object) -> bytes:
    """Return bytes.

    Raises:
        TypeError: If the value does not consist of bytes.
    """
    if not isinstance(value, bytes):
        msg = f"expected bytes, got {brief(value)}"
        raise TypeError(msg)
    return value


def integer(value: object) -> int:
    """Return an integer.

    Raises:
        TypeError: If the value is not an integer.
    """
    if not isinstance(value, int) or isinstance(value, bool):
        msg = f"expected an integer, got {brief(value)}"
        raise TypeError(msg)
    return value


def number(value: object) -> float:
    """Return a floating-point number.

    Raises:
        TypeError: If the value is not a number.
    """
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        msg = f"expected a number, got {brief(value)}"
        raise TypeError(msg)
    return float(value)


def optional(check: Callable[[object], T], value: object) -> T | None:
    """Return None for None, and otherwise the checked value.

    Raises:
        TypeError: If the check fails.
    """
    return None if value is None else check(value)


def printable(message: str) -> str:
    """Return a string that can be packed, with undecodable bytes escaped.

    Error messages quote file names, which may contain bytes that are not valid UTF-8. A message
    that is so long that the manager would refuse the request is cut.
    """
    if len(message) > MAX_MESSAGE:
        message = f"{message[:MAX_MESSAGE]} … ({len(message) - MAX_MESSAGE} more characters)"
    return message.encode(errors="backslashreplace").decode()
