"""Functions of which nothing can change between two calls, so that one copy serves many."""

from __future__ import annotations

import dis
from dataclasses import dataclass
from functools import lru_cache
from operator import is_
from types import CodeType, FunctionType, ModuleType

_CONSTANT = (int, float, complex, bool, str, bytes, type(None))
_CHANGES_GLOBALS = frozenset({"STORE_GLOBAL", "DELETE_GLOBAL"})
_MAIN = "__main__"


@dataclass(frozen=True, slots=True, eq=False)
class StableForm:
    """The parts on which a stable function depends.

    Attributes:
        name: Its name.
        parts: Its code, its default values, and the global variables that it uses.
    """

    name: str
    parts: tuple[object, ...]

    def is_same(self, other: StableForm) -> bool:
        """Return whether copies of one function serve for the other, too."""
        # By identity, because 1 == True, and 0.0 == -0.0.
        return len(self.parts) == len(other.parts) and all(map(is_, self.parts, other.parts))


def stable_form(function: object) -> StableForm | None:
    """Return the form of a stable function of the user's script; None for any other object.

    A stable function has no closure, attributes or mutable defaults, does not assign to global
    variables, and uses only modules and constants among them.
    """
    if type(function) is not FunctionType or function.__module__ != _MAIN:
        return None
    if function.__closure__ or function.__dict__ or function.__kwdefaults__:
        return None
    defaults = function.__defaults__ or ()
    names = _names_used(function.__code__)
    if names is None or not all(isinstance(value, _CONSTANT) for value in defaults):
        return None
    variables = function.__globals__
    used = [name for name in names if name in variables]
    values = [variables[name] for name in used]
    if not all(isinstance(value, (*_CONSTANT, ModuleType)) for value in values):
        return None
    parts = (function.__code__, *defaults, *used, *values)
    return StableForm(function.__qualname__, parts)


@lru_cache(maxsize=1024)
def _names_used(code: CodeType) -> tuple[str, ...] | None:
    """Return the names that a code may look up; None if it assigns to global variables."""
    names: list[str] = []
    codes = [code]
    for item in codes:
        if any(step.opname in _CHANGES_GLOBALS for step in dis.get_instructions(item)):
            return None
        names += item.co_names
        codes += [constant for constant in item.co_consts if isinstance(constant, CodeType)]
    return tuple(dict.fromkeys(names))
