"""Pickles what users pass between processes, with proxies among it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from application.interfaces.pickler import Pickler
from domain.runtime.errors import RemoteFailure, Unpicklable
from domain.runtime.handles import ArgumentSlot
from domain.runtime.payloads import EngineValue, Payload
from domain.runtime.task_errors import RemoteError, SerialisationError

Kind = TypeVar("Kind")
HandleKind = TypeVar("HandleKind")


@dataclass(slots=True)
class Parcel:
    """A pickled object.

    Attributes:
        payload: The pickle.
        values: The stored values that it mentions.
        kept: The proxies that it mentions. Keep them until the receiver has its own.
    """

    payload: Payload
    values: list[EngineValue] = field(default_factory=list)
    kept: list[object] = field(default_factory=list)


class Packing:
    """Packs objects into parcels, in which handles replace proxies, and unpacks them.

    Args:
        pickler: The pickler.
    """

    def __init__(self, *, pickler: Pickler) -> None:
        self._pickler = pickler
        self._describe: dict[type, Callable[[object], object]] = {}
        self._restore: dict[type, Callable[[object], object]] = {}

    def add(
        self,
        kind: type[Kind],
        describe: Callable[[Kind], object],
        handle: type[HandleKind] | None = None,
        restore: Callable[[HandleKind], object] | None = None,
    ) -> None:
        """Add a kind of proxy.

        Args:
            kind: The type.
            describe: Returns the handle of a proxy.
            handle: The type of the handles, if they are restored without arguments.
            restore: Returns a proxy of this process for a handle.
        """
        self._describe[kind] = describe  # type: ignore[assignment]
        if handle is not None and restore is not None:
            self._restore[handle] = restore  # type: ignore[assignment]

    def pack(
        self, value: object, *, name: str, message: Callable[[Unpicklable], str] = str
    ) -> Parcel:
        """Pickle an object.

        Args:
            value: The object.
            name: Its name in error messages.
            message: Returns the message of the error if it cannot be pickled.

        Raises:
            SerialisationError: It cannot be pickled.
        """
        parcel = Parcel(Payload())

        def replace(item: object) -> object:
            describe = self._describe.get(type(item))
            if describe is None:
                return None
            handle = describe(item)
            parcel.kept.append(item)
            value = getattr(handle, "value", None)
            if isinstance(value, EngineValue):
                parcel.values.append(value)
            return handle

        try:
            parcel.payload = self._pickler.dump(value, name=name, replace=replace)
        except Unpicklable as error:
            raise SerialisationError(message(error)) from error
        return parcel

    def pack_plain(self, value: object) -> Payload:
        """Pickle a value of which `is_plain` is true. Thread-safe."""
        return self._pickler.dump_plain(value)

    def unpack(self, payload: Payload, arguments: Sequence[object] = ()) -> object:
        """Load an object.

        Args:
            payload: Its pickle.
            arguments: The values for its argument slots.

        Raises:
            Unloadable: It cannot be loaded here.
        """

        def restore(handle: object) -> object:
            if isinstance(handle, ArgumentSlot):
                value = arguments[handle.index]
                for key in handle.keys:
                    value = value[key]  # type: ignore[index]
                return value
            return self._restore[type(handle)](handle)

        return self._pickler.load(payload, restore=restore)

    def load_function(self, code: bytes) -> Callable[..., object]:
        """Load a function without proxies in it. Thread-safe.

        Raises:
            Unloadable: It cannot be loaded here.
        """
        function = self._pickler.load(Payload(code))
        assert callable(function)
        return function

    def unpack_simple(self, payload: Payload) -> object:
        """Load an object without proxies in it. Thread-safe.

        Raises:
            Unloadable: It cannot be loaded here.
        """
        return self._pickler.load(payload)

    def pack_error(self, error: BaseException) -> Payload:
        """Pickle an exception with its traceback. It never raises an exception."""
        return self._pickler.dump_error(error)

    def unpack_error(self, payload: Payload) -> BaseException:
        """Load an exception; one that cannot be loaded is replaced by a RemoteError."""
        error = self._pickler.load_error(payload)
        if isinstance(error, RemoteFailure):
            return RemoteError(str(error), type_name=error.type_name, traceback=error.traceback)
        if isinstance(error, (SystemExit, KeyboardInterrupt)):
            return RemoteError(f"{type(error).__name__}: {error}", type_name=type(error).__name__)
        return error
