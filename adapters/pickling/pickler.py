"""Pickles objects with out-of-band buffers, code by value, and exceptions with tracebacks."""

from __future__ import annotations

import io
import pickle
import traceback
from collections.abc import Callable
from types import TracebackType
from typing import Any, Final, final

import cloudpickle
import tblib.pickling_support as tracebacks
from typing_extensions import override

from adapters.pickling.culprit import find_culprit
from application.interfaces.pickler import Pickler
from domain.runtime.arguments import is_plain
from domain.runtime.errors import RemoteFailure, Unloadable, Unpicklable
from domain.runtime.payloads import Payload

LARGE: Final = 65536
"""Buffers of this many bytes or more stay outside of the pickle."""

Replace = Callable[[object], object]


@final
class CloudPickler(Pickler):
    """Uses cloudpickle for code by value, and tblib for tracebacks."""

    @override
    def dump(self, value: object, *, name: str, replace: Replace | None = None) -> Payload:
        if is_plain(value):
            return self.dump_plain(value)
        try:
            return _dump(value, replace)
        except Exception as error:  # users' objects may raise anything
            path, cause = find_culprit(value, name, error, lambda part: _dump(part, replace))
            raise Unpicklable(path, f"{type(cause).__name__}: {cause}") from error

    @override
    def dump_plain(self, value: object) -> Payload:
        return Payload(pickle.dumps(value, 5))

    @override
    def load(self, payload: Payload, *, restore: Replace | None = None) -> object:
        try:
            if restore is None:
                return pickle.loads(payload.data, buffers=payload.buffers)
            return _RestoringUnpickler(payload, restore).load()
        except Exception as error:  # users' objects may raise anything
            msg = f"cannot be loaded: {type(error).__name__}: {error}"
            raise Unloadable(msg) from error

    @override
    def dump_error(self, error: BaseException) -> Payload:
        description = _describe(error)
        try:
            pickled = _dump_with_tracebacks(error)
            if not isinstance(pickle.loads(pickled), type(error)):
                pickled = b""
        except Exception:  # noqa: BLE001 - users' exceptions may raise anything
            pickled = b""
        return Payload(pickle.dumps((description, pickled), 5))

    @override
    def load_error(self, payload: Payload) -> BaseException:
        try:
            description, pickled = pickle.loads(payload.data)
        except Exception as error:  # noqa: BLE001 - the data may be anything
            return RemoteFailure("unknown", f"its pickle is damaged: {error}", "")
        if pickled:
            try:
                loaded = pickle.loads(pickled)
            except Exception:  # noqa: BLE001 - users' exceptions may raise anything
                return RemoteFailure(*description)
            if isinstance(loaded, BaseException):
                return loaded
        return RemoteFailure(*description)


class _BufferPickler(cloudpickle.Pickler):
    """Keeps large buffers outside of the pickle."""

    def __init__(self, file: io.BytesIO) -> None:
        self.buffers: list[memoryview] = []
        super().__init__(file, protocol=5, buffer_callback=_keeper_of_large(self.buffers))


def _keeper_of_large(buffers: list[memoryview]) -> Callable[[pickle.PickleBuffer], bool]:
    """Return a callback that moves large buffers to a list.

    It does not refer to the pickler: a reference cycle would keep large arrays alive until the next
    garbage collection.
    """

    def keep(buffer: pickle.PickleBuffer) -> bool:
        view = buffer.raw()
        if view.nbytes < LARGE:
            return True
        buffers.append(view)
        return False

    return keep


class _ReplacingPickler(_BufferPickler):
    """Replaces objects by others."""

    def __init__(self, file: io.BytesIO, replace: Replace) -> None:
        super().__init__(file)
        self._replace = replace

    def reducer_override(self, obj: object) -> Any:  # noqa: ANN401 - one of many tuples
        """Return how to pickle an object: its replacement, if it has one.

        Not `persistent_id`, which Python calls for each number in a list, too.
        """
        replacement = self._replace(obj)
        if replacement is not None:
            return _replaced, (replacement,)
        return super().reducer_override(obj)


class _ErrorPickler(cloudpickle.Pickler):
    """Pickles exceptions with their tracebacks, without changing how others pickle them."""

    def reducer_override(self, obj: object) -> Any:  # noqa: ANN401 - one of many tuples
        """Return how to pickle an object."""
        if isinstance(obj, TracebackType):
            return tracebacks.pickle_traceback(obj)
        if isinstance(obj, BaseException):
            return tracebacks.pickle_exception(obj)
        return super().reducer_override(obj)


class _RestoringUnpickler(pickle.Unpickler):
    """Restores the objects that were replaced."""

    def __init__(self, payload: Payload, restore: Replace) -> None:
        super().__init__(io.BytesIO(payload.data), buffers=payload.buffers)
        self._restore = restore

    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401 - any global
        """Return a global; in place of `_replaced`, what restores the object."""
        if module == __name__ and name == _replaced.__name__:
            return self._restore
        return super().find_class(module, name)


def _replaced(replacement: object) -> object:
    """Stand for `restore` in a pickle."""
    return replacement


def _dump(value: object, replace: Replace | None) -> Payload:
    file = io.BytesIO()
    pickler = _BufferPickler(file) if replace is None else _ReplacingPickler(file, replace)
    pickler.dump(value)
    return Payload(file.getvalue(), tuple(pickler.buffers))


def _dump_with_tracebacks(error: BaseException) -> bytes:
    file = io.BytesIO()
    _ErrorPickler(file, protocol=5).dump(error)
    return file.getvalue()


def _describe(error: BaseException) -> tuple[str, str, str]:
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 - users' exceptions may raise anything
        text = "its message cannot be created"
    try:
        trace = "".join(traceback.format_exception(error))
    except Exception:  # noqa: BLE001
        trace = ""
    return type(error).__name__, text, trace
