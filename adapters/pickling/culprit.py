"""Finds the part of an object that cannot be pickled."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from types import FunctionType
from typing import Final

MAX_ATTEMPTS: Final = 2000
"""Number of parts to pickle, so that the search in a large object ends."""

_MISSING: Final = object()


def find_culprit(
    value: object, name: str, error: Exception, dump: Callable[[object], object]
) -> tuple[str, Exception]:
    """Return the path of the innermost part that cannot be pickled, and its error.

    Args:
        value: The object, which cannot be pickled.
        name: The name that the user gave to it.
        error: The error when pickling it.
        dump: Pickles an object.
    """
    seen = {id(value)}
    attempts = 0
    is_found = True
    while is_found:
        is_found = False
        for path, part in _parts(value, name):
            if id(part) in seen or attempts >= MAX_ATTEMPTS:
                continue
            attempts += 1
            seen.add(id(part))
            problem = _error_of(part, dump)
            if problem is not None:
                value, name, error, is_found = part, path, problem, True
                break
    return name, error


def _error_of(part: object, dump: Callable[[object], object]) -> Exception | None:
    try:
        dump(part)
    except Exception as error:  # noqa: BLE001 - users' objects may raise anything
        return error
    return None


def _parts(value: object, path: str) -> Iterator[tuple[str, object]]:
    """Yield the parts of an object, each with its path as a Python expression."""
    if isinstance(value, Mapping):
        for key, item in list(value.items()):
            yield f"{path}[{_shown(key)}]", item
            yield f"list({path})", key
    elif isinstance(value, list | tuple):
        fields = getattr(value, "_fields", None)
        for index, item in enumerate(value):
            yield f"{path}.{fields[index]}" if fields else f"{path}[{index}]", item
    elif isinstance(value, set | frozenset):
        for item in value:
            yield f"list({path})", item
    elif isinstance(value, FunctionType):
        yield from _variables(value, path)
    else:
        owner = getattr(value, "__self__", None)
        if owner is not None and hasattr(value, "__func__"):
            yield f"{path}.__self__", owner
    if not isinstance(value, type | FunctionType):
        yield from _attributes(value, path)


def _variables(function: FunctionType, path: str) -> Iterator[tuple[str, object]]:
    names = function.__code__.co_freevars
    for name, cell in zip(names, function.__closure__ or (), strict=True):
        with contextlib.suppress(ValueError):  # the variable is not assigned yet
            yield f"{path}.__closure__[{_shown(name)}]", cell.cell_contents
    for name in function.__code__.co_names:
        if name in function.__globals__:
            yield f"{path}.__globals__[{_shown(name)}]", function.__globals__[name]
    for index, item in enumerate(function.__defaults__ or ()):
        yield f"{path}.__defaults__[{index}]", item


def _attributes(value: object, path: str) -> Iterator[tuple[str, object]]:
    attributes = getattr(value, "__dict__", None)
    if isinstance(attributes, dict):
        for name, item in list(attributes.items()):
            yield f"{path}.{name}", item
    for kind in type(value).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            item = getattr(value, name, _MISSING)
            if item is not _MISSING and name not in ("__dict__", "__weakref__"):
                yield f"{path}.{name}", item


def _shown(key: object) -> str:
    return f'"{key}"' if isinstance(key, str) and '"' not in key else repr(key)[:100]
