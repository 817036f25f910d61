"""A parameter, as its users see it: a local object, with a root copy elsewhere."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final
from weakref import WeakKeyDictionary

from application.runtime.actor_proxy import ActorProxy
from application.runtime.context import surroundings
from application.runtime.object_state import set_state, state_of
from application.runtime.reference import Reference
from application.runtime.task import Task

PARAMETER_NAMES: Final = frozenset(
    {
        "push",
        "pull",
        "publish",
        "get",
        "set",
        "has_tessera",
        "is_tessera",
        "is_proxy",
        "ref",
        "cached",
    }
)
"""Attributes of a parameter, which its class must not define."""


class ParameterLink:
    """The link of a local copy to its root.

    Args:
        cls: The class.
        root: The actor that keeps the root copy.
        own: Uid of this process.
        is_cached: Whether the node keeps the state that travels in arguments.
        ref: The state that was published last.
    """

    def __init__(
        self,
        cls: type,
        root: ActorProxy,
        *,
        own: str,
        is_cached: bool,
        ref: Reference | None = None,
    ) -> None:
        self.cls = cls
        self.root = root
        self.own = own
        self.is_cached = is_cached
        self.ref = ref
        self._kept: Task | None = None

    @property
    def kept_state(self) -> Task:
        """The task whose result is the state at the root, and stays in the store of the node."""
        if self._kept is None:
            self._kept = self.root.read_all()
        return self._kept

    def forget_kept_state(self) -> None:
        """Read the state again the next time, because the root has changed."""
        self._kept = None


class Parameter:
    """The mixin of all parameters: it adds what concerns the root to the class of the user."""

    __slots__ = ()

    _conjoin_link: ParameterLink

    @property
    def has_tessera(self) -> bool:
        """Whether it has a root."""
        return True

    @property
    def is_tessera(self) -> bool:
        """Whether the root is in this process."""
        link = self._conjoin_link
        return link.root.runtime_id == link.own

    @property
    def is_proxy(self) -> bool:
        """Whether the root is in another process."""
        return not self.is_tessera

    @property
    def ref(self) -> Reference | None:
        """A reference to the state that was published last, from this process; else None."""
        return self._conjoin_link.ref

    @property
    def cached(self) -> bool:
        """Whether the node keeps the state that travels in arguments."""
        return self._conjoin_link.is_cached

    async def push(self, attr: str | None = None, publish: bool = False) -> None:
        """Copy from this object to the root.

        Args:
            attr: The attribute; None for all.
            publish: Publish the root then.
        """
        link = self._conjoin_link
        if attr is None:
            await link.root.write_all(state_of(self, link.cls))
        else:
            await link.root.write(attr, getattr(self, attr))
        link.forget_kept_state()
        if publish:
            await self.publish()

    async def pull(self, attr: str | None = None) -> None:
        """Copy from the root to this object.

        Args:
            attr: The attribute; None for all. Attributes that the root does not have are kept.
        """
        link = self._conjoin_link
        if attr is None:
            set_state(self, await link.root.read_all().result())
        else:
            await self.get(attr)

    async def publish(self) -> None:
        """Copy the root into the stores of all nodes."""
        await _published(self._conjoin_link)

    async def get(self, name: str) -> object:
        """Return an attribute of the root, and keep it here too."""
        value = await self._conjoin_link.root.read(name).result()
        setattr(self, name, value)
        return value

    async def set(self, name: str, value: object) -> None:
        """Set an attribute, at the root and here."""
        await self._conjoin_link.root.write(name, value)
        self._conjoin_link.forget_kept_state()
        setattr(self, name, value)

    def __reduce_ex__(self, protocol: object) -> tuple[object, ...]:
        """Travel as a copy that knows its root."""
        link = self._conjoin_link
        state = state_of(self, link.cls)
        return restored, (link.cls, link.root, state, link.is_cached, link.ref)


async def stored(parameter: Parameter) -> Reference:
    """Push a parameter, publish the root, and return the reference."""
    await parameter.push()
    return await _published(parameter._conjoin_link)


async def _published(link: ParameterLink) -> Reference:
    reference = await link.root.publish().result()
    assert isinstance(reference, Reference)
    link.ref = reference
    link.forget_kept_state()
    return reference


class PackedParameter:
    """Travels in place of a cached parameter: its state comes from the store.

    Args:
        parameter: The parameter.
        state: The slot that the state fills.
    """

    def __init__(self, parameter: Parameter, state: object) -> None:
        self._parameter = parameter
        self._state = state

    def __reduce_ex__(self, protocol: object) -> tuple[object, ...]:
        """Arrive as a parameter."""
        link = self._parameter._conjoin_link
        return restored, (link.cls, link.root, self._state, link.is_cached, link.ref)


def restored(
    cls: type, root: ActorProxy, state: object, is_cached: bool, ref: Reference | None
) -> Parameter:
    """Return a parameter that has arrived."""
    around = surroundings()
    own = "" if around is None else around.uid
    kind = parameter_class(cls)
    item: Parameter = kind.__new__(kind)
    connect(item, ParameterLink(cls, root, own=own, is_cached=is_cached, ref=ref))
    set_state(item, state)
    return item


def connect(item: Parameter, link: ParameterLink) -> None:
    """Connect a local copy to its root."""
    # Not setattr, which frozen dataclasses refuse.
    object.__setattr__(item, "_conjoin_link", link)


_classes: WeakKeyDictionary[type, type[Parameter]] = WeakKeyDictionary()


def parameter_class(cls: type) -> type[Parameter]:
    """Return the class of the parameters of a class, always the same one.

    Raises:
        TypeError: The class defines a name that parameters need.
    """
    found = _classes.get(cls)
    if found is None:
        taken = sorted(PARAMETER_NAMES.intersection(dir(cls)))
        if taken:
            names = ", ".join(f"'{name}'" for name in taken)
            msg = f"Class {cls.__name__} defines {names}, which its parameters need for themselves"
            raise TypeError(msg)
        found = _classes[cls] = _new_class(cls)
    return found


def _new_class(cls: type) -> type[Parameter]:
    body: dict[str, object] = {
        "__slots__": ("_conjoin_link",),
        "__module__": cls.__module__,
        "__qualname__": cls.__qualname__,
        "__doc__": cls.__doc__,
    }
    for name in dir(cls):
        method = inspect.getattr_static(cls, name)
        if inspect.isfunction(method) and (name == "__call__" or not name.startswith("_")):
            body[name] = _propagating(name, method)
    return type(cls.__name__, (Parameter, cls), body)


def _propagating(name: str, method: Callable[..., Any]) -> Callable[..., Any]:
    """Return a method that runs at the root too, if it is called with `propagate=True`."""

    @functools.wraps(method)
    def call(self: Parameter, *args: object, propagate: bool = False, **keywords: object) -> Any:  # noqa: ANN401
        if not propagate:
            return method(self, *args, **keywords)
        return _on_both(self, name, method, args, keywords)

    return call


async def _on_both(
    parameter: Parameter,
    name: str,
    method: Callable[..., object],
    args: tuple[object, ...],
    keywords: Mapping[str, object],
) -> object:
    link = parameter._conjoin_link
    await link.root.run(name, args, dict(keywords))
    link.forget_kept_state()
    result = method(parameter, *args, **keywords)
    return await result if isinstance(result, Awaitable) else result
