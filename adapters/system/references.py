"""Finds out whether the code of a thread refers to an object, such as the instance."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from types import CodeType, FrameType, FunctionType, MethodType, ModuleType
from typing import Final, TypeAlias

IsWanted: TypeAlias = Callable[[object], bool]

MAX_FUNCTIONS: Final = 1000
"""Limits the search in a program that calls much other code."""


def refers_to(frame: FrameType | None, is_wanted: IsWanted) -> bool:
    """Return whether the code that a thread runs, or calls by name, refers to an object.

    This looks at variables, at attributes of objects in variables, and at the functions that the
    code names. It can miss a reference, such as one in a container.

    Args:
        frame: The innermost frame of the thread.
        is_wanted: Returns whether a value is the object.
    """
    return any(is_wanted(value) for value in _reachable(frame))


def _reachable(frame: FrameType | None) -> Iterator[object]:
    """Yield the values that the code of a thread can use."""
    functions: list[tuple[CodeType, dict[str, object]]] = []
    while frame is not None:
        # the caller of the thread's function is Python's library
        if frame.f_globals.get("__name__") != "threading":
            functions.append((frame.f_code, frame.f_globals))
            yield from _with_attributes(list(frame.f_locals.values()))
        frame = frame.f_back
    seen: set[CodeType] = set()
    while functions and len(seen) < MAX_FUNCTIONS:
        code, names = functions.pop()
        if code in seen:
            continue
        seen.add(code)
        functions += [(part, names) for part in code.co_consts if isinstance(part, CodeType)]
        used = [names[name] for name in code.co_names if name in names]
        for value in _with_attributes(used):
            function = value.__func__ if isinstance(value, MethodType) else value
            if isinstance(function, FunctionType):
                functions.append((function.__code__, function.__globals__))
                yield from _cell_contents(function)
            yield value


def _cell_contents(function: FunctionType) -> Iterator[object]:
    for cell in function.__closure__ or ():
        with contextlib.suppress(ValueError):  # a variable without a value
            yield cell.cell_contents


def _with_attributes(values: list[object]) -> Iterator[object]:
    for value in values:
        yield value
        attributes = getattr(value, "__dict__", None)
        if isinstance(attributes, dict) and not isinstance(value, (type, ModuleType)):
            yield from list(attributes.values())
