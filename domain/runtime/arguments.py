"""Finds what must be awaited in the arguments of a task, and takes it out.

Lists, tuples, sets, dict values, dataclasses and named tuples are searched, nested too. Subclasses
of list, tuple, set or dict and all other objects are passed on as they are.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Iterable
from typing import Final

Replacement = Callable[[object], object]
"""Returns what takes the place of a value: the value itself if it stays."""

_PLAIN = frozenset({int, float, complex, bool, str, bytes, type(None)})
_SEQUENCES = (list, tuple, set, frozenset)


MOST_PLAIN: Final = 16
DEEPEST_PLAIN: Final = 4


def is_plain(value: object, depth: int = 0) -> bool:
    """Return whether a value contains only a few numbers and strings, which anything can pickle."""
    kind = type(value)
    if kind in _PLAIN:
        return True
    if depth == DEEPEST_PLAIN:
        return False
    if kind is tuple or kind is list:
        items: Iterable[object] = value  # type: ignore[assignment]
    elif kind is dict:
        items = value.values()  # type: ignore[attr-defined]
    else:
        return False
    if len(value) > MOST_PLAIN:  # type: ignore[arg-type]
        return False
    for item in items:  # noqa: SIM110 - a generator takes longer
        if type(item) not in _PLAIN and not is_plain(item, depth + 1):
            return False
    return True


def replaced(value: object, replacement: Replacement) -> object:
    """Return a value in which everything awaited was replaced.

    A container with nothing to replace is returned itself, not copied. A container that contains
    itself is not searched again inside itself.

    Args:
        value: An argument.
        replacement: Called for each value that is not a container of the kinds that are searched,
            and for dataclasses.
    """
    return _Search(replacement).replaced(value)


class _Search:
    """One walk through an argument."""

    def __init__(self, replacement: Replacement) -> None:
        self._replacement = replacement
        self._inside: set[int] = set()

    def replaced(self, value: object) -> object:
        kind = type(value)
        if kind in _PLAIN or _is_flat(value, kind) or id(value) in self._inside:
            return value
        self._inside.add(id(value))
        try:
            return self._in_container(value, kind)
        finally:
            self._inside.discard(id(value))

    def _in_container(self, value: object, kind: type) -> object:
        if kind in _SEQUENCES:
            return self._in_sequence(value)
        if kind is dict:
            return self._in_dict(value)
        if isinstance(value, tuple) and hasattr(kind, "_fields"):
            new = [self.replaced(item) for item in value]
            return value if _same(list(value), new) else tuple.__new__(kind, new)
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return self._in_dataclass(value)
        return self._replacement(value)

    def _in_sequence(self, value: object) -> object:
        assert isinstance(value, _SEQUENCES)
        old = list(value)
        new = [self.replaced(item) for item in old]
        return value if _same(old, new) else type(value)(new)

    def _in_dict(self, value: object) -> object:
        assert isinstance(value, dict)
        new = {key: self.replaced(item) for key, item in value.items()}
        return value if _same(list(value.values()), list(new.values())) else new

    def _in_dataclass(self, value: object) -> object:
        whole = self._replacement(value)
        if whole is not value:
            return whole
        names = [
            field.name
            for field in dataclasses.fields(value)  # type: ignore[arg-type]
            if hasattr(value, field.name)
        ]
        old = [getattr(value, name) for name in names]
        new = [self.replaced(item) for item in old]
        if _same(old, new):
            return value
        changed = copy.copy(value)
        for name, item in zip(names, new, strict=True):
            # Not setattr, which frozen dataclasses refuse.
            object.__setattr__(changed, name, item)
        return changed


def _is_flat(value: object, kind: type) -> bool:
    """Whether it is a container of numbers and strings only, which needs no search."""
    if kind in _SEQUENCES:
        return _PLAIN.issuperset(map(type, value))  # type: ignore[call-overload]
    if kind is dict:
        return _PLAIN.issuperset(map(type, value.values()))  # type: ignore[attr-defined]
    return False


def _same(old: list[object], new: list[object]) -> bool:
    return all(before is after for before, after in zip(old, new, strict=True))
