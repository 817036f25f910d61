"""The state of an object, apart from its class."""

from __future__ import annotations

from typing import Any

_PLAIN_STATE: object = getattr(object, "__getstate__", None)  # from Python 3.11


def state_of(item: Any, cls: type) -> object:  # noqa: ANN401
    """Return the state of an object.

    Args:
        item: The object.
        cls: Its class. Attributes in the slots of its subclasses are not part of the state.
    """
    own = getattr(cls, "__getstate__", None)
    if own is not None and own is not _PLAIN_STATE:
        return ("own", item.__getstate__())
    slots = {name: getattr(item, name) for name in _slots(cls) if hasattr(item, name)}
    return ("plain", {**slots, **getattr(item, "__dict__", {})})


def set_state(item: Any, state: Any) -> None:  # noqa: ANN401
    """Give an object a state that `state_of` has returned."""
    kind, content = state
    own = getattr(type(item), "__setstate__", None)
    if kind == "own" and own is not None:
        item.__setstate__(content)
        return
    attributes, slots = content if isinstance(content, tuple) else (content, None)
    for name, value in {**(attributes or {}), **(slots or {})}.items():
        # Not setattr, which frozen dataclasses refuse.
        object.__setattr__(item, name, value)


def _slots(cls: type) -> list[str]:
    names: list[str] = []
    for base in cls.__mro__:
        found = vars(base).get("__slots__", ())
        names.extend([found] if isinstance(found, str) else found)
    return [name for name in names if name not in ("__dict__", "__weakref__")]
