"""The decorator that makes actors of a class."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar, overload

from application.runtime.actor_array import ActorArray
from application.runtime.actor_proxy import ActorProxy
from application.runtime.process_services import current_services, require_services
from domain.runtime.options import (
    ADDED_NAMES,
    CREATION_WORDS,
    CreationOptions,
    RetryOn,
    reserved_names_in,
    split_keywords,
)

Class = TypeVar("Class", bound=type)
DEFAULTS = "__tessera_defaults__"


@overload
def tessera(cls: Class, /) -> Class: ...


@overload
def tessera(
    *,
    max_retries: int | None = None,
    retry_on: RetryOn | None = None,
    max_restarts: int | None = None,
    max_concurrency: int | None = None,
) -> Callable[[Class], Class]: ...


def tessera(cls: Class | None = None, /, **defaults: object) -> Class | Callable[[Class], Class]:
    """Let a class have actors: `Class.remote(…)` creates one on a worker.

    Example:
        ::

            @tessera
            class Counter:
                def __init__(self, start=0):
                    self.n = start

                def add(self, k):
                    self.n += k
                    return self.n

            async def main(runtime):
                counter = await Counter.remote(start=1)
                print(await counter.add(2).result())

    Args:
        cls: The class. It can still be used locally.
        defaults: Defaults for its actors: `max_retries`, `retry_on`, `max_restarts`,
            `max_concurrency`.

    Raises:
        TypeError: The class defines a name that the proxy of an actor needs for itself, or an
            option does not exist.
    """
    unknown = sorted(set(defaults) - _CLASS_WORDS)
    if unknown:
        msg = f"@tessera does not have the option '{unknown[0]}', only {sorted(_CLASS_WORDS)}"
        raise TypeError(msg)

    def decorate(decorated: Class) -> Class:
        _check(decorated)
        setattr(decorated, DEFAULTS, defaults)
        for name, descriptor in _CLASS_NAMES.items():
            setattr(decorated, name, descriptor)
        for name in ADDED_NAMES:
            if not hasattr(decorated, name):
                setattr(decorated, name, _AddedName(name))
        return decorated

    return decorate if cls is None else decorate(cls)


_CLASS_WORDS = frozenset({"max_retries", "retry_on", "max_restarts", "max_concurrency"})


def _check(cls: type) -> None:
    own = {
        name
        for base in cls.__mro__
        if base is not object
        for name, value in vars(base).items()
        if not isinstance(value, _ClassName)
    }
    reserved = reserved_names_in(own)
    if reserved:
        names = ", ".join(f"'{name}'" for name in reserved)
        msg = f"Class {cls.__name__} defines {names}, which the proxy of an actor needs for itself"
        raise TypeError(msg)


class _AddedName:
    """An attribute of actors that belongs to their runtime, unless the actor sets its own."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, instance: object, owner: type | None = None) -> object:
        """Return it; None outside of a run."""
        services = current_services()
        return None if services is None else services.for_actors(self._name)


class _ClassName:
    """An attribute that the decorator adds to the class."""


class _Remote(_ClassName):
    def __get__(self, instance: object, owner: type) -> Callable[..., ActorProxy | ActorArray]:
        """Return what creates an actor."""

        def remote(*args: object, **keywords: object) -> ActorProxy | ActorArray:
            own, rest = split_keywords(keywords, CREATION_WORDS)
            return _create(owner, args, rest, own)

        return remote


class _Options(_ClassName):
    def __get__(self, instance: object, owner: type) -> Callable[..., ClassWithOptions]:
        """Return what chooses options."""

        def options(**chosen: object) -> ClassWithOptions:
            return ClassWithOptions(owner, chosen)

        return options


class _Local(_ClassName):
    def __get__(self, instance: object, owner: type) -> object:
        """Return the object of this class that is resident in this process; None without one."""
        services = current_services()
        return None if services is None else services.local_instance(owner)


class _Parameter(_ClassName):
    """Creates parameters.

    Args:
        is_local: Whether their roots are in this process.
    """

    def __init__(self, *, is_local: bool) -> None:
        self._is_local = is_local

    def __get__(self, instance: object, owner: type) -> Callable[..., object]:
        """Return what creates a parameter; its keyword `cached` belongs to the runtime."""

        def parameter(*args: object, cached: bool = False, **keywords: object) -> object:
            parameters = require_services().parameters
            return parameters.create(
                owner, args, keywords, is_local=self._is_local, is_cached=cached
            )

        return parameter


class _SelectWorker(_ClassName):
    def __get__(self, instance: object, owner: type) -> object:
        """Return what chooses a worker for an actor."""
        return require_services().placing.ask


@dataclass(frozen=True, slots=True)
class ClassWithOptions:
    """A class of actors with options, which passes every argument of `remote` on.

    Attributes:
        cls: The class.
        chosen: The options.
    """

    cls: type
    chosen: Mapping[str, object]

    def remote(self, *args: object, **keywords: object) -> ActorProxy | ActorArray:
        """Create an actor."""
        return _create(self.cls, args, keywords, self.chosen)


_CLASS_NAMES: Mapping[str, _ClassName] = {
    "remote": _Remote(),
    "options": _Options(),
    "local": _Local(),
    "parameter": _Parameter(is_local=False),
    "local_parameter": _Parameter(is_local=True),
    "select_worker": _SelectWorker(),
}


def _create(
    cls: type,
    args: tuple[object, ...],
    keywords: Mapping[str, object],
    chosen: Mapping[str, object],
) -> ActorProxy | ActorArray:
    unknown = sorted(set(chosen) - CREATION_WORDS)
    if unknown:
        msg = f"An actor does not have the option '{unknown[0]}'"
        raise TypeError(msg)
    options = CreationOptions(**{**getattr(cls, DEFAULTS), **chosen})
    return require_services().actors.create(cls, args, keywords, options)
