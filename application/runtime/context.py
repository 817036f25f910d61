"""The process services to which the running code belongs.

In a worker, and in the head, all code belongs to the services of its process. With the engine
`inline`, several share a process, and each handles its requests in its own context.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Protocol

from application.runtime.communications import Communications


class Storing(Protocol):
    """The store of a process."""

    async def put(self, obj: object, publish: bool = False, reply: bool = False) -> object:
        """Store an object, and return a reference to it."""


class Surroundings(Protocol):
    """The attributes that any code can reach."""

    @property
    def uid(self) -> str:
        """The uid of the process."""

    @property
    def warehouse(self) -> Storing:
        """Its store."""

    @property
    def comms(self) -> Communications:
        """The communications of the process."""


_entered: ContextVar[Surroundings | None] = ContextVar("conjoin_process", default=None)
_defaults: list[Surroundings] = []


def surroundings() -> Surroundings | None:
    """Return what the running code belongs to; None outside of a run."""
    found = _entered.get()
    if found is not None:
        return found
    return _defaults[-1] if _defaults else None


def enter(item: Surroundings) -> None:
    """Let the rest of this context belong to the services of a process."""
    _entered.set(item)


def add_default(item: Surroundings) -> None:
    """Let all code that has not entered any belong to these services."""
    _defaults.append(item)


def remove_default(item: Surroundings) -> None:
    """Undo `add_default`. Ignored if it was not added."""
    if item in _defaults:
        _defaults.remove(item)
