"""Uids of stored values, from which any process finds the value."""

from __future__ import annotations

from typing import Final

from domain.runtime.payloads import EngineValue

PREFIX: Final = "value"


def value_uid(value: EngineValue) -> str:
    """Return the uid of a stored value."""
    return f"{PREFIX}:{value.size}:{value.key}"


def stored_by(value: EngineValue) -> str:
    """Return the uid of the process that has stored a value; empty if the key does not name it."""
    return value.key.rpartition("/")[0]


def value_of(uid: str) -> EngineValue:
    """Return the value that a uid means.

    Raises:
        KeyError: It is not the uid of a stored value.
    """
    prefix, _, rest = uid.partition(":")
    size, _, key = rest.partition(":")
    if prefix != PREFIX or not size.isdecimal() or not key:
        msg = f"'{uid}' is not the uid of a stored value"
        raise KeyError(msg)
    return EngineValue(key, int(size))
