"""Methods of a facade that forward to services."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from types import MethodType
from typing import Concatenate, Generic, Protocol, TypeVar

from typing_extensions import ParamSpec

Service = TypeVar("Service")
Value = TypeVar("Value")
Parameters = ParamSpec("Parameters")


class Services(Protocol):
    """A facade with services."""

    def service(self, kind: type[Service]) -> Service:
        """Return the service of a type."""


class Forwarded(Generic[Parameters, Value]):
    """A method that is that of a service.

    Args:
        kind: The type of the service.
        method: The method.
    """

    def __init__(
        self, kind: type[Service], method: Callable[Concatenate[Service, Parameters], Value]
    ) -> None:
        self._kind = kind
        self._method = method
        update_wrapper(self, method)  # type: ignore[arg-type]

    def __get__(
        self, instance: Services | None, owner: type | None = None
    ) -> Callable[Parameters, Value]:
        """Return the method of the service."""
        if instance is None:
            return self  # type: ignore[return-value]
        return MethodType(self._method, instance.service(self._kind))


class ForwardedProperty(Generic[Value]):
    """A property that is that of a service.

    Args:
        kind: The type of the service.
        name: The name of its attribute.
        of: The type of the value, for type checkers.
    """

    def __init__(self, kind: type[Service], name: str, of: type[Value]) -> None:
        del of
        self._kind = kind
        self._name = name

    def __get__(self, instance: Services, owner: type | None = None) -> Value:
        """Return the value."""
        value: Value = getattr(instance.service(self._kind), self._name)
        return value
