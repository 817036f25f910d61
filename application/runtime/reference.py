"""A reference to a stored value, as its user sees it."""

from __future__ import annotations

from collections.abc import Generator
from typing import Protocol

from application.runtime.outcomes import Stored
from application.runtime.task import Task
from domain.runtime.payloads import EngineValue


class Store(Protocol):
    """The warehouse, as a reference uses it."""

    async def get(self, uid: object, cache: bool = True) -> object:
        """Return a stored value."""

    async def drop(self, uid: object) -> None:
        """Delete a stored value."""


class Reference:
    """A reference to a stored value, which is kept as long as there is one.

    Args:
        uid: The uid of the value.
        task: The task that stores it.
        owner: Uid of the member that stored it.
        store: The warehouse of this process.
    """

    def __init__(self, uid: str, task: Task, *, owner: str, store: Store) -> None:
        self.uid = uid
        self.task = task
        self.owner = owner
        self._store = store

    def __repr__(self) -> str:
        return f"<Reference {self.uid} {self.state}>"

    def __await__(self) -> Generator[object, None, object]:
        """Return the value."""
        return self.value().__await__()

    @property
    def state(self) -> str:
        """`pending` until the value is stored, then `done`; or `failed`."""
        return self.task.state

    @property
    def engine_value(self) -> EngineValue:
        """The stored value, as the engine identifies it."""
        content = self.task.content
        assert isinstance(content, Stored)
        return content.value

    async def size(self) -> int:
        """Return the number of bytes of the pickled value."""
        return await self.task.size()

    async def value(self) -> object:
        """Return the value; large arrays in it are read-only.

        Raises:
            KeyError: It has been dropped.
        """
        return await self._store.get(self)

    async def result(self) -> object:
        """Return the same as `value`."""
        return await self._store.get(self)

    async def drop(self) -> None:
        """Delete the value everywhere."""
        await self._store.drop(self)


class ByReference:
    """Passes a task or a reference to a method as itself, instead of its value."""

    def __init__(self, item: object) -> None:
        self.item = item


def by_reference(item: object) -> ByReference:
    """Pass a task or a reference to a method as itself, instead of its value."""
    return ByReference(item)
