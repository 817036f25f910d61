"""Checks of single received values, shared by all protocols."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from adapters.wire.packing import brief

T = TypeVar("T")


def text(value: object) -> str:
    """Return a string.

    Raises:
        TypeError: If the value is not a string.
    """
    if not isinstance(value, str):
        msg = f"expected a string, got {brief(value)}"
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


def optional(check: Callable[[object], T], value: object) -> T | None:
    """Return None for None, and otherwise the checked value.

    Raises:
        TypeError: If the check fails.
    """
    return None if value is None else check(value)


def printable(message: str) -> str:
    """Return a string that can be packed, with undecodable bytes escaped.

    Error messages quote file names, which may contain bytes that are not valid UTF-8.
    """
    return message.encode(errors="backslashreplace").decode()
