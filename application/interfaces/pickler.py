"""Pickling of what users pass between the processes of a runtime."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Protocol

from domain.runtime.payloads import Payload


class Pickler(Protocol):
    """Pickles and loads objects.

    Classes and functions of `__main__`, and those defined inside functions, travel by value, and
    are identical wherever they arrive in one process. All others travel by name.
    """

    @abstractmethod
    def dump(
        self, value: object, *, name: str, replace: Callable[[object], object] | None = None
    ) -> Payload:
        """Pickle an object. Contiguous arrays of 64 kB or more become buffers, without a copy.

        They are read-only when they are loaded from read-only buffers.

        Args:
            value: The object.
            name: Its name in error messages.
            replace: Called with each object inside, in any order; returns None, or what `load`
                passes to `restore` in place of that object. It must be picklable.

        Raises:
            Unpicklable: The object, or a part of it, cannot be pickled.
        """

    @abstractmethod
    def dump_plain(self, value: object) -> Payload:
        """Pickle a value of which `domain.runtime.arguments.is_plain` is true. Thread-safe."""

    @abstractmethod
    def load(
        self, payload: Payload, *, restore: Callable[[object], object] | None = None
    ) -> object:
        """Load an object. Call this only with data of this run.

        Args:
            payload: What `dump` returned.
            restore: Called with each object that `replace` returned; returns the replacement.

        Raises:
            Unloadable: The object cannot be loaded here, for example because a module is missing.
        """

    @abstractmethod
    def dump_error(self, error: BaseException) -> Payload:
        """Pickle an exception with its traceback, causes and notes. It never raises an exception.

        An exception that cannot be pickled and loaded again is replaced by a RemoteFailure.
        """

    @abstractmethod
    def load_error(self, payload: Payload) -> BaseException:
        """Return the exception that `dump_error` has pickled. It never raises an exception.

        An exception that cannot be loaded here is replaced by a RemoteFailure.
        """
