"""Converts events and statuses to values that JSON can represent."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any


def plain(value: Any) -> dict[str, object]:  # noqa: ANN401 - any dataclass
    """Return the attributes of a dataclass, by name, in a form that JSON can represent.

    Enumerations become their values, tuples become lists, and named values become dicts. One that
    can be of several classes has its class as `type`.
    """
    return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}


def _plain(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value):
        return {"type": type(value).__name__, **plain(value)}
    if isinstance(value, tuple):
        names = getattr(value, "_fields", None)
        items = [_plain(item) for item in value]
        return items if names is None else dict(zip(names, items, strict=True))
    return value
