"""The root copy of a parameter, which lives beside the head or in another process."""

from __future__ import annotations

import inspect
from typing import Any

from application.runtime.context import surroundings
from application.runtime.object_state import set_state, state_of


class ParameterRoot:
    """An actor that keeps the root copy.

    Args:
        cls: The class of the parameter.
        state: Its state.
    """

    def __init__(self, cls: Any, state: object) -> None:  # noqa: ANN401 - mypy has no type of __new__
        self._cls = cls
        self._value: object = cls.__new__(cls)
        set_state(self._value, state)

    def read_all(self) -> object:
        """Return the whole state."""
        return state_of(self._value, self._cls)

    def write_all(self, state: object) -> None:
        """Replace the whole state."""
        value: object = self._cls.__new__(self._cls)
        set_state(value, state)
        self._value = value

    def read(self, name: str) -> object:
        """Return an attribute."""
        return getattr(self._value, name)

    def write(self, name: str, value: object) -> None:
        """Set an attribute."""
        setattr(self._value, name, value)

    async def publish(self) -> object:
        """Put the object into the stores of all nodes, and return a reference to it."""
        around = surroundings()
        assert around is not None
        return await around.warehouse.put(self._value, publish=True)

    def run(self, method: str, args: tuple[object, ...], keywords: dict[str, object]) -> Any:  # noqa: ANN401
        """Run a method; a coroutine is awaited."""
        result = getattr(self._value, method)(*args, **keywords)
        return _nothing(result) if inspect.isawaitable(result) else None


async def _nothing(result: Any) -> None:  # noqa: ANN401
    """Await a result, and drop it: only the local copy returns one."""
    await result
